//! A world around the service: a real database, a clock to turn, scripted channels, and a fuse that kills the
//! service at any step.
use std::cell::Cell;
use std::collections::HashMap;
use std::future::{Future, pending};
use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};

use chrono::{DateTime, TimeDelta, Utc};
use events::{
    Event, Outcome, PublishError, ReminderEvent, ReminderEventType, UserEvent, UserEventType,
};
use notifications::{
    Capabilities, DeliveryError, Message, Peers, Receipt, Service, Subscription, inbox,
};
use sql::testing::{Connection, Scratch};
use sql::{Dialect, Row, SqlConnection, SqlValue};
use task_model::{Channel, NotificationPreferences, User};
use uuid::Uuid;

pub const ME: Uuid = Uuid::from_u128(1);
pub const OTHER: Uuid = Uuid::from_u128(2);
pub const TASK: Uuid = Uuid::from_u128(3);

thread_local! {
    /// A fuse has burnt in what this thread runs.
    static KILLED: Cell<bool> = const { Cell::new(false) };
}

/// Runs a future until it ends, or until a fuse kills it: then nothing of it goes on.
pub fn run<T>(future: impl Future<Output = T>) -> Option<T> {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut future = pin!(future);
    // Another one may run inside of this one.
    let outer = KILLED.replace(false);
    let ended = loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(value) => break Some(value),
            Poll::Pending if KILLED.get() => break None,
            Poll::Pending => thread::park(),
        }
    };
    KILLED.set(outer);
    ended
}

pub fn wait<T>(future: impl Future<Output = T>) -> T {
    run(future).expect("nothing kills it")
}

/// Counts steps; at zero the service stops for ever.
#[derive(Debug, Clone)]
pub struct Fuse(Arc<AtomicI64>);

impl Fuse {
    pub fn never() -> Self {
        Self::after(i64::MAX)
    }

    pub fn after(steps: i64) -> Self {
        Self(Arc::new(AtomicI64::new(steps)))
    }

    async fn step(&self) {
        if self.0.fetch_sub(1, Ordering::SeqCst) <= 0 {
            KILLED.set(true);
            pending::<()>().await;
        }
    }
}

/// A connection that a fuse cuts, before or after a statement.
pub struct Fused<'a>(pub &'a Connection, pub Fuse);

impl SqlConnection for Fused<'_> {
    fn dialect(&self) -> Dialect {
        self.0.dialect()
    }

    async fn execute(&self, sql: &str, params: Vec<SqlValue>) -> sql::Result<Vec<Row>> {
        self.1.step().await;
        let rows = self.0.execute(sql, params).await;
        self.1.step().await;
        rows
    }

    async fn reopen(&self) -> sql::Result<Self> {
        unreachable!("only migrations do")
    }
}

type Script = dyn FnMut(Channel, &Message) -> Result<Receipt, DeliveryError> + Send;

/// A message that a channel was given; `answered` once the channel said what came of it.
#[derive(Debug, Clone)]
pub struct Call {
    pub channel: Channel,
    pub message: Message,
    pub at: DateTime<Utc>,
    pub answer: Option<Result<Receipt, DeliveryError>>,
}

pub struct World {
    pub scratch: Scratch,
    pub database: Connection,
    pub clock: Mutex<DateTime<Utc>>,
    pub people: Mutex<HashMap<Uuid, User>>,
    pub todo_api_is_down: AtomicBool,
    pub broker_is_down: AtomicBool,
    pub described: Mutex<HashMap<Channel, Result<Capabilities, String>>>,
    pub script: Mutex<Box<Script>>,
    pub calls: Mutex<Vec<Call>>,
    pub published: Mutex<Vec<Event>>,
}

