//! 业务明细 of Alipay, `bill_type=trade`: GBK CSV in zip, beside a summary that is not needed.
//!
//! ```text
//! #支付宝业务明细查询
//! #账号：[20880000000000010156]
//! #起始日期：[…]   终止日期：[…]
//! #-----------------------------------------业务明细列表----------------------------------------
//! 支付宝交易号,商户订单号,业务类型,…
//! 2026112422001…\t,20261124…\t,交易,…
//! #-----------------------------------------业务明细列表结束------------------------------------
//! #交易合计：1笔，商家实收共206.00元，商家优惠共0.00元
//! #退款合计：0笔，商家实收退款共0.00元，商家优惠退款共0.00元
//! #导出时间：[…]
//! ```
//!
//! A refund is a row of its own, with amounts below zero.

use crate::cells::{ascii, gbk as cells, number, places};
use crate::reader::{Reader, Table};
use crate::wechat_pay::sum;
use crate::zip;
use crate::{Bill, Fault, gbk};
use zerotrip_domain::statement::{Entry, What};
use zerotrip_domain::{Day, Fen};

/// Whose bill of which day it has to be.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// 16 digits; the account of the bill has four more.
    pub seller_id: &'a str,
    /// In China.
    pub day: Day,
}

/// Reads `archive`.
pub fn read(archive: &[u8], wanted: Wanted) -> Result<Bill, Fault> {
    let files = zip::files(archive)?;
    let is_details = |name: &[u8]| name.ends_with(gbk::DETAILS) || name.ends_with("业务明细.csv".as_bytes());
    let mut details = files.iter().filter(|file| is_details(file.name));
    let (Some(file), None) = (details.next(), details.next()) else {
        return Err(Fault::archive("not one file 业务明细.csv in the archive"));
    };
    let mut reader = Reader::new(Rows {
        wanted,
        day: wanted.day.to_string(),
        bill: Bill::default(),
        received_fen: 0,
        returned_fen: 0,
        state: State::Head { title: false, account: false },
    });
    file.unpack(|piece| reader.piece(piece))?;
    reader.finish()
}

struct Rows<'a> {
    wanted: Wanted<'a>,
    day: String,
    bill: Bill,
    /// 商家实收 of payments and of refunds, which the totals sum.
    received_fen: i64,
    returned_fen: i64,
    state: State,
}

enum State {
    /// Lines before the table.
    Head {
        title: bool,
        account: bool,
    },
    /// The line of titles is next.
    Titles,
    Rows([usize; 7], usize),
    /// Lines after the table; whether the totals have been there.
    Tail {
        payments: bool,
        refunds: bool,
    },
}

impl Table for Rows<'_> {
    fn line(&mut self, line: &[u8]) -> Result<(), Fault> {
        let comment = line.starts_with(b"#");
        match &mut self.state {
            State::Head { title, account } => {
                if !comment {
                    return Err("the head of the bill is missing".into());
                }
                *title |= line == gbk::TITLE;
                if let Some(rest) = line.strip_prefix(gbk::ACCOUNT) {
                    let own = self.wanted.seller_id.as_bytes();
                    *account = rest.strip_prefix(b"[").is_some_and(|rest| rest.starts_with(own));
                    if !*account {
                        return Err(Fault::foreign("another merchant's"));
                    }
                }
                if has(line, gbk::TABLE) {
                    if !(*title && *account) {
                        return Err("the head of the bill is not whole".into());
                    }
                    self.state = State::Titles;
                }
            }
            State::Titles => {
                let titles = cells(line, b',').ok_or("a quote is open")?;
                let columns = [
                    gbk::ALIPAY_TRADE,
                    gbk::MERCHANT_ORDER,
                    gbk::BUSINESS,
                    gbk::FINISHED,
                    gbk::ORDER_AMOUNT,
                    gbk::RECEIVED,
                    gbk::REQUEST,
                ];
                let places = places(&titles, columns).ok_or("a column is missing")?;
                self.state = State::Rows(places, titles.len());
            }
            State::Rows(..) if comment => {
                if !has(line, gbk::TABLE_END) {
                    return Err("the end of the table is missing".into());
                }
                self.state = State::Tail { payments: false, refunds: false };
            }
            State::Rows(places, width) => {
                let row = cells(line, b',').ok_or("a quote is open")?;
                if row.len() != *width {
                    return Err("a row has more or fewer columns than titles".into());
                }
                let row = places.map(|place| row[place]);
                self.row(row)?;
            }
            State::Tail { payments, refunds } => {
                let totals = self.bill.totals();
                if let Some(rest) = line.strip_prefix(gbk::TRADES) {
                    *payments = total(rest) == Some((totals.payments, self.received_fen));
                    return held_to(*payments);
                }
                if let Some(rest) = line.strip_prefix(gbk::REFUNDS) {
                    *refunds = total(rest) == Some((totals.refunds, self.returned_fen));
                    return held_to(*refunds);
                }
                if !comment && !line.is_empty() {
                    return Err("something follows the table".into());
                }
            }
        }
        Ok(())
    }

    fn finish(self) -> Result<Bill, Fault> {
        match self.state {
            State::Tail { payments: true, refunds: true } => Ok(self.bill),
            _ => Err("the bill breaks off".into()),
        }
    }
}

impl Rows<'_> {
    fn row(&mut self, row: [&[u8]; 7]) -> Result<(), Fault> {
        let [transaction, order, business, at, amount, received, request] = row;
        if !at.starts_with(self.day.as_bytes()) {
            return Err(Fault::foreign("of another day"));
        }
        let transaction = number(transaction);
        let (what, amount) = if business == gbk::TRADE {
            self.received_fen += fen(received)?.get();
            (What::Payment, fen(amount)?)
        } else if business == gbk::REFUND {
            self.returned_fen += below_zero(received)?.get();
            // Alipay has no number of its own for a refund.
            let ours = number(request);
            let reference = format!("{transaction}-{ours}");
            (What::Refund { number: Some(ours), reference }, below_zero(amount)?)
        } else {
            return Err("an unknown 业务类型".into());
        };
        self.bill.push(Entry { order: number(order), transaction: Some(transaction), amount, what })?;
        Ok(())
    }
}

fn fen(value: &[u8]) -> Result<Fen, &'static str> {
    ascii(value).and_then(|text| text.parse().ok()).ok_or("an amount is none")
}

fn below_zero(value: &[u8]) -> Result<Fen, &'static str> {
    value.strip_prefix(b"-").ok_or("a refund is not below zero").and_then(fen)
}

fn has(line: &[u8], words: &[u8]) -> bool {
    line.windows(words.len()).any(|window| window == words)
}

/// How many rows, and how many fen without their sign: the first two numbers of a line of totals.
fn total(line: &[u8]) -> Option<(u32, i64)> {
    let mut numbers =
        line.split(|byte| !byte.is_ascii_digit() && *byte != b'.').filter(|part| !part.is_empty());
    let rows = ascii(numbers.next()?)?.parse().ok()?;
    Some((rows, sum(ascii(numbers.next()?)?)?))
}

fn held_to(totals: bool) -> Result<(), Fault> {
    if totals { Ok(()) } else { Err(Fault::totals("the rows are not those that the totals count")) }
}
