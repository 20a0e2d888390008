//! `spin:postgres`: connections come from a pool per address and go back to it as the guest left them.
//!
//! That is Spin's behaviour, its hazard included: what follows on a connection whose `BEGIN` was never ended is part of
//! that transaction. A host that cleaned up would hide the defect until production.

mod once;
mod pool;
mod run;
mod types;
mod values;

pub use once::{host_of, once};
pub use pool::Pools;

use crate::guest::{Guest, postgres};
use crate::outbound::AllowList;
use postgres::{Column, Error, ParameterValue, Row, RowSet};
use std::sync::Arc;
use wasmtime::component::{Accessor, FutureReader, HasSelf, Resource, StreamReader};

/// A guest's handle. A call in flight keeps the connection out of the pool.
pub struct Connection(Arc<deadpool_postgres::Object>);

/// A guest's handle: an address that may be opened later.
pub struct Builder(String);

/// All that opening needs, apart from the store.
struct Gate {
    allowed: Arc<AllowList>,
    pools: Arc<Pools>,
}

impl Gate {
    async fn open(self, address: &str) -> Result<Connection, Error> {
        pool::hold_to(&self.allowed, address).map_err(Error::ConnectionFailed)?;
        self.pools.take(address).await.map(|object| Connection(Arc::new(object)))
    }
}

impl Guest {
    fn gate(&self) -> Gate {
        Gate { allowed: self.outbound.0.clone(), pools: self.grants.postgres.clone() }
    }

    fn client(&self, connection: &Resource<Connection>) -> wasmtime::Result<Arc<deadpool_postgres::Object>> {
        Ok(self.table.get(connection)?.0.clone())
    }

    fn keep(
        &mut self,
        opened: Result<Connection, Error>,
    ) -> wasmtime::Result<Result<Resource<Connection>, Error>> {
        Ok(match opened {
            Ok(connection) => Ok(self.table.push(connection)?),
            Err(error) => Err(error),
        })
    }
}

impl postgres::Host for Guest {}

impl postgres::HostConnectionBuilder for Guest {
    async fn new(&mut self, address: String) -> wasmtime::Result<Resource<Builder>> {
        Ok(self.table.push(Builder(address))?)
    }

    async fn set_ca_root(&mut self, _: Resource<Builder>, _: String) -> wasmtime::Result<Result<(), Error>> {
        Ok(Err(Error::Other("a root certificate needs TLS, which this host does not have".to_owned())))
    }

    async fn build(
        &mut self,
        builder: Resource<Builder>,
    ) -> wasmtime::Result<Result<Resource<Connection>, Error>> {
        let address = self.table.get(&builder)?.0.clone();
        let opened = self.gate().open(&address).await;
        self.keep(opened)
    }

    async fn drop(&mut self, builder: Resource<Builder>) -> wasmtime::Result<()> {
        self.table.delete(builder)?;
        Ok(())
    }
}

impl<T: Send> postgres::HostConnectionBuilderWithStore<T> for HasSelf<Guest> {
    async fn build_async(
        accessor: &Accessor<T, Self>,
        builder: Resource<Builder>,
    ) -> wasmtime::Result<Result<Resource<Connection>, Error>> {
        let (gate, address) = accessor.with(|mut access| -> wasmtime::Result<_> {
            let guest = access.get();
            Ok((guest.gate(), guest.table.get(&builder)?.0.clone()))
        })?;
        let opened = gate.open(&address).await;
        accessor.with(|mut access| access.get().keep(opened))
    }
}

impl postgres::HostConnection for Guest {
    async fn open(&mut self, address: String) -> wasmtime::Result<Result<Resource<Connection>, Error>> {
        let opened = self.gate().open(&address).await;
        self.keep(opened)
    }

    async fn query(
        &mut self,
        connection: Resource<Connection>,
        statement: String,
        parameters: Vec<ParameterValue>,
    ) -> wasmtime::Result<Result<RowSet, Error>> {
        Ok(run::query(&*self.client(&connection)?, &statement, &parameters).await)
    }

    async fn execute(
        &mut self,
        connection: Resource<Connection>,
        statement: String,
        parameters: Vec<ParameterValue>,
    ) -> wasmtime::Result<Result<u64, Error>> {
        Ok(run::execute(&*self.client(&connection)?, &statement, &parameters).await)
    }

    async fn drop(&mut self, connection: Resource<Connection>) -> wasmtime::Result<()> {
        self.table.delete(connection)?;
        Ok(())
    }
}

type Streamed = (Vec<Column>, StreamReader<Row>, FutureReader<Result<(), Error>>);

impl<T: Send> postgres::HostConnectionWithStore<T> for HasSelf<Guest> {
    async fn open_async(
        accessor: &Accessor<T, Self>,
        address: String,
    ) -> wasmtime::Result<Result<Resource<Connection>, Error>> {
        let opened = accessor.with(|mut access| access.get().gate()).open(&address).await;
        accessor.with(|mut access| access.get().keep(opened))
    }

    async fn query_async(
        accessor: &Accessor<T, Self>,
        connection: Resource<Connection>,
        statement: String,
        parameters: Vec<ParameterValue>,
    ) -> wasmtime::Result<Result<Streamed, Error>> {
        let client = accessor.with(|mut access| access.get().client(&connection))?;
        let (columns, rows, ended) = match run::stream(&client, &statement, &parameters).await {
            Ok(streamed) => streamed,
            Err(error) => return Ok(Err(error)),
        };
        accessor.with(|mut access| {
            let rows = StreamReader::new(&mut access, rows)?;
            Ok(Ok((columns, rows, FutureReader::new(&mut access, ended)?)))
        })
    }

    async fn execute_async(
        accessor: &Accessor<T, Self>,
        connection: Resource<Connection>,
        statement: String,
        parameters: Vec<ParameterValue>,
    ) -> wasmtime::Result<Result<u64, Error>> {
        let client = accessor.with(|mut access| access.get().client(&connection))?;
        Ok(run::execute(&client, &statement, &parameters).await)
    }
}
