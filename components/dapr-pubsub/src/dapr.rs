//! The Dapr publish API: `POST /v1.0/publish/{pubsub}/{topic}`.
//!
//! Its bulk form is not used: it promises no order.

use events::Event;
use http::{HeaderValue, Request, StatusCode, header};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use provider::dapr::{Sidecar, told};
use provider::{Answer, SendError};

use crate::order::Failure;

/// All but the unreserved characters of RFC 3986.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// Where to publish.
pub struct Dapr {
    /// The sidecar.
    pub sidecar: Sidecar,
    /// The pub/sub component's name.
    pub pubsub: String,
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
        let path = format!(
            "publish/{}/{}?metadata.partitionKey={}",
            encoded(&self.pubsub),
            encoded(&event.topic),
            encoded(&event.key),
        );
        let mut request = self.sidecar.post(&path, event.to_json())?;
        let headers = request.headers_mut();
        let content_type = HeaderValue::from_static("application/cloudevents+json");
        headers.insert(header::CONTENT_TYPE, content_type);
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
    if answer.status.is_success() {
        return Ok(());
    }
    let reason = told(answer);
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

    fn dapr() -> Dapr {
        Dapr {
            sidecar: Sidecar {
                url: "http://127.0.0.1:3500/".into(),
                api_token: Some("secret".into()),
            },
            pubsub: "pub sub".into(),
        }
    }

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
        let request = dapr().request(&event()).unwrap();
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
        assert_eq!(body["partitionkey"], "k&=/é");
        assert_eq!(body["data"]["a"], 1);
    }

    #[test]
    fn a_bad_trace_is_left_out() {
        let mut bad = event();
        bad.traceparent = Some("a\nb".into());
        let request = dapr().request(&bad).unwrap();
        assert!(!request.headers().contains_key("traceparent"));
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
