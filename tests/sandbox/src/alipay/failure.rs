//! Why a call that is authentic is not carried out.

use std::io;

use super::trade::Refused;

/// What the merchant is told.
#[derive(Debug)]
pub struct Failure {
    /// 40004 business, 40002 invalid, 20001 not permitted, 20000 unavailable.
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

    /// The same for a face check, whose product has its own code for it.
    pub fn face_argument(name: &str, fault: &str) -> Self {
        Self::business("ILLEGAL_ARGUMENT_FORMAT", format!("参数异常：{name} {fault}"))
    }

    /// Never given, too old to be taken up, or too old to be asked about.
    pub fn no_such_face() -> Self {
        Self::business("OPEN_CERTIFY_BILL_NOT_EXIST", "无效的certify_id")
    }

    /// 授权码: never given, used, or too old.
    pub fn code() -> Self {
        Self { code: "40002", sub_code: "isv.code-invalid", sub_msg: "授权码code无效".into() }
    }

    pub fn grant_type() -> Self {
        Self {
            code: "40002", sub_code: "isv.grant-type-invalid", sub_msg: "grant_type参数不正确".into()
        }
    }

    pub fn renewal() -> Self {
        Self { code: "40002", sub_code: "isv.refresh-token-invalid", sub_msg: "刷新令牌无效".into() }
    }

    /// 访问令牌: never given, too old, or for less than is asked.
    pub fn token() -> Self {
        Self { code: "20001", sub_code: "aop.invalid-auth-token", sub_msg: "无效的访问令牌".into() }
    }

    /// There is a result already. How the real page says so is not published.
    pub fn face_decided() -> Self {
        Self::business("CERTIFY_ID_USED", "认证已完成")
    }

    /// The number stands for another check. How the real gateway says so is not published.
    pub fn face_order_used() -> Self {
        Self::business("OUTER_ORDER_NO_USED", "商户请求号已被使用")
    }

    /// Not yet, or because nobody has paid on that day.
    pub fn no_bill() -> Self {
        Self::business("isp.bill_not_exist", "账单不存在")
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
