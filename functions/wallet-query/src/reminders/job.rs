//! The job of reminders: one text message for each rung of a deadline's ladder, to whoever agreed to be reminded.
//!
//! A run claims a few channels, asks the registry where the cache is old, and sends. The claim is a lease: what a killed run left
//! is looked at again. A message is claimed by its row and sent under the row's key, which the gateway takes once.

use super::due;
use crate::current::refreshed;
use crate::registry::Person;
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;
use zerotrip_accounts::person::GUARDED_UNDER;
use zerotrip_accounts::sealed::opened;
use zerotrip_accounts::sms::{self, Said, Silent};
use zerotrip_accounts::{authority, channels};
use zerotrip_domain::document::Kind;
use zerotrip_domain::expiry::rung;
use zerotrip_domain::{Day, IdNumber, Phone};
use zerotrip_platform::{Db, Id, Problem, Reply, Request, clock, log};

const MINUTE_MS: u64 = 60 * 1000;
const HOUR_MS: u64 = 60 * MINUTE_MS;
/// Of the day in China: nobody is woken by a message.
const FIRST_HOUR: u64 = 8;
const LAST_HOUR: u64 = 21;
/// Channels that a run claims at a time.
const CLAIMED: i64 = 10;
/// For so long nobody else looks at them.
const LEASE_MS: u64 = 2 * MINUTE_MS;
/// A run may take so long before it leaves the rest to the next.
const PATIENCE_MS: u64 = 10_000;
/// Messages speak of what the registry has said within so long …
const GOOD_MS: u64 = 20 * HOUR_MS;
/// … or, while it is silent, of what it said within so long.
const STILL_GOOD_MS: u64 = 72 * HOUR_MS;
/// When what did not succeed is tried again.
const RETRY_MS: u64 = 10 * MINUTE_MS;
/// A document may change without our knowing: it is looked at so often at least.
const MOST_DAYS: u16 = 7;

/// What a run did.
#[derive(Default, Serialize, ToSchema)]
pub struct Reminded {
    /// Channels looked at.
    looked_at: u32,
    /// Messages that the gateway has taken.
    sent: u32,
    /// Channels that are looked at again soon, because registry or gateway did not answer.
    put_off: u32,
    /// Channels that could not be looked at, as the log says.
    failed: u32,
    /// It is night in China: nothing was done.
    quiet: bool,
    /// Whether another run would find more.
    more: bool,
}

/// Who is reminded of a holder's documents.
struct Reader {
    holder: Id,
    name: String,
    number: IdNumber,
    phone: Phone,
    /// A guardian reads for a child.
    child: bool,
}

/// Idempotent: any scheduler may call it, any number at once.
#[utoipa::path(post, path = "/wallet/jobs/reminders", responses((status = 200, body = Reminded)))]
pub async fn run(request: &Request) -> Result<Reply, Problem> {
    let db = Db::open().await?;
    authority::scheduler(request, &db).await?;
    let began = clock::now_ms();
    let mut reminded = Reminded::default();
    let hour = (began - Day::at(began).start_ms()) / HOUR_MS;
    if !(FIRST_HOUR..LAST_HOUR).contains(&hour) {
        reminded.quiet = true;
        return Ok(Reply::json(StatusCode::OK, &reminded));
    }
    loop {
        let claimed = claim(&db, clock::now_ms()).await?;
        if claimed.is_empty() {
            break;
        }
        for (holder, kind) in claimed {
            // One that cannot be read keeps nobody else waiting; the log says why.
            if let Err(problem) = look(&db, holder, kind, &mut reminded).await {
                log(&format!("reminders: a channel is put off: {}", problem.kind));
                reminded.failed += 1;
            }
        }
        if clock::now_ms() > began + PATIENCE_MS {
            reminded.more = true;
            break;
        }
    }
    Ok(Reply::json(StatusCode::OK, &reminded))
}

/// Those that were to be looked at first, and nobody else's for a while.
async fn claim(db: &Db, now: u64) -> Result<Vec<(Id, Kind)>, Problem> {
    let rows = db
        .run(
            "UPDATE channels SET look_at = $1 WHERE closed_at IS NULL AND look_at <= $2 AND (holder, kind) IN \
               (SELECT holder, kind FROM channels WHERE closed_at IS NULL AND look_at <= $3 ORDER BY look_at \
                LIMIT CAST($4 AS BIGINT)) RETURNING holder, kind",
            [(now + LEASE_MS).into(), now.into(), now.into(), CLAIMED.into()],
        )
        .await?;
    let odd = || Problem::unavailable("a channel is of no known document");
    rows.iter().map(|row| Ok((row.id(0)?, Kind::named(row.text(1)?).ok_or_else(odd)?))).collect()
}

