//! Money that goes back: what is refunded, under which number, and when it is tried again. Pure.

use crate::money::Fen;
use crate::payment::OrderState;
use std::fmt;
use std::str::FromStr;

/// Why money goes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// Another order had settled the ticket.
    PaidTwice,
    /// The decision was revoked, before or after it was paid.
    Revoked,
    /// More was paid than was due.
    Overpaid,
    /// Less was paid than was due, which settles nothing.
    Underpaid,
}

impl Cause {
    const ALL: [Self; 4] = [Self::PaidTwice, Self::Revoked, Self::Overpaid, Self::Underpaid];

    /// As the database and clients write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::PaidTwice => "paid-twice",
            Self::Revoked => "revoked",
            Self::Overpaid => "overpaid",
            Self::Underpaid => "underpaid",
        }
    }
}

impl FromStr for Cause {
    type Err = NotACause;

    fn from_str(text: &str) -> Result<Self, NotACause> {
        Self::ALL.into_iter().find(|cause| cause.name() == text).ok_or(NotACause)
    }
}

/// Not the name of a cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotACause;

/// Which money of an order goes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// All of it, or all but the excess.
    Whole,
    /// What was paid beyond its amount.
    Excess,
}

/// One refund of an order. Each part goes back once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefundId {
    order: String,
    part: Part,
}

const EXCESS: &str = "-excess";

impl RefundId {
    /// Of `part` of `order`.
    pub fn new(order: &str, part: Part) -> Self {
        Self { order: order.to_owned(), part }
    }

    /// As the database and clients write it: the order's number, of the excess with `-excess` after it.
    pub fn parse(text: &str) -> Self {
        match text.strip_suffix(EXCESS) {
            Some(order) => Self::new(order, Part::Excess),
            None => Self::new(text, Part::Whole),
        }
    }

    /// The refund that a provider knows by `number`; none if it is not ours.
    pub fn numbered(number: &str) -> Option<Self> {
        let (part, order) = match number.split_at_checked(1)? {
            ("R", order) => (Part::Whole, order),
            ("E", order) => (Part::Excess, order),
            _ => return None,
        };
        Some(Self::new(order, part))
    }

    /// The order.
    pub fn order(&self) -> &str {
        &self.order
    }

    /// As the provider knows it: the same whoever asks, however often. That makes it happen once.
    pub fn number(&self) -> String {
        let mark = if self.part == Part::Excess { 'E' } else { 'R' };
        format!("{mark}{}", self.order)
    }
}

impl fmt::Display for RefundId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.order)?;
        if self.part == Part::Excess { f.write_str(EXCESS) } else { Ok(()) }
    }
}

/// What is to be sent back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    /// Of which part.
    pub part: Part,
    /// How much.
    pub amount: Fen,
    /// Why.
    pub cause: Cause,
}

/// What goes back of an order in `state` that was `paid`, where `owed` was to be paid. Of all that is paid for a ticket the
/// authority keeps what was owed, once, or nothing.
pub fn due(state: OrderState, paid: Fen, owed: Fen, revoked: bool) -> Vec<Due> {
    let whole = |amount, cause| Due { part: Part::Whole, amount, cause };
    match state {
        OrderState::Pending | OrderState::Closed => Vec::new(),
        OrderState::Surplus => vec![whole(paid, Cause::PaidTwice)],
        OrderState::Underpaid => vec![whole(paid, Cause::Underpaid)],
        OrderState::Paid => {
            let excess = Due { part: Part::Excess, amount: paid.beyond(owed), cause: Cause::Overpaid };
            let mut all = Vec::from_iter((excess.amount > Fen::ZERO).then_some(excess));
            // Also the rest of one whose excess has gone back already.
            all.extend(revoked.then(|| whole(paid.min(owed), Cause::Revoked)));
            all
        }
    }
}

/// Calls in vain after which a person looks at a refund: it is tried for hours by then.
pub const TRIES_ALONE: u32 = 5;

/// After so many ms a job gives its call of a provider up.
pub const CALL_MS: u64 = 30_000;

/// So many ms after a job has taken a refund its call is over, answered, given up or cut off by a kill.
const LEASE_MS: u64 = 60_000;

/// A refund that was tried more than [`TRIES_ALONE`] times has no call under way at `now_ms` if its next try is due by the
/// time that this gives, Unix ms: a job that takes a refund moves its next try on.
pub fn idle_if_due_by(now_ms: u64) -> u64 {
    now_ms.saturating_add(next_try_after_ms(TRIES_ALONE + 1)) - LEASE_MS
}

