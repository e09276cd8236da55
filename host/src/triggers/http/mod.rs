//! The HTTP trigger: takes requests, finds the component that answers, and guards both.

mod answer;
mod body;
mod headers;
mod instances;
mod routes;

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use http::Uri;
use http::uri::{Parts, Scheme};
use tokio::time::Instant;
use wasmtime_wasi_http::WasiBody;
use wasmtime_wasi_http::handler::Response;

use crate::engine::RequestContext;
use crate::metrics::Metrics;
use crate::trace::Trace;

pub use answer::{failure, refusal};
pub use instances::Instances;
pub use routes::Routes;

/// What requests may take.
#[derive(Debug, Clone, Copy)]
pub struct HttpLimits {
    /// How long a component may take to begin its answer.
    pub request_time: Duration,
    /// Bytes of a request's body.
    pub request_body: u64,
}

/// The application as HTTP clients and its own components see it.
pub struct HttpApp {
    /// `application.name`.
    pub name: String,
    /// `application.version`.
    pub version: String,
    /// Where it is served.
    pub address: SocketAddr,
    /// Which component answers which path.
    pub routes: Routes,
    /// The components that have an HTTP trigger, by id.
    pub components: BTreeMap<String, Instances>,
    /// What requests may take.
    pub limits: HttpLimits,
    /// Where requests are counted.
    pub metrics: Arc<Metrics>,
}

/// Why a component gave no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallError {
    /// No component of that name has an HTTP trigger.
    UnknownComponent,
    /// It took too long.
    TimedOut,
    /// No instance was free in time.
    Busy,
    /// The request's body is too large.
    TooLarge,
    /// It failed; the log says how.
    Failed,
}

impl HttpApp {
    /// From here on it is no failure that instances end.
    pub fn stop(&self) {
        for instances in self.components.values() {
            instances.stop();
        }
    }

    /// Has the component `target` answer the request of another one.
    pub async fn chained(
        &self,
        target: &str,
        mut request: http::Request<WasiBody>,
        caller: Option<&RequestContext>,
        depth: u8,
    ) -> Result<Response, CallError> {
        let component = self
            .components
            .get(target)
            .ok_or(CallError::UnknownComponent)?;
        let mut trace = Trace::of(request.headers());
        let limit = Instant::now() + self.limits.request_time;
        if let Some(caller) = caller {
            trace
                .correlation_id
                .clone_from(&caller.trace.correlation_id);
        }
        let deadline = caller.map_or(limit, |caller| caller.deadline.min(limit));
        let context = Arc::new(RequestContext::new(trace, deadline, depth));
        let found = routes::RouteMatch::chained(target, request.uri().path());
        // Spin gives a chained request no Host header and this address.
        request.headers_mut().remove(http::header::HOST);
        let client = SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0);
        let uri = request.uri().clone();
        headers::set(request.headers_mut(), &uri, &found, client);
        context.trace.replace_in(request.headers_mut());
        component.call(request, &context).await
    }
}

/// The absolute URI of a request to this server; none if it does not say which host it is for,
/// or says so in two ways.
pub fn absolute_uri(uri: &Uri, host: Option<&http::HeaderValue>) -> Option<Uri> {
    let host = match host {
        Some(host) => Some(host.to_str().ok()?.parse().ok()?),
        None => None,
    };
    let mut parts = Parts::from(uri.clone());
    parts.authority = match (host, parts.authority) {
        (Some(host), Some(authority)) if host != authority => return None,
        (host, authority) => Some(host.or(authority)?),
    };
    parts.scheme = Some(Scheme::HTTP);
    parts
        .path_and_query
        .get_or_insert(http::uri::PathAndQuery::from_static("/"));
    Uri::from_parts(parts).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_names_its_host_exactly_once() {
        let of = |uri: &'static str, host: Option<&'static str>| {
            let host = host.map(http::HeaderValue::from_static);
            absolute_uri(&Uri::from_static(uri), host.as_ref()).map(|uri| uri.to_string())
        };
        assert_eq!(of("/a?b", Some("h:1")).unwrap(), "http://h:1/a?b");
        assert_eq!(of("http://h/a", None).unwrap(), "http://h/a");
        assert_eq!(of("http://h/a", Some("h")).unwrap(), "http://h/a");
        assert_eq!(of("http://h/a", Some("other")), None);
        assert_eq!(of("/a", None), None);
        assert_eq!(of("/a", Some("a b")), None);
    }
}
