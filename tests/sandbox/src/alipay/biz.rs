//! `biz_content`: the business parameters of a call, as JSON text.

use serde_json::{Map, Value};

use super::{common::Call, failure::Failure, money::Fen};

/// The object inside `biz_content`.
#[derive(Debug)]
pub struct Biz(Map<String, Value>);

impl Biz {
    pub fn of(call: &Call) -> Result<Self, Failure> {
        let text = call.parameter("biz_content").ok_or_else(|| Failure::parameter("biz_content", "缺少"))?;
        match serde_json::from_str(text) {
            Ok(Value::Object(map)) => Ok(Self(map)),
            _ => Err(Failure::parameter("biz_content", "不是 JSON 对象")),
        }
    }

    /// A text of at most `most` characters. Numbers count as their text, since clients send amounts so; empty is absent.
    pub fn text(&self, name: &str, most: usize) -> Result<Option<String>, Failure> {
        let text = match self.0.get(name) {
            None | Some(Value::Null) => return Ok(None),
            Some(Value::String(text)) => text.clone(),
            Some(Value::Number(number)) => number.to_string(),
            Some(_) => return Err(Failure::parameter(name, "类型错误")),
        };
        if text.chars().count() > most {
            return Err(Failure::parameter(name, "过长"));
        }
        Ok(Some(text).filter(|text| !text.is_empty()))
    }

    /// A JSON object, which clients also send as its text.
    pub fn object(&self, name: &str) -> Result<Self, Failure> {
        match self.0.get(name) {
            Some(Value::Object(map)) => Ok(Self(map.clone())),
            Some(Value::String(text)) => match serde_json::from_str(text) {
                Ok(Value::Object(map)) => Ok(Self(map)),
                _ => Err(Failure::parameter(name, "不是 JSON 对象")),
            },
            _ => Err(Failure::parameter(name, "缺少")),
        }
    }

    pub fn required(&self, name: &str, most: usize) -> Result<String, Failure> {
        self.text(name, most)?.ok_or_else(|| Failure::parameter(name, "缺少"))
    }

    pub fn amount(&self, name: &str) -> Result<Fen, Failure> {
        self.required(name, 12)?.parse().map_err(|_| Failure::parameter(name, "金额无效"))
    }

    /// 商户订单号: up to 64 letters, digits and `_`.
    pub fn out_trade_no(&self) -> Result<Option<String>, Failure> {
        let number = self.text("out_trade_no", 64)?;
        if number.as_deref().is_some_and(|n| !n.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')) {
            return Err(Failure::parameter("out_trade_no", "含有不允许的字符"));
        }
        Ok(number)
    }

    /// An absolute http or https address of up to 256 characters.
    pub fn address(name: &str, text: Option<String>) -> Result<Option<String>, Failure> {
        let Some(text) = text else { return Ok(None) };
        let uri: http::Uri = text.parse().map_err(|_| Failure::parameter(name, "不是网址"))?;
        let web = matches!(uri.scheme_str(), Some("http" | "https"));
        if !web || uri.host().is_none() || text.len() > 256 {
            return Err(Failure::parameter(name, "不是网址"));
        }
        Ok(Some(text))
    }
}
