//! A listening socket and its connections: HTTP/1.1, with upgrades, and HTTP/2 without TLS on one port.

use std::convert::Infallible;
use std::error::Error;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::TcpListener;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::write_deadline::WriteDeadline;

/// The largest head of a request, in bytes.
const MAX_HEAD: usize = 64 * 1024;
/// How long a client may take nothing of what it is sent.
const WRITE_TIME: Duration = Duration::from_secs(30);

/// A bound socket.
pub struct Server {
    listener: TcpListener,
}

/// What connections may take.
#[derive(Debug, Clone, Copy)]
pub struct ServerLimits {
    /// Requests handled at the same time.
    pub requests: usize,
    /// How long a client may take to send the head of a request.
    pub header_time: Duration,
    /// How long requests may go on after the server was told to stop.
    pub shutdown: Duration,
}

impl Server {
    /// Binds `address`; port 0 takes a free port.
    pub async fn bind(address: SocketAddr) -> Result<Self> {
        let listener = TcpListener::bind(address)
            .await
            .with_context(|| format!("cannot listen on {address}"))?;
        Ok(Self { listener })
    }

    /// The address that was bound.
    pub fn address(&self) -> Result<SocketAddr> {
        Ok(self.listener.local_addr()?)
    }

    /// Has `answer` answer requests until `stop` is ready, then lets what runs finish for a while. It gets
    /// no permit where too many requests are being handled.
    pub async fn serve<F, B>(
        self,
        limits: ServerLimits,
        answer: impl Fn(Request<Incoming>, SocketAddr, Option<OwnedSemaphorePermit>) -> F
        + Clone
        + Send
        + 'static,
        stop: impl Future<Output = ()>,
    ) where
        F: Future<Output = Response<B>> + Send + 'static,
        B: Body<Data = Bytes, Error: Into<Box<dyn Error + Send + Sync>>> + Send + 'static,
    {
        let permits = Arc::new(Semaphore::new(limits.requests));
        let mut builder = Builder::new(TokioExecutor::new());
        builder
            .http1()
            .timer(TokioTimer::new())
            .header_read_timeout(limits.header_time)
            .max_buf_size(MAX_HEAD);
        builder
            .http2()
            .timer(TokioTimer::new())
            .max_concurrent_streams(256)
            .max_header_list_size(MAX_HEAD as u32)
            .keep_alive_interval(Duration::from_secs(30));
        let graceful = GracefulShutdown::new();
        let mut stop = std::pin::pin!(stop);
        loop {
            let (stream, client) = tokio::select! {
                () = &mut stop => break,
                accepted = self.listener.accept() => match accepted {
                    Ok(accepted) => accepted,
                    // No more file descriptors, for one: the connection waits in the backlog.
                    Err(error) => {
                        tracing::warn!("cannot accept a connection: {error}");
                        tokio::time::sleep(Duration::from_millis(50)).await;
                        continue;
                    }
                },
            };
            let _ = stream.set_nodelay(true);
            let (answer, permits) = (answer.clone(), permits.clone());
            let service = service_fn(move |request| {
                let permit = permits.clone().try_acquire_owned().ok();
                let response = answer(request, client, permit);
                async move { Ok::<_, Infallible>(response.await) }
            });
            let stream = TokioIo::new(WriteDeadline::new(stream, WRITE_TIME));
            let connection = builder
                .serve_connection_with_upgrades(stream, service)
                .into_owned();
            let connection = graceful.watch(connection);
            tokio::spawn(async move {
                if let Err(error) = connection.await {
                    tracing::debug!(%client, "connection: {error}");
                }
            });
        }
        drop(self.listener);
        if tokio::time::timeout(limits.shutdown, graceful.shutdown())
            .await
            .is_err()
        {
            tracing::warn!(
                "some requests did not finish in {} s",
                limits.shutdown.as_secs()
            );
        }
    }
}
