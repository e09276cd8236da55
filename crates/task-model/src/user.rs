//! A person with an account.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::Reminder;

/// How and when a person wants to be notified.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct NotificationPreferences {
    /// Reminders that a new task gets when it names none; at first `["PT1H"]`.
    #[schema(value_type = Vec<String>)]
    pub default_reminders: Vec<Reminder>,
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
    pub notification_preferences: Option<NotificationPreferences>,
}
