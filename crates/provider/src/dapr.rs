//! Requests to a Dapr sidecar.

use http::{Request, header};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use crate::{Answer, required_setting, secret_header, setting};

/// The header of Dapr's API token.
pub(crate) const TOKEN: &str = "dapr-api-token";
/// The longest part of Dapr's error message that is passed on, in characters.
const MAX_MESSAGE_CHARS: usize = 500;

/// A sidecar, and who asks it.
pub struct Sidecar {
    /// Its address, without a path: `http://127.0.0.1:3500`.
    pub url: String,
    /// Dapr's API token, where it wants one.
    pub api_token: Option<String>,
}

impl Sidecar {
    /// The one of the variables `dapr_url` and `dapr_api_token`.
    ///
    /// # Errors
    /// Names the variable that is missing.
    pub async fn from_settings() -> Result<Self, String> {
        Ok(Self {
            url: required_setting("dapr_url").await?,
            api_token: setting("dapr_api_token").await?,
        })
    }

    /// JSON text to a path below `/v1.0/`.
    ///
    /// # Errors
    /// Names the variable that is wrong.
    pub fn post(&self, path: &str, body: String) -> Result<Request<Vec<u8>>, String> {
        let url = self.url.trim_end_matches('/');
        let mut request = Request::post(format!("{url}/v1.0/{path}"))
            .header(header::CONTENT_TYPE, "application/json")
            .body(body.into_bytes())
            .map_err(|_| "dapr_url is no URL")?;
        if let Some(token) = &self.api_token {
            let token = secret_header("dapr_api_token", token)?;
            request.headers_mut().insert(TOKEN, token);
        }
        Ok(request)
    }

    /// The operation `create` of an output binding.
    ///
    /// # Errors
    /// Names the variable that is wrong.
    pub fn create(
        &self,
        binding: &str,
        metadata: Value,
        data: &str,
    ) -> Result<Request<Vec<u8>>, String> {
        let binding = utf8_percent_encode(binding, NON_ALPHANUMERIC);
        self.post(
            &format!("bindings/{binding}"),
            json!({"operation": "create", "metadata": metadata, "data": data}).to_string(),
        )
    }
}

/// Why Dapr refused: the status, and the code and message of its error where it says them.
pub fn told(answer: &Answer) -> String {
    let error: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let mut told = format!("Dapr: {}", answer.status);
    for field in ["errorCode", "message"] {
        let text = error[field].as_str().unwrap_or_default();
        if !text.is_empty() {
            told.push_str(": ");
            told.extend(text.chars().take(MAX_MESSAGE_CHARS));
        }
    }
    told
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, StatusCode};

    use super::*;

    fn sidecar(url: &str, api_token: Option<&str>) -> Sidecar {
        Sidecar {
            url: url.into(),
            api_token: api_token.map(Into::into),
        }
    }

    #[test]
    fn a_request_has_its_path_and_the_token() {
        let request = sidecar("http://127.0.0.1:3500/", Some("secret"))
            .create("sms/1", json!({"toNumber": "1"}), "ü")
            .unwrap();
        assert_eq!(request.uri(), "http://127.0.0.1:3500/v1.0/bindings/sms%2F1");
        assert_eq!(request.headers()["content-type"], "application/json");
        assert_eq!(request.headers()[TOKEN], "secret");
        assert!(request.headers()[TOKEN].is_sensitive());
        let body: Value = serde_json::from_slice(request.body()).unwrap();
        assert_eq!(
            body,
            json!({"operation": "create", "metadata": {"toNumber": "1"}, "data": "ü"})
        );
        let request = sidecar("http://127.0.0.1:3500", None)
            .post("state/s/bulk", "{}".into())
            .unwrap();
        assert_eq!(request.uri(), "http://127.0.0.1:3500/v1.0/state/s/bulk");
        assert!(!request.headers().contains_key(TOKEN));
    }

    #[test]
    fn a_bad_variable_is_named() {
        for (url, token, variable) in [
            ("http://[", None, "dapr_url"),
            ("http://localhost", Some("a\nb"), "dapr_api_token"),
        ] {
            let error = sidecar(url, token).post("p", "{}".into()).unwrap_err();
            assert!(error.contains(variable), "{error}");
        }
    }

    #[test]
    fn an_error_is_told_as_far_as_it_says() {
        let long = format!(r#"{{"message": "{}"}}"#, "ü".repeat(MAX_MESSAGE_CHARS + 1));
        let cut = format!(": {}", "ü".repeat(MAX_MESSAGE_CHARS));
        for (body, expected) in [
            (
                r#"{"errorCode": "ERR_X", "message": "no x"}"#,
                ": ERR_X: no x",
            ),
            (r#"{"errorCode": "", "message": "no x"}"#, ": no x"),
            (long.as_str(), cut.as_str()),
            (r#"["message"]"#, ""),
            ("[", ""),
            ("", ""),
        ] {
            let answer = Answer {
                status: StatusCode::NOT_FOUND,
                headers: HeaderMap::new(),
                body: body.into(),
            };
            assert_eq!(told(&answer), format!("Dapr: 404 Not Found{expected}"));
        }
    }
}
