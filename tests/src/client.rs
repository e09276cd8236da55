//! A client of the API, and what it was answered.

use std::ops::Deref;
use std::sync::LazyLock;
use std::time::Duration;

use reqwest::Method;
use reqwest::header::HeaderMap;
use serde_json::{Value, json};

static HTTP: LazyLock<reqwest::blocking::Client> = LazyLock::new(|| {
    reqwest::blocking::Client::builder()
        .timeout(Duration::from_secs(60))
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .expect("an HTTP client")
});

/// Sends requests to one base URL, with a bearer token if it has one.
#[derive(Debug, Clone)]
pub struct Client {
    /// `http://…`, no slash at the end.
    pub base: String,
    /// The access token.
    pub token: Option<String>,
}

impl Client {
    /// A client that is not signed in.
    pub fn new(base: &str) -> Self {
        Self {
            base: base.to_owned(),
            token: None,
        }
    }

    /// The same with this bearer token.
    pub fn with_token(&self, token: &str) -> Self {
        Self {
            base: self.base.clone(),
            token: Some(token.to_owned()),
        }
    }

    /// A request with the token, to be added to and sent with [`Client::send`].
    pub fn request(&self, method: &str, path: &str) -> reqwest::blocking::RequestBuilder {
        let method = Method::from_bytes(method.as_bytes()).expect("a method");
        let request = HTTP.request(method, format!("{}{path}", self.base));
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    /// Sends a request; fails if nothing answers.
    pub fn send(&self, request: reqwest::blocking::RequestBuilder) -> Answer {
        let request = request.build().expect("a request");
        let what = format!("{} {}", request.method(), request.url());
        match HTTP.execute(request) {
            Ok(response) => Answer::read(what, response),
            Err(error) => panic!("{what}: {error:?}"),
        }
    }

    /// GET, or nothing if nobody answers.
    pub fn try_get(&self, path: &str) -> Option<Answer> {
        let response = self.request("GET", path).send().ok()?;
        Some(Answer::read(format!("GET {path}"), response))
    }

    /// GET.
    pub fn get(&self, path: &str) -> Answer {
        self.send(self.request("GET", path))
    }

    /// GET with query parameters, encoded.
    pub fn query(&self, path: &str, parameters: &[(&str, &str)]) -> Answer {
        let url = reqwest::Url::parse_with_params(&format!("{}{path}", self.base), parameters)
            .expect("a URL");
        self.get(&url.as_str()[self.base.len()..])
    }

    /// DELETE.
    pub fn delete(&self, path: &str) -> Answer {
        self.send(self.request("DELETE", path))
    }

    /// POST of a JSON body.
    pub fn post(&self, path: &str, body: &Value) -> Answer {
        self.send(self.request("POST", path).json(body))
    }

    /// POST without a body.
    pub fn post_empty(&self, path: &str) -> Answer {
        self.send(self.request("POST", path))
    }

    /// PATCH with a JSON body.
    pub fn patch(&self, path: &str, body: &Value) -> Answer {
        self.send(self.request("PATCH", path).json(body))
    }

    /// A JSON request whose body is these bytes, whatever they are.
    pub fn json_bytes(&self, method: &str, path: &str, body: impl Into<Vec<u8>>) -> Answer {
        self.send(
            self.request(method, path)
                .header("content-type", "application/json")
                .body(body.into()),
        )
    }

    /// Creates a task and answers it.
    pub fn create(&self, body: &Value) -> Value {
        self.post("/api/tasks", body).expect(201)
    }

    /// Creates a task with this title and answers its id.
    pub fn task(&self, title: &str) -> String {
        text(&self.create(&json!({ "title": title })), "id")
    }

    /// The titles of a list answer to `GET /api/tasks?query`.
    pub fn titles(&self, query: &[(&str, &str)]) -> Vec<String> {
        let page = self.query("/api/tasks", query).expect(200);
        let tasks = page["tasks"].as_array().expect("tasks");
        tasks.iter().map(|task| text(task, "title")).collect()
    }

    /// One chat turn.
    pub fn chat(&self, message: &str, conversation: Option<&str>) -> Value {
        let mut body = json!({ "message": message });
        if let Some(id) = conversation {
            body["conversation_id"] = id.into();
        }
        self.post("/api/chat", &body).expect(200)
    }
}

fn text(object: &Value, field: &str) -> String {
    object[field]
        .as_str()
        .unwrap_or_else(|| panic!("no {field} in {object}"))
        .to_owned()
}

/// A person with an account, signed in; derefs to their [`Client`].
#[derive(Debug, Clone)]
pub struct User {
    /// Their client.
    pub client: Client,
    /// Their id.
    pub id: String,
    /// Their e-mail address.
    pub email: String,
    /// Their password.
    pub password: String,
    /// The refresh token of their sign-up.
    pub refresh_token: String,
}

impl Deref for User {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

/// Makes an account that no one else has.
pub fn register(client: &Client) -> User {
    let unique = uuid::Uuid::new_v4().simple().to_string();
    let email = format!("{unique}@example.com");
    let password = "correct horse battery staple".to_owned();
    let session = client
        .post(
            "/api/auth/register",
            &json!({ "email": email, "username": format!("u{}", &unique[..20]), "password": password }),
        )
        .expect(201);
    User {
        client: client.with_token(&text(&session, "access_token")),
        id: text(&session["user"], "id"),
        email,
        password,
        refresh_token: text(&session, "refresh_token"),
    }
}

/// An answer, read whole.
pub struct Answer {
    what: String,
    /// The status code.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Vec<u8>,
}

impl std::fmt::Debug for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let body = String::from_utf8_lossy(&self.body);
        let shown: String = body.chars().take(2000).collect();
        write!(
            f,
            "{} was answered {}\n{:?}\n{shown}",
            self.what, self.status, self.headers
        )
    }
}

