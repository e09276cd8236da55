//! The client's end of a WebSocket: frames, bounded in size and in time.

use std::borrow::Cow;
use std::time::Duration;

use futures::{SinkExt as _, StreamExt as _};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message as Frame, Utf8Bytes};

use super::end::End;
use crate::gateway::channels::Outbox;
use crate::gateway::item::{MAX_REASON, Message, MessageKind, shorten};

/// The largest message of a client, in bytes: what Pushpin buffers.
pub const MAX_MESSAGE: usize = 200_000;
/// The most bytes of a message to a client that is being sent, with what answers its pings.
const MAX_SENDING: usize = 2_000_000;
/// How much is read at a time. Every idle connection has such a buffer.
const READ_BUFFER: usize = 2048;
/// How long a client may take to confirm the end.
const CONFIRM: Duration = Duration::from_secs(3);

/// The client's end.
pub struct Wire {
    socket: WebSocketStream<TokioIo<Upgraded>>,
}

impl Wire {
    /// The socket after the handshake.
    pub async fn new(socket: Upgraded) -> Self {
        let config = WebSocketConfig::default()
            .read_buffer_size(READ_BUFFER)
            .write_buffer_size(0)
            .max_write_buffer_size(MAX_SENDING)
            .max_message_size(Some(MAX_MESSAGE))
            .max_frame_size(Some(MAX_MESSAGE));
        let socket = TokioIo::new(socket);
        Self {
            socket: WebSocketStream::from_raw_socket(socket, Role::Server, Some(config)).await,
        }
    }

    /// The client's next frame. Its pings are answered.
    pub async fn receive(&mut self) -> Result<Frame, End> {
        match self.socket.next().await {
            Some(Ok(frame)) => Ok(frame),
            Some(Err(error)) => Err(end_of(error)),
            None => Err(End::Gone("the client closed the connection".into())),
        }
    }

    /// Sends a message; gives up once `outbox` overflows meanwhile.
    pub async fn send(&mut self, message: &Message, outbox: &Outbox) -> Result<(), End> {
        let content = message.content.clone();
        let frame = match message.kind {
            MessageKind::Text => match Utf8Bytes::try_from(content) {
                Ok(text) => Frame::Text(text),
                Err(_) => return Err(End::Failed("a text message is not UTF-8".into())),
            },
            MessageKind::Binary => Frame::Binary(content),
            MessageKind::Ping => Frame::Ping(content),
            MessageKind::Pong => Frame::Pong(content),
        };
        let mut sending = std::pin::pin!(self.socket.send(frame));
        loop {
            tokio::select! {
                biased;
                sent = &mut sending => return sent.map_err(end_of),
                // What came meanwhile is looked for after this in any case.
                () = outbox.wake.notified() => {
                    if outbox.overflowed() {
                        return Err(End::Slow);
                    }
                }
            }
        }
    }

    /// Sends a close frame and waits for the client's, which is answered if it confirms in time.
    pub async fn close(&mut self, code: Option<u16>, reason: &str) -> Option<Frame> {
        let mut reason = reason.to_owned();
        shorten(&mut reason, MAX_REASON);
        let frame = code.map(|code| CloseFrame {
            code: CloseCode::from(code),
            reason: reason.into(),
        });
        let confirmed = timeout(CONFIRM, async {
            self.socket.send(Frame::Close(frame)).await.ok()?;
            loop {
                let frame = self.socket.next().await?.ok()?;
                if frame.is_close() {
                    return Some(frame);
                }
            }
        });
        confirmed.await.ok().flatten()
    }

    /// Sends the confirmation of the client's close frame.
    pub async fn confirm(&mut self) {
        let _ = timeout(CONFIRM, self.socket.flush()).await;
        let _ = timeout(CONFIRM, self.socket.next()).await;
    }
}

fn end_of(error: Error) -> End {
    match error {
        Error::Capacity(_) => End::TooLarge,
        Error::Utf8(_) => End::Malformed(Cow::Borrowed("a text message is not UTF-8"), 1007),
        Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => {
            End::Gone("the client closed the connection".into())
        }
        Error::Protocol(error) => End::Malformed(error.to_string().into(), 1002),
        error => End::Gone(error.to_string()),
    }
}
