//! Why a call is not carried out: `{"code","message"}` and its status.

use std::io;

use super::trade::Refused;

/// What the merchant is told.
#[derive(Debug)]
pub struct Failure {
    pub status: u16,
    pub code: &'static str,
    pub message: String,
}

impl Failure {
    fn new(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into() }
    }

    /// Something in the request is missing or wrong.
    pub fn parameter(name: &str, fault: &str) -> Self {
        Self::new(400, "PARAM_ERROR", format!("参数错误：{name} {fault}"))
    }

    /// It is not proven that the merchant speaks.
    pub fn signature(fault: &str) -> Self {
        Self::new(401, "SIGN_ERROR", format!("签名错误：{fault}"))
    }

    pub fn no_such_merchant() -> Self {
        Self::new(400, "MCH_NOT_EXISTS", "商户号不存在")
    }

    pub fn not_our_app() -> Self {
        Self::new(400, "APPID_MCHID_NOT_MATCH", "appid和mch_id不匹配")
    }

    pub fn no_such_order() -> Self {
        Self::new(404, "ORDER_NOT_EXIST", "订单不存在")
    }

    /// A path, a refund, or the order of a refund.
    pub fn no_such_resource(message: &str) -> Self {
        Self::new(404, "RESOURCE_NOT_EXISTS", message)
    }

    /// The request is well-formed, but not allowed as things stand.
    pub fn request(message: &str) -> Self {
        Self::new(400, "INVALID_REQUEST", message)
    }

    pub fn no_bill() -> Self {
        Self::new(400, "NO_STATEMENT_EXIST", "账单文件不存在")
    }

    pub fn bill_not_ready() -> Self {
        Self::new(400, "STATEMENT_CREATING", "账单生成中")
    }
}

impl From<Refused> for Failure {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Paid => Self::new(400, "ORDERPAID", "该订单已支付"),
            Refused::Closed => Self::new(400, "ORDER_CLOSED", "该订单已关闭"),
            Refused::NumberUsed => Self::new(403, "OUT_TRADE_NO_USED", "商户订单号重复"),
            Refused::NotPaid => Self::request("订单未支付，不能退款"),
            Refused::NotTheTotal => Self::request("订单金额与原订单不一致"),
            Refused::TooMuch => Self::request("申请退款金额大于订单可退金额"),
            Refused::RefundNumberUsed => Self::request("退款单号已用于参数不同的退款"),
            Refused::NotAbnormal => Self::request("退款单不是退款异常状态"),
            Refused::OtherPayer => Self::request("当前用户不是下单的用户"),
            Refused::Coupon => Self::request("代金券应小于订单金额"),
        }
    }
}

/// The journal could not be written, so nothing has changed.
impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        eprintln!("zerotrip-sandbox: journal: {error}");
        Self::new(500, "SYSTEM_ERROR", "系统异常，请稍后重试")
    }
}
