//! One WebSocket from its handshake to its end: what the client sends goes to the component, what the component
//! answers and what is published goes to the client.

use std::future::pending;
use std::sync::Arc;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{Response, StatusCode};
use hyper::upgrade::Upgraded;
use tokio::sync::OwnedSemaphorePermit;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until};
use tokio_tungstenite::tungstenite::Message as Frame;

use super::connection::{Connection, MAX_ANSWER};
use super::end::End;
use super::wire::{MAX_MESSAGE, Wire};
use crate::gateway::Gateway;
use crate::gateway::channels::{Format, Subscription};
use crate::gateway::control::{self, Control, KeepAlive};
use crate::gateway::events::{CONTENT_TYPE as EVENTS, Event, Kind, decode};
use crate::gateway::instruct::MAX_CHANNELS;
use crate::gateway::item::{MAX_CONTROL, Message, MessageKind, WsMessage, is_close_code};
use crate::gateway::requests::{jitter, wait_to_retry};
use crate::triggers::http::CallError;

/// How many messages of a client wait for the component at most.
const MAX_WAITING: usize = 256;
/// How many published messages are sent before the client is listened to again.
const AT_ONCE: usize = 64;
/// What the gateway's own pings hold, so that the component is not told of the answers.
const PING: &[u8] = b"gateway";

type Answer = Result<Response<Bytes>, CallError>;

/// One WebSocket.
pub struct Session {
    gateway: Arc<Gateway>,
    connection: Connection,
    subscription: Subscription,
    /// How the component's messages to the client begin; none where it has none to the gateway.
    prefix: Option<Bytes>,
    /// What the component is not told yet.
    waiting: Vec<Event>,
    /// How many bytes of content that is.
    waiting_size: usize,
    /// What the component is being told.
    call: Option<JoinHandle<Answer>>,
    /// When the component is asked, whether there is an event or not.
    ask_at: Option<Instant>,
    /// It is to be asked now.
    refresh: bool,
    keep_alive: Option<(Instant, Box<KeepAlive>)>,
    /// When the client was heard last, and whether it was pinged since.
    heard: Instant,
    pinged: bool,
    /// The component is asked no longer.
    detached: bool,
    opened: Instant,
    received: u64,
    sent: u64,
}

impl Session {
    /// A session whose handshake is done.
    pub fn new(gateway: Arc<Gateway>, connection: Connection, prefix: Option<Bytes>) -> Self {
        let subscription = Subscription::new(&gateway.channels, Format::WsMessage);
        let now = Instant::now();
        Self {
            gateway,
            subscription,
            prefix,
            waiting: Vec::new(),
            waiting_size: 0,
            call: None,
            ask_at: connection.interval.map(|interval| now + interval),
            connection,
            refresh: false,
            keep_alive: None,
            heard: now,
            pinged: false,
            detached: false,
            opened: now,
            received: 0,
            sent: 0,
        }
    }

    /// Does what the component answered to the handshake, and then serves until the end. `held` is given back
    /// when the client is gone.
    pub async fn run(mut self, socket: Upgraded, first: Vec<Event>, held: OwnedSemaphorePermit) {
        let (id, trace) = (self.connection.id, self.connection.trace.clone());
        let client = self.connection.client;
        tracing::info!(
            connection = %id,
            correlation_id = trace.correlation_id,
            %client,
            "websocket opened"
        );
        let mut wire = Wire::new(socket).await;
        let mut done = self.perform(&mut wire, first).await;
        let end = loop {
            match done {
                Ok(()) => done = self.step(&mut wire).await,
                Err(end) => break end,
            }
        };
        let last = self.finish(wire, &end).await;
        drop(held);
        tracing::info!(
            connection = %id,
            correlation_id = trace.correlation_id,
            %client,
            by = end.by(),
            code = end.code(),
            reason = end.reason(),
            seconds = self.opened.elapsed().as_secs(),
            received = self.received,
            sent = self.sent,
            "websocket ended"
        );
        if let Some(last) = last {
            self.tell_end(last).await;
        }
    }

    /// Waits for what comes next, and does it.
    async fn step(&mut self, wire: &mut Wire) -> Result<(), End> {
        self.deliver(wire).await?;
        self.start_call();
        let has_room = self.waiting.len() < MAX_WAITING && self.waiting_size < MAX_MESSAGE;
        if !has_room {
            // Nothing is read, so nothing can be heard.
            self.heard = Instant::now();
        }
        let next = self.next_timer();
        tokio::select! {
            () = self.gateway.stopping.cancelled() => Err(End::Shutdown),
            () = self.subscription.outbox.wake.notified() => Ok(()),
            answer = finished(&mut self.call) => self.answered(wire, answer).await,
            frame = wire.receive(), if has_room => self.received(frame?),
            () = sleep_until(next) => self.on_timer(wire).await,
        }
    }

