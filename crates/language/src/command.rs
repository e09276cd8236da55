//! The commands that a sentence can hold.

use chrono::{NaiveDate, NaiveDateTime};
use serde::Serialize;
use task_model::{Priority, RecurrenceFrom, Status};

use crate::dates::{DateSpan, Grain};

/// What a sentence is about, as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Category {
    /// Asks about tasks.
    Query,
    /// Changes tasks.
    Update,
    /// Asks about reminders.
    ReminderQuery,
    /// Changes reminders.
    ReminderUpdate,
    /// Not about tasks: changes nothing.
    Other,
}

/// What [`crate::understand`] answers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Understanding {
    /// What the sentence is about.
    pub category: Category,
    /// In the order they were said; empty for what was not understood.
    pub commands: Vec<Command>,
    /// What a sentence that is not understood means if it is about the person's tasks after all:
    /// [`Command::Show`] or [`Command::Skip`] where one of their tasks has that very name,
    /// [`Command::Add`] once they agree. `None` where there are commands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub guess: Option<Command>,
    /// Every date and time the sentence names, in order, local time.
    pub dates: Vec<DateSpan>,
}

/// When something is due, in local time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Due {
    /// The start of what was said: "tomorrow" is its midnight.
    pub at: NaiveDateTime,
    /// How exact it was said: [`Grain::Day`] means that no time of day was given.
    pub grain: Grain,
}

/// Which task a command means. `dialogue` resolves it against the person's tasks and the conversation.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// The task whose title is most like these words.
    Named(String),
    /// The n-th of the list last shown, from 1; negative from the end ("the last one" is -1).
    Nth(Vec<i32>),
    /// The task last spoken of: "it", "that", "this one".
    It,
    /// All tasks last shown or spoken of: "them", "these", "both".
    Them,
    /// Not the one just taken: "no, the other one".
    Other,
    /// Every task that the filter matches: "all completed tasks", "everything tagged #home".
    All(Filter),
}

/// A time that a question is about, local, from `start` (inclusive) to `end` (exclusive).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Period {
    /// First moment.
    pub start: NaiveDateTime,
    /// First moment after.
    pub end: NaiveDateTime,
    /// What it was said in: a day, a week, a month.
    pub grain: Grain,
}

