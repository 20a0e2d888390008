//! The interface's values and the driver's, both ways. A type is never converted into another: an `int64` for an
//! `int4` column fails, as on Spin.

use super::types::{Bound, Null, Span, Unknown};
use crate::guest::postgres::{Column, DbDataType, DbValue, ParameterValue, RangeBoundKind, Row as Values};
use anyhow::{Context, Result};
use postgres_range::{BoundSided, BoundType, Normalizable, Range, RangeBound};
use rust_decimal::Decimal;
use time::{Date, Month, OffsetDateTime, PrimitiveDateTime, Time};
use tokio_postgres::Row;
use tokio_postgres::types::{FromSql, ToSql, Type};
use uuid::Uuid;

type Parameter = Box<dyn ToSql + Sync + Send>;
type Bounds<T> = (Option<(T, RangeBoundKind)>, Option<(T, RangeBoundKind)>);

/// Parameters as the driver takes them. The first that is no value of its kind is the error.
pub fn parameters(values: &[ParameterValue]) -> Result<Vec<Parameter>> {
    values.iter().map(parameter).collect()
}

fn parameter(value: &ParameterValue) -> Result<Parameter> {
    Ok(match value {
        ParameterValue::Boolean(v) => Box::new(*v),
        ParameterValue::Int8(v) => Box::new(*v),
        ParameterValue::Int16(v) => Box::new(*v),
        ParameterValue::Int32(v) => Box::new(*v),
        ParameterValue::Int64(v) => Box::new(*v),
        ParameterValue::Floating32(v) => Box::new(*v),
        ParameterValue::Floating64(v) => Box::new(*v),
        ParameterValue::Str(v) => Box::new(v.clone()),
        ParameterValue::Binary(v) => Box::new(v.clone()),
        ParameterValue::Date((year, month, day)) => Box::new(date(*year, *month, *day)?),
        ParameterValue::Time((h, m, s, nano)) => Box::new(time(*h, *m, *s, *nano)?),
        ParameterValue::Datetime((year, month, day, h, m, s, nano)) => {
            Box::new(PrimitiveDateTime::new(date(*year, *month, *day)?, time(*h, *m, *s, *nano)?))
        }
        ParameterValue::Timestamp(v) => Box::new(
            OffsetDateTime::from_unix_timestamp(*v)
                .with_context(|| format!("invalid epoch timestamp {v}"))?,
        ),
        ParameterValue::Uuid(v) => Box::new(Uuid::parse_str(v).with_context(|| format!("invalid UUID {v}"))?),
        ParameterValue::Jsonb(v) => Box::new(
            serde_json::from_slice::<serde_json::Value>(v)
                .with_context(|| format!("invalid JSON {}", String::from_utf8_lossy(v)))?,
        ),
        ParameterValue::Decimal(v) => Box::new(decimal(v)?),
        ParameterValue::RangeInt32(v) => Box::new(range(*v)),
        ParameterValue::RangeInt64(v) => Box::new(range(*v)),
        ParameterValue::RangeDecimal((low, high)) => Box::new(range((bound(low)?, bound(high)?))),
        ParameterValue::ArrayInt32(v) => Box::new(v.clone()),
        ParameterValue::ArrayInt64(v) => Box::new(v.clone()),
        ParameterValue::ArrayDecimal(v) => {
            Box::new(v.iter().map(|v| v.as_deref().map(decimal).transpose()).collect::<Result<Vec<_>>>()?)
        }
        ParameterValue::ArrayStr(v) => Box::new(v.clone()),
        ParameterValue::Interval(v) => Box::new(Span(*v)),
        ParameterValue::DbNull => Box::new(Null),
    })
}

fn date(year: i32, month: u8, day: u8) -> Result<Date> {
    let invalid = || format!("invalid date y={year}, m={month}, d={day}");
    Date::from_calendar_date(year, Month::try_from(month).with_context(invalid)?, day).with_context(invalid)
}

