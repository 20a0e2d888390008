//! A code for one use within a minute, or five where it is typed. The INSERT of its row is the mint: with it, older codes of the same person are over.

use super::choice::{self, Place};
use super::refusal;
use crate::signing::identity_code_mint;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use zerotrip_accounts::channels;
use zerotrip_accounts::citizen::Citizen;
use zerotrip_accounts::fresh::Fresh;
use zerotrip_accounts::holder::Holder;
use zerotrip_accounts::signing::{blind_index, sealing};
use zerotrip_accounts::{citizen, consents, fresh, refused};
use zerotrip_domain::document::{Document, Kind, Kinds, with_vehicle};
use zerotrip_domain::scenario::{Address, Need, Policy, Question, Scenario, disclose};
use zerotrip_domain::{Day, Plate, TypedCode};
use zerotrip_pages::qr::Qr;
use zerotrip_platform::db::DbError;
use zerotrip_platform::{Db, Id, Problem, Reply, Request, clock};

/// As CTID's codes and 12306's temporary identity live.
const QR_MS: u64 = 60 * 1000;
const TYPED_MS: u64 = 5 * 60 * 1000;
/// Codes of one person in a minute.
const MOST: i64 = 20;
/// The QR code's largest version, for a quick scan.
const VERSION: i16 = 5;
/// Typed codes are 38 bits and never used twice while their row is kept.
const TRIES: usize = 4;

/// What to show where.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewCode {
    /// `hotel`, `internet-cafe`, `vehicle-repair`, `locksmith` or `residence-permit-status`.
    scenario: String,
    /// Kinds, e.g. `resident-id`.
    documents: Vec<String>,
    /// The plate of one of several vehicles.
    vehicle: Option<String>,
    /// Good only there: the venue's id, or what its poster's code says.
    venue: Option<String>,
    /// Of whom, if not of the caller: a child in the own care.
    child: Option<String>,
}

/// A code to show. It is told once.
#[derive(Serialize, ToSchema)]
pub struct Minted {
    /// 32 hex digits.
    id: String,
    /// What the QR code says: `ZT1:` and 89 characters.
    code: String,
    svg: String,
    /// What is typed where no camera is: `K7MQ-X3RT`.
    typed: String,
    /// Unix ms at which the QR code is over.
    expires_at: u64,
    /// Unix ms at which the typed code is over.
    typed_until: u64,
    scenario: &'static str,
    /// The version of the rule, e.g. `hotel@2025-04`.
    policy: &'static str,
    /// Names of everything that is told there, and nothing else is.
    discloses: Vec<&'static str>,
    /// The only place where it is good; none if it is good anywhere of its kind.
    venue: Option<Place>,
}

#[utoipa::path(post, path = "/qr/identity-codes", request_body = NewCode, responses((status = 201, body = Minted)))]
pub async fn mint(request: &Request) -> Result<Reply, Problem> {
    let given: NewCode = request.json()?;
    let scenario = choice::scenario(&given.scenario)?;
    let vehicle = given.vehicle.as_deref().map(str::parse::<Plate>).transpose();
    let vehicle = vehicle.map_err(|_| Problem::invalid("vehicle must be a number plate, e.g. 吉A12345"))?;
    let (db, now) = (Db::open().await?, clock::now_ms());
    let caller = citizen::real_person(request, &db).await?;
    let fresh = fresh::demand(&caller, now)?;
    let holder = choice::holder(&db, &caller, given.child.as_deref(), now).await?;
    consents::demand(&db, holder.id(), consents::Purpose::IdentityCodes).await?;
    let policy = Policy::in_force(scenario, Day::at(now));
    let kinds = choice::chosen(policy, &given.documents)?;
    let venue = match &given.venue {
        Some(text) => Some(choice::place(&db, scenario, text).await?),
        None => None,
    };
    let documents = documents(&db, &holder, &kinds, now).await?;
    try_out(policy, with_vehicle(documents, vehicle.as_ref()), now)?;
    let code = Code { scenario, policy, kinds: kinds.into_iter().collect(), vehicle, venue };
    let minted = code.mint(&db, &caller, &fresh, &holder, now).await?;
    Ok(Reply::json(StatusCode::CREATED, &minted))
}

/// What is behind the channels of all `kinds`, as new as it must be until the code is over.
async fn documents(db: &Db, holder: &Holder, kinds: &[Kind], now: u64) -> Result<Vec<Document>, Problem> {
    let all = channels::shown(db, holder.id(), kinds, false, now, now).await?;
    for kind in kinds {
        match all.iter().find(|(shown, _)| shown == kind) {
            None => return Err(refusal::channel_closed(*kind)),
            Some((_, told)) if !told.fresh(now + TYPED_MS) => return Err(refusal::documents_old(*kind)),
            Some(_) => {}
        }
    }
    Ok(all.into_iter().flat_map(|(_, told)| told.documents).collect())
}

