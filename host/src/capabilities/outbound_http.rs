//! `wasi:http` on the way out: to allowed hosts, and to the application's other components.

use std::future::Future;
use std::mem;
use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;

use http::uri::Scheme;
use http_body_util::BodyExt as _;
use wasmtime::AsContextMut as _;
use wasmtime::component::{Accessor, HasData, Linker, Resource};
use wasmtime_wasi::TrappableError;
use wasmtime_wasi_http::p3::bindings::http::{client, types};
use wasmtime_wasi_http::p3::{Request, Response};
use wasmtime_wasi_http::{
    Error, RequestOptions, WasiBody, WasiHttp, WasiHttpCtxView, WasiHttpHooks, WasiHttpView,
};

use super::connections::{Connections, Timeouts};
use crate::engine::{InstanceState, RequestContext, current_request};
use crate::outbound_hosts::{AllowedHosts, chained_component};
use crate::triggers::http::{CallError, HttpApp};

/// How deep components may call each other for one request from outside.
const MAX_DEPTH: u8 = 8;
/// How long a connection may take to come up.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// One instance's way out.
#[derive(Clone)]
pub struct OutboundHttp {
    component: Arc<str>,
    allowed: Arc<AllowedHosts>,
    app: Arc<OnceLock<Weak<HttpApp>>>,
    connections: Arc<Connections>,
    /// The longest wait for the first byte, and between bytes, of an answer.
    timeout: Duration,
    /// The request that the guest is making a request for.
    pub request: Weak<RequestContext>,
    /// The request being sent goes to the application itself, which was allowed.
    to_self: bool,
}

type ResponseFuture = Box<dyn Future<Output = Result<(), Error>> + Send>;
type SentRequest =
    Box<dyn Future<Output = Result<(http::Response<WasiBody>, ResponseFuture), Error>> + Send>;

impl OutboundHttp {
    /// The way out of `component`, to the hosts in `allowed`, over `connections`, and the components of `app`.
    pub fn new(
        component: Arc<str>,
        allowed: Arc<AllowedHosts>,
        app: Arc<OnceLock<Weak<HttpApp>>>,
        connections: Arc<Connections>,
        timeout: Duration,
    ) -> Self {
        Self {
            component,
            allowed,
            app,
            connections,
            timeout,
            request: Weak::new(),
            to_self: false,
        }
    }

    fn allows(&self, uri: &http::Uri) -> bool {
        match (uri.scheme_str(), uri.host()) {
            (Some(scheme), Some(host)) => self.allowed.allows(scheme, host, uri.port_u16()),
            _ => false,
        }
    }

    /// Sends a request that names no host to the application itself, if `self` is allowed.
    fn aim(&mut self, request: &mut Request) {
        self.to_self = false;
        if request.authority.is_none()
            && self.allowed.allows_self(Scheme::HTTP.as_str())
            && let Some(app) = self.app.get().and_then(Weak::upgrade)
        {
            request.scheme = Some(Scheme::HTTP);
            request.authority = app.address.to_string().parse().ok();
            self.to_self = true;
        }
    }

    fn timeouts(&self, options: Option<RequestOptions>) -> Timeouts {
        let own = options.unwrap_or_default();
        let at_most =
            |wanted: Option<Duration>, most: Duration| wanted.map_or(most, |w| w.min(most));
        Timeouts {
            connect: at_most(own.connect_timeout, CONNECT_TIMEOUT),
            first_byte: at_most(own.first_byte_timeout, self.timeout),
            between_bytes: at_most(own.between_bytes_timeout, self.timeout),
        }
    }
}

