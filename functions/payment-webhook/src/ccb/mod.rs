//! 中国建设银行: the server callback and our question. The bank's page callback proves nothing: `page_return`.

pub mod gateway;
pub mod notification;

use crate::settle::Signatory;
use zerotrip_domain::Provider;

struct Ccb;

impl Signatory for Ccb {
    const PROVIDER: Provider = Provider::Ccb;
}

/// What was said, field by field.
fn evidence(fields: &[(String, String)]) -> Vec<u8> {
    let fields: Vec<String> = fields.iter().map(|(name, value)| format!("{name}={value}")).collect();
    fields.join("&").into_bytes()
}
