//! Errors of the contract with statuses that only this service has.

use api::{ErrorBody, Origin};
use axum::Json;
use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::{Request, StatusCode};

/// Why a request is not answered as it asked.
#[derive(Debug, Clone, Copy)]
pub enum Refusal {
    /// 400: it offers subprotocols, but not ours.
    Subprotocol,
    /// 400: the gateway's body is none.
    Malformed,
    /// 403: the page's origin is not allowed.
    Origin,
    /// 413: the gateway's body is too large.
    TooLarge,
    /// 426: it does not ask for a WebSocket.
    NotWebSocket,
    /// 501: it came past the gateway.
    NoGateway,
}

impl Refusal {
    /// As an answer under a correlation id.
    pub fn response(self, correlation_id: &str) -> Response {
        let (status, detail) = match self {
            Self::Subprotocol => (
                StatusCode::BAD_REQUEST,
                "Of the subprotocols only todo.v1 is spoken here",
            ),
            Self::Malformed => (
                StatusCode::BAD_REQUEST,
                "The body is not application/websocket-events",
            ),
            Self::Origin => (
                StatusCode::FORBIDDEN,
                "Pages of this origin may not connect",
            ),
            Self::TooLarge => (
                StatusCode::PAYLOAD_TOO_LARGE,
                "The body is larger than 1 MiB",
            ),
            Self::NotWebSocket => (
                StatusCode::UPGRADE_REQUIRED,
                "This is a WebSocket; GET /api/stream has the same as server-sent events",
            ),
            Self::NoGateway => (
                StatusCode::NOT_IMPLEMENTED,
                "Live connections need a GRIP gateway in front, such as `todo` or Pushpin, with the same key",
            ),
        };
        let body = ErrorBody {
            detail: detail.to_owned(),
            correlation_id: correlation_id.to_owned(),
            errors: None,
        };
        (status, Json(body)).into_response()
    }

    /// As the answer to a request that went through [`api::respond`].
    pub fn to(self, request: &Request<Body>) -> Response {
        let origin = request.extensions().get::<Origin>();
        self.response(origin.map_or("unknown", |origin| &origin.correlation_id))
    }
}
