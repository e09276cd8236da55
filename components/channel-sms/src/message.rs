//! What is sent, whoever takes it.

use provider::SendError;

use crate::bindings::exports::todo::notify::channel::{DeliveryError, Notification};

/// The longest text, in characters: what Twilio recommends not to exceed, as long messages travel in parts.
pub const MAX_TEXT_CHARS: usize = 320;

/// The recipient's number.
pub fn phone(notification: &Notification) -> Result<&str, DeliveryError> {
    let Some(phone) = &notification.recipient.phone else {
        return Err(DeliveryError::NotConfigured("the recipient's phone".into()));
    };
    if !is_e164(phone) {
        let reason = "the recipient's phone is not a number like +41791234567";
        return Err(DeliveryError::Permanent(reason.into()));
    }
    Ok(phone)
}

/// The message's text.
pub fn text(notification: &Notification) -> String {
    let text = format!("{}\n{}", notification.title, notification.body);
    provider::cut(text.trim(), MAX_TEXT_CHARS)
}

/// Twilio would send a repetition again, so that there is none.
pub fn may_have_been_sent(reason: &str) -> DeliveryError {
    DeliveryError::Permanent(format!("{reason}; it may have been sent"))
}

/// What it means that nobody answered.
pub fn no_answer(error: &SendError) -> DeliveryError {
    match error {
        SendError::Denied | SendError::Invalid => DeliveryError::NotConfigured(error.to_string()),
        error if error.may_have_arrived() => may_have_been_sent(&error.to_string()),
        error => DeliveryError::Temporary((error.to_string(), None)),
    }
}

/// `+` and at most 15 digits, the first not 0 (ITU-T E.164).
fn is_e164(text: &str) -> bool {
    text.strip_prefix('+').is_some_and(|digits| {
        (2..=15).contains(&digits.len())
            && !digits.starts_with('0')
            && digits.chars().all(|c| c.is_ascii_digit())
    })
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use crate::bindings::todo::notify::types::Recipient;

    /// One to a person with a phone.
    pub fn notification(body: &str) -> Notification {
        Notification {
            id: "3f1d".into(),
            recipient: Recipient {
                user_id: "u".into(),
                email: None,
                phone: Some("+41791234567".into()),
                push_subscriptions: Vec::new(),
            },
            title: "Pay rent & more".into(),
            body: body.into(),
            task_id: None,
        }
    }

    #[test]
    fn what_may_have_arrived_is_not_sent_again() {
        assert!(matches!(
            no_answer(&SendError::TimedOut),
            DeliveryError::Permanent(_)
        ));
        assert!(matches!(
            no_answer(&SendError::Denied),
            DeliveryError::NotConfigured(_)
        ));
    }

    #[test]
    fn a_number_is_e164() {
        for phone in ["+41791234567", "+15005550006", "+123456789012345"] {
            assert!(is_e164(phone), "{phone}");
        }
        for phone in [
            "",
            "+",
            "+1",
            "0791234567",
            "+0791234567",
            "+41 79 123 45 67",
            "+1234567890123456",
            "+4179123456٧",
            "whatsapp:+41791234567",
        ] {
            assert!(!is_e164(phone), "{phone}");
        }
    }
}
