//! A stream: the component's answer, and then what is published to its channels. Where an item does not follow the
//! one before, the component is asked at the stream's link for what is missing.

use std::collections::{BTreeSet, VecDeque};
use std::mem;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Request, Response, Uri};
use http_body::Frame;
use http_body_util::{BodyExt as _, StreamBody};
use tokio::time::{Instant, sleep_until};
use url::Url;
use wasmtime_wasi_http::{Error, WasiBody};

use super::Held;
use crate::gateway::Gateway;
use crate::gateway::channels::{Format, Subscription};
use crate::gateway::instruct::{self, Channel, Hold, Instruct};
use crate::gateway::item::{HttpStream, Item};
use crate::gateway::requests::{jitter, wait_to_retry};

/// How soon the component is asked again at a link, where nothing was added since.
const ASK_AGAIN: Duration = Duration::from_secs(1);
const GRIP_LAST: HeaderName = HeaderName::from_static("grip-last");
/// The most bytes of what is missing that are fetched at a time.
const MAX_PART: usize = 4 << 20;

/// Holds `response`, which answers a request to `uri`.
pub fn hold(
    gateway: &Arc<Gateway>,
    uri: Uri,
    instruct: Instruct,
    response: Response<WasiBody>,
    held: Held,
) -> Response<WasiBody> {
    response.map(|body| {
        let stream = Stream {
            gateway: gateway.clone(),
            subscription: Subscription::new(&gateway.channels, Format::HttpStream),
            next: resolve(&uri, &instruct),
            uri,
            channels: instruct.channels.clone(),
            instruct,
            part: Part::First(body),
            ready: VecDeque::new(),
            keep_alive_at: None,
            ask_at: None,
            active: BTreeSet::new(),
            is_subscribed: false,
            must_ask: false,
            asked_in_vain: None,
            held,
        };
        let frames = futures::stream::unfold(Some(stream), |stream| async {
            let mut stream = stream?;
            match stream.next_part().await {
                Ok(Some(bytes)) => Some((Ok(Frame::data(bytes)), Some(stream))),
                Ok(None) => None,
                Err(error) => {
                    stream.held.end = error.to_string();
                    Some((Err(error), None))
                }
            }
        });
        StreamBody::new(frames).boxed_unsync()
    })
}

struct Stream {
    gateway: Arc<Gateway>,
    subscription: Subscription,
    /// Where the component was asked last.
    uri: Uri,
    /// Where it is asked next.
    next: Option<Uri>,
    instruct: Instruct,
    /// What it is subscribed to, each with the id of the item sent last.
    channels: Vec<Channel>,
    part: Part,
    /// What the client gets next.
    ready: VecDeque<Bytes>,
    keep_alive_at: Option<Instant>,
    /// When the component is asked though nothing seems to be missing.
    ask_at: Option<Instant>,
    /// Channels that something came from since it was asked.
    active: BTreeSet<String>,
    is_subscribed: bool,
    /// Something is missing.
    must_ask: bool,
    /// When the component was asked last, if it had nothing to add.
    asked_in_vain: Option<Instant>,
    held: Held,
}

enum Part {
    /// The component's answer is being sent.
    First(WasiBody),
    /// An answer is sent, and its instructions are not followed yet.
    Sent,
    /// What is published is sent.
    Held,
    /// The stream ends.
    End,
}

impl Stream {
    /// What the client gets next; none at the end.
    async fn next_part(&mut self) -> Result<Option<Bytes>, Error> {
        loop {
            if let Some(bytes) = self.ready.pop_front() {
                return Ok(Some(bytes));
            }
            match &mut self.part {
                Part::First(body) => match body.frame().await {
                    Some(frame) => {
                        if let Ok(bytes) = frame?.into_data() {
                            return Ok(Some(bytes));
                        }
                    }
                    // Dropping the body frees the instance that answered.
                    None => self.part = Part::Sent,
                },
                Part::Sent => self.settle(),
                Part::Held if self.must_ask => self.ask().await?,
                Part::Held => self.wait().await?,
                Part::End => return Ok(None),
            }
        }
    }

