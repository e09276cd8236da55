//! Who is subscribed to what, and what waits for each of them.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use super::instruct::Channel;
use super::item::{HttpResponse, HttpStream, Item, WsMessage};

/// How long an item waits for the one before it. Pushpin's default, as the next four.
const MESSAGE_WAIT: Duration = Duration::from_secs(5);
/// How many items of a channel wait for those before them.
const MAX_WAITING: usize = 100;
/// How long an id is known, so that its item is not sent twice.
const ID_CACHE_TTL: Duration = Duration::from_secs(60);
/// How long a channel without subscribers is remembered: a client that polls comes again.
const LINGER: Duration = Duration::from_secs(60);
/// How many ids are known at most.
const MAX_IDS: usize = 50_000;
/// What may wait for one connection: what one request to publish holds fits, several do not.
const MAX_QUEUE_BYTES: usize = 2_000_000;
const MAX_QUEUE_ITEMS: usize = 20_000;

/// All channels.
#[derive(Default)]
pub struct Channels {
    state: Mutex<State>,
    next_id: AtomicU64,
}

#[derive(Default)]
struct State {
    channels: HashMap<String, Subscribers>,
    ids: HashSet<(String, String)>,
    ids_by_age: VecDeque<(Instant, (String, String))>,
}

#[derive(Default)]
struct Subscribers {
    outboxes: HashMap<u64, Arc<Outbox>>,
    /// Since when there are none.
    left: Option<Instant>,
    /// Of the item sent last.
    last_id: Option<String>,
    /// Items whose predecessor was not sent yet, by its id.
    waiting: HashMap<String, (Instant, Arc<Item>)>,
}

/// Which of an item's formats a connection gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// `ws-message`.
    WsMessage,
    /// `http-stream`.
    HttpStream,
    /// `http-response`.
    HttpResponse,
}

impl Item {
    /// How many bytes of `format` it has; none if it has no such format.
    fn size(&self, format: Format) -> Option<usize> {
        Some(match format {
            Format::WsMessage => match self.ws_message.as_ref()? {
                WsMessage::Send(message) => message.content.len(),
                WsMessage::Close { .. } | WsMessage::Refresh => 0,
            },
            Format::HttpStream => match self.http_stream.as_ref()? {
                HttpStream::Send(content) => content.len(),
                HttpStream::Hint | HttpStream::Close => 0,
            },
            Format::HttpResponse => match self.http_response.as_ref()? {
                HttpResponse::Send { body, .. } => body.len(),
                HttpResponse::Hint => 0,
            },
        })
    }
}

/// What waits for one connection.
pub struct Outbox {
    id: u64,
    format: Format,
    queue: Mutex<Queue>,
    /// Told when there is something new.
    pub wake: Notify,
}

#[derive(Default)]
struct Queue {
    items: VecDeque<Arc<Item>>,
    bytes: usize,
    overflowed: bool,
}

impl Outbox {
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, item: &Arc<Item>) -> bool {
        let Some(size) = item.size(self.format) else {
            return false;
        };
        let mut queue = self.queue();
        if queue.bytes + size > MAX_QUEUE_BYTES || queue.items.len() >= MAX_QUEUE_ITEMS {
            // The connection is given up: nothing of this is sent any more.
            queue.items = VecDeque::new();
            queue.overflowed = true;
        }
        if !queue.overflowed {
            queue.bytes += size;
            queue.items.push_back(item.clone());
        }
        drop(queue);
        self.wake.notify_one();
        true
    }

    /// The next item.
    pub fn pop(&self) -> Option<Arc<Item>> {
        let mut queue = self.queue();
        let item = queue.items.pop_front()?;
        queue.bytes -= item.size(self.format).unwrap_or(0);
        if queue.items.is_empty() {
            queue.items = VecDeque::new();
        }
        Some(item)
    }

    /// Throws away what waits.
    pub fn clear(&self) {
        let mut queue = self.queue();
        queue.items = VecDeque::new();
        queue.bytes = 0;
    }

    /// Throws away what comes before the first item that `keep`s.
    pub fn skip_until(&self, keep: impl Fn(&Item) -> bool) {
        let mut queue = self.queue();
        while let Some(item) = queue.items.pop_front_if(|item| !keep(item)) {
            queue.bytes -= item.size(self.format).unwrap_or(0);
        }
    }

    /// Whether more came than the client took in, and items are lost to it.
    pub fn overflowed(&self) -> bool {
        self.queue().overflowed
    }
}

impl Channels {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends an item to its subscribers; answers to how many now.
    pub fn publish(&self, item: Item) -> usize {
        let now = Instant::now();
        let mut state = self.state();
        if let Some(id) = &item.id
            && !state.is_new((item.channel.clone(), id.clone()), now)
        {
            return 0;
        }
        let Some(subscribers) = state.channels.get_mut(&item.channel) else {
            return 0;
        };
        let item = Arc::new(item);
        if item.no_seq {
            return subscribers.send(&item);
        }
        if let (Some(last), Some(previous)) = (&subscribers.last_id, &item.prev_id)
            && last != previous
        {
            let waiting = &mut subscribers.waiting;
            if waiting.len() < MAX_WAITING && !waiting.contains_key(previous) {
                waiting.insert(previous.clone(), (now, item));
            }
            return 0;
        }
        subscribers.send_in_order(item)
    }

