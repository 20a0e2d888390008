//! Channels as they stand: what is cached, asked for anew where it is too old.

use crate::registry::{self, Person};
use zerotrip_accounts::channels::{self, Channel};
use zerotrip_domain::document::Kind;
use zerotrip_platform::{Db, Id, Problem};

/// An open channel, asked for anew if that was due.
pub struct Current {
    pub channel: Channel,
    /// The registry was to be asked, and did not answer: what is here is older than it should be, or nothing.
    pub stale: bool,
}

/// `channels` of `holder`, of which none is older than `good_ms` unless the registry is silent.
pub async fn refreshed(
    db: &Db,
    holder: Id,
    person: &Person<'_>,
    channels: Vec<Channel>,
    good_ms: u64,
    now: u64,
) -> Result<Vec<Current>, Problem> {
    let old = |channel: &Channel| channel.told.as_ref().is_none_or(|told| told.as_of + good_ms <= now);
    let due: Vec<Kind> = channels.iter().filter(|channel| old(channel)).map(|channel| channel.kind).collect();
    let mut answers = registry::ask(db, person, &due).await?;
    let mut current = Vec::new();
    for mut channel in channels {
        let mut stale = false;
        if let Some(at) = answers.iter().position(|(kind, _)| *kind == channel.kind) {
            match answers.swap_remove(at).1 {
                Ok(told) => {
                    channels::keep(db, holder, channel.kind, &told, now).await?;
                    channel.told = Some(told);
                }
                Err(registry::Silent) => stale = true,
            }
        }
        current.push(Current { channel, stale });
    }
    Ok(current)
}
