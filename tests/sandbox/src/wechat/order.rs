//! 下单: what the merchant asks a payer to pay.

use std::net::IpAddr;

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::{account::Account, failure::Failure};
use crate::clock::parse_rfc3339;

/// 100 million yuan, in fen.
const MOST_FEN: i64 = 10_000_000_000;

/// 交易类型: the three ways to pay that are played.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum TradeType {
    /// Inside WeChat.
    Jsapi,
    /// By scanning a code.
    Native,
    /// H5: from a browser outside of WeChat.
    Mweb,
}

impl TradeType {
    /// By the last segment of the order's path.
    pub fn of(segment: &str) -> Option<Self> {
        match segment {
            "jsapi" => Some(Self::Jsapi),
            "native" => Some(Self::Native),
            "h5" => Some(Self::Mweb),
            _ => None,
        }
    }
}

/// The body of an order, checked. The same order again must be equal in every field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Order {
    appid: String,
    mchid: String,
    pub description: String,
    pub out_trade_no: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    time_expire: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attach: Option<String>,
    pub notify_url: String,
    pub amount: Amount,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    payer: Option<Payer>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    scene_info: Option<SceneInfo>,
}

/// Fen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Amount {
    pub total: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    currency: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Payer {
    openid: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SceneInfo {
    payer_client_ip: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    device_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    h5_info: Option<H5Info>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct H5Info {
    r#type: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    app_name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    app_url: Option<String>,
}

impl Order {
    /// Checks every field.
    pub fn parse(
        body: &[u8],
        trade_type: TradeType,
        account: &Account,
        now_ms: i64,
    ) -> Result<Self, Failure> {
        let order: Self = json(body)?;
        if order.mchid != account.mch_id {
            return Err(Failure::no_such_merchant());
        }
        if order.appid != account.app_id {
            return Err(Failure::not_our_app());
        }
        length("description", &order.description, 1, 127)?;
        out_trade_no(&order.out_trade_no)?;
        if let Some(attach) = &order.attach {
            length("attach", attach, 1, 128)?;
        }
        notify_url(&order.notify_url, 255)?;
        fen("amount.total", order.amount.total)?;
        if order.amount.currency.as_deref().is_some_and(|currency| currency != "CNY") {
            return Err(Failure::parameter("amount.currency", "应为 CNY"));
        }
        if let Some(text) = &order.time_expire
            && parse_rfc3339(text).is_none_or(|at| at <= now_ms)
        {
            return Err(Failure::parameter("time_expire", "不是将来的 RFC3339 时间"));
        }
        if let Some(scene) = &order.scene_info {
            scene.check()?;
        }
        match trade_type {
            TradeType::Jsapi => {
                let payer = order.payer.as_ref().ok_or_else(|| Failure::parameter("payer.openid", "缺少"))?;
                length("payer.openid", &payer.openid, 1, 128)?;
            }
            TradeType::Mweb => {
                if order.scene_info.as_ref().is_none_or(|scene| scene.h5_info.is_none()) {
                    return Err(Failure::parameter("scene_info.h5_info", "缺少"));
                }
            }
            TradeType::Native => {}
        }
        if order.payer.is_some() && trade_type != TradeType::Jsapi {
            return Err(Failure::parameter("payer", "仅用于 JSAPI"));
        }
        Ok(order)
    }

    /// Unix ms of the end that the merchant has set.
    pub fn expires_ms(&self) -> Option<i64> {
        self.time_expire.as_deref().and_then(parse_rfc3339)
    }

    /// The only payer, if the merchant has named one.
    pub fn openid(&self) -> Option<&str> {
        self.payer.as_ref().map(|payer| payer.openid.as_str())
    }

    pub fn device_id(&self) -> Option<&str> {
        self.scene_info.as_ref().and_then(|scene| scene.device_id.as_deref())
    }
}

impl SceneInfo {
    fn check(&self) -> Result<(), Failure> {
        if self.payer_client_ip.parse::<IpAddr>().is_err() {
            return Err(Failure::parameter("scene_info.payer_client_ip", "不是 IP 地址"));
        }
        if let Some(device) = &self.device_id {
            length("scene_info.device_id", device, 1, 32)?;
        }
        let Some(h5) = &self.h5_info else { return Ok(()) };
        if !["iOS", "Android", "Wap"].contains(&h5.r#type.as_str()) {
            return Err(Failure::parameter("scene_info.h5_info.type", "应为 iOS、Android 或 Wap"));
        }
        if let Some(name) = &h5.app_name {
            length("scene_info.h5_info.app_name", name, 1, 64)?;
        }
        h5.app_url.as_ref().map_or(Ok(()), |url| length("scene_info.h5_info.app_url", url, 1, 128))
    }
}

/// A JSON body of exactly this shape.
pub fn json<T: DeserializeOwned>(body: &[u8]) -> Result<T, Failure> {
    serde_json::from_slice(body).map_err(|error| Failure::parameter("body", &error.to_string()))
}

/// 商户订单号: 6 to 32 of letters, digits and `_-|*`.
pub fn out_trade_no(text: &str) -> Result<(), Failure> {
    number("out_trade_no", text, 6..=32, b"_-|*")
}

/// Letters, digits and some other characters.
pub fn number(
    name: &str,
    text: &str,
    lengths: std::ops::RangeInclusive<usize>,
    others: &[u8],
) -> Result<(), Failure> {
    if !lengths.contains(&text.len()) {
        return Err(Failure::parameter(name, "长度不符合要求"));
    }
    if !text.bytes().all(|b| b.is_ascii_alphanumeric() || others.contains(&b)) {
        return Err(Failure::parameter(name, "含有不允许的字符"));
    }
    Ok(())
}

/// In characters.
pub fn length(name: &str, text: &str, least: usize, most: usize) -> Result<(), Failure> {
    if (least..=most).contains(&text.chars().count()) {
        Ok(())
    } else {
        Err(Failure::parameter(name, "长度不符合要求"))
    }
}

/// At least one fen.
pub fn fen(name: &str, fen: i64) -> Result<(), Failure> {
    if (1..=MOST_FEN).contains(&fen) { Ok(()) } else { Err(Failure::parameter(name, "金额无效")) }
}

/// An absolute address without query. The real one must be https; here http will do.
pub fn notify_url(text: &str, most: usize) -> Result<(), Failure> {
    length("notify_url", text, 1, most)?;
    let uri: http::Uri = text.parse().map_err(|_| Failure::parameter("notify_url", "不是网址"))?;
    let web = matches!(uri.scheme_str(), Some("http" | "https"));
    if !web || uri.host().is_none() || text.contains(['?', '#']) {
        return Err(Failure::parameter("notify_url", "应为不带参数的网址"));
    }
    Ok(())
}