    /// Sends what was published.
    async fn deliver(&mut self, wire: &mut Wire) -> Result<(), End> {
        if self.subscription.outbox.overflowed() {
            return Err(End::Slow);
        }
        for _ in 0..AT_ONCE {
            let Some(item) = self.subscription.outbox.pop() else {
                return Ok(());
            };
            match &item.ws_message {
                Some(WsMessage::Send(message)) => self.send(wire, message).await?,
                Some(WsMessage::Close { code, reason }) => {
                    return Err(End::Published(*code, reason.clone()));
                }
                Some(WsMessage::Refresh) => self.refresh = !self.detached,
                None => {}
            }
        }
        self.subscription.outbox.wake.notify_one();
        Ok(())
    }

    async fn send(&mut self, wire: &mut Wire, message: &Message) -> Result<(), End> {
        wire.send(message, &self.subscription.outbox).await?;
        self.sent += 1;
        if let Some((at, keep_alive)) = &mut self.keep_alive
            && !keep_alive.always
        {
            *at = Instant::now() + keep_alive.timeout;
        }
        Ok(())
    }

    /// Tells the component what it does not know yet, unless it is still being told something.
    fn start_call(&mut self) {
        let is_time = self.ask_at.is_some_and(|at| at <= Instant::now());
        let is_due = !self.waiting.is_empty() || self.refresh || is_time;
        if self.call.is_some() || !is_due {
            return;
        }
        self.ask_at = None;
        self.refresh = false;
        self.waiting_size = 0;
        let events = std::mem::take(&mut self.waiting);
        self.call = Some(self.tell(events));
    }

    fn tell(&self, events: Vec<Event>) -> JoinHandle<Answer> {
        let gateway = self.gateway.clone();
        let request = self.connection.request(&events);
        let client = self.connection.client;
        tokio::spawn(async move {
            let request = request.ok_or(CallError::Failed)?;
            let mut retries = 0;
            loop {
                match gateway.ask(request.clone(), client, MAX_ANSWER).await {
                    // No instance took it, so it may be sent again.
                    Err(CallError::Busy) if wait_to_retry(&mut retries).await => {}
                    answer => return answer,
                }
            }
        })
    }

    /// Takes in what the client sent.
    fn received(&mut self, frame: Frame) -> Result<(), End> {
        self.heard = Instant::now();
        self.pinged = false;
        let (kind, content) = match frame {
            Frame::Text(text) => (Kind::Text, Bytes::from(text)),
            Frame::Binary(content) => (Kind::Binary, content),
            Frame::Pong(content) if content != PING => (Kind::Pong, content),
            Frame::Close(frame) => {
                let frame = frame.map(|it| (u16::from(it.code), it.reason.as_str().to_owned()));
                return Err(End::Client(frame));
            }
            Frame::Ping(_) | Frame::Pong(_) | Frame::Frame(_) => return Ok(()),
        };
        self.received += 1;
        if !self.detached {
            self.waiting_size += content.len();
            self.waiting.push(Event::with(kind, content));
        }
        Ok(())
    }

    /// Does what the component answered.
    async fn answered(&mut self, wire: &mut Wire, answer: Answer) -> Result<(), End> {
        let failed = |why: &'static str| Err(End::Failed(why.into()));
        if self.detached {
            return Ok(());
        }
        let answer = match answer {
            Ok(answer) => answer,
            Err(CallError::TimedOut) => return failed("the component took too long"),
            Err(CallError::Busy) => return failed("no instance of the component was free"),
            Err(_) => return failed("the component failed"),
        };
        let content_type = answer.headers().get(CONTENT_TYPE);
        if answer.status() != StatusCode::OK || content_type.is_none_or(|it| it != EVENTS) {
            let status = answer.status().as_u16();
            return Err(End::Failed(
                format!("the component answered {status}").into(),
            ));
        }
        if let Err(why) = self.connection.update(answer.headers()) {
            return failed(why);
        }
        let interval = self.connection.interval;
        self.ask_at = interval.map(|interval| Instant::now() + interval);
        match decode(answer.into_body()) {
            Ok(events) => self.perform(wire, events).await,
            Err(why) => failed(why),
        }
    }

    async fn perform(&mut self, wire: &mut Wire, events: Vec<Event>) -> Result<(), End> {
        for event in events {
            let kind = match event.kind {
                Kind::Text => MessageKind::Text,
                Kind::Binary => MessageKind::Binary,
                Kind::Ping => MessageKind::Ping,
                Kind::Pong => MessageKind::Pong,
                Kind::Close => {
                    let frame = event.close_frame();
                    if frame
                        .as_ref()
                        .is_some_and(|(code, _)| !is_close_code(*code))
                    {
                        return Err(End::Failed("the component closes with a wrong code".into()));
                    }
                    return Err(End::Component(frame));
                }
                Kind::Disconnect => return Err(End::Disconnected),
                Kind::Open => return Err(End::Failed("the component opens it again".into())),
            };
            let is_control_frame = matches!(kind, MessageKind::Ping | MessageKind::Pong);
            if is_control_frame && event.size() > MAX_CONTROL {
                return Err(End::Failed("the component's ping is too long".into()));
            }
            let mut content = event.content.unwrap_or_default();
            if let Some(prefix) = self.prefix.as_ref().filter(|_| !is_control_frame) {
                if kind == MessageKind::Text
                    && let Some(message) = content.strip_prefix(control::PREFIX)
                {
                    self.obey(message);
                    continue;
                }
                if !content.starts_with(prefix) {
                    self.warn("a message without the prefix is dropped");
                    continue;
                }
                content = content.slice(prefix.len()..);
            }
            self.send(wire, &Message { kind, content }).await?;
        }
        Ok(())
    }

