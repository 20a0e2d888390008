//! The receipt of a paid ticket.

use crate::ticket::{self, Payment, Ticket};
use crate::{answer, pages};
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;
use zerotrip_platform::{Problem, Reply, Request};

/// What was paid, when, and how.
#[derive(Serialize, ToSchema)]
pub struct Receipt {
    /// 决定书编号
    pub number: String,
    /// 张**
    pub driver: String,
    /// 吉A·**345
    pub plate: String,
    pub violation: String,
    pub authority: String,
    pub fine_fen: i64,
    pub late_fee_fen: i64,
    pub total_fen: i64,
    pub payment: Payment,
}

#[utoipa::path(get, path = "/fines/{code}/receipt", params(("code" = String, Path)),
    responses((status = 200, body = Receipt)))]
pub async fn receipt(request: &Request, code: &str) -> Result<Reply, Problem> {
    let Ticket {
        payment,
        number,
        driver,
        plate,
        violation,
        authority,
        fine_fen,
        late_fee_fen,
        total_fen,
        ..
    } = ticket::find(code).await?.1.ticket;
    let payment = payment.ok_or_else(|| {
        Problem::new(
            StatusCode::NOT_FOUND,
            "not-paid",
            "Not paid",
            "该罚款尚未缴纳",
            "There is a receipt once the payment has arrived.",
        )
    })?;
    let receipt =
        Receipt { number, driver, plate, violation, authority, fine_fen, late_fee_fen, total_fen, payment };
    Ok(answer::either(request, &receipt, || pages::receipt(&receipt)))
}
