//! The types of `todo:events` in plain Rust, and their conversions from and to those that bindings generate.

/// What became of an event: `outcome` of `todo:events/consumer`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It has had its effect, now or before.
    Done,
    /// It could not have its effect now, and is to come again; says why.
    Retry(String),
    /// It can never have an effect; says why.
    Reject(String),
}

/// Why an event was not published: `publish-error` of `todo:events/producer`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PublishError {
    /// Nobody could take it now.
    Unavailable(String),
    /// It will never be taken as it is.
    Refused(String),
}

/// Of an event whose effect is to publish others.
impl From<PublishError> for Outcome {
    fn from(error: PublishError) -> Self {
        match error {
            PublishError::Unavailable(why) => Self::Retry(why),
            PublishError::Refused(why) => Self::Reject(why),
        }
    }
}

/// Converts between [`Event`](crate::Event) and the generated `event`, both ways.
#[macro_export]
macro_rules! convert_event {
    ($generated:path) => {
        $crate::convert_event!(from $generated, $crate::Event);
        $crate::convert_event!(from $crate::Event, $generated);
    };
    (from $from:path, $to:path) => {
        impl From<$from> for $to {
            fn from(event: $from) -> Self {
                Self {
                    topic: event.topic,
                    key: event.key,
                    id: event.id,
                    source: event.source,
                    event_type: event.event_type,
                    subject: event.subject,
                    time: event.time,
                    traceparent: event.traceparent,
                    correlation_id: event.correlation_id,
                    data: event.data,
                }
            }
        }
    };
}

/// Converts an [`Outcome`] into the generated `outcome`.
#[macro_export]
macro_rules! convert_outcome {
    ($generated:path) => {
        impl From<$crate::Outcome> for $generated {
            fn from(outcome: $crate::Outcome) -> Self {
                match outcome {
                    $crate::Outcome::Done => Self::Done,
                    $crate::Outcome::Retry(reason) => Self::Retry(reason),
                    $crate::Outcome::Reject(reason) => Self::Reject(reason),
                }
            }
        }
    };
}

/// Converts the generated `publish-error` into a [`PublishError`].
#[macro_export]
macro_rules! convert_publish_error {
    ($generated:path) => {
        impl From<$generated> for $crate::PublishError {
            fn from(error: $generated) -> Self {
                type Generated = $generated;
                match error {
                    Generated::Unavailable(reason) => Self::Unavailable(reason),
                    Generated::Refused(reason) => Self::Refused(reason),
                }
            }
        }
    };
}