fn time(hour: u8, minute: u8, second: u8, nano: u32) -> Result<Time> {
    Time::from_hms_nano(hour, minute, second, nano)
        .with_context(|| format!("invalid time {hour}:{minute}:{second}:{nano}"))
}

fn decimal(text: &str) -> Result<Decimal> {
    Decimal::from_str_exact(text).with_context(|| format!("invalid decimal {text}"))
}

fn bound(bound: &Option<(String, RangeBoundKind)>) -> Result<Option<(Bound, RangeBoundKind)>> {
    bound.as_ref().map(|(text, kind)| Ok((Bound(decimal(text)?), *kind))).transpose()
}

fn range<T: PartialOrd + Normalizable>((low, high): Bounds<T>) -> Range<T> {
    fn side<S: BoundSided, T: PartialOrd>((value, kind): (T, RangeBoundKind)) -> RangeBound<S, T> {
        let kind = match kind {
            RangeBoundKind::Inclusive => BoundType::Inclusive,
            RangeBoundKind::Exclusive => BoundType::Exclusive,
        };
        RangeBound::new(value, kind)
    }
    Range::new(low.map(side), high.map(side))
}

/// The same the other way, each bound turned by `to`.
fn bounds<T: PartialOrd + Normalizable, W>(range: &Range<T>, to: impl Fn(&T) -> W) -> Bounds<W> {
    fn side<S: BoundSided, T: PartialOrd, W>(
        bound: &RangeBound<S, T>,
        to: impl Fn(&T) -> W,
    ) -> (W, RangeBoundKind) {
        let kind = match bound.type_ {
            BoundType::Inclusive => RangeBoundKind::Inclusive,
            BoundType::Exclusive => RangeBoundKind::Exclusive,
        };
        (to(&bound.value), kind)
    }
    (range.lower().map(|low| side(low, &to)), range.upper().map(|high| side(high, &to)))
}

/// Names and types, which every row carries.
pub fn columns(row: &Row) -> Vec<Column> {
    let columns = row.columns().iter();
    columns.map(|c| Column { name: c.name().to_owned(), data_type: data_type(c.type_()) }).collect()
}

fn data_type(ty: &Type) -> DbDataType {
    match *ty {
        Type::BOOL => DbDataType::Boolean,
        Type::BYTEA => DbDataType::Binary,
        Type::FLOAT4 => DbDataType::Floating32,
        Type::FLOAT8 => DbDataType::Floating64,
        Type::INT2 => DbDataType::Int16,
        Type::INT4 => DbDataType::Int32,
        Type::INT8 => DbDataType::Int64,
        Type::TEXT | Type::VARCHAR | Type::BPCHAR => DbDataType::Str,
        Type::TIMESTAMP | Type::TIMESTAMPTZ => DbDataType::Datetime,
        Type::DATE => DbDataType::Date,
        Type::TIME => DbDataType::Time,
        Type::UUID => DbDataType::Uuid,
        Type::JSONB => DbDataType::Jsonb,
        Type::NUMERIC => DbDataType::Decimal,
        Type::INT4_RANGE => DbDataType::RangeInt32,
        Type::INT8_RANGE => DbDataType::RangeInt64,
        Type::NUM_RANGE => DbDataType::RangeDecimal,
        Type::INT4_ARRAY => DbDataType::ArrayInt32,
        Type::INT8_ARRAY => DbDataType::ArrayInt64,
        Type::NUMERIC_ARRAY => DbDataType::ArrayDecimal,
        Type::TEXT_ARRAY | Type::VARCHAR_ARRAY | Type::BPCHAR_ARRAY => DbDataType::ArrayStr,
        Type::INTERVAL => DbDataType::Interval,
        _ => DbDataType::Other(ty.name().to_owned()),
    }
}

/// The values of one row. `timestamptz` is the one known type that cannot be read, as on Spin.
pub fn row(row: &Row) -> Result<Values> {
    (0..row.len()).map(|index| value(row, index)).collect()
}