impl World {
    /// At 2026-03-02T10:00:00Z, with [`ME`] in Zurich who has the usual preferences; every channel works.
    pub fn new() -> Self {
        let scratch = Scratch::new(crate::DIALECT);
        let database = open(&scratch);
        wait(sql::migrate(&database, &notifications::MIGRATIONS)).expect("migrates");
        let able = |is_repeatable| {
            Ok(Capabilities {
                is_repeatable,
                public_key: None,
            })
        };
        let world = Self {
            scratch,
            database,
            clock: Mutex::new("2026-03-02T10:00:00Z".parse().expect("a time")),
            people: Mutex::default(),
            todo_api_is_down: AtomicBool::new(false),
            broker_is_down: AtomicBool::new(false),
            described: Mutex::new(HashMap::from([
                (Channel::InApp, able(true)),
                (Channel::Push, able(true)),
                (Channel::Email, able(false)),
                (Channel::Sms, able(false)),
            ])),
            script: Mutex::new(Box::new(|_, _| Ok(Receipt::default()))),
            calls: Mutex::default(),
            published: Mutex::default(),
        };
        world.person(ME, &[Channel::Email, Channel::InApp]);
        world
    }

    pub fn person(&self, id: Uuid, channels: &[Channel]) {
        let preferences = NotificationPreferences {
            channels: channels.to_vec(),
            phone: Some("+41791234567".into()),
            ..NotificationPreferences::default()
        };
        let user = User {
            id,
            username: "ada".into(),
            email: "ada@example.org".into(),
            role: "user".into(),
            timezone: "Europe/Zurich".into(),
            notification_preferences: preferences,
            created_at: self.now(),
            updated_at: self.now(),
        };
        self.people.lock().unwrap().insert(id, user);
    }

    pub fn prefer(&self, change: impl FnOnce(&mut NotificationPreferences)) {
        let mut people = self.people.lock().unwrap();
        change(&mut people.get_mut(&ME).expect("me").notification_preferences);
    }

    pub fn answer(
        &self,
        script: impl FnMut(Channel, &Message) -> Result<Receipt, DeliveryError> + Send + 'static,
    ) {
        *self.script.lock().unwrap() = Box::new(script);
    }

    pub fn pass(&self, seconds: i64) {
        *self.clock.lock().unwrap() += TimeDelta::seconds(seconds);
    }

    pub fn set_clock(&self, at: &str) {
        *self.clock.lock().unwrap() = at.parse().expect("a time");
    }

    pub fn now(&self) -> DateTime<Utc> {
        *self.clock.lock().unwrap()
    }

    /// Channels that were given something, in order, without the inbox.
    pub fn sent(&self) -> Vec<Channel> {
        let calls = self.calls.lock().unwrap();
        calls
            .iter()
            .map(|call| call.channel)
            .filter(|channel| *channel != Channel::InApp)
            .collect()
    }

    pub fn consume(&self, events: &[Event]) -> Vec<Outcome> {
        wait(Service::new(&self.database, &Alive::new(self)).consume(events))
    }

    pub fn tick(&self) -> usize {
        wait(Service::new(&self.database, &Alive::new(self)).tick()).expect("ticks")
    }

    /// Ticks whenever something waits no longer, until nothing is open.
    pub fn settle(&self) {
        for _ in 0..100 {
            self.tick();
            let next =
                "SELECT coalesce(min(next_attempt_at), 0) FROM notifications WHERE is_open = 1";
            let next = self.count(next);
            if next == 0 {
                return;
            }
            let next = DateTime::from_timestamp_millis(next).expect("a time");
            let mut clock = self.clock.lock().unwrap();
            *clock = next.max(*clock);
        }
        panic!("something stays open");
    }

    pub fn inbox(&self) -> notifications::Inbox {
        wait(inbox::page(&self.database, ME, false, 100, None)).expect("lists")
    }

    pub fn count(&self, sql: &str) -> i64 {
        let rows = wait(self.database.execute(sql, vec![])).expect("counts");
        match rows.first().and_then(|row| row.first()) {
            Some(SqlValue::Integer(count)) => *count,
            other => panic!("{other:?}"),
        }
    }
}

pub fn open(scratch: &Scratch) -> Connection {
    wait(scratch.open(notifications::DATABASE)).expect("opens")
}

/// The peers of one instance of the service, with a life of its own.
pub struct Alive<'a> {
    pub world: &'a World,
    pub fuse: Fuse,
    pub inbox: Connection,
}

