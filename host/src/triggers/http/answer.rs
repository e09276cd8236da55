//! From a request to its answer: routing, limits, errors, and the line in the log.

use std::borrow::Cow;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use bytes::Bytes;
use http::header::{ALLOW, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, EXPECT, HOST, RETRY_AFTER};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body::Body as _;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use tokio::sync::OwnedSemaphorePermit;
use tokio_util::sync::{CancellationToken, DropGuard};
use wasmtime_wasi_http::{Error, WasiBody};

use super::body::{BodyEnd, WatchedBody, bounded, drain};
use super::{CallError, HttpApp, absolute_uri, headers, routes};
use crate::engine::RequestContext;
use crate::metrics::Metrics;
use crate::trace::{CORRELATION_ID, Trace};

/// The log line of one request, written when its answer is over.
pub struct RequestLog {
    method: Method,
    path: String,
    route: String,
    component: String,
    status: StatusCode,
    started: Instant,
    trace: Trace,
    client: SocketAddr,
    /// Whether the answer's head was ready before the client went away.
    answered: bool,
    broken: Option<String>,
    metrics: Arc<Metrics>,
}

impl Drop for RequestLog {
    fn drop(&mut self) {
        let status = if self.answered {
            self.status.as_u16()
        } else {
            499
        };
        let metrics = &self.metrics;
        metrics.request(&self.component, status, self.started.elapsed());
        // The query stays out: it may hold secrets.
        tracing::info!(
            method = self.method.as_str(),
            path = self.path,
            route = self.route,
            component = self.component,
            status,
            duration_ms = self.started.elapsed().as_micros() as f64 / 1000.0,
            correlation_id = self.trace.correlation_id,
            trace_id = format_args!("{:032x}", self.trace.trace_id),
            client = %self.client,
            error = self.broken.as_deref(),
            "request"
        );
    }
}

/// Everything that lasts until an answer is over.
pub struct Exchange {
    log: RequestLog,
    context: Arc<RequestContext>,
    /// Not an answer of the host's own, which is always whole.
    from_component: bool,
    _cancel: DropGuard,
    _permit: OwnedSemaphorePermit,
}

impl BodyEnd for Exchange {
    fn broken(&self) -> Option<Error> {
        if !self.from_component {
            return None;
        }
        if self.context.too_large.load(Ordering::Relaxed) {
            return Some(Error::HttpRequestBodySize(None));
        }
        let broken = self.context.broken.load(Ordering::Relaxed);
        broken.then(|| Error::InternalError(Some("the component failed".into())))
    }

    fn failed(&mut self, error: &Error) {
        self.log.broken = Some(error.to_string());
    }
}

/// An answer of the host's own.
struct OwnAnswer {
    status: StatusCode,
    detail: &'static str,
}

impl OwnAnswer {
    const fn new(status: StatusCode, detail: &'static str) -> Self {
        Self { status, detail }
    }
}

impl From<CallError> for OwnAnswer {
    fn from(error: CallError) -> Self {
        match error {
            CallError::UnknownComponent => Self::new(StatusCode::NOT_FOUND, "Not found"),
            CallError::TimedOut => {
                Self::new(StatusCode::GATEWAY_TIMEOUT, "The request took too long")
            }
            CallError::Busy => OVERLOADED,
            CallError::TooLarge => TOO_LARGE,
            CallError::Failed => {
                Self::new(StatusCode::INTERNAL_SERVER_ERROR, "Internal server error")
            }
        }
    }
}

const OVERLOADED: OwnAnswer = OwnAnswer::new(
    StatusCode::SERVICE_UNAVAILABLE,
    "Too many requests are being handled",
);
const TOO_LARGE: OwnAnswer = OwnAnswer::new(
    StatusCode::PAYLOAD_TOO_LARGE,
    "The request body is too large",
);

impl HttpApp {
    /// Answers a request from outside. `permit` is none when too many are being handled.
    pub async fn answer(
        &self,
        request: Request<Incoming>,
        client: SocketAddr,
        permit: Option<OwnedSemaphorePermit>,
    ) -> Response<WasiBody> {
        let started = Instant::now();
        let trace = Trace::of(request.headers());
        let mut log = RequestLog {
            method: request.method().clone(),
            path: request.uri().path().to_owned(),
            route: String::new(),
            component: String::new(),
            status: StatusCode::OK,
            started,
            trace: trace.clone(),
            client,
            answered: false,
            broken: None,
            metrics: self.metrics.clone(),
        };
        let Some(permit) = permit else {
            drain_unless_awaited(request);
            let response = own_answer(&OVERLOADED, &trace);
            return finish(response, &mut log);
        };
        let context = Arc::new(RequestContext::new(
            trace,
            tokio::time::Instant::from_std(started + self.limits.request_time),
            0,
        ));
        let cancel = CancellationToken::drop_guard(context.cancelled.clone());
        let answer = self.dispatch(request, client, &context, &mut log).await;
        let from_component = answer.is_ok();
        let response = answer.unwrap_or_else(|own| own_answer(&own, &context.trace));
        let response = finish(response, &mut log);
        let exchange = Exchange {
            log,
            context,
            from_component,
            _cancel: cancel,
            _permit: permit,
        };
        response.map(|body| WatchedBody::new(body, exchange).boxed_unsync())
    }

