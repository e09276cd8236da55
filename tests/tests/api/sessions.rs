//! Browsers that stay signed in by a cookie.

use serde_json::{Value, json};
use tests::{Answer, User, api};

use crate::{text, user};

/// What a browser sends along: its cookies and more headers.
fn post(path: &str, body: &Value, cookie: Option<&str>, headers: &[(&str, &str)]) -> Answer {
    let client = api();
    let mut request = client.request("POST", path).json(body);
    if let Some(cookie) = cookie {
        request = request.header("cookie", format!("theme=dark; {cookie}; a=b"));
    }
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    client.send(request)
}

fn refresh(cookie: &str) -> Answer {
    let body = json!({ "session": "cookie" });
    post("/api/auth/refresh", &body, Some(cookie), &[])
}

fn login(person: &User, headers: &[(&str, &str)]) -> Answer {
    let body = json!({ "email": person.email, "password": person.password, "session": "cookie" });
    post("/api/auth/login", &body, None, headers)
}

/// The one cookie that an answer sets, `name=value`, and its attributes.
#[track_caller]
fn cookie(answer: &Answer) -> (String, Vec<String>) {
    let set: Vec<_> = answer.headers.get_all("set-cookie").iter().collect();
    assert_eq!(set.len(), 1, "{answer:?}");
    let text = set[0].to_str().expect("text").to_owned();
    let mut parts = text.split("; ").map(str::to_owned);
    let pair = parts.next().expect("a pair");
    assert!(pair.starts_with("todo_refresh="), "{text}");
    (pair, parts.collect())
}

#[track_caller]
fn assert_signed_in(answer: &Answer, status: u16) -> String {
    let body = answer.expect(status);
    assert_eq!(body.get("refresh_token"), Some(&Value::Null), "{body}");
    let client = api().with_token(&text(&body, "access_token"));
    assert_eq!(client.get("/api/users/me").expect(200), body["user"]);
    let (pair, attributes) = cookie(answer);
    let expected = [
        "Path=/api/auth",
        "Max-Age=2592000",
        "HttpOnly",
        "SameSite=Strict",
    ];
    assert_eq!(attributes, expected);
    pair
}

#[test]
fn a_browser_keeps_its_refresh_token_in_a_cookie() {
    let name = uuid::Uuid::new_v4().simple().to_string();
    let account = json!({
        "email": format!("{name}@example.com"), "username": &name[..20],
        "password": "long enough 1", "session": "cookie",
    });
    let first = assert_signed_in(&post("/api/auth/register", &account, None, &[]), 201);
    let second = assert_signed_in(&refresh(&first), 200);
    assert_ne!(first, second);
    assert_signed_in(&refresh(&second), 200);
    // The one before is a stolen one now.
    refresh(&first).error(401);
    refresh(&second).error(401);
}

#[test]
fn a_cookie_is_secure_where_the_browser_came_by_https() {
    let person = user();
    for header in [
        ("x-forwarded-proto", "https"),
        ("forwarded", "for=10.0.0.1;proto=https"),
    ] {
        let (_, attributes) = cookie(&login(&person, &[header]));
        assert!(attributes.iter().any(|it| it == "Secure"), "{attributes:?}");
    }
    assert_signed_in(&login(&person, &[]), 200);
}

#[test]
fn a_lost_answer_is_given_again_until_the_new_cookie_is_used() {
    let first = cookie(&login(&user(), &[])).0;
    let second = assert_signed_in(&refresh(&first), 200);
    assert_eq!(assert_signed_in(&refresh(&first), 200), second);
    let third = assert_signed_in(&refresh(&second), 200);
    refresh(&first).error(401);
    refresh(&third).error(401);
}

