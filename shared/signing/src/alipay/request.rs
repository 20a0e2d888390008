//! Our calls of the gateway.

use super::Merchant;
use crate::fault::Fault;
use crate::form::{encoded, joined, sorted};
use crate::instant;

/// One call as form text with its signature.
///
/// `parameters` go beyond the common ones, which are added here. Empty ones are dropped. Everything but `sign` is
/// signed, `sign_type` included.
pub fn sign(
    merchant: &Merchant,
    method: &str,
    parameters: &[(String, String)],
    now_ms: u64,
) -> Result<String, Fault> {
    let now = instant::shanghai(now_ms)
        .ok_or_else(|| Fault::Misconfigured("the clock is out of range".to_owned()))?
        .to_string();
    // `yyyy-MM-dd HH:mm:ss`
    let timestamp = now.replace('T', " ").replace('Z', "");
    let mut fields = vec![
        ("app_id", merchant.app_id.as_str()),
        ("method", method),
        ("format", "JSON"),
        ("charset", "utf-8"),
        ("sign_type", "RSA2"),
        ("timestamp", &timestamp),
        ("version", "1.0"),
    ];
    if let Some(certificates) = &merchant.certificates {
        fields.push(("app_cert_sn", &certificates.app_sn));
        fields.push(("alipay_root_cert_sn", &certificates.root_sn));
    }
    let given = parameters.iter().filter(|(_, value)| !value.is_empty());
    fields.extend(given.map(|(name, value)| (name.as_str(), value.as_str())));
    let signature = merchant.sign_as_us(&joined(
        sorted(fields.iter().map(|(name, value)| (*name, value.as_bytes()))).into_iter(),
    ))?;
    fields.push(("sign", &signature));
    Ok(encoded(&fields))
}
