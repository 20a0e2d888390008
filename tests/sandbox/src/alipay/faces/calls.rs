//! The server-to-server calls: begin a check, ask for its result.

use serde_json::json;

use super::{
    super::{Alipay, biz::Biz, calls::object, common::Call, envelope::Answer, failure::Failure, identifiers},
    face::{Face, Order},
};
use crate::people::number;

const BIZ_CODES: [&str; 4] = ["FACE", "CERT_PHOTO", "CERT_PHOTO_FACE", "SMART_FACE"];

/// `alipay.user.certify.open.initialize`. A number that was used before gives the same `certify_id` for the same check.
/// Whether somebody has this name and number is not told here; nobody else can pass.
pub fn initialize(alipay: &Alipay, call: &Call) -> Result<Answer, Failure> {
    let now_ms = alipay.clock.now_ms();
    let order = order(call, now_ms)?;
    let mut faces = alipay.faces();
    let certify_id = match faces.by_order(&order.outer_order_no) {
        Some(known) if known.order == order => known.certify_id.clone(),
        Some(_) => return Err(Failure::face_order_used()),
        None => {
            let certify_id = identifiers::hexadecimal();
            faces.put(Face::begun(certify_id.clone(), order, now_ms))?;
            certify_id
        }
    };
    Ok(object(json!({ "certify_id": certify_id })))
}

/// `alipay.user.certify.open.query`. `F` says that the check failed or that nobody has taken it up yet; why it failed is
/// not told (documents; `fail_reason` exists and is off).
pub fn query(alipay: &Alipay, call: &Call) -> Result<Answer, Failure> {
    let certify_id = certify_id(call)?;
    let now_ms = alipay.clock.now_ms();
    let mut faces = alipay.faces();
    let face = faces.faces.get_mut(&certify_id).ok_or_else(Failure::no_such_face)?;
    face.queries += 1;
    if face.expired(now_ms) {
        return Err(Failure::no_such_face());
    }
    let passed = if face.outcome == Some(super::face::Outcome::Pass) { "T" } else { "F" };
    Ok(object(json!({ "passed": passed, "identity_info": "{}", "material_info": "{}" })))
}

/// The check that a call is about.
pub fn certify_id(call: &Call) -> Result<String, Failure> {
    let biz = Biz::of(call).map_err(as_face)?;
    biz.required("certify_id", 32).map_err(as_face)
}

fn order(call: &Call, now_ms: i64) -> Result<Order, Failure> {
    let wrong = |name| Failure::face_argument(name, "无效");
    let biz = Biz::of(call).map_err(as_face)?;
    let text = |biz: &Biz, name, most| biz.required(name, most).map_err(as_face);
    let outer_order_no = text(&biz, "outer_order_no", 32)?;
    if !outer_order_no.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return Err(wrong("outer_order_no"));
    }
    let biz_code = text(&biz, "biz_code", 32)?;
    if !BIZ_CODES.contains(&biz_code.as_str()) {
        return Err(wrong("biz_code"));
    }
    let identity = biz.object("identity_param").map_err(as_face)?;
    if text(&identity, "identity_type", 32)? != "CERT_INFO" {
        return Err(wrong("identity_type"));
    }
    if text(&identity, "cert_type", 32)? != "IDENTITY_CARD" {
        return Err(wrong("cert_type"));
    }
    let cert_no = text(&identity, "cert_no", 18)?;
    if !number::is_sound(&cert_no, now_ms) {
        return Err(wrong("cert_no"));
    }
    let cert_name = text(&identity, "cert_name", 50)?;
    let config = biz.object("merchant_config").map_err(as_face)?;
    let return_url = Biz::address("return_url", config.text("return_url", 256).map_err(as_face)?);
    let return_url = return_url.map_err(as_face)?.ok_or_else(|| wrong("return_url"))?;
    Ok(Order { outer_order_no, biz_code, cert_name, cert_no, return_url })
}

/// The product's own code for what [`Biz`] finds wrong.
pub fn as_face(failure: Failure) -> Failure {
    Failure::face_argument("biz_content", &failure.sub_msg)
}
