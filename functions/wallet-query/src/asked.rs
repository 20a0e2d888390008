//! Who asks, and whose wallet it is about.

use zerotrip_accounts::citizen::{self, Citizen};
use zerotrip_accounts::holder::{self, Holder};
use zerotrip_platform::{Db, Id, Problem, Request, clock};

/// A request of a real person about the own wallet, or a child's.
pub struct Asked {
    pub db: Db,
    pub now: u64,
    pub caller: Citizen,
    pub holder: Holder,
}

impl Asked {
    /// Of `request`, whose parameter `child` may name one.
    pub async fn of(request: &Request) -> Result<Self, Problem> {
        Self::about(request, request.parameter("child").as_deref()).await
    }

    /// The same where the child is named elsewhere.
    pub async fn about(request: &Request, child: Option<&str>) -> Result<Self, Problem> {
        let child = child.map(str::parse::<Id>).transpose();
        let child = child.map_err(|_| Problem::invalid("child must be the id of a child's entry"))?;
        let (db, now) = (Db::open().await?, clock::now_ms());
        let caller = citizen::real_person(request, &db).await?;
        let holder = holder::of(&db, &caller, child, now).await?;
        Ok(Self { db, now, caller, holder })
    }
}
