//! A venue's staff redeem a code: by its QR picture, or typed. Everything is checked before the one statement that uses the code
//! up, and nothing is told before it has.
//!
//! A code that is redeemed costs four reads and one durable write: session, desk, code, documents, the write. The row says
//! who, where, when and what; the audit job writes its line from that.

mod answer;
mod code;
mod desk;
mod presented;
mod refusal;

use answer::Redemption;
use code::{Code, Ended};
use desk::Desk;
use http::StatusCode;
use presented::Presented;
use refusal::Refusal;
use serde::Deserialize;
use utoipa::ToSchema;
use zerotrip_accounts::authority::{self, VenueStaff};
use zerotrip_accounts::channels;
use zerotrip_accounts::redemption::Attempt;
use zerotrip_domain::Day;
use zerotrip_domain::document::{Document, Kind, with_vehicle};
use zerotrip_domain::scenario::{Address, Disclosure, Item, Need, Policy, Question, Scenario, disclose};
use zerotrip_platform::{Db, Problem, Reply, Request, clock};

/// Longer requests of a scanner are none.
const LONGEST: usize = 4 * 1024;
/// So long an answer that was lost is given again.
const REPEATED_MS: u64 = 10 * 60 * 1000;

/// What a scanner has read.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewRedemption {
    /// What the QR code says; either this or `typed`.
    code: Option<String>,
    /// The eight characters below it, in any case, with or without the hyphen.
    typed: Option<String>,
    /// The scanner's own name of this attempt: 8 to 64 letters, digits, hyphens. The same again within ten minutes
    /// gets the same answer, if that was lost.
    attempt: String,
    /// Where the scenario asks: whether this address, or this vehicle, is the person's.
    question: Option<Asked>,
}

/// One of them.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
enum Asked {
    /// As whole as documents have it.
    Address(String),
    Plate(String),
}

#[utoipa::path(post, path = "/scan/redemptions", request_body = NewRedemption,
    responses((status = 201, body = Redemption), (status = 200, body = Redemption)))]
pub async fn redeem(request: &Request) -> Result<Reply, Problem> {
    if request.body.len() > LONGEST {
        return Err(refusal::too_large());
    }
    let given: NewRedemption = request.json()?;
    let presented = Presented::of(given.code, given.typed)?;
    let key = attempt_key(&given.attempt)?;
    let question = given.question.map(question).transpose()?;
    let (db, now) = (Db::open().await?, clock::now_ms());
    let staff = authority::venue_staff(request, &db).await?;
    let desk = Desk::of(&db, &staff, now).await?;
    may_be_asked(desk.scenario, question.as_ref(), now)?;
    let scan = Scan { db: &db, staff: &staff, desk: &desk, key, question, now };
    match scan.redeem(&presented).await {
        Ok(reply) => Ok(reply),
        Err(refusal) => Err(refusal.recorded(&db, &staff, &desk, now).await),
    }
}

/// Refused before the citizen's code is touched: the scanner can ask again.
fn may_be_asked(scenario: Scenario, question: Option<&Question>, now: u64) -> Result<(), Problem> {
    let policy = Policy::in_force(scenario, Day::at(now));
    match (policy.needs().contains(&Need::Question), question) {
        (true, None) => Err(refusal::nothing_asked()),
        (false, Some(_)) => Err(refusal::not_to_be_asked()),
        (true, Some(_)) | (false, None) => Ok(()),
    }
}

/// One attempt, with everything that it needs.
struct Scan<'a> {
    db: &'a Db,
    staff: &'a VenueStaff,
    desk: &'a Desk,
    key: &'a str,
    question: Option<Question>,
    now: u64,
}

