//! Connections to HTTP servers without TLS, kept open for the next request.
//!
//! A request is sent a second time only if the first connection was closed before any of it was written.

use std::collections::HashMap;
use std::future::Future as _;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, Uri};
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep, timeout};
use wasmtime_wasi_http::{Error, WasiBody};

/// How long an unused connection is kept: less than the 5 seconds after which common servers close theirs.
const IDLE: Duration = Duration::from_secs(4);
/// Unused connections kept to one server.
const MAX_IDLE: usize = 32;

/// How long the parts of an exchange may take.
#[derive(Debug, Clone, Copy)]
pub struct Timeouts {
    /// Until a new connection is there.
    pub connect: Duration,
    /// From then on, until the answer's head is there.
    pub first_byte: Duration,
    /// Between pieces of the answer's body.
    pub between_bytes: Duration,
}

/// The unused connections, by host and port.
#[derive(Default)]
pub struct Connections(Mutex<HashMap<String, Vec<Unused>>>);

struct Unused {
    sender: SendRequest<WasiBody>,
    since: Instant,
}

impl Connections {
    /// Sends a request whose URI is `http://…`.
    ///
    /// # Errors
    /// There was no whole head of an answer in time.
    pub async fn send(
        self: &Arc<Self>,
        mut request: Request<WasiBody>,
        timeouts: Timeouts,
    ) -> Result<Response<WasiBody>, Error> {
        let authority = request.uri().authority();
        let authority = authority.ok_or(Error::HttpRequestUriInvalid)?;
        let server = match authority.port() {
            Some(_) => authority.to_string(),
            None => format!("{authority}:80"),
        };
        // To a server that is no proxy, only the path is written.
        let path = request.uri().path_and_query().cloned();
        *request.uri_mut() = path.map_or_else(|| Uri::from_static("/"), Uri::from);
        loop {
            let (mut sender, is_new) = match self.take(&server) {
                Some(sender) => (sender, false),
                None => (connect(&server, timeouts.connect).await?, true),
            };
            let sent = timeout(timeouts.first_byte, sender.try_send_request(request)).await;
            let response = match sent.map_err(|_| Error::ConnectionReadTimeout)? {
                Ok(response) => response,
                Err(mut error) => match error.take_message() {
                    Some(unsent) if !is_new => {
                        request = unsent;
                        continue;
                    }
                    _ => return Err(error.into_error().into()),
                },
            };
            tokio::spawn(self.clone().keep(server, sender));
            return Ok(
                response.map(|body| TimedBody::new(body, timeouts.between_bytes).boxed_unsync())
            );
        }
    }

    fn take(&self, server: &str) -> Option<SendRequest<WasiBody>> {
        let mut unused = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let of_server = unused.get_mut(server)?;
        while let Some(Unused { sender, since }) = of_server.pop() {
            if since.elapsed() < IDLE && sender.is_ready() {
                return Some(sender);
            }
        }
        None
    }

    /// Keeps a connection once its answer was read to the end, and lets go of it if nobody uses it.
    async fn keep(self: Arc<Self>, server: String, mut sender: SendRequest<WasiBody>) {
        if sender.ready().await.is_err() {
            return;
        }
        {
            let mut unused = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let of_server = unused.entry(server.clone()).or_default();
            if of_server.len() >= MAX_IDLE {
                return;
            }
            let since = Instant::now();
            of_server.push(Unused { sender, since });
        }
        sleep(IDLE).await;
        let mut unused = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(of_server) = unused.get_mut(&server) {
            of_server.retain(|connection| connection.since.elapsed() < IDLE);
            if of_server.is_empty() {
                unused.remove(&server);
            }
        }
    }
}

async fn connect(server: &str, limit: Duration) -> Result<SendRequest<WasiBody>, Error> {
    let connect = async {
        let stream = TcpStream::connect(server).await.map_err(Error::Connect)?;
        let _ = stream.set_nodelay(true);
        Ok::<_, Error>(handshake(TokioIo::new(stream)).await?)
    };
    let (sender, connection) = timeout(limit, connect)
        .await
        .map_err(|_| Error::ConnectionTimeout)??;
    tokio::spawn(async move {
        // What goes wrong is told to whoever waits for the answer or its body.
        if let Err(error) = connection.await {
            tracing::debug!("outbound connection: {error}");
        }
    });
    Ok(sender)
}

/// A body whose pieces must come in time.
struct TimedBody {
    body: Incoming,
    limit: Duration,
    late: Pin<Box<Sleep>>,
}

