//! Sealed fields of accounts, opened.

use crate::refused;
use crate::signing::sealing;
use zerotrip_platform::{Id, Problem, Row};

/// Column `at` of `row`, which is `citizens.{field}_sealed` of `citizen`, opened.
pub fn opened(row: &Row, at: usize, field: &str, citizen: Id) -> Result<Option<String>, Problem> {
    if row.is_null(at) {
        return Ok(None);
    }
    opened_as(row, at, &format!("citizens.{field}/{citizen}")).map(Some)
}

/// Column `at` of `row`, sealed as `context`, opened.
pub fn opened_as(row: &Row, at: usize, context: &str) -> Result<String, Problem> {
    let text = sealing::open(context, row.text(at)?).map_err(refused)?;
    String::from_utf8(text).map_err(|_| Problem::unavailable("a stored field is not text"))
}