#[test]
fn tabs_that_refresh_at_once_stay_signed_in() {
    let first = cookie(&login(&user(), &[])).0;
    let next: Vec<String> = std::thread::scope(|scope| {
        let tabs: Vec<_> = (0..8)
            .map(|_| scope.spawn(|| assert_signed_in(&refresh(&first), 200)))
            .collect();
        tabs.into_iter()
            .map(|tab| tab.join().expect("an answer"))
            .collect()
    });
    assert!(next.iter().all(|cookie| *cookie == next[0]), "{next:?}");
    assert_signed_in(&refresh(&next[0]), 200);
}

#[test]
fn tokens_of_bodies_and_cookies_do_not_mix() {
    let person = user();
    let cookie = cookie(&login(&person, &[])).0;
    let value = cookie.strip_prefix("todo_refresh=").expect("a value");
    let body = json!({ "refresh_token": value });
    post("/api/auth/refresh", &body, None, &[]).error(401);
    refresh(&format!("todo_refresh={}", person.refresh_token)).error(401);
    // Nor does a cookie count where the body does not say so.
    post("/api/auth/refresh", &json!({}), Some(&cookie), &[]).invalid("refresh_token");
    assert_signed_in(&refresh(&cookie), 200);
    let body = json!({ "refresh_token": person.refresh_token });
    post("/api/auth/refresh", &body, None, &[]).expect(200);
}

#[test]
fn without_a_cookie_nobody_is_signed_in() {
    let body = json!({ "session": "cookie" });
    post("/api/auth/refresh", &body, None, &[]).error(401);
    for cookie in ["todo_refresh=", "todo_refresh=x", "todo_refresh=cookie.x.y"] {
        refresh(cookie).error(401);
    }
    for session in [json!("token"), json!(true), json!({})] {
        let body = json!({ "session": session });
        for path in ["refresh", "login", "register"] {
            post(&format!("/api/auth/{path}"), &body, None, &[]).invalid("session");
        }
    }
}

#[test]
fn another_sites_page_cannot_use_the_cookie() {
    let person = user();
    let first = cookie(&login(&person, &[])).0;
    let body = json!({ "session": "cookie" });
    for header in [
        ("origin", "https://evil.example"),
        ("origin", "null"),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
    ] {
        let answer = post("/api/auth/refresh", &body, Some(&first), &[header]);
        answer.error(403);
        assert!(!answer.headers.contains_key("set-cookie"));
        login(&person, &[header]).error(403);
    }
    let base = api().base;
    let own = [("origin", base.as_str()), ("sec-fetch-site", "same-origin")];
    assert_signed_in(
        &post("/api/auth/refresh", &body, Some(&first), &own[..1]),
        200,
    );
    assert_signed_in(&post("/api/auth/refresh", &body, Some(&first), &own), 200);
}

#[test]
fn signing_out_takes_the_cookie_of_its_own_sign_in() {
    let person = user();
    let session = login(&person, &[]);
    let (own, _) = cookie(&session);
    let (later, _) = cookie(&login(&person, &[]));
    let client = api().with_token(&text(&session.json(), "access_token"));
    let logout = |cookie: &str| {
        let request = client.request("POST", "/api/auth/logout");
        client.send(request.header("cookie", cookie))
    };
    let answer = logout(&own);
    assert_eq!(answer.status, 204, "{answer:?}");
    let (pair, attributes) = cookie(&answer);
    assert_eq!(pair, "todo_refresh=");
    assert!(
        attributes.iter().any(|it| it == "Max-Age=0"),
        "{attributes:?}"
    );
    assert!(
        attributes.iter().any(|it| it == "Path=/api/auth"),
        "{attributes:?}"
    );
    refresh(&own).error(401);
    logout(&own).error(401);

    // A cookie that another tab's sign-in has set meanwhile stays.
    let second = login(&person, &[]);
    let client = api().with_token(&text(&second.json(), "access_token"));
    let request = client.request("POST", "/api/auth/logout");
    let answer = client.send(request.header("cookie", &later));
    assert_eq!(answer.status, 204, "{answer:?}");
    assert!(!answer.headers.contains_key("set-cookie"), "{answer:?}");
    assert_signed_in(&refresh(&later), 200);
}
