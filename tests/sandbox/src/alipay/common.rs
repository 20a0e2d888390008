//! The parameters that every call carries, and the proof that the merchant made it.

use std::collections::BTreeMap;

use super::{Account, Fields, sign::content};
use crate::{clock::parse_stamp, page::escape};

/// How far a call's time may be off. The real gateway's limit is not published and wide; this one catches a wrong
/// year, unit or format, and lets a client pass whose time zone is wrong.
const FRESH_MS: i64 = 24 * 3600 * 1000;

/// What the gateway can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    WapPay,
    Query,
    Close,
    Refund,
    RefundQuery,
    FaceInitialize,
    FaceCertify,
    FaceQuery,
    OauthToken,
    UserInfoShare,
    BillAddress,
}

impl Method {
    const ALL: [Self; 11] = [
        Self::WapPay,
        Self::Query,
        Self::Close,
        Self::Refund,
        Self::RefundQuery,
        Self::FaceInitialize,
        Self::FaceCertify,
        Self::FaceQuery,
        Self::OauthToken,
        Self::UserInfoShare,
        Self::BillAddress,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::WapPay => "alipay.trade.wap.pay",
            Self::Query => "alipay.trade.query",
            Self::Close => "alipay.trade.close",
            Self::Refund => "alipay.trade.refund",
            Self::RefundQuery => "alipay.trade.fastpay.refund.query",
            Self::FaceInitialize => "alipay.user.certify.open.initialize",
            Self::FaceCertify => "alipay.user.certify.open.certify",
            Self::FaceQuery => "alipay.user.certify.open.query",
            Self::OauthToken => "alipay.system.oauth.token",
            Self::UserInfoShare => "alipay.user.info.share",
            Self::BillAddress => "alipay.data.dataservice.bill.downloadurl.query",
        }
    }

    /// Whether a person's browser makes the call, and gets a page.
    pub fn is_page(self) -> bool {
        matches!(self, Self::WapPay | Self::FaceCertify)
    }

    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|method| method.name() == name)
    }
}

/// A call that the merchant has signed. Only [`authenticate`] makes one.
#[derive(Debug)]
pub struct Call {
    method: Method,
    parameters: BTreeMap<String, String>,
}

impl Call {
    pub fn method(&self) -> Method {
        self.method
    }

    /// An empty parameter is an absent one.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }
}

/// Why a call is turned away at the door.
#[derive(Debug)]
pub struct Refusal {
    /// None when there is none, or none that is known: then the answer is an `error_response`, unsigned.
    pub method: Option<Method>,
    /// 40001 missing, 40002 invalid.
    pub code: &'static str,
    pub sub_code: &'static str,
    pub sub_msg: String,
}

/// Checks the common parameters and the signature over everything but `sign`.
pub fn authenticate(account: &Account, now_ms: i64, fields: Fields) -> Result<Call, Refusal> {
    let mut parameters = BTreeMap::new();
    for (name, value) in fields {
        if parameters.insert(name, value).is_some() {
            // Which of the two was signed cannot be known.
            return Err(invalid(None, "isv.invalid-parameter", "参数重复"));
        }
    }
    let get = |name: &str| parameters.get(name).map(String::as_str).filter(|value| !value.is_empty());
    let present =
        |method, name, sub_code, sub_msg| get(name).ok_or_else(|| missing(method, sub_code, sub_msg));

    let app_id = present(None, "app_id", "isv.missing-app-id", "缺少appId参数")?;
    if app_id != account.app_id {
        // Without an application there is no key pair to sign an answer with.
        return Err(invalid(None, "isv.invalid-app-id", "无效的AppID参数"));
    }
    let named = present(None, "method", "isv.missing-method", "缺少方法名参数")?;
    let method = Method::named(named).ok_or_else(|| invalid(None, "isv.invalid-method", "不存在的方法名"))?;
    let known = Some(method);
    if get("format").is_some_and(|format| !format.eq_ignore_ascii_case("json")) {
        return Err(invalid(known, "isv.invalid-format", "无效的数据格式"));
    }
    if !get("charset").is_some_and(|charset| charset.eq_ignore_ascii_case("utf-8")) {
        return Err(invalid(known, "isv.invalid-charset", "字符集错误"));
    }
    if present(known, "version", "isv.missing-version", "缺少版本参数")? != "1.0" {
        return Err(invalid(known, "isv.invalid-parameter", "参数无效：version"));
    }
    let timestamp = present(known, "timestamp", "isv.missing-timestamp", "缺少时间戳参数")?;
    if parse_stamp(timestamp).is_none_or(|at| (at - now_ms).abs() > FRESH_MS) {
        return Err(invalid(known, "isv.invalid-timestamp", "非法的时间戳参数"));
    }
    if present(known, "sign_type", "isv.missing-signature-type", "缺少签名类型参数")? != "RSA2" {
        return Err(invalid(known, "isv.invalid-signature-type", "无效的签名类型"));
    }
    let ours = account.certificates.as_ref();
    // As merchants have met them: alipay-sdk-nodejs-all issue 56, yansongda/pay issue 491.
    if get("app_cert_sn") != ours.map(|ours| ours.app_sn.as_str()) {
        return Err(invalid(known, "isv.app-cert-not-exist", "应用公钥证书不存在"));
    }
    if get("alipay_root_cert_sn") != ours.map(|ours| ours.root_sn.as_str()) {
        return Err(invalid(known, "isv.invalid-alipay-root-cert-sn", "无效支付宝根证书序列号"));
    }
    let signature = present(known, "sign", "isv.missing-signature", "缺少签名参数")?;
    let text = content(parameters.iter().map(|(n, v)| (n.as_str(), v.as_str())), &["sign"]);
    if !account.app_public_key.verifies(&text, signature) {
        // The real gateway also shows what it checked, HTML-escaped.
        let sub_msg = format!(
            "验签出错，建议检查签名字符串或签名私钥与应用公钥是否匹配，网关生成的验签字符串为：{}",
            escape(&text)
        );
        return Err(invalid(known, "isv.invalid-signature", sub_msg));
    }
    Ok(Call { method, parameters })
}

fn missing(method: Option<Method>, sub_code: &'static str, sub_msg: &str) -> Refusal {
    Refusal { method, code: "40001", sub_code, sub_msg: sub_msg.into() }
}

fn invalid(method: Option<Method>, sub_code: &'static str, sub_msg: impl Into<String>) -> Refusal {
    Refusal { method, code: "40002", sub_code, sub_msg: sub_msg.into() }
}
