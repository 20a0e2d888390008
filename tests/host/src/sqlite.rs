//! `spin:sqlite`: each open is a connection of its own; statements run off the event loop.

use crate::guest::{Guest, sqlite};
use rusqlite::hooks::{AuthAction, AuthContext, Authorization};
use rusqlite::types::ValueRef;
use sqlite::{Error, QueryResult, RowResult, Value};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};
use wasmtime::component::{Accessor, FutureReader, HasSelf, Resource, StreamReader};

/// Most a single result may hold, as on Spin.
const MAX_RESULT_BYTES: usize = 128 << 20;
/// Connections kept between uses, per file.
const KEPT_PER_FILE: usize = 32;

/// Connections that were given back in the state in which a new one would be.
#[derive(Default)]
pub struct Pool(Mutex<HashMap<PathBuf, Vec<rusqlite::Connection>>>);

impl Pool {
    fn take(&self, path: &Path) -> Option<rusqlite::Connection> {
        lock(&self.0).get_mut(path)?.pop()
    }

    fn give_back(&self, path: &Path, connection: rusqlite::Connection) {
        let mut kept = lock(&self.0);
        let kept = kept.entry(path.to_owned()).or_default();
        if kept.len() < KEPT_PER_FILE {
            kept.push(connection);
        }
    }
}

/// A guest's handle.
pub struct Connection(Arc<Mutex<Inner>>);

struct Inner {
    /// Taken out only when dropped.
    connection: Option<rusqlite::Connection>,
    path: PathBuf,
    pool: Arc<Pool>,
    /// Nothing but plain reads and writes ran on it.
    plain: bool,
    last_insert_rowid: i64,
    changes: u64,
}

impl Drop for Inner {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take()
            && self.plain
            && connection.is_autocommit()
        {
            self.pool.give_back(&self.path, connection);
        }
    }
}

impl Connection {
    fn open(path: PathBuf, pool: Arc<Pool>) -> Result<Self, Error> {
        let connection = match pool.take(&path) {
            Some(connection) => connection,
            None => open_file(&path).map_err(io)?,
        };
        let inner =
            Inner { connection: Some(connection), path, pool, plain: true, last_insert_rowid: 0, changes: 0 };
        Ok(Self(Arc::new(Mutex::new(inner))))
    }
}

/// A connection as Spin makes it: five seconds of patience, foreign keys on, no attaching of files.
fn open_file(path: &Path) -> rusqlite::Result<rusqlite::Connection> {
    let connection = rusqlite::Connection::open(path)?;
    connection.authorizer(Some(|context: AuthContext<'_>| match context.action {
        AuthAction::Attach { filename } if !matches!(filename, "" | ":memory:") => Authorization::Deny,
        _ => Authorization::Allow,
    }));
    Ok(connection)
}

impl Inner {
    /// Columns, then either all rows or the error that ended them.
    fn run(
        &mut self,
        statement: &str,
        parameters: Vec<Value>,
    ) -> (Vec<String>, Vec<RowResult>, Result<(), Error>) {
        let first_word = statement.split_whitespace().next().unwrap_or("").to_ascii_uppercase();
        self.plain &= matches!(first_word.as_str(), "SELECT" | "INSERT" | "UPDATE" | "DELETE" | "WITH");
        let connection = self.connection.as_ref().expect("present until dropped");
        let mut columns = Vec::new();
        let mut rows = Vec::new();
        let result = read_all(connection, statement, parameters, &mut columns, &mut rows);
        self.last_insert_rowid = connection.last_insert_rowid();
        self.changes = connection.changes();
        (columns, rows, result)
    }
}

fn read_all(
    connection: &rusqlite::Connection,
    statement: &str,
    parameters: Vec<Value>,
    columns: &mut Vec<String>,
    rows: &mut Vec<RowResult>,
) -> Result<(), Error> {
    let mut prepared = connection.prepare_cached(statement).map_err(io)?;
    columns.extend(prepared.column_names().into_iter().map(str::to_owned));
    let width = columns.len();
    let mut cursor =
        prepared.query(rusqlite::params_from_iter(parameters.into_iter().map(bound))).map_err(io)?;
    let mut bytes = 0;
    while let Some(row) = cursor.next().map_err(io)? {
        let mut values = Vec::with_capacity(width);
        for column in 0..width {
            let value = match row.get_ref(column).map_err(io)? {
                ValueRef::Null => Value::Null,
                ValueRef::Integer(i) => Value::Integer(i),
                ValueRef::Real(r) => Value::Real(r),
                ValueRef::Text(t) => Value::Text(String::from_utf8_lossy(t).into_owned()),
                ValueRef::Blob(b) => Value::Blob(b.to_vec()),
            };
            bytes += size_of::<Value>()
                + match &value {
                    Value::Text(t) => t.len(),
                    Value::Blob(b) => b.len(),
                    _ => 0,
                };
            values.push(value);
        }
        if bytes > MAX_RESULT_BYTES {
            return Err(Error::Io(format!("query result exceeds limit of {MAX_RESULT_BYTES} bytes")));
        }
        rows.push(RowResult { values });
    }
    Ok(())
}