async fn look(db: &Db, holder: Id, kind: Kind, reminded: &mut Reminded) -> Result<(), Problem> {
    let now = clock::now_ms();
    let today = Day::at(now);
    reminded.looked_at += 1;
    let tomorrow = morning(today.plus(1));
    let Some(reader) = reader(db, holder, now).await? else {
        return settle(db, holder, kind, tomorrow).await;
    };
    let Some(channel) = channels::one(db, holder, kind, now).await? else { return Ok(()) };
    let person = Person { name: &reader.name, number: &reader.number };
    let current = refreshed(db, holder, &person, vec![channel], GOOD_MS, now).await?;
    let mut put_off = current.iter().any(|current| current.stale);
    let channels: Vec<_> = current.into_iter().map(|current| current.channel).collect();
    let (mut next, mut refused) = (today.plus(MOST_DAYS), false);
    for due in due(&channels, today) {
        next = due.next_on(today).map_or(next, |day| next.min(day));
        let Some(rung) = rung(due.deadline.rule().ladder, due.deadline.days_left(today)) else { continue };
        if due.as_of + STILL_GOOD_MS <= now {
            continue;
        }
        let whose = if reader.child { "您监护的未成年人的" } else { "您的" };
        let text =
            format!("【警务服务】{whose}{}。详情请登录证照管家查看，短信不含任何链接。", due.chinese());
        let (term, last) = (due.deadline.term().name(), due.deadline.last().to_string());
        match remind(db, &reader, [kind.name(), term, &last], rung, &text).await? {
            Sent::Now => reminded.sent += 1,
            Sent::Before => {}
            Sent::Refused => refused = true,
            Sent::NotYet => put_off = true,
        }
    }
    let at = match (put_off, refused) {
        (true, _) => now + RETRY_MS,
        (false, true) => tomorrow,
        (false, false) => morning(next),
    };
    reminded.put_off += u32::from(put_off);
    settle(db, holder, kind, at).await
}

fn morning(day: Day) -> u64 {
    day.start_ms() + FIRST_HOUR * HOUR_MS
}

/// When the channel is looked at again.
async fn settle(db: &Db, holder: Id, kind: Kind, at: u64) -> Result<(), Problem> {
    let sql = "UPDATE channels SET look_at = $1 WHERE holder = $2 AND kind = $3 AND closed_at IS NULL";
    db.run(sql, [at.into(), holder.into(), kind.name().into()]).await?;
    Ok(())
}

/// Whom to tell about the documents of `holder`; nobody without consent, or when a child has outgrown its guardian.
async fn reader(db: &Db, holder: Id, now: u64) -> Result<Option<Reader>, Problem> {
    let row = db
        .one(
            "SELECT c.name_sealed, c.id_number_sealed, p.phone_sealed, p.id FROM citizens c \
             JOIN consents s ON s.citizen = c.id AND s.purpose = 'reminders' AND s.withdrawn_at IS NULL \
             JOIN citizens p ON p.id = COALESCE(c.guardian, c.id) AND p.standing = 'real-person' \
             WHERE c.id = $1 AND (c.guardian IS NULL OR (c.standing = 'real-name' AND EXISTS \
               (SELECT 1 FROM guardianships g WHERE g.child = c.id AND g.guardian = c.guardian AND g.confirmed_at IS NOT NULL)))",
            [holder.into()],
        )
        .await?;
    let Some(row) = row else { return Ok(None) };
    let reads = row.id(3)?;
    let number =
        opened(&row, 1, "id_number", holder)?.and_then(|text| IdNumber::parse(&text, Day::at(now)).ok());
    let phone = opened(&row, 2, "phone", reads)?.and_then(|text| text.parse().ok());
    let (Some(name), Some(number), Some(phone)) = (opened(&row, 0, "name", holder)?, number, phone) else {
        return Ok(None);
    };
    let child = reads != holder;
    if child && number.age(Day::at(now)) >= GUARDED_UNDER {
        return Ok(None);
    }
    Ok(Some(Reader { holder, name, number, phone, child }))
}

/// What became of one message.
enum Sent {
    Now,
    Before,
    Refused,
    NotYet,
}

/// Sends it unless it was sent. `of` is the kind, the term and its last day.
async fn remind(db: &Db, reader: &Reader, of: [&str; 3], rung: u16, text: &str) -> Result<Sent, Problem> {
    let [kind, term, last] = of;
    let key = || [reader.holder.into(), kind.into(), term.into(), last.into(), i64::from(rung).into()];
    let values = key().into_iter().chain([Id::random().into(), clock::now_ms().into()]);
    let claimed = db
        .one(
            "INSERT INTO reminders (holder, kind, term, last_day, rung, request, claimed_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (holder, kind, term, last_day, rung) \
             DO UPDATE SET claimed_at = excluded.claimed_at WHERE reminders.sent_at IS NULL RETURNING request",
            values,
        )
        .await?;
    let Some(row) = claimed else { return Ok(Sent::Before) };
    let taken = match sms::try_send(db, &reader.phone, text, row.text(0)?).await? {
        Ok(Said::Taken) => true,
        // The key is used up: it went to the phone of before.
        Ok(Said::Refused(StatusCode::CONFLICT)) => true,
        Ok(Said::Refused(StatusCode::TOO_MANY_REQUESTS)) | Err(Silent) => return Ok(Sent::NotYet),
        Ok(Said::Refused(_)) => false,
    };
    if !taken {
        log("a reminder is refused by the SMS gateway");
        return Ok(Sent::Refused);
    }
    let sql = "UPDATE reminders SET sent_at = $1 WHERE holder = $2 AND kind = $3 AND term = $4 AND last_day = $5 \
               AND rung = $6 AND sent_at IS NULL";
    db.run(sql, [clock::now_ms().into()].into_iter().chain(key())).await?;
    Ok(Sent::Now)
}
