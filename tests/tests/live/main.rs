//! Live updates from outside, with a real WebSocket client and a reader of server-sent events: each test runs
//! behind the host's own gateway and behind Pushpin, on each stack; and with the host's behind Dapr.

mod auth;
mod client;
mod ending;
mod faults;
mod plain;
mod resume;
mod stream;
mod updates;

use std::sync::LazyLock;
use std::time::Duration;

use serde_json::{Value, json};
use tests::{Builder, Stack, TestApp, User, dapr, jwt};

/// What holds the connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gateway {
    /// The host itself.
    Host,
    /// Pushpin.
    Pushpin,
}

impl Gateway {
    /// An application behind it, to be started.
    fn builder(self) -> Builder {
        let builder = TestApp::builder().tick_each_second();
        match self {
            Self::Host => builder,
            Self::Pushpin => builder.behind_pushpin(),
        }
    }

    /// The application behind it that the tests share.
    fn app(self) -> &'static TestApp {
        static HOST: LazyLock<TestApp> = LazyLock::new(|| Gateway::Host.builder().start());
        static PUSHPIN: LazyLock<TestApp> = LazyLock::new(|| Gateway::Pushpin.builder().start());
        match self {
            Self::Host if Stack::here() == Stack::Dapr => &dapr::shared().app,
            Self::Host => &HOST,
            Self::Pushpin => &PUSHPIN,
        }
    }

    /// Why it is not there, if it is not.
    fn missing(self) -> Option<&'static str> {
        (self == Self::Pushpin && Stack::here() == Stack::Dapr)
            .then_some("behind Dapr the host is the gateway")
    }

    /// How late it may notice that a connection's time is over: Pushpin asks every 20 s at the most.
    fn late(self) -> Duration {
        match self {
            Self::Host => Duration::from_secs(21),
            Self::Pushpin => Duration::from_secs(23),
        }
    }
}

/// Makes two tests of each function: one behind each gateway.
macro_rules! behind_each_gateway {
    ($($test:ident),+ $(,)?) => {
        mod host {
            $(#[test] fn $test() { super::$test(crate::Gateway::Host) })+
        }
        mod pushpin {
            use crate::Gateway::Pushpin;
            $(#[test] fn $test() {
                match Pushpin.missing() {
                    Some(why) => tests::skip(why),
                    None => super::$test(Pushpin),
                }
            })+
        }
    };
}
use behind_each_gateway;

#[test]
fn the_same_suite_passes_on_the_distributed_stack() {
    tests::passes_on_the_distributed_stack();
}

#[test]
fn the_same_suite_passes_behind_dapr() {
    tests::passes_behind_dapr();
}

/// An access token of a person that is good for so many seconds, made as the API makes it.
fn token(app: &TestApp, user_id: &str, seconds: i64) -> String {
    let now = chrono::Utc::now().timestamp();
    let claims = json!({
        "sub": user_id, "iss": "todo-chatbot", "aud": "todo-api", "exp": now + seconds, "iat": now,
        "jti": uuid::Uuid::new_v4(), "fam": uuid::Uuid::new_v4(),
    });
    sign(app, &claims)
}

fn sign(app: &TestApp, claims: &Value) -> String {
    let header = json!({"alg": "HS256", "typ": "JWT"});
    jwt::sign(&header, claims, app.jwt_secret.as_bytes())
}

/// The person's own access token.
fn own_token(person: &User) -> &str {
    person.token.as_deref().expect("a signed-in person")
}

/// What an update tells of: type and title, or type and task.
fn told(update: &Value) -> (String, String) {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let event = &update["event"];
    (
        text(&event["event_type"]),
        text(&event["update_data"]["title"]),
    )
}

fn text<'a>(object: &'a Value, field: &str) -> &'a str {
    object[field]
        .as_str()
        .unwrap_or_else(|| panic!("no {field} in {object}"))
}
