//! Drives `spin:postgres`. The body is a statement; each further line is one parameter: its kind, a blank, its value.

use crate::text;
use spin_sdk::pg::wit::postgres::Connection as Plain;
use spin_sdk::pg::{
    Connection, DbValue, Error, Interval, OpenOptions, ParameterValue, PgError, RangeBoundKind,
};
use std::str::FromStr;
use zerotrip_platform::{Problem, Reply, Request, settings};

/// What came back, or the error as it came, without the interface's own name before each word.
fn shown(found: Result<String, PgError>) -> Reply {
    let said = found.unwrap_or_else(|error| format!("{error:?}"));
    let prefixes = ["DbValue::", "DbDataType::", "QueryError::", "RangeBoundKind::"];
    text(prefixes.iter().fold(said, |said, prefix| said.replace(prefix, "")))
}

/// Answers `/g/pg/…`; `?address=` beats the variable `database`.
pub async fn answer(request: &Request, path: &[&str]) -> Result<Reply, Problem> {
    let address = match request.parameter("address") {
        Some(address) => address,
        None => settings::get("database").await?,
    };
    let body = std::str::from_utf8(&request.body).map_err(|_| Problem::invalid("body"))?;
    let mut lines = body.lines();
    let statement = lines.next().unwrap_or("").to_owned();
    let parameters: Vec<ParameterValue> = lines
        .map(|line| parameter(line).ok_or_else(|| Problem::invalid("body")))
        .collect::<Result<_, _>>()?;
    Ok(match *path {
        ["open"] => shown(Connection::open(address).await.map(|_| "opened".to_owned()).map_err(plain)),
        ["build"] => {
            let built = Connection::open_with_options(address, OpenOptions::default()).await;
            shown(built.map(|_| "built".to_owned()).map_err(plain))
        }
        ["query"] => shown(query(&address, statement, parameters).await.map_err(plain)),
        ["query-sync"] => {
            shown(Plain::open(&address).and_then(|connection| connection.query(&statement, &parameters)).map(
                |set| rows(set.columns.iter().map(|c| format!("{:?}", c.data_type)).collect(), &set.rows),
            ))
        }
        ["execute"] => shown(execute(&address, statement, parameters).await.map_err(plain)),
        ["execute-sync"] => shown(
            Plain::open(&address)
                .and_then(|connection| connection.execute(&statement, &parameters))
                .map(|rows| rows.to_string()),
        ),
        ["begin", end] => {
            let begun = async {
                let connection = Connection::open(address).await?;
                connection.execute("BEGIN", []).await?;
                connection.execute(statement, parameters).await?;
                Ok(connection)
            };
            let begun = begun.await.map_err(plain);
            assert_ne!(end, "panic", "as asked");
            shown(begun.map(|_| "left open".to_owned()))
        }
        _ => return Err(Problem::not_found()),
    })
}

async fn query(address: &str, statement: String, parameters: Vec<ParameterValue>) -> Result<String, Error> {
    let connection = Connection::open(address).await?;
    let mut found = connection.query(statement, parameters).await?;
    let types = found.columns().iter().map(|column| format!("{:?}", column.data_type)).collect();
    let mut all = Vec::new();
    while let Some(row) = found.rows().next().await {
        all.push(row);
    }
    found.result().await?;
    Ok(rows(types, &all))
}

async fn execute(address: &str, statement: String, parameters: Vec<ParameterValue>) -> Result<String, Error> {
    let connection = Connection::open(address).await?;
    Ok(connection.execute(statement, parameters).await?.to_string())
}

fn rows(types: Vec<String>, rows: &[Vec<DbValue>]) -> String {
    format!("{} {rows:?}", types.join(" "))
}

fn plain(error: Error) -> PgError {
    match error {
        Error::PgError(error) => error,
        Error::Decode(text) => PgError::Other(text),
    }
}

fn parameter(line: &str) -> Option<ParameterValue> {
    fn one<T: FromStr>(value: &str) -> Option<T> {
        value.parse().ok()
    }
    fn numbers<T: FromStr, const N: usize>(value: &str) -> Option<[T; N]> {
        value.split(' ').map(one).collect::<Option<Vec<T>>>()?.try_into().ok()
    }
    fn array<T: FromStr>(value: &str) -> Vec<Option<T>> {
        value.split(' ').map(one).collect()
    }
    let small = |n: i64| u8::try_from(n).ok();
    let nano = |n: i64| u32::try_from(n).ok();
    let year = |n: i64| i32::try_from(n).ok();
    let (kind, value) = line.split_once(' ').unwrap_or((line, ""));
    Some(match kind {
        "boolean" => ParameterValue::Boolean(one(value)?),
        "int8" => ParameterValue::Int8(one(value)?),
        "int16" => ParameterValue::Int16(one(value)?),
        "int32" => ParameterValue::Int32(one(value)?),
        "int64" => ParameterValue::Int64(one(value)?),
        "floating32" => ParameterValue::Floating32(one(value)?),
        "floating64" => ParameterValue::Floating64(one(value)?),
        "str" => ParameterValue::Str(value.to_owned()),
        "binary" => ParameterValue::Binary(value.as_bytes().to_vec()),
        "date" => {
            let [y, m, d] = numbers(value)?;
            ParameterValue::Date((year(y)?, small(m)?, small(d)?))
        }
        "time" => {
            let [h, m, s, n] = numbers(value)?;
            ParameterValue::Time((small(h)?, small(m)?, small(s)?, nano(n)?))
        }
        "datetime" => {
            let [y, mo, d, h, m, s, n] = numbers(value)?;
            let (date, time) =
                ((year(y)?, small(mo)?, small(d)?), (small(h)?, small(m)?, small(s)?, nano(n)?));
            ParameterValue::Datetime((date.0, date.1, date.2, time.0, time.1, time.2, time.3))
        }
        "timestamp" => ParameterValue::Timestamp(one(value)?),
        "uuid" => ParameterValue::Uuid(value.to_owned()),
        "jsonb" => ParameterValue::Jsonb(value.as_bytes().to_vec()),
        "decimal" => ParameterValue::Decimal(value.to_owned()),
        "range-int32" => ParameterValue::RangeInt32(range(numbers(value)?)),
        "range-int64" => ParameterValue::RangeInt64(range(numbers(value)?)),
        "range-decimal" => ParameterValue::RangeDecimal(range(numbers(value)?)),
        "array-int32" => ParameterValue::ArrayInt32(array(value)),
        "array-int64" => ParameterValue::ArrayInt64(array(value)),
        "array-decimal" => ParameterValue::ArrayDecimal(array(value)),
        "array-str" => ParameterValue::ArrayStr(array(value)),
        "interval" => {
            let [micros, days, months] = numbers::<i64, 3>(value)?;
            ParameterValue::Interval(Interval { micros, days: year(days)?, months: year(months)? })
        }
        "null" => ParameterValue::DbNull,
        _ => return None,
    })
}

type Bound<T> = Option<(T, RangeBoundKind)>;

/// From the first on, up to but without the second.
fn range<T>([low, high]: [T; 2]) -> (Bound<T>, Bound<T>) {
    (Some((low, RangeBoundKind::Inclusive)), Some((high, RangeBoundKind::Exclusive)))
}
