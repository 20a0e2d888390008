//! `wechatpay-axios-plugin` as the judge.

use serde_json::json;
use zerotrip_sandbox::Options;

use super::support::*;
use crate::{sdk::judged, support::KEYS};

#[tokio::test]
async fn another_implementation_accepts_what_wechat_pay_signs_and_is_accepted() {
    // So that every notification and refund of the judge's is over in a moment.
    let sandbox = sandbox(Options { time_scale: 100, ..Options::default() }).await;
    let brief = json!({
        "origin": sandbox.origin(),
        "merchant": SIDES.merchant,
        "sandbox": SIDES.sandbox,
        "keys": *KEYS,
    });
    assert_eq!(judged("wechat.mjs", &brief).await, 13);
}
