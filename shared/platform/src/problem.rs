//! Refusals as `application/problem+json` (RFC 9457): a stable type, Chinese and English text, what to do next.

use crate::reply::Reply;
use http::StatusCode;
use serde::Serialize;

/// One refusal. What only the log may know is logged where it is made, and not kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// Stable: `urn:zerotrip:problem:` and a name.
    #[serde(rename = "type")]
    pub kind: String,
    /// English, short.
    pub title: &'static str,
    /// Chinese, for the person.
    pub title_zh: &'static str,
    /// HTTP status.
    pub status: u16,
    /// What to do next.
    pub detail: String,
    /// Seconds after which to try again.
    #[serde(skip)]
    pub retry_after_s: Option<u32>,
}

impl Problem {
    /// `name` is lower-case words with hyphens and never changes its meaning.
    pub fn new(
        status: StatusCode,
        name: &str,
        title: &'static str,
        title_zh: &'static str,
        detail: &str,
    ) -> Self {
        Self {
            kind: format!("urn:zerotrip:problem:{name}"),
            title,
            title_zh,
            status: status.as_u16(),
            detail: detail.to_owned(),
            retry_after_s: None,
        }
    }

    /// The request cannot be understood; `detail` names the field.
    pub fn invalid(detail: &str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid-request", "Invalid request", "请求内容有误", detail)
    }

    /// Nothing at this address, or not for this caller.
    pub fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "not-found", "Not found", "未找到", "Check the address.")
    }

    /// The address exists, the method does not.
    pub fn method_not_allowed() -> Self {
        Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "method-not-allowed",
            "Method not allowed",
            "不支持的请求方法",
            "See openapi.json for the methods of this address.",
        )
    }

    /// The token is missing, wrong, expired or revoked.
    pub fn unauthorized() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "unauthorized",
            "Not logged in",
            "未登录或登录已失效",
            "Log in again.",
        )
    }

    /// Logged in, but not allowed.
    pub fn forbidden(detail: &str) -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", "Not allowed", "没有权限", detail)
    }

    /// The store or a neighbour does not answer; the same request may be sent again. Whether a write whose connection was
    /// lost has happened is not known here. `cause` goes to the log only.
    pub fn unavailable(cause: &str) -> Self {
        crate::log(&format!("unavailable: {cause}"));
        let mut problem = Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "unavailable",
            "Temporarily unavailable",
            "服务暂时不可用",
            "Send the same request again in a moment. Nothing is half done.",
        );
        problem.retry_after_s = Some(2);
        problem
    }

    /// Our deployment is wrong; `defect` goes to the log only and must name no secret.
    pub fn misconfigured(defect: &str) -> Self {
        crate::log(&format!("misconfigured: {defect}"));
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "misconfigured",
            "Service not ready",
            "服务尚未就绪",
            "The operator must look at the log.",
        )
    }

    /// As an HTTP answer.
    pub fn reply(&self) -> Reply {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let reply = Reply::json(status, self).header("content-type", "application/problem+json");
        match self.retry_after_s {
            Some(seconds) => reply.header("retry-after", &seconds.to_string()),
            None => reply,
        }
    }
}
