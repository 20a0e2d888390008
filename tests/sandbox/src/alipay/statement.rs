//! 业务明细 and 业务明细(汇总): the two files of a bill, as text.
//!
//! Long numbers and names end in a tab, so that a spreadsheet leaves them alone; a value with a comma stands in quotes. The
//! fee is 0.6 %.

use super::{Account, money::Fen};
use crate::clock::{digits, end_of_day, stamp};

const COLUMNS: &str = "支付宝交易号,商户订单号,业务类型,商品名称,创建时间,完成时间,门店编号,门店名称,操作员,终端号,对方账户,\
订单金额（元）,商家实收（元）,支付宝红包（元）,集分宝（元）,支付宝优惠（元）,商家优惠（元）,券核销金额（元）,券名称,\
商家红包消费金额（元）,卡消费金额（元）,退款批次号/请求号,服务费（元）,分润（元）,备注";
const SUMMARY: &str = "门店编号,门店名称,交易订单总笔数,退款订单总笔数,订单金额（元）,商家实收（元）,支付宝优惠（元）,\
商家优惠（元）,卡消费金额（元）,服务费（元）,分润（元）,实收净额（元）";
/// Whoever pays is shown masked.
const PAYER: &str = "*三丰(138****0017)";

/// A payment, or a refund of it.
pub struct Row {
    pub trade_no: String,
    pub out_trade_no: String,
    pub subject: String,
    pub created_ms: i64,
    pub at_ms: i64,
    pub amount: Fen,
    /// `out_request_no`
    pub refund: Option<String>,
}

/// The account of a merchant: its number and four digits more.
pub fn account(account: &Account) -> String {
    format!("{}0156", account.seller_id)
}

/// The file of rows.
pub fn details(account: &Account, from_ms: i64, rows: &[Row], now_ms: i64) -> String {
    let mut lines = head("业务明细", account, from_ms);
    lines.push(COLUMNS.to_owned());
    lines.extend(rows.iter().map(line));
    lines.push(
        "#-----------------------------------------业务明细列表结束------------------------------------"
            .into(),
    );
    let (payments, refunds) = (sum(rows, false), sum(rows, true));
    let back = if refunds.0 > 0 { "-" } else { "" };
    lines.push(format!("#交易合计：{}笔，商家实收共{}元，商家优惠共0.00元", payments.0, payments.1));
    lines.push(format!(
        "#退款合计：{}笔，商家实收退款共{back}{}元，商家优惠退款共0.00元",
        refunds.0, refunds.1
    ));
    tail(lines, now_ms)
}

/// The file of totals.
pub fn summary(account: &Account, from_ms: i64, rows: &[Row], now_ms: i64) -> String {
    let mut lines = head("业务汇总", account, from_ms);
    lines.push(SUMMARY.to_owned());
    let (payments, refunds) = (sum(rows, false), sum(rows, true));
    let net = signed(payments.1.get() - refunds.1.get());
    let fee = signed(rows.iter().map(fee).sum());
    let (paid, back) = (payments.0, refunds.0);
    lines.push(format!("合计\t,\t,{paid},{back},{net},{net},0.00,0.00,0.00,{fee},0.00,{net}"));
    lines.push(
        "#----------------------------------------业务汇总列表结束-------------------------------------"
            .into(),
    );
    tail(lines, now_ms)
}

fn head(what: &str, of: &Account, from_ms: i64) -> Vec<String> {
    let day = |ms: i64| {
        let digits = digits(ms);
        format!("{}年{}月{}日 00:00:00", &digits[..4], &digits[4..6], &digits[6..8])
    };
    vec![
        format!("#支付宝{what}查询"),
        format!("#账号：[{}]", account(of)),
        format!("#起始日期：[{}]   终止日期：[{}]", day(from_ms), day(end_of_day(from_ms))),
        format!(
            "#-----------------------------------------{what}列表----------------------------------------"
        ),
    ]
}

fn tail(mut lines: Vec<String>, now_ms: i64) -> String {
    let at = stamp(now_ms);
    let (date, time) = at.split_once(' ').expect("a stamp");
    let date: Vec<&str> = date.split('-').collect();
    lines.push(format!("#导出时间：[{}年{}月{}日 {time}]", date[0], date[1], date[2]));
    lines.push(String::new());
    lines.join("\r\n")
}

fn line(row: &Row) -> String {
    let kind = if row.refund.is_some() { "退款" } else { "交易" };
    let sign = if row.refund.is_some() { "-" } else { "" };
    let subject = if row.subject.contains([',', '"']) {
        format!("\"{}\"", row.subject.replace('"', "\"\""))
    } else {
        row.subject.clone()
    };
    let (trade_no, out_trade_no, amount) = (&row.trade_no, &row.out_trade_no, row.amount);
    let (created, at) = (stamp(row.created_ms), stamp(row.at_ms));
    let request = row.refund.as_deref().unwrap_or_default();
    format!(
        "{trade_no}\t,{out_trade_no}\t,{kind}\t,{subject}\t,{created},{at},\t,\t,\t,\t,{PAYER}\t,{sign}{amount},\
         {sign}{amount},0.00,0.00,0.00,0.00,0.00,\t,0.00,0.00,{request}\t,{},0.00,\t",
        signed(-fee(row))
    )
}

/// How many rows of one kind, and what they come to.
fn sum(rows: &[Row], refunds: bool) -> (usize, Fen) {
    let of_kind = || rows.iter().filter(|row| row.refund.is_some() == refunds);
    (of_kind().count(), Fen::raw(of_kind().map(|row| row.amount.get()).sum()))
}

/// A refund gives it back.
fn fee(row: &Row) -> i64 {
    let fee = (row.amount.get() * 6 + 500) / 1000;
    if row.refund.is_some() { -fee } else { fee }
}

fn signed(fen: i64) -> String {
    format!("{}{}", if fen < 0 { "-" } else { "" }, Fen::raw(fen.abs()))
}