    /// Lets go of what is old.
    pub fn tidy(&self, now: Instant) {
        let mut state = self.state();
        state.forget_ids(now);
        state.channels.retain(|_, subscribers| {
            let expired = subscribers.expired(now);
            for item in expired {
                subscribers.send_in_order(item);
            }
            let left = subscribers.left;
            left.is_none_or(|left| now.duration_since(left) < LINGER)
        });
    }

    /// From here on any item may follow in the channel.
    pub fn forget_last_id(&self, channel: &str) {
        if let Some(subscribers) = self.state().channels.get_mut(channel) {
            subscribers.last_id = None;
        }
    }
}

impl State {
    fn is_new(&mut self, id: (String, String), now: Instant) -> bool {
        self.forget_ids(now);
        if !self.ids.insert(id.clone()) {
            return false;
        }
        self.ids_by_age.push_back((now, id));
        true
    }

    fn forget_ids(&mut self, now: Instant) {
        while let Some((since, _)) = self.ids_by_age.front()
            && (self.ids_by_age.len() >= MAX_IDS || now.duration_since(*since) >= ID_CACHE_TTL)
            && let Some((_, id)) = self.ids_by_age.pop_front()
        {
            self.ids.remove(&id);
        }
    }
}

impl Subscribers {
    fn send(&self, item: &Arc<Item>) -> usize {
        let outboxes = self.outboxes.values();
        outboxes.filter(|outbox| outbox.push(item)).count()
    }

    /// Sends an item, and those that waited for it.
    fn send_in_order(&mut self, item: Arc<Item>) -> usize {
        let mut next = Some(item);
        let mut receivers = 0;
        while let Some(item) = next {
            self.last_id.clone_from(&item.id);
            receivers = self.send(&item);
            let follower = item.id.as_ref().and_then(|id| self.waiting.remove(id));
            next = follower.map(|(_, item)| item);
        }
        receivers
    }

    /// Takes out those that waited long enough, oldest first.
    fn expired(&mut self, now: Instant) -> Vec<Arc<Item>> {
        let is_old = |since: Instant| now.duration_since(since) >= MESSAGE_WAIT;
        let mut expired: Vec<_> = self
            .waiting
            .extract_if(|_, (since, _)| is_old(*since))
            .map(|(_, waited)| waited)
            .collect();
        expired.sort_by_key(|(since, _)| *since);
        expired.into_iter().map(|(_, item)| item).collect()
    }
}

/// What one connection is subscribed to. Ends when dropped.
pub struct Subscription {
    channels: Arc<Channels>,
    /// What waits for it.
    pub outbox: Arc<Outbox>,
    names: Vec<String>,
}

impl Subscription {
    /// A connection that is subscribed to nothing yet.
    pub fn new(channels: &Arc<Channels>, format: Format) -> Self {
        Self {
            channels: channels.clone(),
            outbox: Arc::new(Outbox {
                id: channels.next_id.fetch_add(1, Ordering::Relaxed),
                format,
                queue: Mutex::default(),
                wake: Notify::new(),
            }),
            names: Vec::new(),
        }
    }

    /// How many channels it is subscribed to.
    pub fn count(&self) -> usize {
        self.names.len()
    }

    /// Subscribes it to one more channel.
    pub fn add(&mut self, name: &str) {
        let mut state = self.channels.state();
        self.enter(&mut state, name);
        drop(state);
        self.note(name);
    }

    fn enter(&self, state: &mut State, name: &str) {
        let subscribers = state.channels.entry(name.to_owned()).or_default();
        subscribers.left = None;
        subscribers
            .outboxes
            .insert(self.outbox.id, self.outbox.clone());
    }

    fn note(&mut self, name: &str) {
        if !self.names.iter().any(|known| known == name) {
            self.names.push(name.to_owned());
        }
    }

    /// Ends its subscription to one channel.
    pub fn remove(&mut self, name: &str) {
        self.names.retain(|known| known != name);
        self.channels.state().leave(name, self.outbox.id);
    }

    /// Subscribes it to these channels and no others. Whether it missed something: in a channel the item sent
    /// last is not the one that the answer follows.
    pub fn replace(&mut self, wanted: &[Channel]) -> bool {
        let mut missed = false;
        let mut state = self.channels.state();
        let obsolete = |name: &String| !wanted.iter().any(|channel| channel.name == *name);
        for name in self.names.iter().filter(|name| obsolete(name)) {
            state.leave(name, self.outbox.id);
        }
        for Channel { name, prev_id } in wanted {
            self.enter(&mut state, name);
            if let Some(prev_id) = prev_id
                && let Some(subscribers) = state.channels.get_mut(name)
                && let Some(last_id) = &subscribers.last_id
                && last_id != prev_id
            {
                subscribers.last_id = None;
                missed = true;
            }
        }
        drop(state);
        self.names.clear();
        for channel in wanted {
            self.note(&channel.name);
        }
        missed
    }
}

