//! 对账单: the bill of a day, made when it is asked for, and its address, which is good for half a minute.

use std::{collections::HashMap, sync::Arc};

use axum::{
    extract::{RawQuery, State},
    response::{IntoResponse, Response},
};
use encoding_rs::GBK;
use form_urlencoded::Serializer;
use http::{StatusCode, header};
use serde_json::json;

use super::{
    Account, Alipay,
    archive::{self, Member},
    biz::Biz,
    book::Book,
    envelope::Answer,
    failure::Failure,
    faults::Faults,
    identifiers,
    money::Fen,
    statement::{self, Row},
};
use crate::clock::{end_of_day, parse_stamp};

/// How long an address is good.
const GOOD_MS: i64 = 30_000;
/// Where it leads, on a host of its own in life.
pub const PATH: &str = "/downloadBillFile.resource";

/// Bills that wait for being fetched, by `fileId`: Unix ms of the query and the bytes.
#[derive(Debug, Default)]
pub struct Files(HashMap<String, (i64, Vec<u8>)>);

/// `alipay.data.dataservice.bill.downloadurl.query`; `origin` is how this server was called.
pub fn query(alipay: &Alipay, biz: &Biz, origin: &str) -> Result<Answer, Failure> {
    if biz.required("bill_type", 20)? != "trade" {
        return Err(Failure::parameter("bill_type", "仅支持 trade"));
    }
    let date = biz.required("bill_date", 15)?;
    let from_ms = Some(&date)
        .filter(|date| date.len() == 10)
        .and_then(|date| parse_stamp(&format!("{date} 00:00:00")))
        .ok_or_else(|| Failure::parameter("bill_date", "应为 yyyy-MM-dd"))?;
    let (now_ms, until_ms) = (alipay.clock.now_ms(), end_of_day(from_ms));
    let faults = alipay.faults().clone();
    if now_ms < until_ms || faults.bill_late {
        return Err(Failure::no_bill());
    }
    let rows = rows(&alipay.book(), from_ms..until_ms, &faults);
    if rows.is_empty() {
        return Err(Failure::no_bill());
    }
    let name = format!("{}_{}", statement::account(&alipay.account), date.replace('-', ""));
    let member = |ending: &str, text: String| Member {
        name: format!("{name}_{ending}.csv"),
        bytes: gbk(&text),
        at_ms: now_ms,
    };
    let mut file = archive::written(&[
        member("业务明细", statement::details(&alipay.account, from_ms, &rows, now_ms)),
        member("业务明细(汇总)", statement::summary(&alipay.account, from_ms, &rows, now_ms)),
    ]);
    if faults.bill_damaged {
        // Inside of what is packed.
        let middle = file.len() / 4;
        file[middle] ^= 1;
    }
    let file_id = alipay.files().keep(file, now_ms);
    let query = Serializer::new(String::new())
        .extend_pairs([("bizType", "trade"), ("userId", &name[..20]), ("fileType", "csv.zip")])
        .extend_pairs([("bizDates", date.replace('-', "")), ("downloadFileName", format!("{name}.csv.zip"))])
        .append_pair("fileId", &file_id)
        .finish();
    let mut answer = Answer::new();
    answer.insert("bill_download_url".into(), json!(format!("{origin}{PATH}?{query}")));
    Ok(answer)
}

/// 业务明细 of the day that begins at this Unix ms, in GBK, with a payment of one yuan and its refund for each of these orders:
/// for tests of who reads it.
pub fn details_of(account: &Account, from_ms: i64, orders: &[&str]) -> Vec<u8> {
    let row = |order: &&str, minute: i64, refund: Option<String>| Row {
        trade_no: identifiers::trade_no(from_ms),
        out_trade_no: (*order).to_owned(),
        subject: "罚款, \"吉A·**345\"".to_owned(),
        created_ms: from_ms,
        at_ms: from_ms + minute * 60_000,
        amount: Fen::raw(100),
        refund,
    };
    let payments = orders.iter().map(|order| row(order, 600, None));
    let refunds = orders.iter().map(|order| row(order, 660, Some(format!("R{order}"))));
    let rows: Vec<Row> = payments.chain(refunds).collect();
    gbk(&statement::details(account, from_ms, &rows, end_of_day(from_ms)))
}

fn gbk(text: &str) -> Vec<u8> {
    GBK.encode(text).0.into_owned()
}

/// The bytes. Nobody is asked who fetches them: the address is the secret.
pub async fn download(State(alipay): State<Arc<Alipay>>, RawQuery(query): RawQuery) -> Response {
    let query = query.unwrap_or_default();
    let id = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "fileId");
    let id = id.map(|(_, id)| id).unwrap_or_default();
    match alipay.files().get(&id, alipay.clock.now_ms()) {
        Some(file) => ([(header::CONTENT_TYPE, "application/octet-stream")], file).into_response(),
        None => (StatusCode::FORBIDDEN, "the address is too old").into_response(),
    }
}

impl Files {
    fn keep(&mut self, file: Vec<u8>, now_ms: i64) -> String {
        self.0.retain(|_, (at_ms, _)| now_ms < *at_ms + GOOD_MS);
        let id = identifiers::file_id();
        self.0.insert(id.clone(), (now_ms, file));
        id
    }

    fn get(&self, id: &str, now_ms: i64) -> Option<Vec<u8>> {
        self.0.get(id).filter(|(at_ms, _)| now_ms < *at_ms + GOOD_MS).map(|(_, file)| file.clone())
    }
}

/// A row for each payment and each refund, by time.
fn rows(book: &Book, day: std::ops::Range<i64>, faults: &Faults) -> Vec<Row> {
    let mut rows: Vec<Row> = book
        .trades()
        .filter_map(|trade| Some((trade, trade.paid_ms?)))
        .flat_map(|(trade, paid_ms)| {
            let row = |at_ms, fen, request: Option<&str>| Row {
                trade_no: trade.trade_no.clone(),
                out_trade_no: trade.order.out_trade_no.clone(),
                subject: trade.order.subject.clone(),
                created_ms: trade.created_ms,
                at_ms,
                amount: fen,
                refund: request.map(str::to_owned),
            };
            let refunds = trade
                .refunds
                .iter()
                .map(move |refund| row(refund.at_ms, refund.amount_fen, Some(&refund.out_request_no)));
            let mut all = vec![row(paid_ms, trade.order.total_fen, None)];
            all.extend(refunds);
            all
        })
        .filter(|row| day.contains(&row.at_ms))
        .collect();
    rows.sort_by_key(|row| row.at_ms);
    let count = |wanted: u32, rows: &[Row]| usize::try_from(wanted).unwrap_or(usize::MAX).min(rows.len());
    let wrong = count(faults.bill_wrong_amounts, &rows);
    for row in &mut rows[..wrong] {
        row.amount = Fen::raw(row.amount.get() + 1);
    }
    let missing = count(faults.bill_missing_rows, &rows);
    rows.truncate(rows.len() - missing);
    rows.extend((0..faults.bill_extra_rows).map(|_| Row {
        trade_no: identifiers::trade_no(day.start),
        out_trade_no: identifiers::stranger(),
        subject: "别的系统的订单, 含逗号".to_owned(),
        created_ms: day.end - 2000,
        at_ms: day.end - 1000,
        amount: Fen::raw(100),
        refund: None,
    }));
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_good_for_half_a_minute() {
        let mut files = Files::default();
        let id = files.keep(vec![1], 1000);
        assert_eq!(files.get(&id, 30_999), Some(vec![1]));
        assert_eq!(files.get(&id, 31_000), None);
        assert_eq!(files.get("", 1000), None);
    }
}
