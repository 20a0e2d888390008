//! Why a call that is authentic is not carried out.

use std::io;

use super::trade::Refused;

/// What the merchant is told.
#[derive(Debug)]
pub struct Failure {
    /// 40004 business, 20000 unavailable.
    pub code: &'static str,
    pub sub_code: &'static str,
    pub sub_msg: String,
}

impl Failure {
    fn business(sub_code: &'static str, sub_msg: impl Into<String>) -> Self {
        Self { code: "40004", sub_code, sub_msg: sub_msg.into() }
    }

    /// A field of `biz_content` is missing or wrong.
    pub fn parameter(name: &str, fault: &str) -> Self {
        Self::business("ACQ.INVALID_PARAMETER", format!("参数无效：{name} {fault}"))
    }

    pub fn no_such_trade() -> Self {
        Self::business("ACQ.TRADE_NOT_EXIST", "交易不存在")
    }
}

impl From<Refused> for Failure {
    fn from(refused: Refused) -> Self {
        let (sub_code, sub_msg) = match refused {
            Refused::HasSuccess => ("ACQ.TRADE_HAS_SUCCESS", "交易已被支付"),
            Refused::HasClose => ("ACQ.TRADE_HAS_CLOSE", "交易已经关闭"),
            Refused::Status => ("ACQ.TRADE_STATUS_ERROR", "交易状态不合法"),
            Refused::Inconsistent => ("ACQ.CONTEXT_INCONSISTENT", "交易信息被篡改"),
            Refused::DiscordantRepeat => ("ACQ.DISCORDANT_REPEAT_REQUEST", "不一致的请求"),
            Refused::NotTotal => ("ACQ.REFUND_AMT_NOT_EQUAL_TOTAL", "撤销或退款金额与订单金额不一致"),
            Refused::TooMuch => ("ACQ.REASON_TRADE_REFUND_FEE_ERR", "退款金额无效"),
        };
        Self::business(sub_code, sub_msg)
    }
}

/// The journal could not be written, so nothing has changed.
impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        eprintln!("zerotrip-sandbox: journal: {error}");
        Self { code: "20000", sub_code: "isp.unknow-error", sub_msg: "服务暂不可用".into() }
    }
}