    fn end(&mut self, why: &str) {
        why.clone_into(&mut self.held.end);
        self.part = Part::End;
    }

    /// Subscribes to what the answer says.
    fn settle(&mut self) {
        self.part = Part::Held;
        if self.instruct.hold == Hold::No {
            self.must_ask = true;
            if self.next.is_none() {
                self.end("the component");
            }
            return;
        }
        let missed = self.subscription.replace(&self.channels);
        if mem::replace(&mut self.is_subscribed, true) {
            // What came meanwhile may be in the answer.
            let channels = &self.channels;
            let outbox = &self.subscription.outbox;
            outbox.skip_until(|item| {
                find(channels, item).is_some_and(|channel| follows(channel, item))
            });
        } else {
            self.must_ask = missed;
        }
        let now = Instant::now();
        self.active.clear();
        self.ask_at = self
            .next
            .as_ref()
            .and(self.instruct.next.as_ref())
            .map(|link| now + link.timeout);
        self.rest(now);
    }

    /// Puts the next keep-alive off.
    fn rest(&mut self, now: Instant) {
        let keep_alive = self.instruct.keep_alive.as_ref();
        self.keep_alive_at = keep_alive.map(|it| now + it.timeout.saturating_sub(jitter()));
    }

    async fn wait(&mut self) -> Result<(), Error> {
        if self.subscription.outbox.overflowed() {
            return Err(Error::InternalError(Some("the client is too slow".into())));
        }
        if let Some(item) = self.subscription.outbox.pop() {
            self.take(&item);
            return Ok(());
        }
        let timers = [self.keep_alive_at, self.ask_at];
        let next = timers.into_iter().flatten().min();
        let now = tokio::select! {
            () = self.gateway.stopping.cancelled() => {
                self.end("the server stops");
                return Ok(());
            }
            () = self.subscription.outbox.wake.notified() => return Ok(()),
            now = at(next) => now,
        };
        if self.ask_at.is_some_and(|at| at <= now) {
            self.must_ask = true;
        } else if let Some(keep_alive) = &self.instruct.keep_alive {
            self.ready.push_back(keep_alive.content.clone());
            self.rest(now);
        }
        Ok(())
    }

    fn take(&mut self, item: &Item) {
        let channel = self
            .channels
            .iter_mut()
            .find(|channel| channel.name == item.channel);
        let Some(channel) = channel else {
            return;
        };
        if !follows(channel, item) {
            self.gateway.channels.forget_last_id(&item.channel);
            self.subscription.outbox.clear();
            self.must_ask = true;
            return;
        }
        if channel.prev_id.is_some() {
            channel.prev_id.clone_from(&item.id);
        }
        let now = Instant::now();
        match &item.http_stream {
            Some(HttpStream::Send(content)) => {
                self.held.items += 1;
                // An empty chunk would end the body.
                self.ready
                    .extend((!content.is_empty()).then(|| content.clone()));
                if self
                    .instruct
                    .keep_alive
                    .as_ref()
                    .is_some_and(|it| !it.always)
                {
                    self.rest(now);
                }
                self.active.insert(item.channel.clone());
                if self.active.len() == self.channels.len() {
                    self.active.clear();
                    let link = self.instruct.next.as_ref();
                    self.ask_at = self.ask_at.and(link).map(|link| now + link.timeout);
                }
            }
            Some(HttpStream::Hint) => {
                self.subscription.outbox.clear();
                self.must_ask = self.next.is_some();
            }
            Some(HttpStream::Close) => self.end("published"),
            None => {}
        }
    }

