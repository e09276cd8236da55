//! `spin:postgres@4.2.0`.
#![expect(clippy::result_large_err, reason = "the error is Spin's own type")]

mod connection;
mod pools;
#[cfg(test)]
mod tests;
mod tls;
mod values;

use std::sync::Arc;

use wasmtime::component::{Accessor, FutureReader, HasSelf, Resource, StreamReader};

use crate::bindings::postgres::{
    Column, Error, Host, HostConnection, HostConnectionBuilder, HostConnectionBuilderWithStore,
    HostConnectionWithStore, ParameterValue, Row, RowSet,
};
use crate::engine::{InstanceState, RequestContext, current_request};
use crate::outbound_hosts::AllowedHosts;

pub use connection::Connection;
pub use pools::{Pools, server};

/// How many connections one instance may hold open, as with SQLite.
const MAX_OPEN: usize = 256;

/// The servers that one component may reach, and the connections to them.
#[derive(Clone, Default)]
pub struct Postgres {
    /// The component's `allowed_outbound_hosts`.
    pub allowed: Arc<AllowedHosts>,
    /// Its connections that are open.
    pub pools: Arc<Pools>,
}

/// Where a connection is to go, and whom to trust there.
pub struct ConnectionBuilder {
    address: String,
    /// A certificate in PEM.
    ca_root: Option<String>,
}

type Handle = Resource<Connection>;
type BuilderHandle = Resource<ConnectionBuilder>;
type ConnectionAccessor = Accessor<InstanceState, HasSelf<InstanceState>>;
type Rows = (
    Vec<Column>,
    StreamReader<Row>,
    FutureReader<Result<(), Error>>,
);

impl Postgres {
    async fn open(
        &self,
        address: &str,
        ca_root: Option<&str>,
        request: Option<Arc<RequestContext>>,
    ) -> Result<Connection, Error> {
        self.pools
            .connect(&self.allowed, address, ca_root, request)
            .await
            .map_err(Error::ConnectionFailed)
    }
}

impl InstanceState {
    fn may_open_postgres(&mut self) -> Result<Postgres, Error> {
        if self.open_connections >= MAX_OPEN {
            let reason = "too many connections opened".to_owned();
            return Err(Error::ConnectionFailed(reason));
        }
        self.open_connections += 1;
        Ok(self.postgres.clone())
    }

    fn keep_postgres(
        &mut self,
        connection: Result<Connection, Error>,
    ) -> wasmtime::Result<Result<Handle, Error>> {
        match connection {
            Ok(connection) => Ok(Ok(self.table.push(connection)?)),
            Err(error) => {
                self.open_connections -= 1;
                Ok(Err(error))
            }
        }
    }

    async fn open_postgres(
        &mut self,
        address: &str,
        ca_root: Option<&str>,
    ) -> wasmtime::Result<Result<Handle, Error>> {
        let postgres = match self.may_open_postgres() {
            Ok(postgres) => postgres,
            Err(error) => return Ok(Err(error)),
        };
        let request = self.requests.latest();
        let connection = postgres.open(address, ca_root, request).await;
        self.keep_postgres(connection)
    }
}

/// As [`InstanceState::open_postgres`], while others of the instance's calls go on.
async fn open(
    accessor: &ConnectionAccessor,
    address: &str,
    ca_root: Option<&str>,
) -> wasmtime::Result<Result<Handle, Error>> {
    let (postgres, request) = accessor.with(|mut access| {
        let request = current_request(&mut access);
        (access.get().may_open_postgres(), request)
    });
    let connection = match postgres {
        Ok(postgres) => postgres.open(address, ca_root, request).await,
        Err(error) => return Ok(Err(error)),
    };
    accessor.with(|mut access| access.get().keep_postgres(connection))
}

fn connection_of(accessor: &ConnectionAccessor, handle: &Handle) -> wasmtime::Result<Connection> {
    accessor.with(|mut access| Ok(access.get().table.get(handle)?.clone()))
}

impl Host for InstanceState {}

impl HostConnectionBuilder for InstanceState {
    async fn new(&mut self, address: String) -> wasmtime::Result<BuilderHandle> {
        let ca_root = None;
        Ok(self.table.push(ConnectionBuilder { address, ca_root })?)
    }