impl WasiHttpHooks for OutboundHttp {
    fn send_request(
        &mut self,
        mut request: http::Request<WasiBody>,
        options: Option<RequestOptions>,
        _: ResponseFuture,
    ) -> SentRequest {
        let uri = request.uri();
        if !mem::take(&mut self.to_self) && !self.allows(uri) {
            tracing::warn!(
                component = &*self.component,
                scheme = uri.scheme_str(),
                authority = uri.authority().map(|a| a.as_str()),
                "outbound request refused: add the host to the component's allowed_outbound_hosts"
            );
            return Box::new(async { Err(Error::HttpRequestDenied) });
        }
        let caller = self.request.upgrade();
        if let Some(caller) = &caller {
            caller.trace.add_to(request.headers_mut());
        }
        if let Some(target) = chaining_target(request.uri()) {
            let target = target.to_owned();
            let app = self.app.get().and_then(Weak::upgrade);
            return Box::new(async move {
                let app = app.ok_or(Error::DestinationUnavailable)?;
                let response = chain(&app, &target, request, caller).await?;
                Ok((response, Box::new(async { Ok(()) }) as ResponseFuture))
            });
        }
        let timeouts = self.timeouts(options);
        if request.uri().scheme() == Some(&Scheme::HTTP) {
            let connections = self.connections.clone();
            return Box::new(async move {
                let response = connections.send(request, timeouts).await?;
                Ok((response, Box::new(async { Ok(()) }) as ResponseFuture))
            });
        }
        let options = RequestOptions {
            connect_timeout: Some(timeouts.connect),
            first_byte_timeout: Some(timeouts.first_byte),
            between_bytes_timeout: Some(timeouts.between_bytes),
        };
        Box::new(async move {
            let (response, io) =
                wasmtime_wasi_http::default_send_request(request, Some(options)).await?;
            Ok((
                response.map(|body| body.boxed_unsync()),
                Box::new(io) as ResponseFuture,
            ))
        })
    }
}

/// The component that `http://<component>.spin.internal` names.
fn chaining_target(uri: &http::Uri) -> Option<&str> {
    (uri.scheme() == Some(&Scheme::HTTP))
        .then(|| chained_component(uri.host()?))
        .flatten()
}

async fn chain(
    app: &HttpApp,
    target: &str,
    request: http::Request<WasiBody>,
    caller: Option<Arc<RequestContext>>,
) -> Result<http::Response<WasiBody>, Error> {
    let depth = caller.as_ref().map_or(0, |caller| caller.depth) + 1;
    if depth > MAX_DEPTH {
        tracing::warn!(component = target, "components call each other in a loop");
        return Err(Error::LoopDetected);
    }
    app.chained(target, request, caller.as_deref(), depth)
        .await
        .map_err(|error| match error {
            CallError::UnknownComponent => Error::DestinationNotFound,
            CallError::TimedOut | CallError::Busy => Error::HttpResponseTimeout,
            CallError::TooLarge => Error::HttpRequestBodySize(None),
            CallError::Failed => Error::InternalError(None),
        })
}

/// `wasi:http/client`, which tells [`OutboundHttp`] on whose behalf the guest calls.
struct Client;

impl HasData for Client {
    type Data<'a> = WasiHttpCtxView<'a>;
}

impl client::HostWithStore<InstanceState> for Client {
    async fn send(
        accessor: &Accessor<InstanceState, Self>,
        request: Resource<Request>,
    ) -> Result<Resource<Response>, TrappableError<types::ErrorCode>> {
        accessor.with(|mut access| {
            let current = current_request(&mut access);
            let mut store = access.as_context_mut();
            let InstanceState {
                outbound, table, ..
            } = store.data_mut();
            outbound.request = current.as_ref().map_or_else(Weak::new, Arc::downgrade);
            if let Ok(request) = table.get_mut(&request) {
                outbound.aim(request);
            }
        });
        // The first thing that `send` does is to call the hook above, so no other request of the
        // same instance can come between.
        let http = accessor.with_getter::<WasiHttp>(InstanceState::http);
        <WasiHttp as client::HostWithStore<InstanceState>>::send(&http, request).await
    }
}

/// Adds `wasi:http/types` and `wasi:http/client` of WASI 0.3.
pub fn add_to_linker(linker: &mut Linker<InstanceState>) -> wasmtime::Result<()> {
    types::add_to_linker::<_, WasiHttp>(linker, InstanceState::http)?;
    client::add_to_linker::<_, Client>(linker, InstanceState::http)
}