impl TimedBody {
    fn new(body: Incoming, limit: Duration) -> Self {
        Self {
            body,
            limit,
            late: Box::pin(sleep(limit)),
        }
    }
}

impl Body for TimedBody {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        match Pin::new(&mut self.body).poll_frame(cx) {
            Poll::Ready(frame) => {
                let next = Instant::now() + self.limit;
                self.late.as_mut().reset(next);
                Poll::Ready(frame.map(|frame| frame.map_err(Error::from)))
            }
            Poll::Pending => self
                .late
                .as_mut()
                .poll(cx)
                .map(|()| Some(Err(Error::ConnectionReadTimeout))),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use http_body_util::{Empty, Full};
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    use super::*;

    const TIMEOUTS: Timeouts = Timeouts {
        connect: Duration::from_secs(5),
        first_byte: Duration::from_millis(500),
        between_bytes: Duration::from_millis(500),
    };

    /// What a server does with a request on a connection.
    #[derive(Clone, Copy, PartialEq)]
    enum Manner {
        Answer,
        /// Answers, and closes the connection a moment later without having said so.
        AnswerAndClose,
        /// Answers the first request of a connection, and closes it at the next.
        CloseAtSecond,
        Silent,
    }

    /// A server, with how many connections and requests it saw.
    struct Server {
        url: String,
        connections: Arc<AtomicUsize>,
        requests: Arc<AtomicUsize>,
    }

    async fn server(manner: Manner) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = Server {
            url: format!("http://{}/path", listener.local_addr().unwrap()),
            connections: Arc::default(),
            requests: Arc::default(),
        };
        let (connections, requests) = (server.connections.clone(), server.requests.clone());
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                connections.fetch_add(1, Ordering::SeqCst);
                let requests = requests.clone();
                tokio::spawn(async move {
                    let mut buffer = [0; 4096];
                    let mut answered = 0;
                    while stream
                        .read(&mut buffer)
                        .await
                        .is_ok_and(|length| length > 0)
                    {
                        requests.fetch_add(1, Ordering::SeqCst);
                        if manner == Manner::Silent {
                            continue;
                        }
                        if manner == Manner::CloseAtSecond && answered == 1 {
                            return;
                        }
                        answered += 1;
                        let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
                        stream.write_all(answer).await.unwrap();
                        if manner == Manner::AnswerAndClose {
                            return;
                        }
                    }
                });
            }
        });
        server
    }

    async fn post(connections: &Arc<Connections>, url: &str) -> Result<Bytes, Error> {
        let body = Full::new(Bytes::from_static(b"x")).map_err(|never| match never {});
        let request = Request::post(url).body(body.boxed_unsync()).unwrap();
        let response = connections.send(request, TIMEOUTS).await?;
        let body = response.into_body().collect().await?.to_bytes();
        // The connection is kept by a task of its own.
        sleep(Duration::from_millis(50)).await;
        Ok(body)
    }

    #[tokio::test]
    async fn a_connection_is_used_again() {
        let server = server(Manner::Answer).await;
        let connections = Arc::default();
        for _ in 0..5 {
            assert_eq!(post(&connections, &server.url).await.unwrap(), "ok");
        }
        assert_eq!(server.connections.load(Ordering::SeqCst), 1);
        assert_eq!(server.requests.load(Ordering::SeqCst), 5);
    }

    #[tokio::test]
    async fn a_connection_that_was_closed_is_not_used_again() {
        let server = server(Manner::AnswerAndClose).await;
        let connections = Arc::default();
        for _ in 0..5 {
            assert_eq!(post(&connections, &server.url).await.unwrap(), "ok");
        }
        assert_eq!(server.requests.load(Ordering::SeqCst), 5);
    }

    #[tokio::test]
    async fn a_request_that_was_written_is_not_sent_twice() {
        let server = server(Manner::CloseAtSecond).await;
        let connections = Arc::default();
        post(&connections, &server.url).await.unwrap();
        assert!(post(&connections, &server.url).await.is_err());
        assert_eq!(server.requests.load(Ordering::SeqCst), 2);
    }

    #[tokio::test]
    async fn waiting_has_an_end() {
        let server = server(Manner::Silent).await;
        let error = post(&Arc::default(), &server.url).await.unwrap_err();
        assert!(matches!(error, Error::ConnectionReadTimeout), "{error:?}");
        let body = Empty::new().map_err(|never| match never {});
        let nobody = Request::get("http://127.0.0.1:1/").body(body.boxed_unsync());
        let refused = Arc::<Connections>::default()
            .send(nobody.unwrap(), TIMEOUTS)
            .await;
        assert!(matches!(refused, Err(Error::Connect(_))));
    }
}
