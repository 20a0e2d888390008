//! The receipt of a paid ticket. Its code proves it: whoever reads it off the paper sees what we say of it.

use crate::provider::public_url;
use crate::signing::faults::{Fault, Refusal};
use crate::signing::receipt_code;
use crate::ticket::{self, Decision, Payment, Ticket};
use crate::{answer, broken, pages};
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;
use zerotrip_platform::{Problem, Reply, Request, clock};

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
    /// 32 characters: `GET /fines/receipts/{code}` says whether this is so. Another one, as good, after a change of keys.
    pub code: String,
    /// That address, which the receipt's QR code holds.
    pub verify: String,
}

#[utoipa::path(get, path = "/fines/{code}/receipt", params(("code" = String, Path)),
    responses((status = 200, body = Receipt)))]
pub async fn receipt(request: &Request, code: &str) -> Result<Reply, Problem> {
    let receipt = of(ticket::find(code).await?.1).await?.ok_or_else(|| {
        Problem::new(
            StatusCode::NOT_FOUND,
            "not-paid",
            "Not paid",
            "该罚款尚未缴纳",
            "There is a receipt once the payment has arrived.",
        )
    })?;
    Ok(answer::either(request, &receipt, || pages::receipt(&receipt)))
}

/// Whether a receipt is ours and still holds. A code that we did not make is refused before the database is asked.
#[utoipa::path(get, path = "/fines/receipts/{code}", params(("code" = String, Path)),
    responses((status = 200, body = Receipt)))]
pub async fn verify(request: &Request, code: &str) -> Result<Reply, Problem> {
    let order = receipt_code::check(code).map_err(|fault| match fault {
        Fault::Refused(Refusal::Malformed | Refusal::UnknownKey | Refusal::Forged) => not_ours(),
        other => broken(other),
    })?;
    let decision = ticket::of_order(&order).await?.ok_or_else(not_ours)?;
    match of(decision).await? {
        Some(receipt) if receipt.payment.order == order => {
            Ok(answer::either(request, &receipt, || pages::genuine(&receipt)))
        }
        _ => Err(Problem::new(
            StatusCode::GONE,
            "receipt-void",
            "Receipt no longer valid",
            "该凭证已失效，款项已退回",
            "It was ours, and its money has gone back to the payer.",
        )),
    }
}

fn not_ours() -> Problem {
    Problem::new(
        StatusCode::NOT_FOUND,
        "unknown-receipt",
        "No such receipt",
        "查无此凭证",
        "Scan the code on the receipt again, or type its 32 characters. If it is the right one, the receipt is not ours.",
    )
}

/// The receipt of a decision, if it is paid.
async fn of(decision: Decision) -> Result<Option<Receipt>, Problem> {
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
    } = decision.ticket;
    let Some(payment) = payment else { return Ok(None) };
    let code = receipt_code::mint(&payment.order, clock::now_ms()).map_err(broken)?;
    let verify = format!("{}/fines/receipts/{code}", public_url().await?);
    Ok(Some(Receipt {
        number,
        driver,
        plate,
        violation,
        authority,
        fine_fen,
        late_fee_fen,
        total_fen,
        payment,
        code,
        verify,
    }))
}
