//! 对账单 of China Construction Bank, which an administrator downloads from its merchant platform: GBK, columns parted by
//! `|`, a row for each payment and refund, no totals.
//!
//! ```text
//! 订单号|交易时间|记账日期|支付金额|退款金额|流水号|付款方式|状态
//! ```

use crate::cells::{ascii, gbk as cells, number, places};
use crate::reader::{Reader, Table};
use crate::{Bill, Fault, gbk};
use zerotrip_domain::statement::{Entry, What};
use zerotrip_domain::{Day, Fen};

/// Reads `file`, the bill of `day`.
pub fn read(file: &[u8], day: Day) -> Result<Bill, Fault> {
    let (day, booked) = (day.to_string(), day.to_string().replace('-', ""));
    let mut reader = Reader::new(Rows { day, booked, bill: Bill::default(), columns: None });
    reader.piece(file)?;
    reader.finish()
}

struct Rows {
    day: String,
    /// The same without hyphens.
    booked: String,
    bill: Bill,
    columns: Option<([usize; 7], usize)>,
}

impl Table for Rows {
    fn line(&mut self, line: &[u8]) -> Result<(), Fault> {
        let cells = cells(line, b'|').ok_or("a quote is open")?;
        let Some((places, width)) = self.columns else {
            let columns = [gbk::ORDER, gbk::TIME, gbk::BOOKED, gbk::PAID, gbk::BACK, gbk::SERIAL, gbk::STATE];
            let places = places(&cells, columns).ok_or("not the titles of the bank's bill")?;
            self.columns = Some((places, cells.len()));
            return Ok(());
        };
        if cells.len() != width {
            return Err("a row has more or fewer columns than titles".into());
        }
        let [order, at, booked, paid, back, serial, state] = places.map(|place| cells[place]);
        // What is paid late in the evening may be booked a day later.
        if !at.starts_with(self.day.as_bytes()) && booked != self.booked.as_bytes() {
            return Err(Fault::foreign("of another day"));
        }
        let (amount, what) = if state == gbk::PAID_WELL {
            (paid, What::Payment)
        } else if state == gbk::BACK_WELL {
            (back, What::Refund { number: None, reference: number(serial) })
        } else {
            return Err("an unknown 状态".into());
        };
        let amount: Option<Fen> = ascii(amount).and_then(|text| text.parse().ok());
        let amount = amount.ok_or("an amount is none")?;
        // The bank tells its serial number nowhere else.
        self.bill.push(Entry { order: number(order), transaction: None, amount, what })?;
        Ok(())
    }

    fn finish(self) -> Result<Bill, Fault> {
        if self.columns.is_some() { Ok(self.bill) } else { Err("the file is empty".into()) }
    }
}