fn value(row: &Row, index: usize) -> Result<DbValue> {
    let day = |d: Date| (d.year(), u8::from(d.month()), d.day());
    match *row.columns()[index].type_() {
        Type::BOOL => read(row, index, DbValue::Boolean),
        Type::BYTEA => read(row, index, DbValue::Binary),
        Type::FLOAT4 => read(row, index, DbValue::Floating32),
        Type::FLOAT8 => read(row, index, DbValue::Floating64),
        Type::INT2 => read(row, index, DbValue::Int16),
        Type::INT4 => read(row, index, DbValue::Int32),
        Type::INT8 => read(row, index, DbValue::Int64),
        Type::TEXT | Type::VARCHAR | Type::BPCHAR => read(row, index, DbValue::Str),
        Type::TIMESTAMP | Type::TIMESTAMPTZ => read(row, index, |at: PrimitiveDateTime| {
            let (year, month, day) = day(at.date());
            let (hour, minute, second, nano) = at.time().as_hms_nano();
            DbValue::Datetime((year, month, day, hour, minute, second, nano))
        }),
        Type::DATE => read(row, index, |v: Date| DbValue::Date(day(v))),
        Type::TIME => read(row, index, |v: Time| DbValue::Time(v.as_hms_nano())),
        Type::UUID => read(row, index, |v: Uuid| DbValue::Uuid(v.to_string())),
        Type::JSONB => read(row, index, |v: serde_json::Value| DbValue::Jsonb(v.to_string().into_bytes())),
        Type::NUMERIC => read(row, index, |v: Decimal| DbValue::Decimal(v.to_string())),
        Type::INT4_RANGE => read(row, index, |v: Range<i32>| DbValue::RangeInt32(bounds(&v, |b| *b))),
        Type::INT8_RANGE => read(row, index, |v: Range<i64>| DbValue::RangeInt64(bounds(&v, |b| *b))),
        Type::NUM_RANGE => {
            read(row, index, |v: Range<Bound>| DbValue::RangeDecimal(bounds(&v, |b| b.0.to_string())))
        }
        Type::INT4_ARRAY => read(row, index, DbValue::ArrayInt32),
        Type::INT8_ARRAY => read(row, index, DbValue::ArrayInt64),
        Type::NUMERIC_ARRAY => read(row, index, |v: Vec<Option<Decimal>>| {
            DbValue::ArrayDecimal(v.iter().map(|d| d.map(|d| d.to_string())).collect())
        }),
        Type::TEXT_ARRAY | Type::VARCHAR_ARRAY | Type::BPCHAR_ARRAY => read(row, index, DbValue::ArrayStr),
        Type::INTERVAL => read(row, index, |v: Span| DbValue::Interval(v.0)),
        _ => read(row, index, |v: Unknown| DbValue::Unsupported(v.0)),
    }
}

fn read<'a, T: FromSql<'a>>(row: &'a Row, index: usize, wrap: impl Fn(T) -> DbValue) -> Result<DbValue> {
    Ok(row.try_get::<_, Option<T>>(index)?.map_or(DbValue::DbNull, wrap))
}

/// Memory that a row takes here, roughly.
pub fn bytes(row: &Values) -> usize {
    let beyond = |value: &DbValue| match value {
        DbValue::Str(v) | DbValue::Uuid(v) | DbValue::Decimal(v) => v.len(),
        DbValue::Binary(v) | DbValue::Jsonb(v) | DbValue::Unsupported(v) => v.len(),
        DbValue::ArrayInt32(v) => v.len() * size_of::<Option<i32>>(),
        DbValue::ArrayInt64(v) => v.len() * size_of::<Option<i64>>(),
        DbValue::ArrayDecimal(v) | DbValue::ArrayStr(v) => {
            v.iter().map(|v| size_of::<Option<String>>() + v.as_ref().map_or(0, String::len)).sum()
        }
        _ => 0,
    };
    row.iter().map(|value| size_of::<DbValue>() + beyond(value)).sum()
}