    async fn dispatch(
        &self,
        mut request: Request<Incoming>,
        client: SocketAddr,
        context: &Arc<RequestContext>,
        log: &mut RequestLog,
    ) -> Result<Response<WasiBody>, OwnAnswer> {
        let host = request.headers().get(HOST);
        let uri = absolute_uri(request.uri(), host).ok_or(OwnAnswer::new(
            StatusCode::BAD_REQUEST,
            "The request names no host, or two",
        ))?;
        if let Some(name) = uri.path().strip_prefix(routes::WELL_KNOWN) {
            log.route = format!("{}{name}", routes::WELL_KNOWN);
            return self.well_known(name, request.method());
        }
        let found = self
            .routes
            .find(uri.path())
            .ok_or(OwnAnswer::new(StatusCode::NOT_FOUND, "Not found"))?;
        log.route = found.raw.clone().into_owned();
        log.component = found.component.clone().into_owned();
        if request.body().size_hint().lower() > self.limits.request_body {
            drain_unless_awaited(request);
            return Err(TOO_LARGE);
        }

        *request.uri_mut() = uri;
        let limit = self.limits.request_body;
        let request = request.map(|body| bounded(body, limit, context.clone()));
        let response = self.call(request, client, context).await?;
        if context.too_large.load(Ordering::Relaxed) {
            return Err(TOO_LARGE);
        }
        Ok(response)
    }

    /// Has the component whose route matches answer a request, whose URI is absolute.
    pub async fn call(
        &self,
        mut request: Request<WasiBody>,
        client: SocketAddr,
        context: &Arc<RequestContext>,
    ) -> Result<Response<WasiBody>, CallError> {
        let uri = request.uri().clone();
        let found = self.routes.find(uri.path());
        let found = found.ok_or(CallError::UnknownComponent)?;
        let component = self.components.get(&*found.component);
        let component = component.ok_or(CallError::UnknownComponent)?;
        headers::set(request.headers_mut(), &uri, &found, client);
        context.trace.replace_in(request.headers_mut());
        component.call(request, context).await
    }

    fn well_known(&self, name: &str, method: &Method) -> Result<Response<WasiBody>, OwnAnswer> {
        let (content_type, text): (_, Cow<'static, str>) = match name {
            "health" => ("text/plain; charset=utf-8", "OK".into()),
            "info" => {
                let info = serde_json::json!({"name": self.name, "version": self.version});
                ("application/json", info.to_string().into())
            }
            _ => return Err(OwnAnswer::new(StatusCode::NOT_FOUND, "Not found")),
        };
        if !matches!(*method, Method::GET | Method::HEAD) {
            return Err(OwnAnswer::new(
                StatusCode::METHOD_NOT_ALLOWED,
                "Method not allowed",
            ));
        }
        Ok(full_response(
            StatusCode::OK,
            content_type,
            text.into_owned(),
        ))
    }
}

/// Takes the rest of a refused request's body, unless the client asked before sending it.
fn drain_unless_awaited(request: Request<Incoming>) {
    if !request.headers().contains_key(EXPECT) {
        drain(request.into_body());
    }
}

/// The answer where the host refuses what is asked.
pub fn refusal(status: StatusCode, detail: &'static str, trace: &Trace) -> Response<WasiBody> {
    let mut response = own_answer(&OwnAnswer::new(status, detail), trace);
    if let Ok(id) = HeaderValue::try_from(&trace.correlation_id) {
        response.headers_mut().insert(CORRELATION_ID, id);
    }
    response
}

/// The answer where a component gave none.
pub fn failure(error: CallError, trace: &Trace) -> Response<WasiBody> {
    let OwnAnswer { status, detail } = error.into();
    refusal(status, detail, trace)
}

fn own_answer(answer: &OwnAnswer, trace: &Trace) -> Response<WasiBody> {
    let text = serde_json::json!({
        "detail": answer.detail,
        "correlation_id": trace.correlation_id,
    })
    .to_string();
    let mut response = full_response(answer.status, "application/json", text);
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if answer.status == StatusCode::SERVICE_UNAVAILABLE {
        headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
    }
    if answer.status == StatusCode::METHOD_NOT_ALLOWED {
        headers.insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
    }
    response
}

fn full_response(
    status: StatusCode,
    content_type: &'static str,
    text: String,
) -> Response<WasiBody> {
    let length = HeaderValue::from(text.len());
    let body = Full::new(Bytes::from(text)).map_err(|never| match never {});
    let mut response = Response::new(body.boxed_unsync());
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(CONTENT_LENGTH, length);
    response
}

fn finish(mut response: Response<WasiBody>, log: &mut RequestLog) -> Response<WasiBody> {
    log.status = response.status();
    log.answered = true;
    if let Ok(id) = HeaderValue::try_from(&log.trace.correlation_id) {
        response.headers_mut().insert(CORRELATION_ID, id);
    }
    response
}