impl State {
    fn leave(&mut self, name: &str, outbox: u64) {
        if let Some(subscribers) = self.channels.get_mut(name) {
            subscribers.outboxes.remove(&outbox);
            if subscribers.outboxes.is_empty() {
                subscribers.left = Some(Instant::now());
            }
        }
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        let mut state = self.channels.state();
        for name in &self.names {
            state.leave(name, self.outbox.id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(id: Option<&str>, prev_id: Option<&str>, content: &str) -> Item {
        Item {
            channel: "c".into(),
            id: id.map(str::to_owned),
            prev_id: prev_id.map(str::to_owned),
            no_seq: false,
            ws_message: None,
            http_stream: Some(HttpStream::Send(content.to_owned().into())),
            http_response: None,
        }
    }

    fn stream(channels: &Arc<Channels>) -> Subscription {
        let mut subscription = Subscription::new(channels, Format::HttpStream);
        subscription.add("c");
        subscription
    }

    fn received(subscription: &Subscription) -> Vec<String> {
        let text = |item: Arc<Item>| match &item.http_stream {
            Some(HttpStream::Send(content)) => String::from_utf8_lossy(content).into_owned(),
            other => format!("{other:?}"),
        };
        std::iter::from_fn(|| subscription.outbox.pop().map(text)).collect()
    }

    #[test]
    fn subscribers_of_the_channel_get_their_format() {
        let channels = Arc::<Channels>::default();
        let one = stream(&channels);
        let mut other = Subscription::new(&channels, Format::HttpStream);
        other.add("d");
        let mut socket = Subscription::new(&channels, Format::WsMessage);
        socket.add("c");
        assert_eq!(channels.publish(item(None, None, "a")), 1);
        assert_eq!(received(&one), ["a"]);
        assert_eq!((received(&other).len(), received(&socket).len()), (0, 0));
        drop(one);
        assert_eq!(channels.publish(item(None, None, "b")), 0);
    }

    #[test]
    fn items_come_once_and_in_order() {
        let channels = Arc::<Channels>::default();
        let one = stream(&channels);
        channels.publish(item(Some("1"), None, "1"));
        channels.publish(item(Some("3"), Some("2"), "3"));
        channels.publish(item(Some("4"), Some("3"), "4"));
        assert_eq!(received(&one), ["1"]);
        channels.publish(item(Some("2"), Some("1"), "2"));
        channels.publish(item(Some("2"), Some("1"), "2"));
        assert_eq!(received(&one), ["2", "3", "4"]);
    }

    #[test]
    fn an_item_does_not_wait_forever_or_where_it_need_not() {
        let channels = Arc::<Channels>::default();
        let one = stream(&channels);
        channels.publish(item(Some("1"), None, "1"));
        channels.publish(item(Some("3"), Some("2"), "3"));
        let unordered = Item {
            no_seq: true,
            ..item(Some("9"), Some("8"), "9")
        };
        channels.publish(unordered);
        assert_eq!(received(&one), ["1", "9"]);
        channels.tidy(Instant::now() + MESSAGE_WAIT / 2);
        assert_eq!(received(&one).len(), 0);
        channels.tidy(Instant::now() + MESSAGE_WAIT);
        assert_eq!(received(&one), ["3"]);
    }

    #[test]
    fn who_comes_late_is_told_that_something_is_missing() {
        let channels = Arc::<Channels>::default();
        let earlier = stream(&channels);
        channels.publish(item(Some("2"), Some("1"), "2"));
        let mut late = Subscription::new(&channels, Format::HttpStream);
        let follows = |id: &str| {
            [Channel {
                name: "c".into(),
                prev_id: Some(id.into()),
            }]
        };
        assert!(!late.replace(&follows("2")));
        assert!(late.replace(&follows("1")));
        assert!(!late.replace(&follows("1")), "it is told once");
        drop((earlier, late));
        channels.tidy(Instant::now() + LINGER);
        assert!(channels.state().channels.is_empty());
    }

    #[test]
    fn a_queue_has_an_end() {
        let channels = Arc::<Channels>::default();
        let one = stream(&channels);
        let large = "x".repeat(1_000_000);
        for n in 0..3 {
            assert!(!one.outbox.overflowed(), "{n}");
            channels.publish(item(None, None, &large));
        }
        assert!(one.outbox.overflowed());
        assert_eq!(received(&one).len(), 0);
    }

    #[test]
    fn ids_are_forgotten() {
        let mut state = State::default();
        let now = Instant::now();
        let id = |n: usize| ("c".to_owned(), n.to_string());
        for n in 0..MAX_IDS + 10 {
            assert!(state.is_new(id(n), now));
        }
        assert!(state.ids.len() <= MAX_IDS && state.ids.len() == state.ids_by_age.len());
        assert!(!state.is_new(id(MAX_IDS), now));
        assert!(state.is_new(id(MAX_IDS), now + ID_CACHE_TTL));
    }
}