    async fn set_ca_root(
        &mut self,
        builder: BuilderHandle,
        certificate: String,
    ) -> wasmtime::Result<Result<(), Error>> {
        if let Err(reason) = tls::check_certificate(&certificate) {
            return Ok(Err(Error::Other(reason)));
        }
        self.table.get_mut(&builder)?.ca_root = Some(certificate);
        Ok(Ok(()))
    }

    async fn build(&mut self, builder: BuilderHandle) -> wasmtime::Result<Result<Handle, Error>> {
        let ConnectionBuilder { address, ca_root } = self.table.get(&builder)?;
        let (address, ca_root) = (address.clone(), ca_root.clone());
        self.open_postgres(&address, ca_root.as_deref()).await
    }

    async fn drop(&mut self, builder: BuilderHandle) -> wasmtime::Result<()> {
        self.table.delete(builder)?;
        Ok(())
    }
}

impl HostConnectionBuilderWithStore<InstanceState> for HasSelf<InstanceState> {
    async fn build_async(
        accessor: &ConnectionAccessor,
        builder: BuilderHandle,
    ) -> wasmtime::Result<Result<Handle, Error>> {
        let (address, ca_root) = accessor.with(|mut access| {
            let ConnectionBuilder { address, ca_root } = access.get().table.get(&builder)?;
            wasmtime::error::Ok((address.clone(), ca_root.clone()))
        })?;
        open(accessor, &address, ca_root.as_deref()).await
    }
}

impl HostConnection for InstanceState {
    async fn open(&mut self, address: String) -> wasmtime::Result<Result<Handle, Error>> {
        self.open_postgres(&address, None).await
    }

    async fn query(
        &mut self,
        handle: Handle,
        statement: String,
        parameters: Vec<ParameterValue>,
    ) -> wasmtime::Result<Result<RowSet, Error>> {
        let connection = self.table.get(&handle)?.clone();
        let request = self.requests.latest();
        let result = connection.query(&statement, parameters, request).await;
        Ok(result.map(|(columns, rows)| RowSet { columns, rows }))
    }

    async fn execute(
        &mut self,
        handle: Handle,
        statement: String,
        parameters: Vec<ParameterValue>,
    ) -> wasmtime::Result<Result<u64, Error>> {
        let connection = self.table.get(&handle)?.clone();
        let request = self.requests.latest();
        Ok(connection.execute(&statement, parameters, request).await)
    }

    async fn drop(&mut self, handle: Handle) -> wasmtime::Result<()> {
        self.table.delete(handle)?;
        self.open_connections -= 1;
        Ok(())
    }
}

impl HostConnectionWithStore<InstanceState> for HasSelf<InstanceState> {
    async fn open_async(
        accessor: &ConnectionAccessor,
        address: String,
    ) -> wasmtime::Result<Result<Handle, Error>> {
        open(accessor, &address, None).await
    }

    async fn query_async(
        accessor: &ConnectionAccessor,
        handle: Handle,
        statement: String,
        parameters: Vec<ParameterValue>,
    ) -> wasmtime::Result<Result<Rows, Error>> {
        let connection = connection_of(accessor, &handle)?;
        let request = accessor.with(|mut access| current_request(&mut access));
        let (columns, rows) = match connection.query(&statement, parameters, request).await {
            Ok(result) => result,
            Err(error) => return Ok(Err(error)),
        };
        // All rows are here, within the result limit: a guest that leaves a stream half read holds nothing.
        accessor.with(|mut access| {
            Ok(Ok((
                columns,
                StreamReader::new(&mut access, rows)?,
                FutureReader::new(&mut access, async { wasmtime::error::Ok(Ok(())) })?,
            )))
        })
    }

    async fn execute_async(
        accessor: &ConnectionAccessor,
        handle: Handle,
        statement: String,
        parameters: Vec<ParameterValue>,
    ) -> wasmtime::Result<Result<u64, Error>> {
        let connection = connection_of(accessor, &handle)?;
        let request = accessor.with(|mut access| current_request(&mut access));
        Ok(connection.execute(&statement, parameters, request).await)
    }
}
