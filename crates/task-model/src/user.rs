//! A person with an account.

use chrono::{DateTime, NaiveTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::Reminder;

/// A way to reach a person.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// An e-mail to the account's address.
    Email,
    /// A text message to the person's phone.
    Sms,
    /// A message to each browser that subscribed.
    Push,
    /// The list of notifications in the application.
    InApp,
}

names!(Channel { Email => "email", Sms => "sms", Push => "push", InApp => "in_app" });

/// When to keep quiet, every day in the person's time zone: from `start` up to `end`, over midnight where
/// `end` is not after `start`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct QuietHours {
    /// `HH:MM`.
    #[schema(value_type = String, pattern = "^([01][0-9]|2[0-3]):[0-5][0-9]$", example = "22:00")]
    #[serde(with = "hours_and_minutes")]
    pub start: NaiveTime,
    /// `HH:MM`.
    #[schema(value_type = String, pattern = "^([01][0-9]|2[0-3]):[0-5][0-9]$", example = "07:00")]
    #[serde(with = "hours_and_minutes")]
    pub end: NaiveTime,
}

/// How and when a person wants to be notified.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct NotificationPreferences {
    /// Reminders that a new task gets when it names none; at first `["PT1H"]`.
    #[schema(value_type = Vec<String>, required = true)]
    pub default_reminders: Vec<Reminder>,
    /// The preferred one first; the first that works is used, and `in_app` always. At first `["push", "in_app"]`.
    #[schema(required = true)]
    pub channels: Vec<Channel>,
    /// While these last only the application's own list is written; the other channels wait.
    #[schema(required = true)]
    pub quiet_hours: Option<QuietHours>,
    /// For text messages, in E.164: `+41791234567`.
    #[schema(required = true)]
    pub phone: Option<String>,
}

impl Default for NotificationPreferences {
    fn default() -> Self {
        Self {
            default_reminders: vec![Reminder::Before { seconds: 60 * 60 }],
            channels: vec![Channel::Push, Channel::InApp],
            quiet_hours: None,
            phone: None,
        }
    }
}

/// `HH:MM`.
mod hours_and_minutes {
    use chrono::NaiveTime;
    use serde::{Deserialize, Deserializer, Serializer};

    const FORMAT: &str = "%H:%M";

    pub fn serialize<S: Serializer>(time: &NaiveTime, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&time.format(FORMAT))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<NaiveTime, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        NaiveTime::parse_from_str(&text, FORMAT).map_err(serde::de::Error::custom)
    }
}

/// A person as they see themselves; never carries the password hash.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct User {
    /// Made by the server.
    pub id: Uuid,
    /// As typed.
    pub username: String,
    /// Lower-case; unique.
    pub email: String,
    /// `user` or `admin`.
    pub role: String,
    /// IANA name, `UTC` at first.
    pub timezone: String,
    /// See [`NotificationPreferences`].
    pub notification_preferences: NotificationPreferences,
    /// When the account was made.
    pub created_at: DateTime<Utc>,
    /// When the profile was last changed.
    pub updated_at: DateTime<Utc>,
}

/// An account to create: checked, the password already hashed.
#[derive(Debug, Clone)]
pub struct NewUser {
    /// Made by the caller.
    pub id: Uuid,
    /// See [`User::username`].
    pub username: String,
    /// See [`User::email`].
    pub email: String,
    /// A PHC string (`$argon2id$…`).
    pub password_hash: String,
    /// See [`User::timezone`].
    pub timezone: String,
}

/// A change to a profile: `None` leaves a field as it is.
#[derive(Debug, Clone, Default)]
pub struct UserPatch {
    /// See [`User::username`].
    pub username: Option<String>,
    /// See [`User::timezone`].
    pub timezone: Option<String>,
    /// See [`User::notification_preferences`].
    pub notification_preferences: Option<NotificationPreferencesPatch>,
}

/// A change of preferences: `None` leaves a field as it is.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct NotificationPreferencesPatch {
    /// See [`NotificationPreferences::default_reminders`].
    pub default_reminders: Option<Vec<Reminder>>,
    /// See [`NotificationPreferences::channels`].
    pub channels: Option<Vec<Channel>>,
    /// See [`NotificationPreferences::quiet_hours`]; `Some(None)` ends them.
    pub quiet_hours: Option<Option<QuietHours>>,
    /// See [`NotificationPreferences::phone`]; `Some(None)` forgets it.
    pub phone: Option<Option<String>>,
}
