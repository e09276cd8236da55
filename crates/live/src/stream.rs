//! Server-sent events (WHATWG HTML, section 9.2), with the messages of the WebSocket as their data.
//!
//! A stream first subscribes and only then asks what was missed, as a WebSocket does: the gateway fetches the
//! stream's `next` link at once and appends the answer. It fetches it again where an update does not follow
//! the one before, and after some silence; so nothing is missed for long, and the token's end is noticed.

use std::fmt::Write as _;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::grip;
use crate::history::{Missed, Update};
use crate::messages::{ServerMessage, UpdateId};

/// How long a stream is silent until the gateway asks again, in seconds.
const NEXT_SECONDS: i64 = 55;
/// What the gateway sends into a silent stream, in its notation, and after how many seconds.
const KEEP_ALIVE: &str = r":\n\n; format=cstring; timeout=20";
/// How a client has nothing yet.
const NOTHING: &str = "none";

/// Where a client's stream goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Position {
    /// It is new.
    Start,
    /// It has all up to here.
    After(UpdateId),
    /// It says something that was never an id.
    Unknown,
}

impl Position {
    /// From the value of `Last-Event-ID`; absent or empty is none (section 9.2.6).
    pub fn parse(last_event_id: Option<&str>) -> Self {
        match last_event_id.map(str::trim) {
            None | Some("" | NOTHING) => Self::Start,
            Some(text) => UpdateId::parse(text).map_or(Self::Unknown, Self::After),
        }
    }

    /// From the value of `Grip-Last`: `<channel>; last-id=<id>`. Where the gateway names none for the
    /// channel, nothing is known.
    pub fn from_grip_last(values: &[&str], user_id: Uuid) -> Self {
        let channel = grip::channel(user_id);
        let mut ids = values.iter().filter_map(|value| {
            let (name, rest) = value.split_once(';')?;
            let id = rest.trim().strip_prefix("last-id=")?;
            (name.trim() == channel).then_some(id.trim_matches('"'))
        });
        ids.next_back()
            .map_or(Self::Unknown, |id| Self::parse(Some(id)))
    }

    /// For `prev-id`, from where [`Position::from_grip_last`] has it back.
    fn id(self) -> String {
        match self {
            Self::Start => NOTHING.to_owned(),
            Self::After(id) => id.to_string(),
            Self::Unknown => "unknown".to_owned(),
        }
    }
}

/// A part of a stream, and how it goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// What the client gets, `text/event-stream`.
    pub body: String,
    /// The headers for the gateway; none where the stream ends.
    pub headers: Vec<(&'static str, String)>,
}

/// The beginning of a stream, which only subscribes. `next` is the link that the gateway goes on with.
pub fn open(user_id: Uuid, position: Position, next: &str) -> Part {
    let mut headers = hold(user_id, &position.id(), next, 0);
    headers.push(("grip-keep-alive", KEEP_ALIVE.to_owned()));
    // A comment, so that the client's end sees at once that the stream is open.
    Part {
        body: ": hello\n\n".to_owned(),
        headers,
    }
}

/// What the gateway appends after [`open`] and later: what was missed, and on the `first` time `ready`.
pub fn resume(
    user_id: Uuid,
    missed: &Missed,
    is_first: bool,
    next: &str,
    expires_at: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Part {
    let mut body = String::new();
    let newest = match missed {
        Missed::Updates { updates, newest } => {
            for update in updates {
                body.push_str(&update_event(update));
            }
            if is_first {
                body.push_str(&event(
                    "ready",
                    Some(*newest),
                    &ServerMessage::Ready { id: *newest },
                ));
            }
            newest
        }
        Missed::Unknown { newest } => {
            body.push_str(&event(
                "reload",
                Some(*newest),
                &ServerMessage::Reload { id: *newest },
            ));
            newest
        }
        Missed::Erased => return end(),
    };
    let seconds = (expires_at - now).num_seconds().clamp(1, NEXT_SECONDS);
    let mut headers = hold(user_id, &newest.to_string(), next, seconds);
    headers.push(("grip-keep-alive", KEEP_ALIVE.to_owned()));
    Part { body, headers }
}

/// The end of a stream whose token has run out.
pub fn end() -> Part {
    Part {
        body: event("expired", None, &ServerMessage::Expired),
        headers: Vec::new(),
    }
}

/// An update as an event of a stream.
pub fn update_event(update: &Update) -> String {
    event("update", Some(update.place.id), &update.message())
}

fn event(name: &str, id: Option<UpdateId>, message: &ServerMessage<'_>) -> String {
    let mut text = String::new();
    if let Some(id) = id {
        // Writing to a string does not fail.
        let _ = writeln!(text, "id: {id}");
    }
    let _ = write!(text, "event: {name}\ndata: {}\n\n", message.json());
    text
}

fn hold(user_id: Uuid, prev_id: &str, next: &str, seconds: i64) -> Vec<(&'static str, String)> {
    vec![
        ("grip-hold", "stream".to_owned()),
        (
            "grip-channel",
            format!("{}; prev-id={prev_id}", grip::channel(user_id)),
        ),
        (
            "grip-link",
            format!("<{next}>; rel=next; timeout={seconds}"),
        ),
    ]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ME: Uuid = Uuid::from_u128(1);

    #[test]
    fn the_gateway_gives_back_where_a_stream_was() {
        let mine = |id: &str| format!("{}; last-id={id}", grip::channel(ME));
        let other = format!("{}; last-id=9", grip::channel(Uuid::from_u128(2)));
        for position in [
            Position::Start,
            Position::Unknown,
            Position::After(UpdateId(12)),
        ] {
            let text = mine(&position.id());
            assert_eq!(Position::from_grip_last(&[&other, &text], ME), position);
        }
        for values in [&[][..], &[other.as_str()], &["x"], &[&grip::channel(ME)]] {
            assert_eq!(Position::from_grip_last(values, ME), Position::Unknown);
        }
    }

    #[test]
    fn last_event_id_may_be_anything() {
        assert_eq!(Position::parse(None), Position::Start);
        assert_eq!(Position::parse(Some("")), Position::Start);
        assert_eq!(Position::parse(Some("7")), Position::After(UpdateId(7)));
        assert_eq!(Position::parse(Some("7\nGrip-Hold: x")), Position::Unknown);
    }

    #[test]
    fn a_stream_ends_with_its_token() {
        let part = end();
        assert_eq!(
            part.body,
            "event: expired\ndata: {\"type\":\"expired\"}\n\n"
        );
        assert!(part.headers.is_empty());
    }

    proptest! {
        #[test]
        fn nothing_in_a_header_makes_it_panic(text in ".{0,60}") {
            Position::parse(Some(&text));
            Position::from_grip_last(&[&text], ME);
        }
    }
}
