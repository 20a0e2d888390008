//! What several requests of a terminal have among their members, checked in the same way.

use http::StatusCode;
use zerotrip_domain::Day;
use zerotrip_platform::Problem;

/// The terminal's own name for what it asks for: sent again, it finds the same.
pub fn request_id(text: &str) -> Result<&str, Problem> {
    let named =
        (8..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    if named {
        Ok(text)
    } else {
        Err(Problem::invalid("request_id must be 8 to 64 letters, digits, hyphens"))
    }
}

/// The name stands for something else.
pub fn request_id_reused() -> Problem {
    Problem::new(
        StatusCode::CONFLICT,
        "request-id-reused",
        "request_id used for something else",
        "请求编号已用于另一内容",
        "Send something else under another request_id.",
    )
}

/// Why an officer does something.
pub fn reason(text: &str) -> Result<&str, Problem> {
    let reason = text.trim();
    if reason.is_empty() || reason.chars().count() > 200 {
        return Err(Problem::invalid("reason must be 1 to 200 characters"));
    }
    Ok(reason)
}

/// A day in the member `field`.
pub fn day(field: &str, text: &str) -> Result<Day, Problem> {
    Day::parse(text).ok_or_else(|| Problem::invalid(&format!("{field} must be a day, e.g. 2026-11-25")))
}
