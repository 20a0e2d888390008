//! Why a code discloses nothing, and what staff do next. A refusal of a code that names somebody is that person's to know.

use super::code::{Code, Ended};
use super::desk::Desk;
use http::StatusCode;
use zerotrip_accounts::authority::VenueStaff;
use zerotrip_domain::day::stamp;
use zerotrip_domain::document::Kind;
use zerotrip_domain::scenario::{self, Need, Scenario};
use zerotrip_platform::{Db, Id, Problem};

const PROBLEM: &str = "urn:zerotrip:problem:";

/// What stands against a code.
pub struct Why {
    problem: Problem,
    /// Whether it may be somebody who tries.
    counts: bool,
}

/// The end of an attempt that discloses nothing.
pub enum Refusal {
    /// Of a code that has a row, whose holder is to learn of it.
    Of { code: Id, holder: Id, why: Box<Why> },
    /// Of a code that names nobody.
    Nobody(Why),
    /// Nothing about the code.
    Other(Problem),
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        Self::Other(problem)
    }
}

impl From<Why> for Refusal {
    fn from(why: Why) -> Self {
        Self::Nobody(why)
    }
}

impl Why {
    /// Against this code.
    pub fn of(self, code: &Code) -> Refusal {
        Refusal::Of { code: code.id, holder: code.holder, why: Box::new(self) }
    }

    fn harmless(self) -> Self {
        Self { counts: false, ..self }
    }
}

impl Refusal {
    /// The answer. Before it is given, the person's ledger and the scanner's count have it; a second scan of a code that this
    /// venue has just redeemed tells it nothing new, and stands in neither.
    pub async fn recorded(self, db: &Db, staff: &VenueStaff, desk: &Desk, now: u64) -> Problem {
        let (named, why) = match self {
            Self::Other(problem) => return problem,
            Self::Nobody(why) => (None, why),
            Self::Of { code, holder, why } => (Some((code, holder)), *why),
        };
        if !why.counts {
            return why.problem;
        }
        let recorded = async {
            if let Some((code, holder)) = named {
                enter(db, code, holder, staff, desk, &why.problem, now).await?;
            }
            desk.count_refusal(db, now).await
        };
        match recorded.await {
            Ok(()) => why.problem,
            Err(problem) => problem,
        }
    }
}

async fn enter(
    db: &Db,
    code: Id,
    holder: Id,
    VenueStaff(staff): &VenueStaff,
    desk: &Desk,
    problem: &Problem,
    now: u64,
) -> Result<(), Problem> {
    db.run(
        "INSERT INTO refused_scans (id, code, holder, at, venue, person, device, scenario, why) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        [
            Id::random().into(),
            code.into(),
            holder.into(),
            now.into(),
            staff.agency.as_str().into(),
            staff.principal.into(),
            staff.device.into(),
            desk.scenario.name().into(),
            problem.kind.trim_start_matches(PROBLEM).into(),
        ],
    )
    .await?;
    Ok(())
}

fn why(status: StatusCode, name: &str, title: &'static str, title_zh: &'static str, detail: &str) -> Why {
    Why { problem: Problem::new(status, name, title, title_zh, detail), counts: true }
}

const ASK_ANEW: &str = "Ask for a new code.";

pub fn too_large() -> Problem {
    Problem::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        "body-too-large",
        "Body too large or cut off",
        "请求内容过大或不完整",
        "Send at most 4 KiB: a code has 93 characters.",
    )
}

pub fn nothing_asked() -> Problem {
    Problem::new(
        StatusCode::BAD_REQUEST,
        "nothing-asked",
        "Nothing is asked",
        "请先填写需核对的地址或车牌",
        "Give question.address or question.plate and scan again; the code is still good.",
    )
}

pub fn not_to_be_asked() -> Problem {
    Problem::new(
        StatusCode::BAD_REQUEST,
        "not-to-be-asked",
        "Nothing is to be asked here",
        "本场景不核对地址或车牌",
        "Leave question out and scan again; the code is still good.",
    )
}

pub fn typed_malformed() -> Problem {
    Problem::new(
        StatusCode::BAD_REQUEST,
        "code-malformed",
        "Not a code",
        "不是有效的身份码",
        "Type the eight characters below the picture; there is no 0, O, 1, I, L, 5 or S among them.",
    )
}

pub fn malformed() -> Why {
    why(
        StatusCode::BAD_REQUEST,
        "code-malformed",
        "Not a code",
        "不是有效的身份码",
        "Scan the whole picture that the wallet shows.",
    )
}

pub fn unknown_key() -> Why {
    let detail = "It is made with a key that is not in use. Ask for a new code, from the wallet itself.";
    why(StatusCode::UNPROCESSABLE_ENTITY, "code-unknown-key", "Not a code of ours", "身份码无法识别", detail)
}

