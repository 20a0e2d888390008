//! 交易账单: what the merchant compares its ledger with.

use std::{collections::HashMap, io::Write};

use flate2::{Compression, write::GzEncoder};
use form_urlencoded::Serializer;
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use serde_json::json;

use super::{
    WechatPay,
    answer::Answer,
    authorization::Call,
    failure::Failure,
    identifiers,
    statement::{Row, written},
    trade::{Payment, Trade},
};
use crate::clock::{end_of_day, parse_stamp};

/// How long a `download_url` is good.
const GOOD_MS: i64 = 300_000;

/// Bills that wait for being fetched, by token: Unix ms of the application and the bytes.
#[derive(Debug, Default)]
pub struct Files(HashMap<String, (i64, Vec<u8>)>);

impl Files {
    fn keep(&mut self, file: Vec<u8>, now_ms: i64) -> String {
        self.0.retain(|_, (at_ms, _)| now_ms < *at_ms + GOOD_MS);
        let token = identifiers::text(40);
        self.0.insert(token.clone(), (now_ms, file));
        token
    }

    fn get(&self, token: &str, now_ms: i64) -> Option<Vec<u8>> {
        self.0.get(token).filter(|(at_ms, _)| now_ms < *at_ms + GOOD_MS).map(|(_, file)| file.clone())
    }
}

/// `GET /v3/bill/tradebill`: makes the bill of a day that is over.
pub fn apply(wechat: &WechatPay, call: &Call) -> Result<Answer, Failure> {
    let date = call.required("bill_date")?;
    let from_ms = Some(date)
        .filter(|date| date.len() == 10)
        .and_then(|date| parse_stamp(&format!("{date} 00:00:00")))
        .ok_or_else(|| Failure::parameter("bill_date", "应为 yyyy-MM-dd"))?;
    if call.optional("bill_type").is_some_and(|kind| kind != "ALL") {
        return Err(Failure::parameter("bill_type", "仅支持 ALL"));
    }
    let compressed = match call.optional("tar_type") {
        None => false,
        Some("GZIP") => true,
        Some(_) => return Err(Failure::parameter("tar_type", "应为 GZIP")),
    };
    let now_ms = wechat.clock.now_ms();
    let until_ms = end_of_day(from_ms);
    let faults = wechat.faults().clone();
    if now_ms < until_ms || faults.bill_late {
        return Err(Failure::bill_not_ready());
    }
    let text = text(wechat, from_ms, until_ms).ok_or_else(Failure::no_bill)?;
    let hashed = if faults.bill_wrong_hash { b"something else" } else { text.as_bytes() };
    let hash = digest(&SHA1_FOR_LEGACY_USE_ONLY, hashed);
    let hash: String = hash.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    let mut file = if compressed { gzip(text.as_bytes()) } else { text.into_bytes() };
    if faults.bill_damaged {
        let middle = file.len() / 2;
        file[middle] ^= 1;
    }
    let token = wechat.files().keep(file, now_ms);
    let query = Serializer::new(String::new()).append_pair("token", &token).finish();
    Ok(Answer::Json(json!({
        "hash_type": "SHA1",
        "hash_value": hash,
        "download_url": format!("{}/v3/billdownload/file?{query}", call.origin),
    })))
}

/// `GET /v3/billdownload/file`: the bytes.
pub fn download(wechat: &WechatPay, call: &Call) -> Result<Answer, Failure> {
    let file = wechat.files().get(call.required("token")?, wechat.clock.now_ms());
    file.map(Answer::File).ok_or_else(|| Failure::request("下载地址已失效，请重新申请账单"))
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text).and_then(|()| encoder.finish()).expect("memory takes every write")
}

/// None on a day without payment and refund.
fn text(wechat: &WechatPay, from_ms: i64, until_ms: i64) -> Option<String> {
    let faults = wechat.faults().clone();
    let book = wechat.book();
    let now_ms = wechat.clock.now_ms();
    let mut rows: Vec<Row> = book
        .trades()
        .filter_map(|trade| Some((trade, trade.payment.as_ref()?)))
        .flat_map(|(trade, payment)| {
            let row = move |refund| Row { account: &wechat.account, trade, payment, refund, now_ms };
            std::iter::once(row(None)).chain(trade.refunds.iter().map(move |refund| row(Some(refund))))
        })
        .filter(|row| (from_ms..until_ms).contains(&row.at_ms()))
        .collect();
    rows.sort_by_key(Row::at_ms);
    let (stranger, payment) = unknown(rows.first()?);
    let mut dearer = rows.first()?.trade.clone();
    dearer.order.amount.total += 1;
    if faults.bill_wrong_amount {
        rows[0].trade = &dearer;
    }
    if faults.bill_extra_row {
        let (trade, payment) = (&stranger, &payment);
        rows.insert(0, Row { account: &wechat.account, trade, payment, refund: None, now_ms });
    }
    if faults.bill_missing_row {
        rows.pop();
    }
    Some(written(&rows))
}

/// A payment at the time of this row that the merchant has never ordered.
fn unknown(row: &Row) -> (Trade, Payment) {
    let at_ms = row.at_ms();
    let mut trade = row.trade.clone();
    trade.order.out_trade_no = format!("EXTRA{}", identifiers::random_digits(12));
    let transaction_id = identifiers::transaction_id(at_ms);
    (trade, Payment { transaction_id, at_ms, ..row.payment.clone() })
}
