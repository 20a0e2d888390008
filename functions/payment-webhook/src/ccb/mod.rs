//! 中国建设银行: the server callback and our question. The bank's page callback proves nothing: `page_return`.

pub mod gateway;
pub mod notification;

/// The value of a field, or nothing.
fn field<'a>(fields: &'a [(String, String)], name: &str) -> &'a str {
    fields.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value)
}
