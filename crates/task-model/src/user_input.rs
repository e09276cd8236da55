//! An account and a change of a profile as clients send them, before validation.

use std::fmt;

use chrono::NaiveTime;
use chrono_tz::Tz;
use utoipa::ToSchema;

use crate::given::{Given, deserialize_object, parse_items};
use crate::validation::{Errors, MAX_REMINDERS, length, line, reminders};
use crate::{Channel, FieldError, NotificationPreferencesPatch, QuietHours, UserPatch};

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
    /// How and when to be notified; each field by itself.
    #[schema(value_type = NotificationPreferencesInput, required = false)]
    notification_preferences: Given<NotificationPreferencesInput>,
}

deserialize_object!(UserPatchInput {
    username,
    timezone,
    notification_preferences
});

/// A change of preferences: an absent field stays as it is.
#[derive(Debug, Clone, Default, ToSchema)]
#[schema(as = NotificationPreferencesPatch, example = json!({"channels": ["email", "in_app"], "quiet_hours": {"start": "22:00", "end": "07:00"}}))]
pub struct NotificationPreferencesInput {
    /// Reminders that a new task gets when it names none: durations before `due_date` or date-times.
    #[schema(value_type = Vec<String>, required = false, max_items = 10)]
    default_reminders: Given<Vec<Given<String>>>,
    /// The preferred one first, none twice; `in_app` is added at the end where it is missing.
    #[schema(value_type = Vec<Channel>, required = false)]
    channels: Given<Vec<Given<String>>>,
    /// Null ends them.
    #[schema(value_type = Option<QuietHours>)]
    quiet_hours: Given<QuietHoursInput>,
    /// In E.164; null forgets it.
    #[schema(value_type = Option<String>, pattern = r"^\+[1-9][0-9]{6,14}$", example = "+41791234567")]
    phone: Given<String>,
}

deserialize_object!(NotificationPreferencesInput {
    default_reminders,
    channels,
    quiet_hours,
    phone,
});

#[derive(Debug, Clone, Default)]
struct QuietHoursInput {
    start: Given<String>,
    end: Given<String>,
}

deserialize_object!(QuietHoursInput { start, end });

impl UserPatchInput {
    /// The change, or all that is wrong.
    pub fn validated(self) -> Result<UserPatch, Vec<FieldError>> {
        let mut errors = Errors::default();
        let username = self.username.value(&mut errors, "username", "a string");
        let timezone = self.timezone.value(&mut errors, "timezone", "a string");
        let preferences = self.notification_preferences.value(
            &mut errors,
            "notification_preferences",
            "an object",
        );
        let patch = UserPatch {
            username: username.and_then(|text| errors.keep("username", line(&text, MAX_USERNAME))),
            timezone: timezone.and_then(|text| errors.keep("timezone", parse_timezone(&text))),
            notification_preferences: preferences.map(|preferences| preferences.parse(&mut errors)),
        };
        errors.none_or(patch)
    }
}

impl NotificationPreferencesInput {
    /// Leaves out what is wrong and notes it.
    fn parse(self, errors: &mut Errors) -> NotificationPreferencesPatch {
        const REMINDERS: &str = "notification_preferences.default_reminders";
        const CHANNELS: &str = "notification_preferences.channels";
        const QUIET_HOURS: &str = "notification_preferences.quiet_hours";
        const PHONE: &str = "notification_preferences.phone";
        const STRINGS: &str = "an array of strings";

        let default_reminders = self.default_reminders.value(errors, REMINDERS, STRINGS);
        let channels = self.channels.value(errors, CHANNELS, STRINGS);
        let quiet_hours =
            self.quiet_hours
                .nullable(errors, QUIET_HOURS, "an object with start and end, or null");
        let phone = self.phone.nullable(errors, PHONE, "a string or null");
        NotificationPreferencesPatch {
            default_reminders: default_reminders.map(|items| {
                let parsed = parse_items(errors, REMINDERS, MAX_REMINDERS, items);
                reminders(errors, REMINDERS, parsed)
            }),
            channels: channels.map(|items| parse_channels(errors, CHANNELS, items)),
            quiet_hours: quiet_hours
                .map(|hours| hours.and_then(|hours| hours.parse(errors, QUIET_HOURS))),
            phone: phone.map(|phone| phone.and_then(|text| errors.keep(PHONE, parse_phone(text)))),
        }
    }
}

impl QuietHoursInput {
    fn parse(self, errors: &mut Errors, field: &str) -> Option<QuietHours> {
        let (start_field, end_field) = (format!("{field}.start"), format!("{field}.end"));
        let start = self.start.required(errors, &start_field, "a string");
        let end = self.end.required(errors, &end_field, "a string");
        let start = start.and_then(|text| errors.keep(&start_field, parse_time_of_day(&text)));
        let end = end.and_then(|text| errors.keep(&end_field, parse_time_of_day(&text)));
        Some(QuietHours {
            start: start?,
            end: end?,
        })
    }
}

fn parse_channels(errors: &mut Errors, field: &str, items: Vec<Given<String>>) -> Vec<Channel> {
    let mut channels = parse_items::<Channel>(errors, field, Channel::ALL.len(), items);
    let is_repeated =
        |(index, channel): (usize, &Channel)| channels.iter().take(index).any(|it| it == channel);
    if channels.iter().enumerate().any(is_repeated) {
        errors.add(field, "must not name a channel twice");
    }
    if !channels.contains(&Channel::InApp) {
        channels.push(Channel::InApp);
    }
    channels
}

/// `HH:MM`.
fn parse_time_of_day(text: &str) -> Result<NaiveTime, String> {
    let is_padded = text.len() == 5 && text.bytes().all(|b| b.is_ascii_digit() || b == b':');
    is_padded
        .then(|| NaiveTime::parse_from_str(text, "%H:%M").ok())
        .flatten()
        .ok_or_else(|| "must be a time of day such as 22:00".into())
}

/// E.164: a plus sign, then country code and number of 7 to 15 digits together.
fn parse_phone(text: String) -> Result<String, String> {
    let is_valid = text.strip_prefix('+').is_some_and(|digits| {
        (7..=15).contains(&digits.len())
            && digits.bytes().all(|b| b.is_ascii_digit())
            && !digits.starts_with('0')
    });
    if is_valid {
        Ok(text)
    } else {
        Err("must be a phone number in E.164 such as +41791234567".into())
    }
}

fn parse_timezone(text: &str) -> Result<String, String> {
    text.parse::<Tz>()
        .map(|zone| zone.name().to_owned())
        .map_err(|_| "must be a name of the IANA time zone database such as Europe/Berlin".into())
}
