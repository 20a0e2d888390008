//! Why the bank does not do what is asked.

use std::{fmt, io};

/// One answer for the JSON of an order, the XML of a query, the cashier's error page and the controls. Only
/// `0250E0200001` is known from the real bank; the other codes are this one's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// A field is missing or wrong: its name, and what it should be.
    Field(&'static str, &'static str),
    /// Not this merchant, branch and counter.
    Stranger,
    /// Not a transaction of this bank.
    Transaction,
    /// The MAC does not belong to the fields.
    Mac,
    /// The query operator's password.
    Password,
    /// No order fits the query.
    NoSuchOrder,
    /// The order number is known with another amount.
    OtherAmount,
    /// Paid before.
    Paid,
    /// Its TIMEOUT is over.
    Overdue,
    /// Never paid, so there is nothing to give back.
    Unpaid,
    /// More than is left of the payment.
    TooMuch,
    /// The journal could not be written, so nothing has changed.
    Unavailable,
}

impl Failure {
    /// `ERRCODE` and `RETURN_CODE`.
    pub fn code(self) -> &'static str {
        match self {
            Self::Field(..) => "0250E0100001",
            Self::Stranger => "0250E0100002",
            Self::Transaction => "0250E0100003",
            Self::Mac => "0250E0100004",
            Self::Password => "0250E0100005",
            Self::NoSuchOrder => "0250E0200001",
            Self::OtherAmount => "0250E0300001",
            Self::Paid => "0250E0300002",
            Self::Overdue => "0250E0300003",
            Self::Unpaid => "0250E0300004",
            Self::TooMuch => "0250E0300005",
            Self::Unavailable => "0250E0900001",
        }
    }
}

/// `ERRMSG` and `RETURN_MSG`: ASCII, so that no encoding can spoil it.
impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Field(name, fault) => return write!(f, "{name}: {fault}"),
            Self::Stranger => "unknown MERCHANTID, BRANCHID or POSID",
            Self::Transaction => "unknown TXCODE",
            Self::Mac => "MAC does not match",
            Self::Password => "QUPWD is wrong",
            Self::NoSuchOrder => "no record",
            Self::OtherAmount => "ORDERID is known with another PAYMENT",
            Self::Paid => "the order has been paid",
            Self::Overdue => "the order has timed out",
            Self::Unpaid => "the order has not been paid",
            Self::TooMuch => "more than is left of the payment",
            Self::Unavailable => "try again later",
        })
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        eprintln!("zerotrip-sandbox: journal: {error}");
        Self::Unavailable
    }
}
