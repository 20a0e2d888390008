//! What a provider's authentic report about an order leads to. Pure: who may settle what, and what is set aside.
//!
//! States are monotonic: a paid order stays paid whatever is reported later, in whatever order reports arrive.

use crate::money::Fen;

/// An order's state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrderState {
    /// May be paid.
    Pending,
    /// Paid; final.
    Paid,
    /// Not to be paid any more, as far as we know: a late authentic success still settles it.
    Closed,
}

impl OrderState {
    /// As the database and clients write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Paid => "paid",
            Self::Closed => "closed",
        }
    }

    /// The state of that name.
    pub fn named(name: &str) -> Option<Self> {
        [Self::Pending, Self::Paid, Self::Closed].into_iter().find(|state| state.name() == name)
    }
}

/// What we know of the order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// Frozen when it was made.
    pub amount: Fen,
    /// Where it stands.
    pub state: OrderState,
    /// The provider's transaction that paid it.
    pub transaction: Option<String>,
}

/// What the provider says of the trade.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TradeStatus {
    /// The payer has not paid yet.
    Waiting,
    /// Paid.
    Paid,
    /// Timed out unpaid, closed by us, or refunded in full.
    Closed,
    /// A word that we do not know.
    Unknown,
}

/// An authentic report about one order of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// What happened.
    pub status: TradeStatus,
    /// The provider's transaction number.
    pub transaction: String,
    /// The order's amount as the provider has it; none if it is no amount.
    pub amount: Option<Fen>,
    /// Money went back to the payer.
    pub refunded: bool,
}

/// Why an authentic report is set aside for a person to look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// For another app of the provider.
    WrongApp,
    /// The money went to another merchant.
    WrongSeller,
    /// No such order.
    UnknownOrder,
    /// Not the order's amount.
    WrongAmount,
    /// The order is paid by another transaction already, or the transaction pays another order.
    OtherTransaction,
    /// Money went back without our asking.
    UnexpectedRefund,
    /// A status that we do not know.
    UnknownStatus,
}

impl Reason {
    /// As the database and the log write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::WrongApp => "wrong-app",
            Self::WrongSeller => "wrong-seller",
            Self::UnknownOrder => "unknown-order",
            Self::WrongAmount => "wrong-amount",
            Self::OtherTransaction => "other-transaction",
            Self::UnexpectedRefund => "unexpected-refund",
            Self::UnknownStatus => "unknown-status",
        }
    }
}

/// What to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The order becomes paid.
    Settle,
    /// The order becomes closed, unless it is paid meanwhile.
    Close,
    /// Known already, or nothing to do.
    Nothing,
    /// Stored and looked at by a person; the order stays as it is.
    SetAside(Reason),
}

/// Decides on `report` about `order`.
pub fn decide(order: &Order, report: &Report) -> Verdict {
    if report.status == TradeStatus::Unknown {
        return Verdict::SetAside(Reason::UnknownStatus);
    }
    if report.status == TradeStatus::Waiting {
        return Verdict::Nothing;
    }
    if report.amount != Some(order.amount) {
        return Verdict::SetAside(Reason::WrongAmount);
    }
    let foreign = order.transaction.as_ref().is_some_and(|known| *known != report.transaction);
    if order.state == OrderState::Paid && foreign {
        return Verdict::SetAside(Reason::OtherTransaction);
    }
    if report.refunded {
        return Verdict::SetAside(Reason::UnexpectedRefund);
    }
    match (order.state, report.status) {
        (OrderState::Pending | OrderState::Closed, TradeStatus::Paid) => Verdict::Settle,
        (OrderState::Pending, TradeStatus::Closed) => Verdict::Close,
        _ => Verdict::Nothing,
    }
}

/// When a pending order is asked about again, in ms after the `checks`-th time: 30 s, 1, 5, 15 and 60 min, then hourly.
pub fn next_check_after_ms(checks: u32) -> u64 {
    const MINUTE: u64 = 60_000;
    match checks {
        0 => 30_000,
        1 => MINUTE,
        2 => 5 * MINUTE,
        3 => 15 * MINUTE,
        _ => 60 * MINUTE,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn fen(n: i64) -> Fen {
        Fen::new(n).expect("an amount")
    }

    fn order(state: OrderState) -> Order {
        let transaction = (state == OrderState::Paid).then(|| "T1".to_owned());
        Order { amount: fen(20_600), state, transaction }
    }

    fn report(status: TradeStatus) -> Report {
        Report { status, transaction: "T1".to_owned(), amount: Some(fen(20_600)), refunded: false }
    }

    #[test]
    fn an_authentic_success_of_the_right_amount_settles_even_a_closed_order() {
        for state in [OrderState::Pending, OrderState::Closed] {
            assert_eq!(decide(&order(state), &report(TradeStatus::Paid)), Verdict::Settle);
        }
        assert_eq!(decide(&order(OrderState::Paid), &report(TradeStatus::Paid)), Verdict::Nothing);
    }

    #[test]
    fn what_does_not_fit_is_set_aside() {
        let pending = order(OrderState::Pending);
        let with = |change: fn(&mut Report)| {
            let mut changed = report(TradeStatus::Paid);
            change(&mut changed);
            decide(&pending, &changed)
        };
        assert_eq!(with(|r| r.amount = Some(fen(20_599))), Verdict::SetAside(Reason::WrongAmount));
        assert_eq!(with(|r| r.amount = None), Verdict::SetAside(Reason::WrongAmount));
        assert_eq!(with(|r| r.refunded = true), Verdict::SetAside(Reason::UnexpectedRefund));
        assert_eq!(with(|r| r.status = TradeStatus::Unknown), Verdict::SetAside(Reason::UnknownStatus));
        let other = Report { transaction: "T2".to_owned(), ..report(TradeStatus::Paid) };
        assert_eq!(decide(&order(OrderState::Paid), &other), Verdict::SetAside(Reason::OtherTransaction));
    }

    fn status() -> impl Strategy<Value = TradeStatus> {
        (0..4usize).prop_map(|i| {
            [TradeStatus::Waiting, TradeStatus::Paid, TradeStatus::Closed, TradeStatus::Unknown][i]
        })
    }

    proptest! {
        /// Whatever arrives in whatever order: an order is settled at most once, and exactly if one fitting success came.
        #[test]
        fn any_sequence_of_reports_settles_at_most_once(
            reports in proptest::collection::vec((status(), 0..3i64, any::<bool>()), 0..12)
        ) {
            let mut order = order(OrderState::Pending);
            let mut settled = 0;
            let mut fitting = false;
            for (status, odd, refunded) in reports {
                let report = Report { amount: Some(fen(20_600 + odd)), refunded, ..report(status) };
                fitting |= status == TradeStatus::Paid && odd == 0 && !refunded;
                match decide(&order, &report) {
                    Verdict::Settle => {
                        settled += 1;
                        order.state = OrderState::Paid;
                        order.transaction = Some(report.transaction);
                    }
                    Verdict::Close => order.state = OrderState::Closed,
                    Verdict::Nothing | Verdict::SetAside(_) => {}
                }
            }
            prop_assert_eq!(settled, i32::from(fitting));
            prop_assert_eq!(order.state == OrderState::Paid, fitting);
        }
    }
}
