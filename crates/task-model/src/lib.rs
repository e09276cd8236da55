//! Tasks, people and their rules: the types that every service shares, as the contract fixes them.

mod given;
mod reminder;
#[macro_use]
mod names;
mod task;
mod task_input;
mod task_query;
mod user;
mod user_input;
mod validation;

pub use reminder::Reminder;
pub use task::{
    NewTask, Page, Priority, RecurrenceFrom, SearchHit, SortField, SortOrder, Stats, Status,
    TagCount, Task, TaskPatch, TaskQuery,
};
pub use task_input::{TaskInput, TaskPatchInput, parse_moment, parse_time};
pub use task_query::{parse_limit, parse_q, whole_number};
pub use user::{
    Channel, NewUser, NotificationPreferences, NotificationPreferencesPatch, QuietHours, User,
    UserPatch,
};
pub use user_input::{Registration, RegistrationInput, UserPatchInput, normalize_email};
pub use validation::FieldError;