    fn warn(&self, what: &str) {
        tracing::warn!(
            connection = %self.connection.id,
            correlation_id = self.connection.trace.correlation_id,
            "websocket: {what}"
        );
    }

    fn obey(&mut self, message: &[u8]) {
        match control::read(message) {
            Ok(Control::Subscribe(_)) if self.subscription.count() >= MAX_CHANNELS => {
                self.warn("too many subscriptions");
            }
            Ok(Control::Subscribe(channel)) => self.subscription.add(&channel),
            Ok(Control::Unsubscribe(channel)) => self.subscription.remove(&channel),
            Ok(Control::Detach) => {
                if !self.detached {
                    self.waiting.clear();
                    self.waiting.push(Event::close(None));
                    self.connection.interval = None;
                    self.ask_at = None;
                }
                self.detached = true;
            }
            Ok(Control::KeepAlive(keep_alive)) => {
                self.keep_alive = keep_alive.map(|keep_alive| {
                    let wait = keep_alive.timeout.saturating_sub(jitter());
                    (Instant::now() + wait, Box::new(keep_alive))
                });
            }
            Ok(Control::SetMeta) => {}
            Err(why) => self.warn(&format!("a message to the gateway is ignored: {why}")),
        }
    }

    fn next_timer(&self) -> Instant {
        let waits = if self.pinged { 2 } else { 1 };
        let silent = self.heard + self.gateway.ping * waits;
        let keep_alive = self.keep_alive.as_ref().map(|(at, _)| *at);
        let ask = self.ask_at.filter(|_| self.call.is_none());
        [keep_alive, ask]
            .into_iter()
            .flatten()
            .fold(silent, Instant::min)
    }

    async fn on_timer(&mut self, wire: &mut Wire) -> Result<(), End> {
        let now = Instant::now();
        if let Some((at, keep_alive)) = &mut self.keep_alive
            && *at <= now
        {
            *at = now + keep_alive.timeout;
            let message = keep_alive.message.clone();
            self.send(wire, &message).await?;
        }
        let silent = now.duration_since(self.heard);
        if self.pinged && silent >= self.gateway.ping * 2 {
            return Err(End::Silent);
        }
        if !self.pinged && silent >= self.gateway.ping {
            self.pinged = true;
            let ping = Message {
                kind: MessageKind::Ping,
                content: Bytes::from_static(PING),
            };
            wire.send(&ping, &self.subscription.outbox).await?;
        }
        Ok(())
    }

    /// Ends the connection to the client. What the component is to be told then, if anything.
    async fn finish(&mut self, mut wire: Wire, end: &End) -> Option<Event> {
        let gone = Some(Event::bare(Kind::Disconnect));
        let last = match end {
            End::Client(frame) => {
                wire.confirm().await;
                let frame = frame.as_ref();
                Some(Event::close(
                    frame.map(|(code, reason)| (*code, reason.as_str())),
                ))
            }
            End::Disconnected => None,
            End::Gone(_) | End::Silent => gone,
            _ => match wire.close(end.code(), end.told()).await {
                Some(Frame::Close(frame)) => Some(Event::close(
                    frame
                        .as_ref()
                        .map(|it| (u16::from(it.code), it.reason.as_str())),
                )),
                _ => gone,
            },
        };
        let is_over = self.detached || matches!(end, End::Failed(_));
        last.filter(|_| !is_over)
    }

    /// Tells the component that it is over.
    async fn tell_end(mut self, last: Event) {
        if let Some(call) = self.call.take()
            && let Ok(Ok(answer)) = call.await
        {
            let _ = self.connection.update(answer.headers());
        }
        if last.kind == Kind::Disconnect {
            self.waiting.clear();
        }
        self.waiting.push(last);
        let events = std::mem::take(&mut self.waiting);
        let told = self.tell(events).await;
        if !matches!(told, Ok(Ok(_))) {
            self.warn("the component could not be told of the end");
        }
    }
}

/// The answer of a call, once there is one.
async fn finished(call: &mut Option<JoinHandle<Answer>>) -> Answer {
    let Some(running) = call else {
        return pending().await;
    };
    let answer = running.await;
    *call = None;
    answer.unwrap_or(Err(CallError::Failed))
}
