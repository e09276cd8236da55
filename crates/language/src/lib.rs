//! What a sentence about tasks means.
//!
//! Pure and offline: [`understand`] takes a sentence and the moment and place it was said at, and
//! answers its category, the commands in it and the dates it names. Nothing here knows which tasks
//! exist; `dialogue` finds the tasks that a [`Target`] points to.

mod command;
pub mod dates;

pub use command::{
    Category, Command, Due, Filter, Nicety, Period, ReminderAt, Target, Understanding,
};
