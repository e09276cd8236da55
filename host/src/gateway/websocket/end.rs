//! Why a WebSocket ends, and what is said about it.

use std::borrow::Cow;

/// Why a WebSocket ended.
#[derive(Debug)]
pub enum End {
    /// The client closed it, with this code and reason.
    Client(Option<(u16, String)>),
    /// The component did.
    Component(Option<(u16, String)>),
    /// What was published did.
    Published(u16, String),
    /// The component wants it to end at once.
    Disconnected,
    /// The component failed, or its answer cannot be understood.
    Failed(Cow<'static, str>),
    /// The client does not speak the protocol; with a code of RFC 6455.
    Malformed(Cow<'static, str>, u16),
    /// The client's message is too large.
    TooLarge,
    /// The client takes in less than what is published.
    Slow,
    /// The client does not answer.
    Silent,
    /// The client is gone.
    Gone(String),
    /// The gateway stops.
    Shutdown,
}

impl End {
    /// The status code that the client gets or gave; none where there is no closing handshake.
    pub fn code(&self) -> Option<u16> {
        match self {
            Self::Client(frame) | Self::Component(frame) => frame.as_ref().map(|(code, _)| *code),
            Self::Published(code, _) | Self::Malformed(_, code) => Some(*code),
            Self::Failed(_) => Some(1011),
            Self::TooLarge => Some(1009),
            Self::Slow => Some(1013),
            Self::Shutdown => Some(1001),
            Self::Disconnected | Self::Silent | Self::Gone(_) => None,
        }
    }

    /// Why, for the log.
    pub fn reason(&self) -> &str {
        match self {
            Self::Client(frame) | Self::Component(frame) => {
                frame.as_ref().map_or("", |(_, reason)| reason)
            }
            Self::Published(_, reason) => reason,
            Self::Disconnected => "the component ends it",
            Self::Failed(why) | Self::Malformed(why, _) => why,
            Self::TooLarge => "a message is too large",
            Self::Slow => "the client is too slow",
            Self::Silent => "the client does not answer",
            Self::Gone(why) => why,
            Self::Shutdown => "the server stops",
        }
    }

    /// What the client is told: nothing of how a component failed.
    pub fn told(&self) -> &str {
        match self {
            Self::Failed(_) => "the service failed",
            _ => self.reason(),
        }
    }

    /// Who ended it, for the log.
    pub fn by(&self) -> &'static str {
        match self {
            Self::Client(_) | Self::Malformed(..) | Self::TooLarge | Self::Gone(_) => "client",
            Self::Component(_) | Self::Disconnected | Self::Failed(_) => "component",
            Self::Published(..) => "published",
            Self::Slow | Self::Silent | Self::Shutdown => "gateway",
        }
    }
}