impl Answer {
    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    fn read(what: String, response: reqwest::blocking::Response) -> Self {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        match response.bytes() {
            Ok(body) => Self {
                what,
                status,
                headers,
                body: body.to_vec(),
            },
            Err(error) => panic!("{what}: the answer {status} broke off: {error}"),
        }
    }

    /// A header's value; empty if it is absent.
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    }

    /// The body as JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        match serde_json::from_slice(&self.body) {
            Ok(value) => value,
            Err(error) => panic!("not JSON ({error}): {self:?}"),
        }
    }

    /// Fails unless it has this status; answers the JSON of the body, null if that is empty.
    #[track_caller]
    pub fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{self:?}");
        if self.body.is_empty() {
            return Value::Null;
        }
        assert!(
            self.header("content-type").starts_with("application/json"),
            "a JSON answer says so: {self:?}"
        );
        self.json()
    }

    /// Fails unless it is an error of the contract with this status: JSON with `detail` and `correlation_id`.
    #[track_caller]
    pub fn error(&self, status: u16) -> Value {
        let body = self.expect(status);
        for field in ["detail", "correlation_id"] {
            assert!(
                body[field].as_str().is_some_and(|text| !text.is_empty()),
                "an error has a {field}: {self:?}"
            );
        }
        assert_eq!(
            body.get("errors").is_some(),
            status == 422,
            "422 and only 422 lists fields: {self:?}"
        );
        body
    }

    /// Fails unless it is a 422 that names this field (`tags` also matches `tags[2]`) and says why.
    #[track_caller]
    pub fn invalid(&self, field: &str) {
        let body = self.error(422);
        let errors = body["errors"].as_array().cloned().unwrap_or_default();
        let named = errors.iter().any(|error| {
            let name = error["field"].as_str().unwrap_or_default();
            let message = error["message"].as_str().unwrap_or_default();
            name.split('[').next() == Some(field) && !message.is_empty()
        });
        assert!(named, "the errors name {field}: {self:?}");
    }
}
