//! A member of a consumer group.

use crate::{Delivery, Finished, LogError, Position};

/// A member of a consumer group. Dropping it releases what it has in flight. It keeps the log open.
#[derive(Debug)]
pub struct Consumer {}

impl Consumer {
    /// Waits until something can be delivered, and answers 1 to `max` records: none whose topic and key
    /// have a record in flight from an earlier call, or one that waits for a retry. Records with the same
    /// topic and key are in their order, several of them may be in one answer. One with `attempt` above 1 is
    /// the only one of its key. Safe to cancel; several tasks may call it at the same time.
    ///
    /// # Errors
    /// [`LogError::Unavailable`]: wait a little and call again. [`LogError::Closed`], [`LogError::Corrupt`].
    pub async fn next(&self, max: usize) -> Result<Vec<Delivery>, LogError> {
        let _ = max;
        todo!()
    }

    /// Reports outcomes, by the delivery's position and in any portions; they are durable when it returns.
    /// After a [`Finished::RetryAt`] or [`Finished::Released`], the later deliveries of that topic and key
    /// come again too, whatever is reported for them. Safe to cancel: the outcomes then count or not.
    ///
    /// # Errors
    /// [`LogError::Invalid`] where a delivery is not in flight; [`LogError::Unavailable`]: nothing is
    /// changed, the deliveries are still in flight, call it again. [`LogError::Closed`].
    pub async fn finish(&self, outcomes: Vec<(Position, Finished)>) -> Result<(), LogError> {
        let _ = outcomes;
        todo!()
    }
}
