//! An account and a change of a profile as clients send them, before validation.

use std::fmt;

use chrono_tz::Tz;
use utoipa::ToSchema;

use crate::given::{Given, deserialize_object, parse_items};
use crate::validation::{Errors, MAX_REMINDERS, length, line, reminders};
use crate::{FieldError, NotificationPreferences, UserPatch};

/// Characters in an e-mail address (RFC 5321 §4.5.3.1.3 less the angle brackets).
const MAX_EMAIL: usize = 254;
/// Characters in a user name.
const MAX_USERNAME: usize = 50;
/// Characters in a password, at least.
const MIN_PASSWORD: usize = 8;
/// Characters in a password, at most.
const MAX_PASSWORD: usize = 128;

/// An account to create; what the server does not know is ignored.
#[derive(Clone, Default, ToSchema)]
#[schema(example = json!({
    "email": "ada@example.com",
    "username": "Ada",
    "password": "correct horse battery staple"
}))]
pub struct RegistrationInput {
    /// Kept lower-case; unique.
    #[schema(value_type = String, required = true, format = Email, max_length = 254)]
    email: Given<String>,
    /// 1 to 50 characters after trimming, no control characters.
    #[schema(value_type = String, required = true, min_length = 1, max_length = 50)]
    username: Given<String>,
    /// 8 to 128 characters, any of them.
    #[schema(value_type = String, required = true, format = Password, min_length = 8, max_length = 128)]
    password: Given<String>,
}

deserialize_object!(RegistrationInput {
    email,
    username,
    password
});

impl fmt::Debug for RegistrationInput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RegistrationInput")
            .field("email", &self.email)
            .field("username", &self.username)
            .finish_non_exhaustive()
    }
}

/// An account to create, checked; the password is still in clear, so it has no `Debug`.
pub struct Registration {
    /// Lower-case.
    pub email: String,
    /// Trimmed.
    pub username: String,
    /// As typed.
    pub password: String,
}

impl RegistrationInput {
    /// The account to create, or all that is wrong.
    pub fn validated(self) -> Result<Registration, Vec<FieldError>> {
        let mut errors = Errors::default();
        let email = self.email.required(&mut errors, "email", "a string");
        let username = self.username.required(&mut errors, "username", "a string");
        let password = self.password.required(&mut errors, "password", "a string");
        let email = email.and_then(|text| errors.keep("email", normalize_email(&text)));
        let username = username.and_then(|text| errors.keep("username", line(&text, MAX_USERNAME)));
        let password = password.and_then(|text| {
            let checked = length(&text, MIN_PASSWORD, MAX_PASSWORD).map(|()| text);
            errors.keep("password", checked)
        });
        errors.none_or(Registration {
            email: email.unwrap_or_default(),
            username: username.unwrap_or_default(),
            password: password.unwrap_or_default(),
        })
    }
}

/// An e-mail address as accounts are looked up by: trimmed, lower-case. The syntax is that of HTML's
/// `<input type="email">` (WHATWG HTML, "valid e-mail address").
pub fn normalize_email(text: &str) -> Result<String, String> {
    let email = text.trim().to_ascii_lowercase();
    length(&email, 1, MAX_EMAIL)?;
    let is_valid = email.split_once('@').is_some_and(|(local, domain)| {
        !local.is_empty()
            && local
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b".!#$%&'*+/=?^_`{|}~-".contains(&b))
            && domain.split('.').all(|label| {
                (1..=63).contains(&label.len())
                    && label
                        .bytes()
                        .all(|b| b.is_ascii_alphanumeric() || b == b'-')
                    && !label.starts_with('-')
                    && !label.ends_with('-')
            })
    });
    if is_valid {
        Ok(email)
    } else {
        Err("must be an e-mail address such as ada@example.com".into())
    }
}

/// A change of a profile: an absent field stays as it is; what the server does not know is ignored.
#[derive(Debug, Clone, Default, ToSchema)]
#[schema(example = json!({"timezone": "Europe/Berlin", "notification_preferences": {"default_reminders": ["PT30M"]}}))]
pub struct UserPatchInput {
    /// 1 to 50 characters after trimming, no control characters.
    #[schema(value_type = String, required = false, min_length = 1, max_length = 50)]
    username: Given<String>,
    /// A name of the IANA time zone database.
    #[schema(value_type = String, required = false)]
    timezone: Given<String>,
    /// How and when to be notified.
    #[schema(value_type = NotificationPreferences, required = false)]
    notification_preferences: Given<NotificationPreferencesInput>,
}

deserialize_object!(UserPatchInput {
    username,
    timezone,
    notification_preferences
});

#[derive(Debug, Clone, Default)]
struct NotificationPreferencesInput {
    default_reminders: Given<Vec<Given<String>>>,
}

deserialize_object!(NotificationPreferencesInput { default_reminders });

impl UserPatchInput {
    /// The change, or all that is wrong.
    pub fn validated(self) -> Result<UserPatch, Vec<FieldError>> {
        const REMINDERS: &str = "notification_preferences.default_reminders";
        let mut errors = Errors::default();
        let username = self.username.value(&mut errors, "username", "a string");
        let timezone = self.timezone.value(&mut errors, "timezone", "a string");
        let preferences = self.notification_preferences.value(
            &mut errors,
            "notification_preferences",
            "an object",
        );
        let default_reminders = preferences.and_then(|preferences| {
            preferences
                .default_reminders
                .required(&mut errors, REMINDERS, "an array of strings")
        });
        let patch = UserPatch {
            username: username.and_then(|text| errors.keep("username", line(&text, MAX_USERNAME))),
            timezone: timezone.and_then(|text| errors.keep("timezone", parse_timezone(&text))),
            notification_preferences: default_reminders.map(|items| {
                let parsed = parse_items(&mut errors, REMINDERS, MAX_REMINDERS, items);
                NotificationPreferences {
                    default_reminders: reminders(&mut errors, REMINDERS, parsed),
                    ..NotificationPreferences::default()
                }
            }),
        };
        errors.none_or(patch)
    }
}

fn parse_timezone(text: &str) -> Result<String, String> {
    text.parse::<Tz>()
        .map(|zone| zone.name().to_owned())
        .map_err(|_| "must be a name of the IANA time zone database such as Europe/Berlin".into())
}
