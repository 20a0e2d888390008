//! What is to be done about documents, and by when: as a list, as a calendar, and by text message.

pub mod calendar;
pub mod job;

use crate::asked::Asked;
use crate::shown::ShownDeadline;
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;
use zerotrip_accounts::channels::{self, Channel};
use zerotrip_accounts::refused;
use zerotrip_accounts::signing::blind_index;
use zerotrip_domain::document::Kind;
use zerotrip_domain::expiry::{self, Deadline, Life, Reason, State, Term, inspection_due, life};
use zerotrip_domain::{Day, Document};
use zerotrip_platform::{Id, Problem, Reply, Request};

/// One thing to be done.
#[derive(Serialize, ToSchema)]
pub struct Reminder {
    kind: &'static str,
    chinese: &'static str,
    /// Masked.
    number: String,
    deadline: ShownDeadline,
    /// The day of the next rung of the ladder, `yyyy-MM-dd`; none after the last.
    next_on: Option<String>,
    /// What to do, in Chinese and English.
    told_zh: String,
    told: String,
    /// When the registry said so, Unix ms.
    as_of: u64,
}

/// The most urgent first.
#[derive(Serialize, ToSchema)]
pub struct Reminders {
    /// The version of the rules.
    policy: &'static str,
    reminders: Vec<Reminder>,
}

/// A deadline that its holder can still do something about.
pub struct Due<'a> {
    pub kind: Kind,
    pub document: &'a Document,
    pub deadline: Deadline,
    /// Unix ms.
    pub as_of: u64,
}

/// All of them. A lost or cancelled document is not renewed but replaced, and has none.
pub fn due(channels: &[Channel], today: Day) -> Vec<Due<'_>> {
    let told = channels.iter().filter_map(|channel| Some((channel.kind, channel.told.as_ref()?)));
    let papers = told.flat_map(|(kind, told)| told.documents.iter().map(move |one| (kind, one, told.as_of)));
    let alive = papers.filter(|(_, document, _)| {
        !matches!(State::of(document, today), State::Red(Reason::Lost | Reason::Cancelled))
    });
    let all = alive.flat_map(|(kind, document, as_of)| {
        Deadline::of(document, today).into_iter().map(move |deadline| Due { kind, document, deadline, as_of })
    });
    let mut all: Vec<Due<'_>> = all.collect();
    all.sort_by_key(|due| due.deadline.last());
    all
}