/// Which tasks are meant by their properties. All that is set must hold.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Filter {
    /// Any of these; empty: the open ones (pending, in progress), unless the command says otherwise.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub status: Vec<Status>,
    /// Any of these.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub priority: Vec<Priority>,
    /// Any of these, lower-case, without `#`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// Due in this time (completed in this time, when `status` is completed only).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub period: Option<Period>,
    /// Past its due date and open.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub overdue: bool,
    /// Has no due date.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub no_due_date: bool,
    /// Repeats.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub recurring: bool,
    /// Has reminders.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub with_reminders: bool,
    /// Words that the title, description or tags hold: "do I have milk on my list".
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// One thing to do or to answer.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "command", rename_all = "snake_case")]
pub enum Command {
    /// Make a task.
    Add {
        /// Cleaned of dates, tags, priority and filler; as typed otherwise. Empty when the sentence
        /// names none ("set a reminder"): the dialogue asks for it.
        title: String,
        /// What came after "note:", "details:" and the like.
        #[serde(skip_serializing_if = "Option::is_none")]
        description: Option<String>,
        /// When it is due.
        #[serde(skip_serializing_if = "Option::is_none")]
        due: Option<Due>,
        /// `None`: the default.
        #[serde(skip_serializing_if = "Option::is_none")]
        priority: Option<Priority>,
        /// Lower-case, without `#`.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        tags: Vec<String>,
        /// Reminders said with it; empty: the person's default.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        reminders: Vec<ReminderAt>,
        /// `daily`, `weekdays`, …, or an RRULE.
        #[serde(skip_serializing_if = "Option::is_none")]
        recurrence: Option<String>,
        /// What the next instance is counted from; `None` where it was not said.
        #[serde(skip_serializing_if = "Option::is_none")]
        recurrence_from: Option<RecurrenceFrom>,
        /// Said as "remind me to …": the answer speaks of a reminder.
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        as_reminder: bool,
    },
    /// Show tasks.
    List {
        /// Which.
        filter: Filter,
    },
    /// Answer how many.
    Count {
        /// Which.
        filter: Filter,
    },
    /// Full-text search: "find the dentist task".
    Search {
        /// The words.
        text: String,
    },
    /// "What's on my plate", "how did I do this week": open, due, overdue and completed in words.
    Summary {
        /// `None`: now.
        #[serde(skip_serializing_if = "Option::is_none")]
        period: Option<Period>,
        /// Looks back at what was done, not forward at what is to do.
        looking_back: bool,
    },
    /// Tell about one task: "when is the dentist due".
    Show {
        /// Which.
        target: Target,
    },
    /// Mark as done.
    Complete {
        /// Which.
        target: Target,
    },
    /// Mark as not done.
    Reopen {
        /// Which.
        target: Target,
    },
    /// Mark as begun.
    Start {
        /// Which.
        target: Target,
    },
    /// Mark as cancelled.
    Cancel {
        /// Which.
        target: Target,
    },
    /// Remove.
    Delete {
        /// Which.
        target: Target,
    },
    /// Give another title.
    Rename {
        /// Which.
        target: Target,
        /// The new title.
        title: String,
    },
    /// Set the description.
    Describe {
        /// Which.
        target: Target,
        /// The new description.
        description: String,
    },
    /// Move or clear the due date.
    SetDue {
        /// Which.
        target: Target,
        /// `None` clears it. When only a time of day was said ("move it to 5pm") the grain is finer
        /// than a day and `keep_date` is set: the task's own date stays if it has one.
        due: Option<Due>,
        /// Only a time of day was said.
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        keep_date: bool,
    },
    /// Move the due date (and with it its reminders) by a time: "snooze it for an hour", "push it back two days".
    Snooze {
        /// Which.
        target: Target,
        /// By how long, in seconds; negative is earlier. `None` when `until` is set or nothing was said.
        #[serde(skip_serializing_if = "Option::is_none")]
        seconds: Option<i64>,
        /// Until when.
        #[serde(skip_serializing_if = "Option::is_none")]
        until: Option<Due>,
    },
    /// Set the priority.
    SetPriority {
        /// Which.
        target: Target,
        /// To what.
        priority: Priority,
    },
    /// Add tags.
    Tag {
        /// Which.
        target: Target,
        /// Lower-case, without `#`.
        tags: Vec<String>,
    },
    /// Take tags away.
    Untag {
        /// Which.
        target: Target,
        /// Lower-case, without `#`; empty: all.
        tags: Vec<String>,
    },
    /// Add reminders to a task that exists.
    AddReminder {
        /// Which.
        target: Target,
        /// When.
        at: ReminderAt,
    },
    /// Replace a task's reminders: "move the reminder for rent to 8".
    MoveReminder {
        /// Which.
        target: Target,
        /// When.
        at: ReminderAt,
    },
    /// Drop a task's reminders.
    DropReminders {
        /// Which.
        target: Target,
    },
    /// Make a task repeat, or stop repeating.
    SetRecurrence {
        /// Which.
        target: Target,
        /// `None`: no more.
        recurrence: Option<String>,
        /// What the next instance is counted from; `None` where it was not said.
        #[serde(skip_serializing_if = "Option::is_none")]
        from: Option<RecurrenceFrom>,
        /// The first occurrence that was said, if one was.
        #[serde(skip_serializing_if = "Option::is_none")]
        first: Option<Due>,
    },
    /// Count the next instance of a repeating task from its due date or its completion.
    SetRecurrenceFrom {
        /// Which.
        target: Target,
        /// From what.
        from: RecurrenceFrom,
    },
    /// Give a repeating task an end: "repeat it 10 times", "stop repeating rent after June".
    EndRecurrence {
        /// Which.
        target: Target,
        /// After how many times, or with which day.
        end: SeriesEnd,
    },
    /// Leave one occurrence of a repeating task out, without completing it.
    Skip {
        /// Which.
        target: Target,
        /// The time that the occurrence is in: "this week's standup". `None`: the next one.
        #[serde(skip_serializing_if = "Option::is_none")]
        period: Option<Period>,
    },
    /// When to remind of tasks that name no reminder: "remind me 10 minutes before by default".
    SetDefaultReminders {
        /// Seconds before they are due; empty: not at all.
        seconds: Vec<u32>,
    },
    /// Show tasks that have reminders.
    ListReminders {
        /// Which.
        filter: Filter,
    },
    /// Take back the last change.
    Undo,
    /// "Yes", "do it".
    Confirm,
    /// "No", "never mind".
    Deny,
    /// An answer to "which one?": "the second", "the dentist one", "the other one".
    Choose {
        /// What it points to.
        target: Target,
    },
    /// What can you do.
    Help,
    /// Hello, thanks, bye: a friendly answer, nothing changes.
    Greet {
        /// Which kind of nicety.
        kind: Nicety,
    },
}

/// When a repetition ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SeriesEnd {
    /// After so many times, from 1.
    Times(u32),
    /// With this local day.
    Until(NaiveDate),
}

/// A nicety's kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Nicety {
    /// Hello.
    Hello,
    /// Thanks.
    Thanks,
    /// Bye.
    Bye,
}

/// When to remind, as it was said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ReminderAt {
    /// So many seconds before it is due.
    Before {
        /// At least 0.
        seconds: u32,
    },
    /// At this local time.
    At(Due),
}