impl<'a> Alive<'a> {
    pub fn new(world: &'a World) -> Self {
        Self::until(world, Fuse::never())
    }

    pub fn until(world: &'a World, fuse: Fuse) -> Self {
        let inbox = wait(world.scratch.open(notifications::IN_APP_DATABASE)).expect("opens");
        Self { world, fuse, inbox }
    }
}

impl Peers for Alive<'_> {
    fn now(&self) -> DateTime<Utc> {
        self.world.now()
    }

    async fn person(&self, user_id: Uuid) -> Result<Option<User>, String> {
        self.fuse.step().await;
        if self.world.todo_api_is_down.load(Ordering::SeqCst) {
            return Err("the Todo API is down".into());
        }
        Ok(self.world.people.lock().unwrap().get(&user_id).cloned())
    }

    async fn describe(&self, channel: Channel) -> Result<Capabilities, String> {
        self.world.described.lock().unwrap()[&channel].clone()
    }

    async fn deliver(&self, channel: Channel, message: Message) -> Result<Receipt, DeliveryError> {
        self.fuse.step().await;
        let index = {
            let mut calls = self.world.calls.lock().unwrap();
            calls.push(Call {
                channel,
                message: message.clone(),
                at: self.world.now(),
                answer: None,
            });
            calls.len() - 1
        };
        let answer = if channel == Channel::InApp {
            match inbox::show(&self.inbox, message.id, self.world.now()).await {
                Ok(true) => Ok(Receipt::default()),
                other => Err(DeliveryError::Permanent(format!("{other:?}"))),
            }
        } else {
            (self.world.script.lock().unwrap())(channel, &message)
        };
        self.fuse.step().await;
        self.world.calls.lock().unwrap()[index].answer = Some(answer.clone());
        answer
    }

    async fn publish(&self, events: Vec<Event>) -> Vec<Result<(), PublishError>> {
        self.fuse.step().await;
        let answers = events
            .into_iter()
            .map(|event| {
                if self.world.broker_is_down.load(Ordering::SeqCst) {
                    return Err(PublishError::Unavailable("the broker is down".into()));
                }
                events::schema::validate(&event).expect("a valid event");
                self.world.published.lock().unwrap().push(event);
                Ok(())
            })
            .collect();
        self.fuse.step().await;
        answers
    }
}

/// `reminder_triggered` number `n` of `user_id`, for a task that is due at 17:00 in Zurich.
pub fn triggered(world: &World, user_id: Uuid, n: u128) -> Event {
    let payload = ReminderEvent {
        event_type: ReminderEventType::ReminderTriggered,
        task_id: TASK,
        user_id,
        timestamp: world.now(),
        title: format!("pay rent {n}"),
        due_at: Some("2026-03-02T16:00:00Z".parse().expect("a time")),
        remind_at: "2026-03-02T10:00:00Z".parse().expect("a time"),
        notification_type: Channel::Push,
        late: false,
    };
    let id = Uuid::from_u128(1000 + n);
    let mut event = Event::new(id, "/reminder", &payload).expect("an event");
    event.correlation_id = Some("corr-1".into());
    events::schema::validate(&event).expect("a valid event");
    event
}

pub fn erased(world: &World, user_id: Uuid) -> Event {
    let payload = UserEvent {
        event_type: UserEventType::UserErased,
        user_id,
        timestamp: world.now(),
    };
    Event::new(Uuid::from_u128(9), "/todo-api", &payload).expect("an event")
}

pub fn temporary(retry_seconds: Option<u32>) -> Result<Receipt, DeliveryError> {
    Err(DeliveryError::Temporary {
        reason: "busy".into(),
        retry_seconds,
    })
}

/// The subscription of a browser.
pub fn browser(n: u8) -> Subscription {
    let mut point = [n; 65];
    point[0] = 4;
    use base64::Engine;
    let base64 = base64::engine::general_purpose::URL_SAFE_NO_PAD;
    Subscription::validated(
        &format!("https://push.example.org/{n}"),
        &base64.encode(point),
        &base64.encode([n; 16]),
        None,
    )
    .unwrap()
}
