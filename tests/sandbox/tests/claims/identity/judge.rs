//! The official `alipay-sdk` as the judge of face checks and of account linking.

use serde_json::{Value, json};
use zerotrip_sandbox::{Config, Options, start};

use super::support::someone;
use crate::{
    sdk::judged,
    support::{APP_ID, KEYS, config_text},
};

#[tokio::test]
async fn the_official_sdk_checks_faces_and_links_accounts() {
    let redirect = "http://127.0.0.1:9/auth/alipay/callback";
    let mut config: Value = serde_json::from_str(&config_text()).unwrap();
    config["alipay"]["redirect_uris"] = json!([redirect]);
    let config = Config::parse(&config.to_string()).unwrap();
    let sandbox = start(config, Options::default()).await.unwrap();
    let brief = json!({
        "origin": sandbox.origin(),
        "appId": APP_ID,
        "redirectUri": redirect,
        "person": someone("张伟"),
        "keys": *KEYS,
    });
    assert_eq!(judged("identity.mjs", &brief).await, 9);
}
