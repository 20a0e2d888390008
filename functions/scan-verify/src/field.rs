//! What several requests have among their members, checked in the same way.

use zerotrip_domain::Day;
use zerotrip_domain::document::Text;
use zerotrip_platform::Problem;

/// Why somebody does something that others will ask about.
pub fn reason(text: &str) -> Result<&str, Problem> {
    let must = || Problem::invalid("reason must be a line of 1 to 200 characters");
    let text = text.trim();
    text.parse::<Text>().map(|_| text).map_err(|_| must())
}

/// From and to, Unix ms: everything where they are not given.
pub fn period(from: Option<String>, to: Option<String>) -> Result<(u64, u64), Problem> {
    let time = |field: &str, text: Option<String>, otherwise| match text {
        None => Ok(otherwise),
        Some(text) => text.parse().map_err(|_| Problem::invalid(&format!("{field} must be Unix ms"))),
    };
    Ok((time("from", from, 0)?, time("to", to, u64::MAX)?))
}

/// Where a list that has the newest first goes on: time and id.
pub fn cursor(given: Option<String>) -> Result<(u64, String), Problem> {
    let odd = || Problem::invalid("cursor must be what the answer before gave");
    let Some(text) = given else { return Ok((u64::MAX, String::new())) };
    let (at, id) = text.split_once('-').ok_or_else(odd)?;
    Ok((at.parse().map_err(|_| odd())?, id.to_owned()))
}

/// The day in the parameter `day`, or today.
pub fn day(given: Option<String>, now: u64) -> Result<Day, Problem> {
    match given {
        None => Ok(Day::at(now)),
        Some(text) => Day::parse(&text).ok_or_else(|| Problem::invalid("day must be a day, e.g. 2026-11-25")),
    }
}
