//! 交易账单 of WeChat Pay, `bill_type=ALL`: UTF-8 in gzip.
//!
//! Titles, a row for each payment and refund, titles of the totals, the totals. Values stand behind back-quotes.

use crate::cells::{ascii, back_quoted, number, places};
use crate::reader::{Reader, Table};
use crate::{Bill, Fault, gzip};
use zerotrip_domain::statement::{Entry, What};
use zerotrip_domain::{Day, Fen};

/// Whose bill of which day it has to be.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// 公众账号ID
    pub app_id: &'a str,
    /// 商户号
    pub mch_id: &'a str,
    /// In China.
    pub day: Day,
}

/// Reads `file`, and hands its text on to `each` piece by piece: WeChat Pay names that by its hash.
pub fn read(file: &[u8], wanted: Wanted, mut each: impl FnMut(&[u8])) -> Result<Bill, Fault> {
    let day = wanted.day.to_string();
    let mut reader = Reader::new(Rows { wanted, day, bill: Bill::default(), state: State::Titles });
    gzip::unpack(file, |piece| {
        each(piece);
        reader.piece(piece)
    })?;
    reader.finish()
}

const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();
const COLUMNS: [&str; 11] = [
    "交易时间",
    "公众账号ID",
    "商户号",
    "微信订单号",
    "商户订单号",
    "交易状态",
    "货币种类",
    "微信退款单号",
    "商户退款单号",
    "订单金额",
    "申请退款金额",
];
const TOTALS: [&str; 3] = ["总交易单数", "订单总金额", "申请退款总金额"];

struct Rows<'a> {
    wanted: Wanted<'a>,
    day: String,
    bill: Bill,
    state: State,
}

enum State {
    /// The line of titles is next.
    Titles,
    /// Rows come, or the titles of the totals.
    Rows([usize; COLUMNS.len()], usize),
    /// The totals are next.
    Totals([usize; TOTALS.len()]),
    /// Nothing is to follow.
    Done,
}

impl Table for Rows<'_> {
    fn line(&mut self, line: &[u8]) -> Result<(), Fault> {
        match self.state {
            State::Titles => {
                let line = line.strip_prefix(BYTE_ORDER_MARK).unwrap_or(line);
                let titles: Vec<&[u8]> = line.split(|byte| *byte == b',').collect();
                let places = places(&titles, COLUMNS.map(str::as_bytes)).ok_or("a column is missing")?;
                self.state = State::Rows(places, titles.len());
            }
            State::Rows(places, width) => match back_quoted(line) {
                Some(row) if row.len() == width => self.row(places.map(|place| row[place]))?,
                Some(_) => return Err("a row has more or fewer columns than titles".into()),
                None => {
                    let titles: Vec<&[u8]> = line.split(|byte| *byte == b',').collect();
                    let places = crate::cells::places(&titles, TOTALS.map(str::as_bytes));
                    self.state = State::Totals(places.ok_or("neither a row nor the totals")?);
                }
            },
            State::Totals(places) => {
                let values = back_quoted(line).ok_or("the totals are missing")?;
                let value = |place: usize| ascii(values.get(place)?);
                self.add_up(places.map(value))?;
                self.state = State::Done;
            }
            State::Done if line.is_empty() => {}
            State::Done => return Err("something follows the totals".into()),
        }
        Ok(())
    }

    fn finish(self) -> Result<Bill, Fault> {
        match self.state {
            State::Done => Ok(self.bill),
            _ => Err("the bill breaks off".into()),
        }
    }
}

impl Rows<'_> {
    fn row(&mut self, row: [&[u8]; COLUMNS.len()]) -> Result<(), Fault> {
        let [at, app, merchant, transaction, order, state, currency, refund, our_refund, paid, back] = row;
        if app != self.wanted.app_id.as_bytes() || merchant != self.wanted.mch_id.as_bytes() {
            return Err(Fault::foreign("another app's or merchant's"));
        }
        if !at.starts_with(self.day.as_bytes()) {
            return Err(Fault::foreign("of another day"));
        }
        if currency != b"CNY" {
            return Err("not in yuan".into());
        }
        let (what, amount) = match state {
            b"SUCCESS" => (What::Payment, paid),
            b"REFUND" | b"REVOKED" => {
                (What::Refund { number: Some(number(our_refund)), reference: number(refund) }, back)
            }
            _ => return Err("an unknown 交易状态".into()),
        };
        let amount = amount_of(amount).ok_or("an amount is none")?;
        self.bill.push(Entry {
            order: number(order),
            transaction: Some(number(transaction)),
            amount,
            what,
        })?;
        Ok(())
    }

    fn add_up(&self, [rows, paid, back]: [Option<&str>; TOTALS.len()]) -> Result<(), Fault> {
        let fen = |text: Option<&str>| text.and_then(sum).ok_or("a total is none");
        let rows: u32 = rows.and_then(|text| text.parse().ok()).ok_or("a total is none")?;
        let totals = self.bill.totals();
        let counted = (totals.payments + totals.refunds, totals.paid_fen, totals.refunded_fen);
        if counted == (rows, fen(paid)?, fen(back)?) {
            Ok(())
        } else {
            Err(Fault::totals("the rows are not those that the totals count"))
        }
    }
}

fn amount_of(value: &[u8]) -> Option<Fen> {
    ascii(value)?.parse().ok()
}

/// Fen of a sum in yuan, which may be more than an amount.
pub(crate) fn sum(text: &str) -> Option<i64> {
    let (yuan, decimals) = text.split_once('.').unwrap_or((text, "0"));
    let digits =
        |part: &str, most| (1..=most).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
    if !digits(yuan, 14) || !digits(decimals, 2) {
        return None;
    }
    format!("{yuan}{decimals:0<2}").parse().ok()
}