    /// Asks the component at the link, and does what it answers.
    async fn ask(&mut self) -> Result<(), Error> {
        let failed = |why: &str| Error::InternalError(Some(why.to_owned()));
        let next = self.next.clone();
        let next = next.ok_or_else(|| failed("something is missing, and there is no link"))?;
        if let Some(asked) = self.asked_in_vain {
            sleep_until(asked + ASK_AGAIN).await;
        }
        let mut retries = 0;
        let (mut head, body) = loop {
            let request = self.request(&next).ok_or_else(|| failed("the link"))?;
            let answer = tokio::select! {
                () = self.gateway.stopping.cancelled() => {
                    self.end("the server stops");
                    return Ok(());
                }
                answer = self.gateway.ask(request, self.held.client, MAX_PART) => answer,
            };
            match answer {
                Ok(answer) if answer.status().is_success() => break answer.into_parts(),
                _ if wait_to_retry(&mut retries).await => {}
                _ => return Err(failed("the component does not answer at the link")),
            }
        };
        let instruct = instruct::take(&mut head.headers).map_err(|why| failed(&why))?;
        if instruct.hold == Hold::Response {
            return Err(failed("the link returned a hold that is no stream"));
        }
        self.must_ask = false;
        self.uri = next;
        self.next = resolve(&self.uri, &instruct);
        self.channels.clone_from(&instruct.channels);
        self.instruct = instruct;
        self.asked_in_vain = body.is_empty().then(Instant::now);
        self.ready.extend((!body.is_empty()).then_some(body));
        self.part = Part::Sent;
        Ok(())
    }

    fn request(&self, next: &Uri) -> Option<Request<Bytes>> {
        let mut request = Request::new(Bytes::new());
        *request.uri_mut() = next.clone();
        let headers = request.headers_mut();
        let host = next.authority()?.as_str();
        headers.insert(http::header::HOST, HeaderValue::try_from(host).ok()?);
        for Channel { name, prev_id } in &self.channels {
            if let Some(prev_id) = prev_id
                && let Ok(last) = HeaderValue::try_from(format!("{name}; last-id={prev_id}"))
            {
                headers.append(GRIP_LAST, last);
            }
        }
        self.held.trace.replace_in(headers);
        Some(request)
    }
}

fn find<'a>(channels: &'a [Channel], item: &Item) -> Option<&'a Channel> {
    channels.iter().find(|channel| channel.name == item.channel)
}

/// Whether an item is the next of its channel, as far as that is known.
fn follows(channel: &Channel, item: &Item) -> bool {
    channel.prev_id.is_none() || channel.prev_id == item.prev_id
}

/// The moment `next`, once it has come; never without one.
async fn at(next: Option<Instant>) -> Instant {
    match next {
        Some(next) => sleep_until(next).await,
        None => std::future::pending().await,
    }
    Instant::now()
}

/// The link of an answer from `uri`, if it leads back to this application.
fn resolve(uri: &Uri, instruct: &Instruct) -> Option<Uri> {
    let link = instruct.next.as_ref()?;
    let base = Url::parse(&uri.to_string()).ok()?;
    let next = base.join(&link.uri).ok()?;
    if next.origin() != base.origin() {
        tracing::error!("a Grip-Link leads out of the application, and is not followed");
        return None;
    }
    next.as_str().parse().ok()
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;

    use super::*;

    #[test]
    fn a_link_is_relative_to_the_request_and_stays_within_the_application() {
        let of = |link: &str| {
            let mut headers = HeaderMap::new();
            let value = format!("<{link}>; rel=next");
            headers.insert("grip-link", HeaderValue::try_from(value).unwrap());
            let instruct = instruct::take(&mut headers).unwrap();
            let uri = Uri::from_static("http://h:1/api/stream?a=b");
            resolve(&uri, &instruct).map(|uri| uri.to_string())
        };
        assert_eq!(of("/next?x").unwrap(), "http://h:1/next?x");
        assert_eq!(of("next").unwrap(), "http://h:1/api/next");
        assert_eq!(of("?x").unwrap(), "http://h:1/api/stream?x");
        assert_eq!(of("http://h:1/next").unwrap(), "http://h:1/next");
        assert_eq!(of("http://h:2/next"), None);
        assert_eq!(of("//other/next"), None);
    }
}
