//! WebSockets (RFC 6455): the handshake, which the component decides about.

mod connection;
mod end;
mod session;
mod wire;

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{
    CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_EXTENSIONS,
    SEC_WEBSOCKET_VERSION, TRANSFER_ENCODING, UPGRADE,
};
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode, Version};
use http_body_util::{BodyExt as _, Empty, Full};
use hyper::body::Incoming;
use hyper::upgrade::OnUpgrade;
use tokio::sync::OwnedSemaphorePermit;
use tokio_tungstenite::tungstenite::error::{Error, ProtocolError};
use tokio_tungstenite::tungstenite::handshake::server::create_response_with_body;
use wasmtime_wasi_http::WasiBody;

use super::events::{CONTENT_TYPE as EVENTS, Event, Kind, decode};
use super::parameters::Parameters;
use super::{Gateway, full, instruct};
use crate::trace::{CORRELATION_ID, Trace};
use crate::triggers::http::{absolute_uri, failure, refusal};
use connection::{Connection, is_private};
use session::Session;

/// The most bytes of a refusal's body. Pushpin's.
const MAX_REFUSAL: usize = 100_000;
/// How messages to the client begin where the component says nothing else.
const DEFAULT_PREFIX: &str = "m:";

/// Whether a request asks for a WebSocket.
pub fn is_upgrade(request: &Request<Incoming>) -> bool {
    let upgrade = request.headers().get(UPGRADE);
    request.version() == Version::HTTP_11
        && upgrade.is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"websocket"))
}

/// Answers a request for a WebSocket once the component has. `to_upstream` leaves messages to the gateway to the
/// client, which is a gateway.
pub async fn open(
    gateway: &Arc<Gateway>,
    mut request: Request<Incoming>,
    client: SocketAddr,
    permit: Option<OwnedSemaphorePermit>,
    to_upstream: bool,
) -> Response<WasiBody> {
    let trace = Trace::of(request.headers());
    let refuse = |status, detail| {
        tracing::info!(
            status = StatusCode::as_u16(&status),
            %client,
            correlation_id = trace.correlation_id,
            "websocket refused: {detail}"
        );
        refusal(status, detail, &trace)
    };
    if permit.is_none() {
        let detail = "Too many requests are being handled";
        return refuse(StatusCode::SERVICE_UNAVAILABLE, detail);
    }
    let Some(held) = gateway.hold() else {
        return full(&trace);
    };
    let accept = match create_response_with_body(&request, || ()) {
        Ok(response) => response.into_parts().0,
        Err(Error::Protocol(ProtocolError::MissingSecWebSocketVersionHeader)) => {
            let detail = "Only version 13 of WebSocket is spoken here";
            let mut response = refuse(StatusCode::UPGRADE_REQUIRED, detail);
            let version = HeaderValue::from_static("13");
            response
                .headers_mut()
                .insert(SEC_WEBSOCKET_VERSION, version);
            return response;
        }
        Err(_) => {
            return refuse(
                StatusCode::BAD_REQUEST,
                "This is no handshake of a WebSocket",
            );
        }
    };
    let Some(uri) = absolute_uri(request.uri(), request.headers().get("host")) else {
        let detail = "The request names no host, or two";
        return refuse(StatusCode::BAD_REQUEST, detail);
    };
    let upgrade = hyper::upgrade::on(&mut request);
    let mut connection = Connection::new(&uri, request.headers(), client, trace.clone());
    let opening = [Event::bare(Kind::Open)];
    let answer = match connection.request(&opening) {
        Some(request) => gateway.ask(request, client, connection::MAX_ANSWER).await,
        None => {
            return refuse(
                StatusCode::BAD_REQUEST,
                "This is no handshake of a WebSocket",
            );
        }
    };
    drop(permit);
    let (head, body) = match answer {
        Ok(answer) => answer.into_parts(),
        Err(error) => {
            let response = failure(error, &trace);
            tracing::info!(
                status = response.status().as_u16(),
                %client,
                correlation_id = trace.correlation_id,
                "websocket refused: the component gave no answer"
            );
            return response;
        }
    };
    let is_events = head
        .headers
        .get(CONTENT_TYPE)
        .is_some_and(|it| it == EVENTS);
    if head.status != StatusCode::OK || !is_events {
        tracing::info!(
            path = uri.path(),
            status = head.status.as_u16(),
            %client,
            correlation_id = trace.correlation_id,
            "websocket refused by the component"
        );
        let body = body.slice(..body.len().min(MAX_REFUSAL));
        let body = Full::new(body)
            .map_err(|never| match never {})
            .boxed_unsync();
        let mut response = Response::new(body);
        *response.status_mut() = head.status;
        let skip = |name: &HeaderName| name == CONTENT_LENGTH;
        copy(&head.headers, response.headers_mut(), skip);
        return answered(response, &trace);
    }
    let wrong = |why: &str| {
        tracing::error!(
            path = uri.path(),
            correlation_id = trace.correlation_id,
            "the component's answer to OPEN: {why}"
        );
        let detail = "The service's answer is not understood";
        refusal(StatusCode::BAD_GATEWAY, detail, &trace)
    };
    let events = match decode(body) {
        Ok(events) => events,
        Err(why) => return wrong(why),
    };
    if events.first().map(|event| event.kind) != Some(Kind::Open) {
        return wrong("it does not begin with OPEN");
    }
    if let Err(why) = connection.update(&head.headers) {
        return wrong(why);
    }
    let grip = grip_extension(&head.headers);
    let prefix = grip.as_ref().filter(|_| !to_upstream).map(|grip| {
        let prefix = grip.parameters.get("message-prefix");
        prefix.unwrap_or(DEFAULT_PREFIX).to_owned().into()
    });

    let mut response = Response::from_parts(accept, Empty::new())
        .map(|body| body.map_err(|never| match never {}).boxed_unsync());
    let skip = |name: &HeaderName| [CONTENT_LENGTH, CONTENT_TYPE].contains(name);
    copy(&head.headers, response.headers_mut(), skip);
    if let Some(grip) = grip.filter(|_| to_upstream) {
        response
            .headers_mut()
            .insert(SEC_WEBSOCKET_EXTENSIONS, grip.text);
    }
    gateway.websockets.spawn(begin(
        gateway.clone(),
        upgrade,
        connection,
        prefix,
        events,
        held,
    ));
    answered(response, &trace)
}

