//! What the consumers of one group on one topic have in hand. All of it can be lost: the file has what counts.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::Position;
use crate::state::{Outcome, Place, Snapshot, State};
use crate::topics::Topic;

/// A group on a topic, shared by its consumers and the writer.
#[derive(Debug)]
pub(crate) struct Subscription {
    pub id: i64,
    pub group: String,
    pub topic: Arc<Topic>,
    state: Mutex<State>,
    /// One at a time reads the file.
    pub reading: tokio::sync::Mutex<()>,
    members: Mutex<HashMap<u64, Arc<Notify>>>,
    next_member: AtomicU64,
}

impl Subscription {
    pub fn new(id: i64, group: String, topic: Arc<Topic>, snapshot: Snapshot) -> Self {
        let mut state = State::default();
        state.reset(snapshot);
        Self {
            id,
            group,
            topic,
            state: Mutex::new(state),
            reading: tokio::sync::Mutex::default(),
            members: Mutex::default(),
            next_member: AtomicU64::new(0),
        }
    }

    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Something may be deliverable now.
    pub fn wake(&self) {
        for member in self.members().values() {
            member.notify_one();
        }
    }

    pub fn join(&self, wake: Arc<Notify>) -> u64 {
        let member = self.next_member.fetch_add(1, Ordering::Relaxed);
        self.members().insert(member, wake);
        member
    }

    pub fn leave(&self, member: u64) {
        self.members().remove(&member);
        self.state().release_all(member);
        self.wake();
    }

    /// A report of a member has failed.
    pub fn failed(&self, member: u64, outcomes: &[Outcome]) {
        let mut state = self.state();
        state.unreport(outcomes);
        // `leave` takes the member away first: either it releases them or this does.
        if !self.members().contains_key(&member) {
            state.release_all(member);
        }
    }

    fn members(&self) -> MutexGuard<'_, HashMap<u64, Arc<Notify>>> {
        self.members.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn position(&self, (partition, offset): Place) -> Position {
        Position {
            topic: self.topic.name.clone(),
            partition,
            offset,
        }
    }
}