impl Due<'_> {
    /// The first day after `today` on which another rung begins.
    pub fn next_on(&self, today: Day) -> Option<Day> {
        let rungs = self.deadline.rule().ladder.iter();
        rungs.map(|rung| self.deadline.last().minus(*rung)).find(|day| *day > today)
    }

    /// What to do. The same on whatever day it is said, so that a message sent again is the same message.
    pub fn chinese(&self) -> String {
        let (kind, last, opens) = (self.kind.chinese(), self.deadline.last(), self.deadline.opens());
        match self.deadline.term() {
            Term::Validity => {
                let next = match self.next_life() {
                    Some(Life::Years(years)) => format!("，新证有效期{years}年"),
                    Some(Life::LongTerm) => "，新证长期有效".to_owned(),
                    None => String::new(),
                };
                format!("{kind}有效期至{last}，自{opens}起可办理换证{next}")
            }
            Term::Inspection if self.is_untested() => {
                format!("{kind}检验有效期至{last}，本次免上线检测，自{opens}起可网上申领检验标志")
            }
            Term::Inspection => format!("{kind}检验有效期至{last}，自{opens}起可办理检验"),
            Term::YearlyEndorsement => format!("{kind}须在{opens}至{last}期间办理签注，逾期使用功能中止"),
            Term::TravelEndorsement => format!("{kind}的签注有效期至{last}，可重新申请签注"),
        }
    }

    /// The same in English.
    fn english(&self) -> String {
        let (last, opens) = (self.deadline.last(), self.deadline.opens());
        match self.deadline.term() {
            Term::Validity => {
                let next = match self.next_life() {
                    Some(Life::Years(years)) => format!("; the new one is valid for {years} years"),
                    Some(Life::LongTerm) => "; the new one has no last day".to_owned(),
                    None => String::new(),
                };
                format!("Valid until {last}; renewal is possible from {opens}{next}.")
            }
            Term::Inspection if self.is_untested() => {
                format!("Valid until {last}; no test this time: ask for the mark online from {opens}.")
            }
            Term::Inspection => {
                format!("The inspection is valid until {last}; the next is possible from {opens}.")
            }
            Term::YearlyEndorsement => {
                format!("To be endorsed between {opens} and {last}; after that it does not count.")
            }
            Term::TravelEndorsement => {
                format!("The endorsement is valid until {last}; a new one can be applied for.")
            }
        }
    }

    /// For how long the next document is given out to somebody of that age; none where age does not decide.
    fn next_life(&self) -> Option<Life> {
        let born = match self.document {
            Document::ResidentId(card) => card.birth_date,
            Document::Passport(passport) => passport.birth_date,
            _ => return None,
        };
        life(self.kind, self.deadline.last(), born)
    }

    /// Whether the schedule asks for no test this time, only for the mark.
    fn is_untested(&self) -> bool {
        let Document::VehicleLicence(vehicle) = self.document else { return false };
        let last = self.deadline.last();
        inspection_due(vehicle, last).is_some_and(|one| one.last == last && !one.tested)
    }

    /// Names this deadline for good and tells nobody what it is about: a renewed document's moves on under the same name.
    fn name(&self, holder: Id) -> Result<String, Problem> {
        let endorsement = self.deadline.endorsement();
        let endorsement = endorsement.map(|one| format!("{}{}", one.place().name(), one.kind()));
        let (kind, term) = (self.kind.name(), self.deadline.term().name());
        let name =
            format!("{holder}/{kind}/{}/{term}/{}", self.document.number(), endorsement.unwrap_or_default());
        blind_index::index("reminders.name", &name).map_err(refused)
    }
}

#[utoipa::path(get, path = "/wallet/reminders",
    params(("child" = Option<String>, Query, description = "A child in the own care")), responses((status = 200, body = Reminders)))]
pub async fn list(request: &Request) -> Result<Reply, Problem> {
    let Asked { db, now, holder, .. } = Asked::of(request).await?;
    let (channels, today) = (channels::all(&db, holder.id(), now).await?, Day::at(now));
    let reminders = due(&channels, today).into_iter().map(|due| Reminder {
        kind: due.kind.name(),
        chinese: due.kind.chinese(),
        number: due.document.masked_number(),
        deadline: ShownDeadline::of(&due.deadline, today),
        next_on: due.next_on(today).map(|day| day.to_string()),
        told_zh: due.chinese(),
        told: due.english(),
        as_of: due.as_of,
    });
    let reminders = Reminders { policy: expiry::POLICY, reminders: reminders.collect() };
    Ok(Reply::json(StatusCode::OK, &reminders))
}

/// For the person's own calendar: kinds and days, no numbers and no names.
#[utoipa::path(get, path = "/wallet/reminders.ics",
    params(("child" = Option<String>, Query, description = "A child in the own care")),
    responses((status = 200, content_type = "text/calendar", body = String, description = "RFC 5545")))]
pub async fn calendar(request: &Request) -> Result<Reply, Problem> {
    let Asked { db, now, holder, .. } = Asked::of(request).await?;
    let channels = channels::all(&db, holder.id(), now).await?;
    let events = due(&channels, Day::at(now)).into_iter().map(|due| {
        Ok(calendar::Event {
            uid: format!("{}@zerotrip", due.name(holder.id())?),
            stamp_ms: due.as_of,
            day: due.deadline.last(),
            summary: format!("{}：{}届满", due.kind.chinese(), due.deadline.term().chinese()),
            description: due.chinese(),
            ladder: due.deadline.rule().ladder,
        })
    });
    let events = events.collect::<Result<Vec<_>, Problem>>()?;
    let reply = Reply::new(StatusCode::OK, "text/calendar; charset=utf-8", calendar::text(&events));
    Ok(reply.header("content-disposition", "attachment; filename=\"reminders.ics\""))
}
