//! What the service reaches outside of its database.

use std::future::Future;

use events::{Event, PublishError};
use uuid::Uuid;

use crate::NextTask;

/// Why a task was not created.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CreateError {
    /// The person is gone: there is nothing left to do.
    Gone,
    /// It will never be taken as it is; says why.
    Refused(String),
    /// Nobody could take it now.
    Unavailable(String),
}

/// The event producer and the Todo API.
pub trait Peers {
    /// Publishes events and answers one result for each, in their order.
    fn publish(&self, events: Vec<Event>) -> impl Future<Output = Vec<Result<(), PublishError>>>;

    /// Creates a task of `user_id`. The same `key` creates no second one. `cause` is the event that it
    /// follows from.
    fn create_task(
        &self,
        user_id: Uuid,
        key: Uuid,
        task: &NextTask,
        cause: &Event,
    ) -> impl Future<Output = Result<(), CreateError>>;
}