/// Waits for the handshake's end, and begins the session as a task of its own: this one's memory is not needed for
/// as long as the connection lasts.
async fn begin(
    gateway: Arc<Gateway>,
    upgrade: OnUpgrade,
    connection: Connection,
    prefix: Option<Bytes>,
    events: Vec<Event>,
    held: OwnedSemaphorePermit,
) {
    match upgrade.await {
        Ok(socket) => {
            let session = Session::new(gateway.clone(), connection, prefix);
            let first = events.into_iter().skip(1).collect();
            gateway.websockets.spawn(session.run(socket, first, held));
        }
        Err(error) => {
            let client = connection.client;
            tracing::info!(%client, "websocket: the client went away: {error}");
            if let Some(request) = connection.request(&[Event::bare(Kind::Disconnect)]) {
                let _ = gateway.ask(request, client, connection::MAX_ANSWER).await;
            }
        }
    }
}

fn answered(mut response: Response<WasiBody>, trace: &Trace) -> Response<WasiBody> {
    if let Ok(id) = HeaderValue::try_from(&trace.correlation_id) {
        response.headers_mut().insert(CORRELATION_ID, id);
    }
    response
}

/// Copies what of a component's answer is for the client.
fn copy(from: &HeaderMap, to: &mut HeaderMap, skip: impl Fn(&HeaderName) -> bool) {
    let of_the_handshake = [
        CONNECTION,
        UPGRADE,
        TRANSFER_ENCODING,
        SEC_WEBSOCKET_ACCEPT,
        SEC_WEBSOCKET_EXTENSIONS,
    ];
    for (name, value) in from {
        let text = name.as_str();
        if !(of_the_handshake.contains(name)
            || instruct::is_instruction(text)
            || is_private(text)
            || skip(name))
        {
            to.append(name, value.clone());
        }
    }
}

struct Grip {
    parameters: Parameters,
    text: HeaderValue,
}

/// The extension `grip` of an answer: its messages to the gateway are meant as such.
fn grip_extension(headers: &HeaderMap) -> Option<Grip> {
    headers
        .get_all(SEC_WEBSOCKET_EXTENSIONS)
        .iter()
        .find_map(|value| {
            let list = Parameters::list(value.to_str().ok()?);
            let parameters = list
                .into_iter()
                .find(|extension| extension.value == "grip")?;
            Some(Grip {
                parameters,
                text: value.clone(),
            })
        })
}
