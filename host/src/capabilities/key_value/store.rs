//! An open store, whoever provides it.

use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::sync::{mpsc, oneshot};
use wasmtime::StoreContextMut;
use wasmtime::component::{Destination, StreamProducer, StreamResult};

use super::file::FileStore;
use super::redis::RedisStore;
use crate::bindings::key_value::Error;

/// The largest value that is handed to a guest, in bytes; Spin's limit.
const MAX_VALUE: usize = 128 << 20;

/// One store.
#[derive(Clone)]
#[expect(
    clippy::large_enum_variant,
    reason = "there is one for each store of an application"
)]
pub enum Store {
    /// In a SQLite file.
    File(FileStore),
    /// In Redis.
    Redis(RedisStore),
}

impl Store {
    /// The value of `key`.
    pub async fn get(&self, key: String) -> Result<Option<Vec<u8>>, Error> {
        let value = match self {
            Self::File(store) => store.get(key).await,
            Self::Redis(store) => store.get(&key).await,
        };
        match value? {
            Some(value) if value.len() > MAX_VALUE => Err(Error::Other(format!(
                "the value is larger than {MAX_VALUE} bytes"
            ))),
            value => Ok(value),
        }
    }

    /// Sets the value of `key`.
    pub async fn set(&self, key: String, value: Vec<u8>) -> Result<(), Error> {
        match self {
            Self::File(store) => store.set(key, value).await,
            Self::Redis(store) => store.set(&key, &value).await,
        }
    }

    /// Removes `key`, if it is there.
    pub async fn delete(&self, key: String) -> Result<(), Error> {
        match self {
            Self::File(store) => store.delete(key).await,
            Self::Redis(store) => store.delete(&key).await,
        }
    }

    /// Whether `key` has a value.
    pub async fn exists(&self, key: String) -> Result<bool, Error> {
        match self {
            Self::File(store) => store.exists(key).await,
            Self::Redis(store) => store.exists(&key).await,
        }
    }

    /// All keys, page by page, and how the reading ended.
    pub fn keys(&self) -> (Keys, oneshot::Receiver<Result<(), Error>>) {
        let (pages, receiver) = mpsc::channel(1);
        let (end, ended) = oneshot::channel();
        let store = self.clone();
        tokio::spawn(async move {
            let sent = match store {
                Self::File(store) => store.send_keys(pages).await,
                Self::Redis(store) => store.send_keys(pages).await,
            };
            let _ = end.send(sent);
        });
        (Keys(receiver), ended)
    }
}

/// The keys of a store as a stream for the guest.
pub struct Keys(mpsc::Receiver<Vec<String>>);

impl<D> StreamProducer<D> for Keys {
    type Item = String;
    type Buffer = wasmtime::component::VecBuffer<String>;

    fn poll_produce<'a>(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        store: StoreContextMut<'a, D>,
        mut destination: Destination<'a, Self::Item, Self::Buffer>,
        finish: bool,
    ) -> Poll<wasmtime::Result<StreamResult>> {
        if destination.remaining(store) == Some(0) {
            return Poll::Ready(Ok(StreamResult::Completed));
        }
        match self.get_mut().0.poll_recv(cx) {
            Poll::Ready(Some(page)) => {
                destination.set_buffer(page.into());
                Poll::Ready(Ok(StreamResult::Completed))
            }
            Poll::Ready(None) => Poll::Ready(Ok(StreamResult::Dropped)),
            Poll::Pending if finish => Poll::Ready(Ok(StreamResult::Cancelled)),
            Poll::Pending => Poll::Pending,
        }
    }
}

#[cfg(test)]
mod tests;
