//! The listening socket and its connections: HTTP/1.1 and HTTP/2 without TLS on one port.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

use super::HttpApp;

/// How long requests may go on after the server was told to stop.
const SHUTDOWN: Duration = Duration::from_secs(10);
/// The largest head of a request, in bytes.
const MAX_HEAD: usize = 64 * 1024;

/// A bound socket.
pub struct Server {
    listener: TcpListener,
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

    /// Serves `app` until `stop` is ready, then lets what runs finish for a while.
    pub async fn serve(self, app: Arc<HttpApp>, stop: impl Future<Output = ()>) {
        let permits = Arc::new(Semaphore::new(app.limits.requests));
        let mut builder = Builder::new(TokioExecutor::new());
        builder
            .http1()
            .timer(TokioTimer::new())
            .header_read_timeout(app.limits.header_time)
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
            let (app, permits) = (app.clone(), permits.clone());
            let service = service_fn(move |request| {
                let (app, permits) = (app.clone(), permits.clone());
                async move {
                    let permit = permits.try_acquire_owned().ok();
                    Ok::<_, Infallible>(app.answer(request, client, permit).await)
                }
            });
            let connection = builder
                .serve_connection(TokioIo::new(stream), service)
                .into_owned();
            let connection = graceful.watch(connection);
            tokio::spawn(async move {
                if let Err(error) = connection.await {
                    tracing::debug!(%client, "connection: {error}");
                }
            });
        }
        drop(self.listener);
        if tokio::time::timeout(SHUTDOWN, graceful.shutdown())
            .await
            .is_err()
        {
            tracing::warn!("some requests did not finish in {} s", SHUTDOWN.as_secs());
        }
        for instances in app.components.values() {
            instances.stop();
        }
    }
}