impl Scan<'_> {
    async fn redeem(&self, presented: &Presented) -> Result<Reply, Refusal> {
        let (code, why) = presented.found(self).await?;
        if let Some(ended) = self.repeated(&code) {
            return self.again(&code, ended).await;
        }
        if let Some(why) = why {
            return Err(why.of(&code));
        }
        code.good_at(self)?;
        let kinds = kinds(&code);
        let (documents, as_of) = self.documents(&code, &kinds).await?;
        let disclosure = self.disclosed(&code, documents)?;
        let attempt = Attempt {
            code: code.id,
            holder: code.holder,
            kinds: &kinds,
            issued_at: code.issued_at,
            staff: self.staff,
            read: presented.read(),
            key: self.key,
            as_of,
            asked: match &self.question {
                Some(Question::Vehicle(plate)) => Some(plate),
                _ => None,
            },
        };
        if let Some(redeemed) = attempt.redeem(self.db, disclosure, self.now).await? {
            return Ok(Redemption::of(&code, &redeemed, as_of).reply(StatusCode::CREATED));
        }
        // Another scanner, its citizen or a newer code was quicker.
        let code = Code::of(self.db, code.id, self.now).await?.ok_or_else(refusal::unknown)?;
        if let Some(ended) = self.repeated(&code) {
            return self.again(&code, ended).await;
        }
        code.good_at(self)?;
        Err(Problem::unavailable("a code that nothing stands against was not redeemed").into())
    }

    /// What was told for this attempt a moment ago, if it was: later the venue has its register, and the person's documents
    /// are the person's again.
    fn repeated<'c>(&self, code: &'c Code) -> Option<&'c Ended> {
        let VenueStaff(staff) = self.staff;
        let same = |ended: &&Ended| {
            ended.device == staff.device && ended.attempt == self.key && ended.at + REPEATED_MS > self.now
        };
        code.redeemed.as_ref().filter(same)
    }

    /// The same answer once more: from the entry, and its picture from the documents while they are there; where nothing is
    /// kept, all from the documents.
    async fn again(&self, code: &Code, ended: &Ended) -> Result<Reply, Refusal> {
        let told = match &ended.entry_sealed {
            Some(sealed) => {
                let photo = if code.policy.discloses().contains(&Item::Photo) {
                    self.photo(code).await?
                } else {
                    None
                };
                answer::kept(code, sealed, photo)?
            }
            None => {
                let (documents, _) = self.documents(code, &kinds(code)).await?;
                answer::told(&self.disclosed(code, documents)?)
            }
        };
        Ok(Redemption::again(code, ended, told).reply(StatusCode::OK))
    }

    /// The picture on the document that proves the person.
    async fn photo(&self, code: &Code) -> Result<Option<String>, Refusal> {
        let Ok((documents, _)) = self.documents(code, &kinds(code)).await else { return Ok(None) };
        let told = self.disclosed(code, documents).ok();
        Ok(told.and_then(|told| answer::text_of(&told, Item::Photo)))
    }

    /// What is behind the channels of what the code names, and since when: of several the oldest counts.
    async fn documents(&self, code: &Code, kinds: &[Kind]) -> Result<(Vec<Document>, u64), Refusal> {
        let photos = code.policy.discloses().contains(&Item::Photo);
        // One that was closed and opened again meanwhile is another.
        let minted = code.issued_at.unsigned_abs();
        let all = channels::shown(self.db, code.holder, kinds, photos, minted, self.now).await?;
        for kind in kinds {
            match all.iter().find(|(shown, _)| shown == kind) {
                None => return Err(refusal::channel_closed(*kind).of(code)),
                Some((_, told)) if !told.fresh(self.now) => {
                    return Err(refusal::documents_old(*kind).of(code));
                }
                Some(_) => {}
            }
        }
        let as_of = all.iter().map(|(_, told)| told.as_of).min().unwrap_or(0);
        let documents = all.into_iter().flat_map(|(_, told)| told.documents).collect();
        Ok((with_vehicle(documents, code.vehicle()?.as_ref()), as_of))
    }

    fn disclosed(&self, code: &Code, documents: Vec<Document>) -> Result<Disclosure, Refusal> {
        disclose(code.policy, &documents, self.question.as_ref(), Day::at(self.now))
            .map_err(|refused| refusal::not_disclosed(refused).of(code))
    }
}

/// The documents that a code names and its scenario looks at.
fn kinds(code: &Code) -> Vec<Kind> {
    code.documents.iter().filter(|kind| code.policy.takes(*kind)).collect()
}

/// A scanner's own name of an attempt.
pub fn attempt_key(text: &str) -> Result<&str, Problem> {
    let named =
        (8..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    if named { Ok(text) } else { Err(Problem::invalid("attempt must be 8 to 64 letters, digits, hyphens")) }
}

fn question(asked: Asked) -> Result<Question, Problem> {
    match asked {
        Asked::Address(text) => {
            let address = text.trim().parse().ok().and_then(|text| Address::new(&text).ok());
            let wrong =
                || Problem::invalid("question.address must be a whole address of 6 to 200 characters");
            address.map(Question::Address).ok_or_else(wrong)
        }
        Asked::Plate(text) => text
            .parse()
            .map(Question::Vehicle)
            .map_err(|_| Problem::invalid("question.plate must be a number plate, e.g. 吉A12345")),
    }
}
