//! Conversations in the key-value store of that name.
//!
//! A conversation lies under `<user id>/<conversation id>`, so that another person's id finds nothing;
//! `<user id>` lists the person's conversations, the one used last at the end.

use api::ApiError;
use chrono::{DateTime, Utc};
use dialogue::Conversation;
use spin_sdk::key_value::{Error, Store};
use uuid::Uuid;

/// The store's label in `spin.toml`.
const STORE: &str = "conversations";
/// Conversations that a person can have; the one unused for longest goes first.
const MAX_CONVERSATIONS: usize = 100;

/// One person's conversations.
pub struct Conversations {
    store: Store,
    user_id: Uuid,
}

impl Conversations {
    /// Opens the store.
    pub async fn of(user_id: Uuid) -> Result<Self, ApiError> {
        let store = Store::open(STORE).await.map_err(unavailable)?;
        Ok(Self { store, user_id })
    }

    /// A conversation that is the person's own, can be read and has not expired.
    pub async fn load(
        &self,
        id: Uuid,
        now: DateTime<Utc>,
    ) -> Result<Option<Conversation>, ApiError> {
        let bytes = self.store.get(self.key(id)).await.map_err(unavailable)?;
        let conversation = bytes.and_then(|bytes| {
            serde_json::from_slice::<Conversation>(&bytes)
                .inspect_err(|error| tracing::error!(%id, %error, "a conversation cannot be read"))
                .ok()
        });
        Ok(conversation.filter(|it| it.id == id && it.user_id == self.user_id && !it.expired(now)))
    }

    /// Keeps a conversation as the one used last, and lets go of what is too much.
    ///
    /// Two savers at once may forget each other's entry in the list; the next turn of that
    /// conversation enters it again.
    pub async fn save(&self, conversation: &Conversation) -> Result<(), ApiError> {
        let bytes = serde_json::to_vec(conversation)
            .map_err(|error| ApiError::Internal(error.to_string()))?;
        self.store
            .set(self.key(conversation.id), bytes)
            .await
            .map_err(unavailable)?;

        let list_key = self.user_id.to_string();
        let mut list = self.list().await?;
        if list.last() == Some(&conversation.id) {
            return Ok(());
        }
        let dropped = touch(&mut list, conversation.id);
        let bytes =
            serde_json::to_vec(&list).map_err(|error| ApiError::Internal(error.to_string()))?;
        self.store
            .set(&list_key, bytes)
            .await
            .map_err(unavailable)?;
        for id in dropped {
            self.store.delete(self.key(id)).await.map_err(unavailable)?;
        }
        Ok(())
    }

    /// The conversation used last.
    pub async fn latest(&self, now: DateTime<Utc>) -> Result<Option<Conversation>, ApiError> {
        match self.list().await?.last() {
            Some(id) => self.load(*id, now).await,
            None => Ok(None),
        }
    }

    /// The person's, the one used last at the end.
    async fn list(&self) -> Result<Vec<Uuid>, ApiError> {
        let bytes = self.store.get(self.user_id.to_string()).await;
        let list = bytes
            .map_err(unavailable)?
            .map(|bytes| serde_json::from_slice(&bytes));
        Ok(list.and_then(Result::ok).unwrap_or_default())
    }

    /// Removes all of the person's, also those that the list has forgotten.
    pub async fn erase(&self) -> Result<(), ApiError> {
        let own = self.user_id.to_string();
        let mut keys = self.store.get_keys().await;
        let mut found = Vec::new();
        while let Some(key) = keys.next().await {
            if key.starts_with(&own) {
                found.push(key);
            }
        }
        keys.result().await.map_err(unavailable)?;
        for key in found {
            self.store.delete(key).await.map_err(unavailable)?;
        }
        Ok(())
    }

    fn key(&self, id: Uuid) -> String {
        format!("{}/{id}", self.user_id)
    }
}

/// Puts an id at the end of the list; answers those for which there is no more room.
fn touch(list: &mut Vec<Uuid>, id: Uuid) -> Vec<Uuid> {
    list.retain(|other| *other != id);
    list.push(id);
    let excess = list.len().saturating_sub(MAX_CONVERSATIONS);
    list.drain(..excess).collect()
}

fn unavailable(error: Error) -> ApiError {
    ApiError::Unavailable(format!("key-value store {STORE}: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_one_unused_for_longest_goes_first() {
        let id = Uuid::from_u128;
        let mut list = Vec::new();
        for n in 0..100 {
            assert!(touch(&mut list, id(n)).is_empty());
        }
        assert!(touch(&mut list, id(0)).is_empty());
        assert_eq!(touch(&mut list, id(100)), [id(1)]);
        assert_eq!((list.len(), list[0], list[99]), (100, id(2), id(100)));
    }
}