/// What would be refused at the desk is refused here.
fn try_out(policy: &'static Policy, documents: Vec<Document>, now: u64) -> Result<(), Problem> {
    // Whatever the venue will ask: who asks about a vehicle needs its licence besides.
    let question =
        "尚未询问的地址".parse().ok().and_then(|text| Address::new(&text).ok()).map(Question::Address);
    let question = question.filter(|_| policy.needs().contains(&Need::Question));
    disclose(policy, &documents, question.as_ref(), Day::at(now)).map_err(refusal::not_to_be_disclosed)?;
    Ok(())
}

/// A code that may be minted.
struct Code {
    scenario: Scenario,
    policy: &'static Policy,
    kinds: Kinds,
    vehicle: Option<Plate>,
    venue: Option<Place>,
}

impl Code {
    async fn mint(
        self,
        db: &Db,
        caller: &Citizen,
        _: &Fresh,
        holder: &Holder,
        now: u64,
    ) -> Result<Minted, Problem> {
        let id = Id::random();
        let (issued_s, expires_s) = (now / 1000, (now + QR_MS) / 1000);
        let seconds = |at: u64| u32::try_from(at).map_err(|_| Problem::unavailable("a time beyond 2106"));
        let content = identity_code_mint::Content {
            scenario: self.scenario.number(),
            documents: self.kinds.byte(),
            id: id.halves(),
            issued_at_s: seconds(issued_s)?,
            expires_at_s: seconds(expires_s)?,
        };
        let code = identity_code_mint::mint(content).map_err(refused)?;
        let svg = Qr::quick(&code, VERSION)
            .map_err(|_| Problem::unavailable("an identity code is too long for its picture"))?
            .svg();
        let seal = |plate: &Plate| {
            sealing::seal(&vehicle_context(id), plate.as_str().as_bytes(), now).map_err(refused)
        };
        let vehicle = self.vehicle.as_ref().map(seal).transpose()?;
        let typed_until = now + TYPED_MS;
        for _ in 0..TRIES {
            let typed = TypedCode::from_random(Id::random().halves().0);
            let inserted = db
                .one(
                    "INSERT INTO identity_codes (id, holder, minted_by, session, scenario, documents, policy, vehicle_sealed, \
                     venue, typed_index, issued_at, expires_at, typed_until) SELECT $1, $2, $3, $4, $5, CAST($6 AS BIGINT), $7, \
                     $8, $9, $10, CAST($11 AS BIGINT), CAST($12 AS BIGINT), CAST($13 AS BIGINT) \
                     WHERE (SELECT COUNT(*) FROM identity_codes c WHERE c.holder = $14 AND c.issued_at > $15) \
                     < CAST($16 AS BIGINT) RETURNING id",
                    [
                        id.into(),
                        holder.id().into(),
                        caller.id.into(),
                        caller.session.into(),
                        self.scenario.name().into(),
                        i64::from(self.kinds.byte()).into(),
                        self.policy.version().into(),
                        vehicle.as_deref().into(),
                        self.venue.as_ref().map(|place| place.venue.as_str()).into(),
                        typed_index(&typed)?.into(),
                        now.into(),
                        (expires_s * 1000).into(),
                        typed_until.into(),
                        holder.id().into(),
                        now.saturating_sub(60_000).into(),
                        MOST.into(),
                    ],
                )
                .await;
            match inserted {
                Ok(Some(_)) => {
                    return Ok(Minted {
                        id: id.to_string(),
                        code,
                        svg,
                        typed: typed.grouped(),
                        expires_at: expires_s * 1000,
                        typed_until,
                        scenario: self.scenario.name(),
                        policy: self.policy.version(),
                        discloses: self.policy.discloses().iter().map(|item| item.name()).collect(),
                        venue: self.venue,
                    });
                }
                Ok(None) => return Err(refusal::too_many_codes()),
                Err(DbError::Conflict) => {}
                Err(other) => return Err(other.into()),
            }
        }
        Err(Problem::unavailable("typed codes kept meeting others"))
    }
}

fn typed_index(typed: &TypedCode) -> Result<String, Problem> {
    blind_index::index("identity_codes.typed", typed.as_str()).map_err(refused)
}

fn vehicle_context(id: Id) -> String {
    format!("identity_codes.vehicle/{id}")
}
