//! Another phone for an account.

use crate::citizen::registration::phone_has_account;
use http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;
use zerotrip_accounts::audit::{self, Line};
use zerotrip_accounts::one_time_code::{self, Purpose, Typed, phone_index};
use zerotrip_accounts::sealed::opened;
use zerotrip_accounts::signing::sealing;
use zerotrip_accounts::sms;
use zerotrip_accounts::{citizen, fresh, refused};
use zerotrip_domain::Phone;
use zerotrip_platform::db::DbError;
use zerotrip_platform::{Db, Id, Problem, Reply, Request, clock};

/// Codes of the purpose `change-phone`.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPhone {
    new: Typed,
    /// To the phone of today. Without it a fresh face check is needed, or its equal; the phone of today is told.
    old: Option<Typed>,
}

#[utoipa::path(put, path = "/auth/citizens/me/phone", request_body = NewPhone, responses((status = 204)))]
pub async fn change(request: &Request) -> Result<Reply, Problem> {
    let given: NewPhone = request.json()?;
    let (db, now) = (Db::open().await?, clock::now_ms());
    let caller = citizen::citizen(request, &db).await?;
    if given.old.is_none() {
        fresh::demand(&caller, now)?;
    }
    let sql = "SELECT phone_sealed FROM citizens WHERE id = $1";
    let row = db.one(sql, [caller.id.into()]).await?.ok_or_else(Problem::unauthorized)?;
    // None, if somebody else has had it since the old days.
    let today: Option<Phone> = opened(&row, 0, "phone", caller.id)?.and_then(|text| text.parse().ok());
    if let Some(old) = &given.old {
        let proven = one_time_code::prove(&db, old, Purpose::ChangePhone, now).await?;
        if today.as_ref() != Some(&proven) {
            return Err(not_the_phone_of_today());
        }
    }
    let phone = one_time_code::prove(&db, &given.new, Purpose::ChangePhone, now).await?;
    let sealed = sealing::seal(&format!("citizens.phone/{}", caller.id), phone.as_str().as_bytes(), now);
    let changed = db
        .one(
            "UPDATE citizens SET phone_sealed = $1, phone_index = $2 WHERE id = $3 AND COALESCE(phone_index, '') = $4 \
             AND standing IN ('registered', 'real-name', 'real-person') RETURNING id",
            [
                sealed.map_err(refused)?.into(),
                phone_index(&phone)?.into(),
                caller.id.into(),
                today.as_ref().map_or(Ok(String::new()), phone_index)?.into(),
            ],
        )
        .await;
    match changed {
        Ok(Some(_)) => {}
        // Changed by another request a moment ago.
        Ok(None) => return Err(not_the_phone_of_today()),
        Err(DbError::Conflict) => return Err(phone_has_account()),
        Err(other) => return Err(other.into()),
    }
    let kind = "phone-changed";
    let line = Line { kind, actor: caller.id, device: Id::NONE, subject: caller.id, detail: "" };
    audit::write(&db, &line, now).await?;
    if let (None, Some(today)) = (&given.old, &today) {
        let text = "【警务服务】您的账号已更换手机号。如非本人操作，请立即到派出所窗口申诉。";
        // The change holds all the same; a gateway that is silent is logged there.
        let _ = sms::send(&db, today, text, &Id::random().to_string()).await;
    }
    Ok(Reply::no_content())
}

fn not_the_phone_of_today() -> Problem {
    Problem::new(
        StatusCode::CONFLICT,
        "not-the-phone-of-today",
        "Not the account's phone",
        "原手机号与账号不符",
        "Send a code to the phone that the account has today.",
    )
}
