//! Tasks, people and their rules: the types that every service shares, as the contract fixes them.

mod reminder;
mod task;
mod user;
mod validation;

pub use reminder::Reminder;
pub use task::{
    NewTask, Page, Priority, SearchHit, SortField, SortOrder, Stats, Status, TagCount, Task,
    TaskPatch, TaskQuery,
};
pub use user::{NewUser, NotificationPreferences, User, UserPatch};
pub use validation::FieldError;
