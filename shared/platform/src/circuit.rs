//! A circuit breaker for a service of others: once it has failed a few times in a row nobody waits for it, but one caller at
//! a time who tries whether it is back.

use crate::{Db, Problem};

/// Failures in a row that open it.
const FAILURES: i64 = 5;
/// How long it stays open, and then how long one caller's try keeps the others away.
const OPEN_MS: u64 = 5_000;

/// Permission to call `service` once.
pub struct Call<'a> {
    db: &'a Db,
    service: &'static str,
    /// Whether it had failed before, so that a success is worth a write.
    ailing: bool,
}

/// Permission to call `service`, or none while its circuit is open.
pub async fn closed<'a>(db: &'a Db, service: &'static str, now_ms: u64) -> Result<Option<Call<'a>>, Problem> {
    let row =
        db.one("SELECT failures, open_until FROM circuits WHERE service = $1", [service.into()]).await?;
    let Some(row) = row else { return Ok(Some(Call { db, service, ailing: false })) };
    let (failures, open_until) = (row.int(0)?, row.int(1)?);
    let call = Call { db, service, ailing: failures > 0 };
    if failures < FAILURES {
        return Ok(Some(call));
    }
    let tries = db
        .one(
            "UPDATE circuits SET open_until = $1 WHERE service = $2 AND open_until = $3 AND open_until <= $4 \
             RETURNING service",
            [(now_ms + OPEN_MS).into(), service.into(), open_until.into(), now_ms.into()],
        )
        .await?;
    Ok(tries.map(|_| call))
}

impl Call<'_> {
    /// The service answered.
    pub async fn succeeded(self) -> Result<(), Problem> {
        if self.ailing {
            let sql = "UPDATE circuits SET failures = 0, open_until = 0 WHERE service = $1";
            self.db.run(sql, [self.service.into()]).await?;
        }
        Ok(())
    }

    /// It did not.
    pub async fn failed(self, now_ms: u64) -> Result<(), Problem> {
        let row = self
            .db
            .one(
                "INSERT INTO circuits (service, failures, open_until) VALUES ($1, 1, 0) ON CONFLICT (service) \
                 DO UPDATE SET failures = circuits.failures + 1, open_until = $2 RETURNING failures",
                [self.service.into(), (now_ms + OPEN_MS).into()],
            )
            .await?;
        if row.map_or(Ok(0), |row| row.int(0))? == FAILURES {
            crate::log(&format!("ALARM {} does not answer", self.service));
        }
        Ok(())
    }
}
