//! The page that `alipay.user.certify.open.certify` opens: in life a camera, here buttons.

use std::sync::Arc;

use axum::{
    extract::{Path, State},
    response::{IntoResponse, Redirect, Response},
};
use http::StatusCode;

use super::{
    super::{Alipay, biz::Biz, cashier::error_page, common::Call, failure::Failure},
    calls::{as_face, certify_id},
    face::{Act, Face, Refused},
};
use crate::page::{escape, page};

const TITLE: &str = "支付宝模拟身份验证";

/// Opens the page of a signed call.
pub fn open(alipay: &Alipay, call: &Call) -> Response {
    match opened(alipay, call) {
        Ok(face) => camera(&face),
        Err(failure) => refusal(failure.sub_code, &failure.sub_msg),
    }
}

fn opened(alipay: &Alipay, call: &Call) -> Result<Face, Failure> {
    let certify_id = certify_id(call)?;
    let now_ms = alipay.clock.now_ms();
    let mut faces = alipay.faces();
    let face = faces.faces.get(&certify_id).ok_or_else(Failure::no_such_face)?;
    face.can_be_taken_up(now_ms)?;
    let mut face = face.clone();
    // The call may name a way back of its own.
    let elsewhere = Biz::address("return_url", call.parameter("return_url").map(str::to_owned));
    let elsewhere = elsewhere.map_err(as_face)?;
    if elsewhere != face.back {
        face.back = elsewhere;
        faces.put(face.clone())?;
    }
    Ok(face)
}

/// A button is pressed. Whatever came of it, the way leads back, and says nothing.
pub async fn act(
    State(alipay): State<Arc<Alipay>>,
    Path((certify_id, act)): Path<(String, String)>,
) -> Response {
    let act = match act.as_str() {
        "pass" => Act::Pass,
        "fail" => Act::Fail,
        "attack" => Act::Attack,
        "abandon" => Act::Abandon,
        _ => return StatusCode::NOT_FOUND.into_response(),
    };
    match acted(&alipay, &certify_id, act) {
        Ok(face) => Redirect::to(face.way_back()).into_response(),
        Err(failure) => refusal(failure.sub_code, &failure.sub_msg),
    }
}

/// The check as it is after that.
pub fn acted(alipay: &Alipay, certify_id: &str, act: Act) -> Result<Face, Failure> {
    let now_ms = alipay.clock.now_ms();
    let mut faces = alipay.faces();
    let face = faces.faces.get(certify_id).ok_or_else(Failure::no_such_face)?;
    let next = face.after(act, now_ms)?;
    faces.put(next.clone())?;
    Ok(next)
}

impl From<Refused> for Failure {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Expired => Self::no_such_face(),
            Refused::Decided => Self::face_decided(),
        }
    }
}

fn camera(face: &Face) -> Response {
    let doubt = if face.names_somebody() { "" } else { "<p>查无此人：谁都不能通过。</p>" };
    let button = |act: &str, label: &str| {
        format!(
            "<form method=\"post\" action=\"/alipay/faces/{}/{act}\"><button type=\"submit\">{label}</button></form><p></p>",
            face.certify_id
        )
    };
    page(
        TITLE,
        &format!(
            "<section><p>请 {} 本人操作。这里没有摄像头，请选择结果。</p>{doubt}{}{}{}{}</section>",
            escape(&masked(&face.order.cert_name)),
            button("pass", "本人，通过"),
            button("fail", "不是本人，不通过"),
            button("attack", "活体攻击（照片、面具、录像）"),
            button("abandon", "中途退出"),
        ),
    )
}

/// 张**: whoever opens the page need not learn the name from it.
fn masked(name: &str) -> String {
    let mut characters = name.chars();
    let first = characters.next().map(String::from).unwrap_or_default();
    first + &"*".repeat(characters.count())
}

/// An error page.
pub fn refusal(code: &'static str, reason: &str) -> Response {
    error_page("支付宝模拟身份验证：无法继续", code, reason)
}
