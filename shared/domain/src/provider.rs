//! Who takes the money, and in which app a payer holds the ticket.

use std::fmt;
use std::str::FromStr;

/// A payment provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Provider {
    /// 支付宝
    Alipay,
    /// 微信支付
    WechatPay,
    /// 中国建设银行
    Ccb,
}

/// Not the name of a provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAProvider;

impl Provider {
    /// In the order in which they are offered.
    pub const ALL: [Self; 3] = [Self::WechatPay, Self::Alipay, Self::Ccb];

    /// As clients, settings and the database write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Alipay => "alipay",
            Self::WechatPay => "wechat-pay",
            Self::Ccb => "ccb",
        }
    }

    /// As people call it.
    pub fn title(self) -> &'static str {
        match self {
            Self::Alipay => "支付宝",
            Self::WechatPay => "微信支付",
            Self::Ccb => "建设银行",
        }
    }

    /// The setting that holds our identity there and both sides' keys.
    pub fn key_setting(self) -> &'static str {
        match self {
            Self::Alipay => "alipay",
            Self::WechatPay => "wechat_pay",
            Self::Ccb => "ccb",
        }
    }

    /// Those that a setting names, separated by commas; none if a word is no provider.
    pub fn list(text: &str) -> Result<Vec<Self>, NotAProvider> {
        text.split(',').map(str::trim).filter(|word| !word.is_empty()).map(str::parse).collect()
    }
}

impl fmt::Display for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Provider {
    type Err = NotAProvider;

    fn from_str(text: &str) -> Result<Self, NotAProvider> {
        Self::ALL.into_iter().find(|provider| provider.name() == text).ok_or(NotAProvider)
    }
}

/// What shows the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Viewer {
    /// A provider's own app, which can pay with nothing else.
    AppOf(Provider),
    /// A browser on a phone.
    Phone,
    /// A browser that no payment app can be opened from.
    Desktop,
}

/// Words of a `User-Agent` that tell the app. The first that is found decides.
const MARKS: &[(&str, Viewer)] = &[
    ("MicroMessenger", Viewer::AppOf(Provider::WechatPay)),
    ("AlipayClient", Viewer::AppOf(Provider::Alipay)),
    ("CCB", Viewer::AppOf(Provider::Ccb)),
    ("Mobile", Viewer::Phone),
    ("Android", Viewer::Phone),
    ("iPhone", Viewer::Phone),
];

impl Viewer {
    /// By the request's `User-Agent`.
    pub fn of(user_agent: &str) -> Self {
        let mark = MARKS.iter().find(|(mark, _)| user_agent.contains(mark));
        mark.map_or(Self::Desktop, |(_, viewer)| *viewer)
    }

    /// Which of `live` can be paid with here. An app whose provider is not live offers nothing: it can open no other's
    /// cashier.
    pub fn offers(self, live: &[Provider]) -> Vec<Provider> {
        let can = |provider: &Provider| !matches!(self, Self::AppOf(own) if own != *provider);
        Provider::ALL.into_iter().filter(|provider| live.contains(provider)).filter(can).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_app_offers_its_own_and_a_browser_all_that_is_live() {
        let all = Provider::ALL;
        for (agent, offered) in [
            ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_0) Mobile/15E148 MicroMessenger/8.0.50", &all[..1]),
            ("Mozilla/5.0 (Linux; Android 14) Mobile AlipayClient/10.6", &all[1..2]),
            ("Mozilla/5.0 (Linux; Android 14) Mobile CCBClient/6.0", &all[2..]),
            ("Mozilla/5.0 (Linux; Android 14) Chrome/130 Mobile Safari/537.36", &all),
            ("Mozilla/5.0 (X11; Linux x86_64) Chrome/130", &all),
            ("", &all),
        ] {
            assert_eq!(Viewer::of(agent).offers(&all), offered, "{agent}");
        }
        assert_eq!(Viewer::of("MicroMessenger").offers(&[Provider::Alipay]), []);
        assert_eq!(Viewer::of("Mobile").offers(&[Provider::Ccb]), [Provider::Ccb]);
    }

    #[test]
    fn a_list_is_read_whole_or_not_at_all() {
        assert_eq!(Provider::list("alipay, wechat-pay"), Ok(vec![Provider::Alipay, Provider::WechatPay]));
        assert_eq!(Provider::list(""), Ok(vec![]));
        assert_eq!(Provider::list("alipay,wechat"), Err(NotAProvider));
    }
}
