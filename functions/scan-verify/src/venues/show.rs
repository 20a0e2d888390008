//! What a venue's poster leads to: which place it is, before anybody shows a code there.

use crate::venues::list::Known;
use crate::venues::{self, Venue};
use http::StatusCode;
use maud::html;
use zerotrip_pages::{facts, page};
use zerotrip_platform::{Db, Problem, Reply, Request};

/// Public. A revoked venue is none.
#[utoipa::path(get, path = "/scan/venues/{id}", params(("id" = String, Path)), responses((status = 200, body = Known)))]
pub async fn show(request: &Request, id: &str) -> Result<Reply, Problem> {
    let id = id.parse().map_err(|_| Problem::not_found())?;
    let db = Db::open().await?;
    let venue = venues::standing(&db, id).await?.ok_or_else(Problem::not_found)?;
    if request.wants_page() {
        return Ok(Reply::html(StatusCode::OK, as_page(&venue)));
    }
    Ok(Reply::json(StatusCode::OK, &Known::from(venue)))
}

fn as_page(venue: &Venue) -> String {
    let body = html! {
        section {
            (facts(&[("场所", &venue.name), ("地址", &venue.address), ("用途", venue.scenario.chinese())]))
            p.note { "请核对场所名称和地址，再在证照管家中选择本场所生成身份码。生成的身份码只在本场所有效，二维码一分钟内、字符码五分钟内使用一次。" }
        }
    };
    page("已登记的核验场所", None, &body)
}
