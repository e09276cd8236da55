//! One exchange with a WebSocket: the frames that its gateway brings in a request, and what it is to do.
//!
//! Between two requests nothing of a connection is kept here. The gateway carries what [`State`] holds.

use chrono::{DateTime, TimeDelta, Utc};
use sql::SqlError;
use uuid::Uuid;

use crate::frames::Frame;
use crate::grip;
use crate::history::Missed;
use crate::messages::{
    ClientMessage, SUBPROTOCOL, ServerMessage, TOKEN_SUBPROTOCOL, UpdateId, close,
};

/// How long a connection may take to say whose it is.
pub const AUTH_SECONDS: i64 = 10;
/// The longest that a connection is not looked at, in seconds.
const MAX_KEEP_ALIVE_SECONDS: i64 = 3600;

/// Whose a connection is, and until when: what a valid access token of a person says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Identity {
    /// The person.
    pub user_id: Uuid,
    /// When the token runs out.
    pub expires_at: DateTime<Utc>,
}

/// What the gateway carries of a connection from each request to the next. Anyone may claim anything here,
/// so the token is verified each time.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct State {
    /// The newest token that was taken.
    pub token: Option<String>,
    /// When the connection was opened.
    pub opened_at: Option<DateTime<Utc>>,
}

/// What the gateway is to do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Answer {
    /// For the connection, in order.
    pub frames: Vec<Frame>,
    /// What has changed of [`State`].
    pub state: State,
    /// The subprotocol that is agreed on; of an opening only.
    pub subprotocol: Option<&'static str>,
    /// After how many seconds without a message to come back.
    pub keep_alive: Option<i64>,
}

impl Answer {
    fn say(&mut self, message: &ServerMessage<'_>) {
        self.text(grip::to_client(message));
    }

    fn text(&mut self, text: String) {
        self.frames.push(Frame::Text(text.into_bytes()));
    }

    fn close(mut self, (code, reason): (u16, &str)) -> Self {
        self.frames.push(Frame::close(code, reason));
        self.keep_alive = None;
        self
    }

    /// Takes a person's token, which makes the connection last.
    fn take(&mut self, token: &str, identity: Identity) {
        self.state.token = Some(token.to_owned());
        self.say(&ServerMessage::subscribed(identity.expires_at));
    }
}

/// Answers one request. `verify` says whose a token is, if it is a person's and good now; `missed` reads the
/// history.
///
/// On opening, and whenever the connection is not yet anybody's, nothing is read but a token.
pub async fn answer(
    frames: &[Frame],
    state: &State,
    subprotocols: &[&str],
    verify: impl Fn(&str) -> Option<Identity>,
    missed: impl AsyncFn(Uuid, Option<UpdateId>) -> Result<Missed, SqlError>,
    now: DateTime<Utc>,
) -> Answer {
    let verify = |token: &str| verify(token).filter(|identity| now < identity.expires_at);
    let mut answer = Answer::default();
    let mut identity = match &state.token {
        None => None,
        Some(token) => match verify(token) {
            // It was good when it was taken.
            None => return answer.close(close::EXPIRED),
            identity => identity,
        },
    };
    let mut opened_at = state.opened_at.unwrap_or(now);
    // However often it is asked in one request, one answer says it all.
    let mut resume = None;
    for frame in frames {
        match frame {
            Frame::Open => {
                opened_at = now;
                answer.frames.push(Frame::Open);
                answer.state.opened_at = Some(now);
                answer.subprotocol = subprotocols.contains(&SUBPROTOCOL).then_some(SUBPROTOCOL);
                let token = subprotocols
                    .iter()
                    .find_map(|it| it.strip_prefix(TOKEN_SUBPROTOCOL));
                if let Some(token) = token {
                    let Some(verified) = verify(token) else {
                        return answer.close(close::UNAUTHORIZED);
                    };
                    identity = Some(verified);
                    grip::subscribe(verified.user_id)
                        .into_iter()
                        .for_each(|it| answer.text(it));
                    answer.take(token, verified);
                }
            }
            Frame::Text(text) => match (ClientMessage::parse(text), identity) {
                (Ok(ClientMessage::Auth { token }), before) => {
                    let verified = verify(&token)
                        .filter(|it| before.is_none_or(|before| before.user_id == it.user_id));
                    let Some(verified) = verified else {
                        return answer.close(close::UNAUTHORIZED);
                    };
                    if before.is_none() {
                        grip::subscribe(verified.user_id)
                            .into_iter()
                            .for_each(|it| answer.text(it));
                    }
                    identity = Some(verified);
                    answer.take(&token, verified);
                }
                (Ok(_), None) => return answer.close(close::UNAUTHORIZED),
                (Ok(ClientMessage::Resume { after }), Some(identity)) => {
                    resume = Some((identity.user_id, after));
                }
                (Ok(ClientMessage::Ping), Some(_)) => answer.say(&ServerMessage::Pong),
                (Err(detail), _) => {
                    answer.say(&ServerMessage::Error { detail: &detail });
                    return answer.close(close::BAD_MESSAGE);
                }
            },
            Frame::Binary(_) => {
                let detail = "a message is text";
                answer.say(&ServerMessage::Error { detail });
                return answer.close(close::BAD_MESSAGE);
            }
            Frame::Ping(content) => answer.frames.push(Frame::Pong(content.clone())),
            Frame::Pong(_) => {}
            Frame::Close(reason) => {
                answer.frames.push(Frame::Close(reason.clone()));
                answer.keep_alive = None;
                return answer;
            }
            Frame::Disconnect => return answer,
        }
    }
    let Some(identity) = identity else {
        let deadline = opened_at + TimeDelta::seconds(AUTH_SECONDS);
        if now >= deadline {
            return answer.close(close::AUTH_TIMEOUT);
        }
        answer.keep_alive = Some(seconds_until(deadline, now));
        return answer;
    };
    if let Some((user_id, after)) = resume {
        match missed(user_id, after).await {
            Ok(Missed::Updates { updates, newest }) => {
                updates.iter().for_each(|it| answer.say(&it.message()));
                answer.say(&ServerMessage::Ready { id: newest });
            }
            Ok(Missed::Unknown { newest }) => answer.say(&ServerMessage::Reload { id: newest }),
            Ok(Missed::Erased) => return answer.close(close::ERASED),
            Err(error) => {
                tracing::error!(reason = error.to_string(), "the history cannot be read");
                return answer.close(close::TRY_AGAIN);
            }
        }
    }
    answer.keep_alive = Some(seconds_until(identity.expires_at, now));
    answer
}

/// Whole seconds, so that the time has come after them.
fn seconds_until(at: DateTime<Utc>, now: DateTime<Utc>) -> i64 {
    let milliseconds = (at - now).num_milliseconds();
    milliseconds
        .saturating_add(999)
        .div_euclid(1000)
        .clamp(1, MAX_KEEP_ALIVE_SECONDS)
}
