//! `spin:key-value@3.0.0`.

mod file;
mod redis;
mod store;

use std::collections::BTreeMap;

use wasmtime::component::{Accessor, FutureReader, HasSelf, Resource, StreamReader};

use crate::bindings::key_value::{Error, Host, HostStore, HostStoreWithStore};
use crate::engine::InstanceState;

pub use self::file::{FileStore, KeyValueFile};
pub use self::redis::{RedisStore, RedisUrl};
pub use self::store::Store;

/// How many stores one instance may hold open, as in Spin.
const MAX_OPEN: usize = 256;

/// The stores that one component may open, by label.
#[derive(Default)]
pub struct KeyValueStores(pub BTreeMap<String, Store>);

type Handle = Resource<Store>;
type StoreAccessor = Accessor<InstanceState, HasSelf<InstanceState>>;

fn store_of(accessor: &StoreAccessor, handle: &Handle) -> wasmtime::Result<Store> {
    accessor.with(|mut access| Ok(access.get().table.get(handle)?.clone()))
}

impl Host for InstanceState {}

impl HostStore for InstanceState {
    async fn drop(&mut self, handle: Handle) -> wasmtime::Result<()> {
        self.table.delete(handle)?;
        self.open_stores -= 1;
        Ok(())
    }
}

impl HostStoreWithStore<InstanceState> for HasSelf<InstanceState> {
    async fn open(
        accessor: &StoreAccessor,
        label: String,
    ) -> wasmtime::Result<Result<Handle, Error>> {
        accessor.with(|mut access| {
            let state = access.get();
            let Some(store) = state.key_value.0.get(&label).cloned() else {
                return Ok(Err(Error::AccessDenied));
            };
            if state.open_stores >= MAX_OPEN {
                return Ok(Err(Error::StoreTableFull));
            }
            state.open_stores += 1;
            Ok(Ok(state.table.push(store)?))
        })
    }

    async fn get(
        accessor: &StoreAccessor,
        handle: Handle,
        key: String,
    ) -> wasmtime::Result<Result<Option<Vec<u8>>, Error>> {
        let store = store_of(accessor, &handle)?;
        Ok(store.get(key).await)
    }

    async fn set(
        accessor: &StoreAccessor,
        handle: Handle,
        key: String,
        value: Vec<u8>,
    ) -> wasmtime::Result<Result<(), Error>> {
        let store = store_of(accessor, &handle)?;
        Ok(store.set(key, value).await)
    }

    async fn delete(
        accessor: &StoreAccessor,
        handle: Handle,
        key: String,
    ) -> wasmtime::Result<Result<(), Error>> {
        let store = store_of(accessor, &handle)?;
        Ok(store.delete(key).await)
    }

    async fn exists(
        accessor: &StoreAccessor,
        handle: Handle,
        key: String,
    ) -> wasmtime::Result<Result<bool, Error>> {
        let store = store_of(accessor, &handle)?;
        Ok(store.exists(key).await)
    }

    async fn get_keys(
        accessor: &StoreAccessor,
        handle: Handle,
    ) -> wasmtime::Result<(StreamReader<String>, FutureReader<Result<(), Error>>)> {
        let store = store_of(accessor, &handle)?;
        let (keys, end) = store.keys();
        accessor.with(|mut access| {
            Ok((
                StreamReader::new(&mut access, keys)?,
                FutureReader::new(&mut access, async move {
                    // The task sends exactly once; it is gone without a word only when the runtime stops.
                    wasmtime::error::Ok(
                        end.await
                            .unwrap_or_else(|_| Err(Error::Other("interrupted".into()))),
                    )
                })?,
            ))
        })
    }
}
