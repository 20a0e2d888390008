//! PostgreSQL through Spin's pool.

use super::{DbError, Row, Value};
use spin_sdk::pg::{Connection, DbValue, Error, ParameterValue, PgError, QueryError};

/// SQLSTATE of a unique key that is taken.
const UNIQUE_VIOLATION: &str = "23505";

/// A pooled connection to `url`.
pub(super) async fn open(url: &str) -> Result<Connection, String> {
    // The error may quote the address, which holds a password: only its kind is told.
    Connection::open(url).await.map_err(|error| match error {
        Error::PgError(PgError::ConnectionFailed(_)) => "PostgreSQL does not take a connection".to_owned(),
        _ => "PostgreSQL's address is not usable".to_owned(),
    })
}

/// One statement, read to its end.
pub(super) async fn run(
    connection: &Connection,
    sql: &str,
    parameters: impl IntoIterator<Item = Value>,
) -> Result<Vec<Row>, DbError> {
    let parameters: Vec<ParameterValue> = parameters
        .into_iter()
        .map(|value| match value {
            Value::Int(int) => ParameterValue::Int64(int),
            Value::Text(text) => ParameterValue::Str(text),
            Value::Null => ParameterValue::DbNull,
        })
        .collect();
    let mut result = connection.query(sql, parameters).await.map_err(classify)?;
    let mut rows = Vec::new();
    while let Some(row) = result.rows().next().await {
        rows.push(row.into_iter().map(column).collect::<Result<_, _>>().map(Row));
    }
    result.result().await.map_err(classify)?;
    rows.into_iter().collect()
}

fn column(value: DbValue) -> Result<Value, DbError> {
    match value {
        DbValue::Int64(int) => Ok(Value::Int(int)),
        DbValue::Int32(int) => Ok(Value::Int(int.into())),
        DbValue::Str(text) => Ok(Value::Text(text)),
        DbValue::DbNull => Ok(Value::Null),
        _ => Err(DbError::foreign_type()),
    }
}

fn classify(error: Error) -> DbError {
    match error {
        Error::PgError(PgError::QueryFailed(QueryError::DbError(error)))
            if error.code == UNIQUE_VIOLATION =>
        {
            DbError::Conflict
        }
        // The message names the statement's fault; the detail could repeat a row's values and is left out.
        Error::PgError(PgError::QueryFailed(QueryError::DbError(error))) => {
            DbError::Unavailable(format!("PostgreSQL {}: {}", error.code, error.message))
        }
        other => DbError::Unavailable(other.to_string()),
    }
}
