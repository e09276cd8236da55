//! Requests to the Todo API by service invocation: the host's, or Dapr's.

use http::{Method, Request, request};

use crate::{dapr, required_setting, secret_header, setting};

/// Begins a request for a path of the Todo API.
///
/// # Errors
/// Names the variable that is missing or wrong.
pub async fn request(method: Method, path: &str) -> Result<request::Builder, String> {
    let base = required_setting("todo_api_url").await?;
    let mut request = Request::builder()
        .method(method)
        .uri(format!("{}{path}", base.trim_end_matches('/')));
    // The token is for the sidecar only.
    if let Some(sidecar) = setting("dapr_url").await?
        && is_below(&base, &sidecar)
        && let Some(token) = setting("dapr_api_token").await?
    {
        request = request.header(dapr::TOKEN, secret_header("dapr_api_token", &token)?);
    }
    Ok(request)
}

fn is_below(url: &str, base: &str) -> bool {
    (url.strip_prefix(base.trim_end_matches('/')))
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_sidecar_gets_its_token() {
        let sidecar = "http://127.0.0.1:3500/";
        for (url, expected) in [
            ("http://127.0.0.1:3500/v1.0/invoke/todo-api/method", true),
            ("http://127.0.0.1:3500", true),
            ("http://127.0.0.1:35000/", false),
            ("http://todo-api.spin.internal", false),
        ] {
            assert_eq!(is_below(url, sidecar), expected, "{url}");
        }
    }
}
