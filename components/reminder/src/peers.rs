//! The event producer and the Todo API, as the service reaches them from a component.

use events::{Event, PublishError};
use reminders::{CreateError, NextTask, Peers};
use uuid::Uuid;

use crate::bindings::todo::events::producer;
use crate::todo_api;

/// What the manifest gives to this component.
#[derive(Debug)]
pub struct Platform;

impl Peers for Platform {
    async fn publish(&self, events: Vec<Event>) -> Vec<Result<(), PublishError>> {
        let results = producer::publish(events.into_iter().map(Into::into).collect()).await;
        (results.into_iter())
            .map(|result| result.map_err(PublishError::from))
            .collect()
    }

    async fn create_task(
        &self,
        user_id: Uuid,
        key: Uuid,
        task: &NextTask,
        cause: &Event,
    ) -> Result<(), CreateError> {
        todo_api::create_task(user_id, key, task, cause).await
    }
}