fn bound(value: Value) -> rusqlite::types::Value {
    match value {
        Value::Null => rusqlite::types::Value::Null,
        Value::Integer(i) => rusqlite::types::Value::Integer(i),
        Value::Real(r) => rusqlite::types::Value::Real(r),
        Value::Text(t) => rusqlite::types::Value::Text(t),
        Value::Blob(b) => rusqlite::types::Value::Blob(b),
    }
}

fn io(error: rusqlite::Error) -> Error {
    Error::Io(error.to_string())
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// Runs `work` where it may block.
async fn off_the_loop<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> wasmtime::Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(wasmtime::Error::from)
}

impl Guest {
    fn database(&self, label: &str) -> Result<(PathBuf, Arc<Pool>), Error> {
        if !self.grants.databases.contains(label) {
            return Err(Error::AccessDenied);
        }
        let path = self.grants.database_files.get(label).ok_or(Error::NoSuchDatabase)?;
        Ok((path.clone(), self.grants.pool.clone()))
    }

    fn inner(&self, connection: &Resource<Connection>) -> wasmtime::Result<Arc<Mutex<Inner>>> {
        Ok(self.table.get(connection)?.0.clone())
    }
}

impl sqlite::Host for Guest {}

impl sqlite::HostConnection for Guest {
    async fn open(&mut self, label: String) -> wasmtime::Result<Result<Resource<Connection>, Error>> {
        let opened = match self.database(&label) {
            Ok((path, pool)) => off_the_loop(move || Connection::open(path, pool)).await?,
            Err(error) => Err(error),
        };
        Ok(match opened {
            Ok(connection) => Ok(self.table.push(connection)?),
            Err(error) => Err(error),
        })
    }

    async fn execute(
        &mut self,
        connection: Resource<Connection>,
        statement: String,
        parameters: Vec<Value>,
    ) -> wasmtime::Result<Result<QueryResult, Error>> {
        let inner = self.inner(&connection)?;
        let (columns, rows, result) = off_the_loop(move || lock(&inner).run(&statement, parameters)).await?;
        Ok(result.map(|()| QueryResult { columns, rows }))
    }

    async fn last_insert_rowid(&mut self, connection: Resource<Connection>) -> wasmtime::Result<i64> {
        Ok(lock(&*self.inner(&connection)?).last_insert_rowid)
    }

    async fn changes(&mut self, connection: Resource<Connection>) -> wasmtime::Result<u64> {
        Ok(lock(&*self.inner(&connection)?).changes)
    }

    async fn drop(&mut self, connection: Resource<Connection>) -> wasmtime::Result<()> {
        self.table.delete(connection)?;
        Ok(())
    }
}

type Streamed = (Vec<String>, StreamReader<RowResult>, FutureReader<Result<(), Error>>);

impl<T: Send> sqlite::HostConnectionWithStore<T> for HasSelf<Guest> {
    async fn open_async(
        accessor: &Accessor<T, Self>,
        label: String,
    ) -> wasmtime::Result<Result<Resource<Connection>, Error>> {
        let opened = match accessor.with(|mut access| access.get().database(&label)) {
            Ok((path, pool)) => off_the_loop(move || Connection::open(path, pool)).await?,
            Err(error) => Err(error),
        };
        Ok(match opened {
            Ok(connection) => Ok(accessor.with(|mut access| access.get().table.push(connection))?),
            Err(error) => Err(error),
        })
    }

    async fn execute_async(
        accessor: &Accessor<T, Self>,
        connection: Resource<Connection>,
        statement: String,
        parameters: Vec<Value>,
    ) -> wasmtime::Result<Result<Streamed, Error>> {
        let inner = accessor.with(|mut access| access.get().inner(&connection))?;
        let (columns, rows, result) = off_the_loop(move || lock(&inner).run(&statement, parameters)).await?;
        accessor.with(|mut access| {
            let rows = StreamReader::new(&mut access, rows)?;
            let result = FutureReader::new(&mut access, async move { wasmtime::Result::<_>::Ok(result) })?;
            Ok(Ok((columns, rows, result)))
        })
    }

    async fn last_insert_rowid_async(
        accessor: &Accessor<T, Self>,
        connection: Resource<Connection>,
    ) -> wasmtime::Result<i64> {
        let inner = accessor.with(|mut access| access.get().inner(&connection))?;
        Ok(lock(&inner).last_insert_rowid)
    }

    async fn changes_async(
        accessor: &Accessor<T, Self>,
        connection: Resource<Connection>,
    ) -> wasmtime::Result<u64> {
        let inner = accessor.with(|mut access| access.get().inner(&connection))?;
        Ok(lock(&inner).changes)
    }
}
