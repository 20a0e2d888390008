//! A sheet for the wall: citizens scan it to bind their code to this venue.

use http::StatusCode;
use maud::{PreEscaped, html};
use zerotrip_accounts::venue::scenario;
use zerotrip_pages::page;
use zerotrip_pages::qr::Qr;
use zerotrip_platform::{Db, Id, Problem, Reply, settings};

/// On paper, where a quarter may be scratched: 74 bytes, of which the address of a venue takes 45.
const MOST: i16 = 6;

/// Public, as the poster is.
#[utoipa::path(get, path = "/qr/venues/{id}/poster", params(("id" = String, Path)),
    responses((status = 200, body = String, content_type = "text/html; charset=utf-8")))]
pub async fn show(id: &str) -> Result<Reply, Problem> {
    let id: Id = id.parse().map_err(|_| Problem::not_found())?;
    let db = Db::open().await?;
    let sql = "SELECT name, address, scenario FROM venues WHERE id = $1 AND revoked_at IS NULL";
    let venue = db.one(sql, [id.into()]).await?.ok_or_else(Problem::not_found)?;
    let code = code(id).await?;
    let body = html! {
        section {
            (PreEscaped(code.svg()))
            p.amount { (venue.text(0)?) }
            p { (venue.text(1)?) }
            p.note { "打开证照管家，扫描本码，核对场所名称后生成身份码，交工作人员扫描。" }
        }
    };
    Ok(Reply::html(StatusCode::OK, page(scenario(venue.text(2)?)?.chinese(), None, &body)))
}

/// The code of a venue's address. One too long is a mistake of the deployment.
pub async fn code(id: Id) -> Result<Qr, Problem> {
    let url = format!("{}/scan/venues/{id}", settings::get("public_url").await?.trim_end_matches('/'));
    Qr::printed(&url, MOST).map_err(|_| {
        Problem::misconfigured("public_url: too long for a QR code of version 6-Q, about 28 characters")
    })
}