/// How long after the `tries`-th call the next one is made, in ms: 1, 5, 15, 60 min, then every 4 hours.
pub fn next_try_after_ms(tries: u32) -> u64 {
    const MINUTE: u64 = 60_000;
    match tries {
        0 => 0,
        1 => MINUTE,
        2 => 5 * MINUTE,
        3 => 15 * MINUTE,
        4 => 60 * MINUTE,
        _ => 240 * MINUTE,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::payment::{Order, Report, TradeStatus, Verdict, decide};
    use proptest::prelude::*;

    #[test]
    fn a_refund_has_one_number_that_every_provider_takes() {
        // WeChat Pay: at most 64 of letters, digits and _-|*@; Alipay the same; both refuse another refund under it.
        let order = "20261124ffffffffffffffffffff";
        for (part, number, text) in [
            (Part::Whole, "R20261124ffffffffffffffffffff", "20261124ffffffffffffffffffff"),
            (Part::Excess, "E20261124ffffffffffffffffffff", "20261124ffffffffffffffffffff-excess"),
        ] {
            let id = RefundId::new(order, part);
            assert_eq!((id.number().as_str(), id.to_string().as_str(), id.order()), (number, text, order));
            assert!(number.len() <= 64 && number.bytes().all(|b| b.is_ascii_alphanumeric()));
            assert_eq!(RefundId::numbered(number), Some(id.clone()));
            assert_eq!(RefundId::parse(text), id);
        }
        for foreign in ["", "X20261124ffffffffffffffffffff", "退款"] {
            assert_eq!(RefundId::numbered(foreign), None);
        }
    }

    #[test]
    fn tries_come_later_and_later_and_never_end() {
        let gaps: Vec<u64> = (0..8).map(next_try_after_ms).collect();
        assert!(gaps.windows(2).all(|pair| pair[0] <= pair[1]) && gaps[0] == 0);
        assert_eq!(next_try_after_ms(u32::MAX), 4 * 3600 * 1000);
    }

    #[test]
    fn a_refund_that_is_tried_for_hours_is_idle_a_minute_after_each_call_began() {
        let (taken, minute) = (1_800_000_000_000, 60_000);
        for tries in [TRIES_ALONE + 1, TRIES_ALONE + 2, u32::MAX] {
            let next_try = taken + next_try_after_ms(tries);
            let idle = |now| next_try <= idle_if_due_by(now);
            assert!(!idle(taken) && !idle(taken + CALL_MS) && !idle(taken + minute - 1), "{tries}");
            assert!(idle(taken + minute) && idle(next_try) && idle(next_try + 1), "{tries}");
        }
    }

    #[test]
    fn causes_are_read_back() {
        for cause in Cause::ALL {
            assert_eq!(cause.name().parse(), Ok(cause));
        }
        assert_eq!("".parse::<Cause>(), Err(NotACause));
    }

    const ORDERS: usize = 4;

    proptest! {
        /// Several orders of one ticket, made for what was due on their day, paid with whatever their provider says, told
        /// in any order and any number of times; the decision may be revoked at any time.
        #[test]
        fn what_is_kept_of_all_payments_of_a_ticket_is_what_was_owed_or_nothing(
            owed in proptest::collection::vec(1..40_000i64, ORDERS),
            paid in proptest::collection::vec(1..40_000i64, ORDERS),
            told in proptest::collection::vec(0..ORDERS, 0..20),
            revoked in any::<bool>(),
        ) {
            let fen = |fen: i64| Fen::new(fen).expect("an amount");
            let new = |amount: &i64| Order {
                amount: fen(*amount), state: OrderState::Pending, transaction: None, refund_asked: false,
            };
            let mut orders: Vec<Order> = owed.iter().map(new).collect();
            for at in told {
                let transaction = format!("T{at}");
                let amount = Some(fen(paid[at]));
                let report = Report { status: TradeStatus::Paid, transaction, amount, refunded: false };
                // The unique key of the store: one order of a decision is `paid`.
                let settled = orders.iter().any(|order| order.state == OrderState::Paid);
                orders[at].state = match decide(&orders[at], &report) {
                    Verdict::Settle if settled => OrderState::Surplus,
                    Verdict::Settle => OrderState::Paid,
                    Verdict::FallShort => OrderState::Underpaid,
                    Verdict::Nothing => continue,
                    other => return Err(TestCaseError::fail(format!("{other:?}"))),
                };
                orders[at].amount = fen(paid[at]);
                orders[at].transaction = Some(report.transaction);
            }
            let (mut kept, mut settled) = (0, None);
            for (order, owed) in orders.iter().zip(&owed) {
                if !order.state.is_final() {
                    continue;
                }
                let back: i64 = due(order.state, order.amount, fen(*owed), revoked)
                    .iter().map(|due| due.amount.get()).sum();
                prop_assert!(back <= order.amount.get());
                kept += order.amount.get() - back;
                if order.state == OrderState::Paid {
                    settled = Some(*owed);
                }
            }
            prop_assert_eq!(kept, settled.filter(|_| !revoked).unwrap_or(0));
        }
    }
}