pub fn forged() -> Why {
    let detail = "It was not made by the wallet, or was changed. Ask for a new code, from the wallet itself.";
    why(StatusCode::UNPROCESSABLE_ENTITY, "code-forged", "A forged code", "身份码系伪造或已被篡改", detail)
}

pub fn unknown() -> Why {
    why(StatusCode::NOT_FOUND, "code-unknown", "No such code", "身份码不存在", ASK_ANEW)
}

pub fn expired() -> Why {
    let detail = "A picture is good for 60 seconds, what is typed for 5 minutes. Ask for a new code; a screenshot is none.";
    why(StatusCode::GONE, "code-expired", "Code expired", "身份码已过期", detail)
}

pub fn other_scenario(scenario: Scenario) -> Why {
    let detail = format!("It is for another kind of place. Ask for a code for {}.", scenario.name());
    why(
        StatusCode::CONFLICT,
        "other-scenario",
        "Code for another kind of place",
        "身份码不适用于本场景",
        &detail,
    )
}

pub fn other_venue() -> Why {
    let detail = "Its citizen has bound it to another venue. Ask for a code for this one: the poster at the desk names it.";
    why(StatusCode::CONFLICT, "other-venue", "Code for another venue", "身份码仅限其他场所使用", detail)
}

/// When it was used, and no more: not where or by whom, but to whom it was.
pub fn used(ended: &Ended, here: bool) -> Why {
    let by = if here { " by your venue; the register has it" } else { "" };
    let detail = format!("It was used at {} (UTC+8){by}. {ASK_ANEW}", stamp(ended.at));
    let used = why(StatusCode::CONFLICT, "code-used", "Code used already", "身份码已使用", &detail);
    if here { used.harmless() } else { used }
}

pub fn cancelled() -> Why {
    why(StatusCode::GONE, "code-cancelled", "Code cancelled", "身份码已被本人取消", ASK_ANEW)
}

pub fn superseded() -> Why {
    let detail = "A newer code of the same person has taken its place. Scan that one.";
    why(StatusCode::GONE, "code-superseded", "Code replaced by a newer one", "身份码已被新码取代", detail)
}

pub fn withdrawn() -> Why {
    let detail = "Its citizen has logged out, or takes part no more. Ask for the card, or for a new code after a log-in.";
    why(StatusCode::GONE, "code-withdrawn", "Code withdrawn", "持码人已退出登录或撤回授权", detail)
}

pub fn channel_closed(kind: Kind) -> Why {
    let detail = format!("The person has closed the channel of {}. Ask for the card itself.", kind.name());
    why(StatusCode::CONFLICT, "channel-closed", "No open channel", "该证件线上通道已关闭", &detail)
}

pub fn documents_old(kind: Kind) -> Why {
    let detail = format!(
        "The person looks at {} in the wallet, which asks the registry, and makes a new code.",
        kind.name()
    );
    why(StatusCode::CONFLICT, "documents-old", "Looked up too long ago", "证件信息已超过24小时", &detail)
}

/// What the scenario's rule has against the documents.
pub fn not_disclosed(refusal: scenario::Refusal) -> Why {
    use scenario::Refusal::{Ambiguous, Minor, Missing, NotInOrder, NotToBeAsked, NothingAsked, TwoPeople};
    let (title, title_zh, detail) = match refusal {
        Missing(need) => ("A document is missing", "缺少所需证件", missing(need).to_owned()),
        Ambiguous(kind) => {
            let detail = format!("The person names one of several: {}. {ASK_ANEW}", kind.name());
            ("Several of a kind", "存在多份同类证件", detail)
        }
        NotInOrder(kind, reason) => {
            let detail = format!("{} does not count: {}. Ask for another proof.", kind.name(), reason.name());
            ("A document that does not count", "证件状态异常，不予认可", detail)
        }
        TwoPeople => {
            ("Documents of two people", "证件不属于同一人", "Ask for the cards themselves.".to_owned())
        }
        Minor => {
            ("Nobody under 18", "未满18周岁，不得接待", "The law forbids to admit the person.".to_owned())
        }
        NothingAsked => return Why { problem: nothing_asked(), counts: false },
        NotToBeAsked => return Why { problem: not_to_be_asked(), counts: false },
    };
    let status = if refusal == Minor { StatusCode::FORBIDDEN } else { StatusCode::CONFLICT };
    why(status, refusal.name(), title, title_zh, &detail)
}

fn missing(need: Need) -> &'static str {
    match need {
        Need::Identity => {
            "The code shows no document that says who the person is. Ask for a new code that does."
        }
        Need::Vehicle => "The code shows no licence of this vehicle. Ask for a new code that does.",
        Need::Permit => "The code shows no residence permit. Ask for a new code that does.",
        Need::Question => "Ask about an address or a vehicle.",
    }
}
