//! Statements. Each is prepared anew with the types that the server infers; nothing is cached, as on Spin.

use super::values;
use crate::guest::postgres::{Column, DbError, Error, ParameterValue, QueryError, Row, RowSet};
use deadpool_postgres::Object;
use futures::{StreamExt, TryStreamExt};
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_postgres::RowStream;
use wasmtime::StoreContextMut;
use wasmtime::component::{Destination, StreamProducer, StreamResult};

/// Most that a result, or one row of a streamed one, may hold, as on Spin.
const MAX_RESULT_BYTES: usize = 128 << 20;
/// Rows that wait for a guest.
const ROWS_AHEAD: usize = 4;

/// Rows affected. A parameter that is no value of its kind gives `value-conversion-failed`.
pub async fn execute(client: &Object, statement: &str, parameters: &[ParameterValue]) -> Result<u64, Error> {
    let parameters =
        values::parameters(parameters).map_err(|error| Error::ValueConversionFailed(format!("{error:?}")))?;
    client.execute_raw(statement, parameters).await.map_err(refused)
}

async fn rows(
    client: &Object,
    statement: &str,
    parameters: &[ParameterValue],
) -> Result<Pin<Box<RowStream>>, Error> {
    let parameters =
        values::parameters(parameters).map_err(|error| Error::BadParameter(format!("{error:?}")))?;
    Ok(Box::pin(client.query_raw(statement, parameters).await.map_err(refused)?))
}

/// All rows at once. An error that comes while rows are read, a unique violation for one, is text here and has no
/// code: Spin does the same.
pub async fn query(client: &Object, statement: &str, parameters: &[ParameterValue]) -> Result<RowSet, Error> {
    let mut found = rows(client, statement, parameters).await?;
    let mut set = RowSet { columns: Vec::new(), rows: Vec::new() };
    let mut bytes = size_of::<RowSet>();
    while let Some(row) = found.try_next().await.map_err(|error| text(format!("{:?}", refused(error))))? {
        if set.rows.is_empty() {
            set.columns = values::columns(&row);
        }
        let row = values::row(&row).map_err(|error| text(format!("{:?}", text(format!("{error:?}")))))?;
        bytes += values::bytes(&row);
        if bytes > MAX_RESULT_BYTES {
            return Err(too_large());
        }
        set.rows.push(row);
    }
    Ok(set)
}

/// Columns, rows as the guest takes them, and how they ended. Without a row there are no columns, as on Spin.
pub async fn stream(
    client: &Object,
    statement: &str,
    parameters: &[ParameterValue],
) -> Result<(Vec<Column>, Rows, JoinHandle<Result<(), Error>>), Error> {
    let mut rest = rows(client, statement, parameters).await?;
    let mut next = rest.next().await;
    let columns = match &next {
        Some(Ok(row)) => values::columns(row),
        Some(Err(_)) | None => Vec::new(),
    };
    let (sender, receiver) = mpsc::channel(ROWS_AHEAD);
    let ended = tokio::spawn(async move {
        while let Some(row) = next {
            let row = values::row(&row.map_err(refused)?).map_err(|error| text(format!("{error:?}")))?;
            if values::bytes(&row) > MAX_RESULT_BYTES {
                return Err(too_large());
            }
            // A guest that wants no more rows is not told of later errors.
            if sender.send(row).await.is_err() {
                return Ok(());
            }
            next = tokio::select! {
                biased;
                () = sender.closed() => return Ok(()),
                next = rest.next() => next,
            };
        }
        Ok(())
    });
    Ok((columns, Rows(receiver), ended))
}

/// The rows of a query on their way to the guest.
pub struct Rows(mpsc::Receiver<Row>);

impl<D> StreamProducer<D> for Rows {
    type Item = Row;
    type Buffer = Option<Row>;

    fn poll_produce<'a>(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        store: StoreContextMut<'a, D>,
        mut destination: Destination<'a, Row, Option<Row>>,
        finish: bool,
    ) -> Poll<wasmtime::Result<StreamResult>> {
        // A channel cannot be asked whether it is ready without taking the row.
        if destination.remaining(store) == Some(0) {
            return Poll::Ready(Ok(StreamResult::Completed));
        }
        Poll::Ready(Ok(match self.0.poll_recv(cx) {
            Poll::Ready(Some(row)) => {
                destination.set_buffer(Some(row));
                StreamResult::Completed
            }
            Poll::Ready(None) => StreamResult::Dropped,
            Poll::Pending if finish => StreamResult::Cancelled,
            Poll::Pending => return Poll::Pending,
        }))
    }
}

fn text(text: String) -> Error {
    Error::QueryFailed(QueryError::Text(text))
}

fn too_large() -> Error {
    text(format!("query result exceeds limit of {MAX_RESULT_BYTES} bytes"))
}

/// The server's own words where it has said something, the driver's otherwise.
fn refused(error: tokio_postgres::Error) -> Error {
    let as_text = format!("{error:?}");
    let Some(said) = error.as_db_error() else { return text(as_text) };
    let line = said.line().map(|line| line.to_string());
    let extras = [
        ("column", said.column()),
        ("constraint", said.constraint()),
        ("routine", said.routine()),
        ("hint", said.hint()),
        ("table", said.table()),
        ("datatype", said.datatype()),
        ("schema", said.schema()),
        ("file", said.file()),
        ("line", line.as_deref()),
        ("where_", said.where_()),
    ];
    let extras = extras.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned())));
    Error::QueryFailed(QueryError::DbError(DbError {
        as_text,
        severity: said.severity().to_owned(),
        code: said.code().code().to_owned(),
        message: said.message().to_owned(),
        detail: said.detail().map(str::to_owned),
        extras: extras.collect(),
    }))
}
