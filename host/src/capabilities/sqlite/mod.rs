//! `spin:sqlite@3.1.0`.

mod connection;
mod database;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

use wasmtime::component::{Accessor, FutureReader, HasSelf, Resource, StreamReader};

use crate::bindings::sqlite::{
    Error, Host, HostConnection, HostConnectionWithStore, QueryResult, RowResult, Value,
};
use crate::engine::{InstanceState, current_request};

pub use connection::Connection;
pub use database::Database;

/// How many connections one instance may hold open, as in Spin.
const MAX_OPEN: usize = 256;

/// The databases that one component may open, by label.
#[derive(Default)]
pub struct Databases(pub BTreeMap<String, Arc<Database>>);

type Handle = Resource<Connection>;
type ConnectionAccessor = Accessor<InstanceState, HasSelf<InstanceState>>;

fn connection_of(accessor: &ConnectionAccessor, handle: &Handle) -> wasmtime::Result<Connection> {
    accessor.with(|mut access| Ok(access.get().table.get(handle)?.clone()))
}

impl InstanceState {
    fn open_database(&mut self, label: &str) -> wasmtime::Result<Result<Handle, Error>> {
        let Some(database) = self.databases.0.get(label).cloned() else {
            return Ok(Err(Error::AccessDenied));
        };
        if self.open_connections >= MAX_OPEN {
            return Ok(Err(Error::Io("too many connections opened".into())));
        }
        self.open_connections += 1;
        Ok(Ok(self.table.push(Connection::new(database))?))
    }
}

impl Host for InstanceState {}

impl HostConnection for InstanceState {
    async fn open(&mut self, label: String) -> wasmtime::Result<Result<Handle, Error>> {
        self.open_database(&label)
    }

    async fn execute(
        &mut self,
        handle: Handle,
        statement: String,
        parameters: Vec<Value>,
    ) -> wasmtime::Result<Result<QueryResult, Error>> {
        let connection = self.table.get(&handle)?.clone();
        let request = self.requests.latest();
        Ok(connection.execute(statement, parameters, request).await)
    }

    async fn last_insert_rowid(&mut self, handle: Handle) -> wasmtime::Result<i64> {
        let connection = self.table.get(&handle)?.clone();
        Ok(connection.last_insert_rowid().await)
    }

    async fn changes(&mut self, handle: Handle) -> wasmtime::Result<u64> {
        let connection = self.table.get(&handle)?.clone();
        Ok(connection.changes().await)
    }

    async fn drop(&mut self, handle: Handle) -> wasmtime::Result<()> {
        self.table.delete(handle)?;
        self.open_connections -= 1;
        Ok(())
    }
}

type Rows = (
    Vec<String>,
    StreamReader<RowResult>,
    FutureReader<Result<(), Error>>,
);

impl HostConnectionWithStore<InstanceState> for HasSelf<InstanceState> {
    async fn open_async(
        accessor: &ConnectionAccessor,
        label: String,
    ) -> wasmtime::Result<Result<Handle, Error>> {
        accessor.with(|mut access| access.get().open_database(&label))
    }

    async fn execute_async(
        accessor: &ConnectionAccessor,
        handle: Handle,
        statement: String,
        parameters: Vec<Value>,
    ) -> wasmtime::Result<Result<Rows, Error>> {
        let connection = connection_of(accessor, &handle)?;
        let request = accessor.with(|mut access| current_request(&mut access));
        let result = match connection.execute(statement, parameters, request).await {
            Ok(result) => result,
            Err(error) => return Ok(Err(error)),
        };
        // All rows are here, within the result limit: a guest that leaves a stream half read
        // holds neither a lock nor a thread.
        accessor.with(|mut access| {
            Ok(Ok((
                result.columns,
                StreamReader::new(&mut access, result.rows)?,
                FutureReader::new(&mut access, async { wasmtime::error::Ok(Ok(())) })?,
            )))
        })
    }

    async fn last_insert_rowid_async(
        accessor: &ConnectionAccessor,
        handle: Handle,
    ) -> wasmtime::Result<i64> {
        let connection = connection_of(accessor, &handle)?;
        Ok(connection.last_insert_rowid().await)
    }

    async fn changes_async(accessor: &ConnectionAccessor, handle: Handle) -> wasmtime::Result<u64> {
        let connection = connection_of(accessor, &handle)?;
        Ok(connection.changes().await)
    }
}
