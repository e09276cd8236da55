//! The Dapr publish API: `POST /v1.0/publish/{pubsub}/{topic}`.
//!
//! Its bulk form is not used: it promises no order.

use events::Event;
use http::{HeaderValue, Request, StatusCode, header};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use provider::{Answer, SendError, secret_header};
use serde::Deserialize;

use crate::order::Failure;

/// All but the unreserved characters of RFC 3986.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');
/// The longest part of Dapr's error message that is passed on, in characters.
const MAX_MESSAGE_CHARS: usize = 500;

/// Where to publish, and as whom.
pub struct Dapr {
    /// The sidecar's address, without a path: `http://127.0.0.1:3500`.
    pub url: String,
    /// The pub/sub component's name.
    pub pubsub: String,
    /// Dapr's API token, where it wants one.
    pub api_token: Option<String>,
}

impl Dapr {
    /// Publishes one event.
    pub async fn publish(&self, event: &Event) -> Result<(), Failure> {
        let request = self.request(event).map_err(Failure::Unavailable)?;
        match provider::send(request).await {
            Ok(answer) => outcome(&answer),
            Err(error) => Err(match error {
                SendError::Invalid => Failure::Unavailable("dapr_url is no URL".into()),
                error => Failure::Unreachable(format!("Dapr: {error}")),
            }),
        }
    }

    /// The error names the variable that is wrong.
    fn request(&self, event: &Event) -> Result<Request<Vec<u8>>, String> {
        let encoded = |text| utf8_percent_encode(text, RESERVED);
        let url = format!(
            "{}/v1.0/publish/{}/{}?metadata.partitionKey={}",
            self.url.trim_end_matches('/'),
            encoded(&self.pubsub),
            encoded(&event.topic),
            encoded(&event.key),
        );
        let mut request = Request::post(url)
            .header(header::CONTENT_TYPE, "application/cloudevents+json")
            .body(event.to_json().to_string().into_bytes())
            .map_err(|_| "dapr_url is no URL")?;
        let headers = request.headers_mut();
        if let Some(token) = &self.api_token {
            headers.insert("dapr-api-token", secret_header("dapr_api_token", token)?);
        }
        if let Some(traceparent) = &event.traceparent
            && let Ok(traceparent) = HeaderValue::from_str(traceparent)
        {
            headers.insert("traceparent", traceparent);
        }
        Ok(request)
    }
}

/// Dapr answers 400 to what it cannot read, 403 to a topic that the application may not publish to, 404
/// where the pub/sub component does not exist, and 413 to too large an event. Any other error may pass.
fn outcome(answer: &Answer) -> Result<(), Failure> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Problem {
        #[serde(default)]
        error_code: String,
        #[serde(default)]
        message: String,
    }
    if answer.status.is_success() {
        return Ok(());
    }
    let mut reason = format!("Dapr: {}", answer.status);
    if let Ok(problem) = serde_json::from_slice::<Problem>(&answer.body) {
        for part in [problem.error_code, problem.message] {
            if !part.is_empty() {
                reason.push_str(": ");
                reason.extend(part.chars().take(MAX_MESSAGE_CHARS));
            }
        }
    }
    Err(match answer.status {
        StatusCode::BAD_REQUEST
        | StatusCode::FORBIDDEN
        | StatusCode::NOT_FOUND
        | StatusCode::PAYLOAD_TOO_LARGE => Failure::Refused(reason),
        _ => Failure::Unavailable(reason),
    })
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;
    use serde_json::Value;

    use super::*;

    fn event() -> Event {
        Event {
            topic: "a-b/ ?".into(),
            key: "k&=/é".into(),
            id: "1".into(),
            source: "/test".into(),
            event_type: "task_created".into(),
            subject: Some("s".into()),
            time: "2026-01-01T00:00:00Z".into(),
            traceparent: Some("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".into()),
            correlation_id: None,
            data: r#"{"a":1}"#.into(),
        }
    }

    fn answer(status: u16, body: &str) -> Answer {
        Answer {
            status: StatusCode::from_u16(status).unwrap(),
            headers: HeaderMap::new(),
            body: body.as_bytes().to_vec(),
        }
    }

    #[test]
    fn a_request_names_topic_key_and_event() {
        let dapr = Dapr {
            url: "http://127.0.0.1:3500/".into(),
            pubsub: "pub sub".into(),
            api_token: Some("secret".into()),
        };
        let request = dapr.request(&event()).unwrap();
        assert_eq!(
            request.uri(),
            "http://127.0.0.1:3500/v1.0/publish/pub%20sub/a-b%2F%20%3F?metadata.partitionKey=k%26%3D%2F%C3%A9"
        );
        assert_eq!(request.headers()["dapr-api-token"], "secret");
        assert_eq!(
            request.headers()["content-type"],
            "application/cloudevents+json"
        );
        assert_eq!(
            request.headers()["traceparent"],
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
        );
        let body: Value = serde_json::from_slice(request.body()).unwrap();
        assert_eq!(body, event().to_json());
    }

    #[test]
    fn a_bad_trace_is_left_out_and_a_bad_variable_named() {
        let mut dapr = Dapr {
            url: "http://[".into(),
            pubsub: "p".into(),
            api_token: None,
        };
        assert!(dapr.request(&event()).unwrap_err().contains("dapr_url"));
        dapr.url = "http://localhost".into();
        let mut bad = event();
        bad.traceparent = Some("a\nb".into());
        assert!(
            !dapr
                .request(&bad)
                .unwrap()
                .headers()
                .contains_key("traceparent")
        );
        dapr.api_token = Some("a\nb".into());
        let error = dapr.request(&event()).unwrap_err();
        assert!(error.contains("dapr_api_token"), "{error}");
    }

    #[test]
    fn a_status_says_whether_to_come_again() {
        for status in [200, 201, 204] {
            assert_eq!(outcome(&answer(status, "")), Ok(()));
        }
        for status in [400, 403, 404, 413] {
            assert!(matches!(
                outcome(&answer(status, "{}")),
                Err(Failure::Refused(_))
            ));
        }
        for status in [301, 401, 408, 429, 500, 502, 503, 504] {
            assert!(matches!(
                outcome(&answer(status, "[")),
                Err(Failure::Unavailable(_))
            ));
        }
        let body = r#"{"errorCode":"ERR_PUBSUB_NOT_FOUND","message":"pubsub x is not found"}"#;
        assert_eq!(
            outcome(&answer(404, body)),
            Err(Failure::Refused(
                "Dapr: 404 Not Found: ERR_PUBSUB_NOT_FOUND: pubsub x is not found".into()
            ))
        );
    }
}
