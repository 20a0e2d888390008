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

/// One statement, read to its end. A SELECT whose connection is lost under it is asked once more on a new one; whether a
/// write was done is not known, so the caller decides.
pub(super) async fn run(
    connection: &Connection,
    sql: &str,
    parameters: Vec<Value>,
) -> Result<Vec<Row>, DbError> {
    let parameters: Vec<ParameterValue> = parameters
        .into_iter()
        .map(|value| match value {
            Value::Int(int) => ParameterValue::Int64(int),
            Value::Text(text) => ParameterValue::Str(text),
            Value::Null => ParameterValue::DbNull,
        })
        .collect();
    match query(connection, sql, parameters.clone()).await {
        Err(error) if sql.starts_with("SELECT") && is_lost(&error) => {
            let url = super::database_url().await.map_err(|problem| DbError::Unavailable(problem.detail))?;
            let fresh = open(url).await.map_err(DbError::Unavailable)?;
            query(&fresh, sql, parameters).await
        }
        done => done,
    }
    .map_err(classify)?
    .into_iter()
    .map(|row| row.into_iter().map(column).collect::<Result<_, _>>().map(Row))
    .collect()
}

async fn query(
    connection: &Connection,
    sql: &str,
    parameters: Vec<ParameterValue>,
) -> Result<Vec<Vec<DbValue>>, Error> {
    let mut result = connection.query(sql, parameters).await?;
    let mut rows = Vec::new();
    while let Some(row) = result.rows().next().await {
        rows.push(row);
    }
    result.result().await?;
    Ok(rows)
}

/// Whether the server is gone or going: class 08, a shutdown (57P01 to 57P03), or no word from it at all.
fn is_lost(error: &Error) -> bool {
    match error {
        Error::PgError(PgError::QueryFailed(QueryError::DbError(error))) => {
            error.code.starts_with("08") || error.code.starts_with("57P0")
        }
        Error::PgError(PgError::QueryFailed(QueryError::Text(_)) | PgError::ConnectionFailed(_)) => true,
        _ => false,
    }
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
