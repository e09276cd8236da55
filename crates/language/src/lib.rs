//! What a sentence about tasks means.
//!
//! Pure and offline: [`understand`] takes a sentence and the moment and place it was said at, and
//! answers its category, the commands in it and the dates it names. Nothing here knows which tasks
//! exist; `dialogue` finds the tasks that a [`Target`] points to.

mod additions;
mod changes;
mod clause;
mod command;
pub mod dates;
mod details;
mod fallback;
mod filter;
mod grammar;
mod guess;
mod lexicon;
mod listing;
mod lists;
mod past;
mod pattern;
mod questions;
mod sentence;
mod spelling;
mod split;
mod target;
mod text;
mod when;

use chrono::DateTime;
use chrono_tz::Tz;

pub use command::{
    Category, Command, Due, Filter, Nicety, Period, ReminderAt, SeriesEnd, Target, Understanding,
};
use dates::Meaning;

/// Reads what a person wrote at `now`, in their time zone. Never fails: what is not understood is
/// [`Category::Other`] without commands.
///
/// Answers to a question of the bot ("yes", "the second one") are commands of [`Category::Other`]
/// too: they change nothing by themselves.
#[must_use]
pub fn understand(text: &str, now: DateTime<Tz>) -> Understanding {
    let (message, mentions) = text::Message::new(text, now);
    let (category, commands) = sentence::read(&message);
    let guess = match commands.as_slice() {
        [] => guess::read(&message),
        _ => None,
    };
    let dates = mentions
        .into_iter()
        .filter_map(|mention| match mention.meaning {
            Meaning::Time { span, .. } => Some(span),
            Meaning::Repeat { first, .. } => Some(first),
            Meaning::Duration { .. } => None,
        })
        .collect();
    Understanding {
        category,
        commands,
        guess,
        dates,
    }
}
