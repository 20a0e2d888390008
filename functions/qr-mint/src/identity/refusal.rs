//! Why no code is minted, and what to do instead.

use http::StatusCode;
use zerotrip_domain::document::Kind;
use zerotrip_domain::scenario::{Need, Refusal, Scenario};
use zerotrip_platform::Problem;

pub fn no_such_venue() -> Problem {
    Problem::new(
        StatusCode::NOT_FOUND,
        "no-such-venue",
        "No such venue",
        "未找到该场所或其已停用",
        "Scan the venue's poster again, or make a code without a venue.",
    )
}

pub fn venue_of_another_kind(scenario: Scenario) -> Problem {
    Problem::new(
        StatusCode::CONFLICT,
        "other-scenario",
        "A venue of another kind",
        "该场所属于其他使用场景",
        &format!("Choose the scenario {} for this venue.", scenario.name()),
    )
}

pub fn channel_closed(kind: Kind) -> Problem {
    Problem::new(
        StatusCode::CONFLICT,
        "channel-closed",
        "No open channel",
        "该证件尚未开通线上通道",
        &format!("Open the channel of {} in the wallet first.", kind.name()),
    )
}

pub fn documents_old(kind: Kind) -> Problem {
    Problem::new(
        StatusCode::CONFLICT,
        "documents-old",
        "Looked up too long ago",
        "证件信息已超过24小时，请先在证照管家中刷新",
        &format!("Look at {} in the wallet first: what is shown must be of the last 24 hours.", kind.name()),
    )
}

pub fn too_many_codes() -> Problem {
    let mut problem = Problem::new(
        StatusCode::TOO_MANY_REQUESTS,
        "too-many-requests",
        "Too many requests",
        "操作过于频繁，请稍后再试",
        "Try again after the time that Retry-After gives in seconds.",
    );
    problem.retry_after_s = Some(60);
    problem
}

/// What a venue would not be told, the citizen learns before there is a code.
pub fn not_to_be_disclosed(refusal: Refusal) -> Problem {
    let (status, title, title_zh, detail) = match refusal {
        Refusal::Missing(need) => {
            (StatusCode::CONFLICT, "A document is missing", "缺少所需证件", missing(need).to_owned())
        }
        Refusal::Ambiguous(kind) => (
            StatusCode::CONFLICT,
            "Several of a kind",
            "存在多份同类证件，请指明其一",
            format!("There are several documents of the kind {}: name the plate in vehicle.", kind.name()),
        ),
        Refusal::NotInOrder(kind, reason) => (
            StatusCode::CONFLICT,
            "A document that does not count",
            "证件状态异常，不能出示",
            format!("{} is not in order: {}.", kind.name(), reason.name()),
        ),
        Refusal::TwoPeople => (
            StatusCode::CONFLICT,
            "Documents of two people",
            "证件不属于同一人",
            "Look at the documents in the wallet; the registry has mixed two people up.".to_owned(),
        ),
        Refusal::Minor => (
            StatusCode::FORBIDDEN,
            "Nobody under 18",
            "未满18周岁，该场所不得接待",
            "This scenario admits nobody under 18.".to_owned(),
        ),
        // A code is tried with a question where one is needed.
        Refusal::NothingAsked | Refusal::NotToBeAsked => {
            return Problem::unavailable("a code was tried against the policy in the wrong way");
        }
    };
    Problem::new(status, refusal.name(), title, title_zh, &detail)
}

fn missing(need: Need) -> &'static str {
    match need {
        Need::Identity => {
            "Choose resident-id; residents of Hong Kong, Macau and Taiwan choose residence-permit."
        }
        Need::Vehicle => "Choose vehicle-licence, and of several vehicles the plate of one.",
        Need::Permit => "Choose residence-permit.",
        Need::Question => "The venue will ask about an address or a vehicle.",
    }
}
