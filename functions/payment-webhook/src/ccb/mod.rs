//! 中国建设银行: the server callback, and our question. The bank's page callback proves nothing: `page_return`.

pub mod gateway;
pub mod notification;

use crate::inbox::Kept;
use crate::provider::field;
use crate::settle::{self, Outcome, Signatory};
use zerotrip_domain::Provider;
use zerotrip_platform::{Db, Problem};

struct Ccb;

impl Signatory for Ccb {
    const PROVIDER: Provider = Provider::Ccb;
}

/// What was said, field by field.
fn evidence(fields: &[(String, String)]) -> Vec<u8> {
    let fields: Vec<String> = fields.iter().map(|(name, value)| format!("{name}={value}")).collect();
    fields.join("&").into_bytes()
}

/// Decides again on what was kept: the fields of a callback, or of an answer.
pub async fn replay(db: &Db, kept: Kept, now: u64) -> Result<Option<Outcome>, Problem> {
    let text = String::from_utf8_lossy(&kept.evidence);
    let fields: Vec<(String, String)> = text
        .split('&')
        .filter_map(|field| field.split_once('='))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    if !field(&fields, "SUCCESS").is_empty() {
        return notification::take(db, &fields, kept.told_at, now).await.map(Some);
    }
    let order = field(&fields, "ORDERID");
    let told = !order.is_empty() && !field(&fields, "STATUSCODE").is_empty();
    match gateway::said(&fields, order, kept.told_at).filter(|_| told) {
        Some(said) => settle::apply(db, &said, now).await.map(Some),
        None => Ok(None),
    }
}
