//! The database: Spin's SQLite, or PostgreSQL where the variable `database_url` is set.
//!
//! One SQL text serves both: parameters `$1, $2 …` appear in ascending order without gaps, since SQLite binds them by
//! position; a number that PostgreSQL could take for an `int4` or a text stands in `CAST($n AS BIGINT)`. No statement begins a
//! transaction: a commit point is one conditional statement.

mod postgres;

use crate::problem::Problem;
use crate::settings;
use spin_sdk::{pg, sqlite};
use std::pin::Pin;
use std::sync::OnceLock;

/// An open connection. Each request opens its own; the host keeps them ready.
pub struct Db(Engine);

enum Engine {
    Sqlite(sqlite::Connection),
    Postgres(pg::Connection),
}

/// A parameter or a column.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// BIGINT: fen, Unix ms, counts.
    Int(i64),
    /// TEXT.
    Text(String),
    /// NULL.
    Null,
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl From<u64> for Value {
    fn from(value: u64) -> Self {
        Self::Int(i64::try_from(value).unwrap_or(i64::MAX))
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

impl From<String> for Value {
    fn from(value: String) -> Self {
        Self::Text(value)
    }
}

impl From<crate::Id> for Value {
    fn from(id: crate::Id) -> Self {
        Self::Text(id.to_string())
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// One row of a result, read by position.
#[derive(Debug)]
pub struct Row(Vec<Value>);

impl Row {
    /// Column `at` as text.
    pub fn text(&self, at: usize) -> Result<&str, Problem> {
        match self.0.get(at) {
            Some(Value::Text(text)) => Ok(text),
            other => Err(wrong(at, "text", other)),
        }
    }

    /// Column `at` as text, or none if it is NULL.
    pub fn optional_text(&self, at: usize) -> Result<Option<&str>, Problem> {
        if self.is_null(at) { Ok(None) } else { self.text(at).map(Some) }
    }

    /// Column `at` as a number.
    pub fn int(&self, at: usize) -> Result<i64, Problem> {
        match self.0.get(at) {
            Some(Value::Int(int)) => Ok(*int),
            other => Err(wrong(at, "a number", other)),
        }
    }

    /// Column `at` as an identifier.
    pub fn id(&self, at: usize) -> Result<crate::Id, Problem> {
        self.text(at)?.parse().map_err(|_| wrong(at, "an id", self.0.get(at)))
    }

    /// Whether column `at` is NULL.
    pub fn is_null(&self, at: usize) -> bool {
        matches!(self.0.get(at), Some(Value::Null))
    }
}

fn wrong(at: usize, wanted: &str, found: Option<&Value>) -> Problem {
    let found = match found {
        Some(Value::Int(_)) => "a number",
        Some(Value::Text(_)) => "other text",
        Some(Value::Null) => "NULL",
        None => "no such column",
    };
    Problem::unavailable(&format!("column {at} should be {wanted}, is {found}"))
}

/// A statement under way. Boxed, so that its code stands once in a component and not in every handler.
pub type Running<'a, T> = Pin<Box<dyn Future<Output = Result<T, DbError>> + 'a>>;

/// Why a statement did not do its work.
#[derive(Debug)]
pub enum DbError {
    /// A unique key is taken already.
    Conflict,
    /// Anything else; nothing was changed.
    Unavailable(String),
}

impl From<DbError> for Problem {
    fn from(error: DbError) -> Self {
        match error {
            DbError::Conflict => Self::unavailable("an unexpected unique conflict"),
            DbError::Unavailable(cause) => Self::unavailable(&cause),
        }
    }
}

impl Db {
    /// Opens the database.
    pub async fn open() -> Result<Self, Problem> {
        let failed = |error: String| Problem::unavailable(&format!("cannot open the database: {error}"));
        let engine = match database_url().await? {
            "" => sqlite::Connection::open_default()
                .await
                .map(Engine::Sqlite)
                .map_err(|error| failed(error.to_string()))?,
            url => Engine::Postgres(postgres::open(url).await.map_err(failed)?),
        };
        Ok(Self(engine))
    }

    /// Runs one statement to its end and gives its rows. Errors are known only when all rows are read, so they are.
    pub fn run<'a>(
        &'a self,
        sql: &'a str,
        parameters: impl IntoIterator<Item = Value>,
    ) -> Running<'a, Vec<Row>> {
        Box::pin(self.execute(sql, parameters.into_iter().collect()))
    }

    async fn execute(&self, sql: &str, parameters: Vec<Value>) -> Result<Vec<Row>, DbError> {
        let connection = match &self.0 {
            Engine::Sqlite(connection) => connection,
            Engine::Postgres(connection) => return postgres::run(connection, sql, parameters).await,
        };
        let parameters = parameters.into_iter().map(|value| match value {
            Value::Int(int) => sqlite::Value::Integer(int),
            Value::Text(text) => sqlite::Value::Text(text),
            Value::Null => sqlite::Value::Null,
        });
        let result = connection.execute(sql, parameters).await.map_err(classify)?;
        let rows = result.collect().await.map_err(classify)?;
        rows.into_iter()
            .map(|row| row.values.into_iter().map(column).collect::<Result<_, _>>().map(Row))
            .collect()
    }

    /// The first row, if there is one.
    pub fn one<'a>(
        &'a self,
        sql: &'a str,
        parameters: impl IntoIterator<Item = Value>,
    ) -> Running<'a, Option<Row>> {
        let rows = self.run(sql, parameters);
        Box::pin(async { Ok(rows.await?.into_iter().next()) })
    }
}

/// Read once for each instance: it does not change while the app runs, and is nobody's personal data.
async fn database_url() -> Result<&'static str, Problem> {
    static URL: OnceLock<String> = OnceLock::new();
    if let Some(url) = URL.get() {
        return Ok(url);
    }
    let url = settings::optional("database_url").await?;
    Ok(URL.get_or_init(|| url))
}

fn column(value: sqlite::Value) -> Result<Value, DbError> {
    match value {
        sqlite::Value::Integer(int) => Ok(Value::Int(int)),
        sqlite::Value::Text(text) => Ok(Value::Text(text)),
        sqlite::Value::Null => Ok(Value::Null),
        sqlite::Value::Real(_) | sqlite::Value::Blob(_) => Err(DbError::foreign_type()),
    }
}

fn classify(error: sqlite::Error) -> DbError {
    let text = match error {
        sqlite::Error::Io(text) => text,
        other => other.to_string(),
    };
    if text.contains("UNIQUE constraint failed") { DbError::Conflict } else { DbError::Unavailable(text) }
}

impl DbError {
    fn foreign_type() -> Self {
        Self::Unavailable("a column of a type that the schema does not use".to_owned())
    }
}
