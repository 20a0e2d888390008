//! What a provider's authentic report about an order leads to. Pure: who may settle what, and what is set aside.
//!
//! States are monotonic: a paid order stays paid whatever is reported later, in whatever order reports arrive.

use crate::money::Fen;

/// An order's state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrderState {
    /// May be paid.
    Pending,
    /// Paid, and what settles its ticket; final.
    Paid,
    /// Paid, though another order had settled the ticket; final, and refunded in full.
    Surplus,
    /// Paid with less than its amount, so that it settles nothing; final, and refunded in full.
    Underpaid,
    /// Not to be paid any more, as far as we know: a late authentic success still settles it.
    Closed,
}

impl OrderState {
    /// As the database and clients write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Paid => "paid",
            Self::Surplus => "surplus",
            Self::Underpaid => "underpaid",
            Self::Closed => "closed",
        }
    }

    /// The state of that name.
    pub fn named(name: &str) -> Option<Self> {
        [Self::Pending, Self::Paid, Self::Surplus, Self::Underpaid, Self::Closed]
            .into_iter()
            .find(|state| state.name() == name)
    }

    /// Whether money came in.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Paid | Self::Surplus | Self::Underpaid)
    }
}

/// What we know of the order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// What is to be paid: frozen when it was made, or what was owed when it was paid if it was superseded before; of a final
    /// order what was paid.
    pub amount: Fen,
    /// Where it stands.
    pub state: OrderState,
    /// The provider's transaction that paid it.
    pub transaction: Option<String>,
    /// We have asked for its money to go back.
    pub refund_asked: bool,
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
    /// No amount in yuan, or another one than the order is known to be paid with.
    WrongAmount,
    /// The order is paid by another transaction already, or the transaction pays another order.
    OtherTransaction,
    /// Money went back without our asking.
    UnexpectedRefund,
    /// A status that we do not know.
    UnknownStatus,
    /// Told, but not confirmed when we asked.
    Unconfirmed,
    /// Authentic, and not of a form that we know.
    Unreadable,
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
            Self::Unconfirmed => "unconfirmed",
            Self::Unreadable => "unreadable",
        }
    }
}

/// What to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The order becomes paid, or surplus. What was paid beyond its amount goes back.
    Settle,
    /// The order becomes underpaid: all of it goes back.
    FallShort,
    /// The order becomes closed, unless it is paid meanwhile.
    Close,
    /// Known already, or nothing to do.
    Nothing,
    /// Stored and looked at by a person; the order stays as it is.
    SetAside(Reason),
}

/// Decides on `report` about `order`.
///
/// The amount that a provider signs is what it took. WeChat Pay and Alipay take what we have ordered under our own
/// signature: another amount would be their mistake. CCB's cashier takes what the payer's browser says: the MAC in its
/// address can be made by anybody who has seen the counter's public key.
pub fn decide(order: &Order, report: &Report) -> Verdict {
    if report.status == TradeStatus::Unknown {
        return Verdict::SetAside(Reason::UnknownStatus);
    }
    if report.status == TradeStatus::Waiting {
        return Verdict::Nothing;
    }
    // Nobody paid it: what it would have cost says nothing.
    match (order.state, report.status, report.refunded) {
        (OrderState::Pending, TradeStatus::Closed, false) => return Verdict::Close,
        (OrderState::Closed, TradeStatus::Closed, false) => return Verdict::Nothing,
        _ => {}
    }
    let Some(amount) = report.amount.filter(|amount| *amount > Fen::ZERO) else {
        return Verdict::SetAside(Reason::WrongAmount);
    };
    if order.state.is_final() {
        if order.transaction.as_ref().is_some_and(|known| *known != report.transaction) {
            return Verdict::SetAside(Reason::OtherTransaction);
        }
        if amount != order.amount {
            return Verdict::SetAside(Reason::WrongAmount);
        }
    }
    if report.refunded {
        let expected = order.state.is_final() && order.refund_asked;
        return if expected { Verdict::Nothing } else { Verdict::SetAside(Reason::UnexpectedRefund) };
    }
    match (order.state, report.status) {
        (OrderState::Pending | OrderState::Closed, TradeStatus::Paid) if amount < order.amount => {
            Verdict::FallShort
        }
        (OrderState::Pending | OrderState::Closed, TradeStatus::Paid) => Verdict::Settle,
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
        let transaction = state.is_final().then(|| "T1".to_owned());
        Order { amount: fen(20_600), state, transaction, refund_asked: false }
    }

    fn report(status: TradeStatus) -> Report {
        Report { status, transaction: "T1".to_owned(), amount: Some(fen(20_600)), refunded: false }
    }

    #[test]
    fn an_authentic_success_of_the_right_amount_settles_even_a_closed_order() {
        for state in [OrderState::Pending, OrderState::Closed] {
            assert_eq!(decide(&order(state), &report(TradeStatus::Paid)), Verdict::Settle);
        }
        for state in [OrderState::Paid, OrderState::Surplus] {
            assert_eq!(decide(&order(state), &report(TradeStatus::Paid)), Verdict::Nothing);
        }
    }

    #[test]
    fn more_than_the_amount_settles_and_less_does_not() {
        let of = |state, amount| {
            decide(&order(state), &Report { amount: Some(fen(amount)), ..report(TradeStatus::Paid) })
        };
        for state in [OrderState::Pending, OrderState::Closed] {
            assert_eq!((of(state, 20_601), of(state, 20_599)), (Verdict::Settle, Verdict::FallShort));
            assert_eq!(of(state, 0), Verdict::SetAside(Reason::WrongAmount));
        }
        // What was paid is known by then.
        for state in [OrderState::Paid, OrderState::Surplus, OrderState::Underpaid] {
            assert_eq!(of(state, 20_600), Verdict::Nothing);
            assert_eq!(of(state, 20_601), Verdict::SetAside(Reason::WrongAmount));
        }
    }

    #[test]
    fn what_nobody_paid_is_closed_whatever_it_would_have_cost() {
        let closed = Report { amount: None, transaction: String::new(), ..report(TradeStatus::Closed) };
        assert_eq!(decide(&order(OrderState::Pending), &closed), Verdict::Close);
        assert_eq!(decide(&order(OrderState::Closed), &report(TradeStatus::Closed)), Verdict::Nothing);
        assert_eq!(decide(&order(OrderState::Paid), &report(TradeStatus::Closed)), Verdict::Nothing);
    }

    #[test]
    fn money_that_went_back_is_no_news_only_if_we_asked_for_it() {
        let back = Report { refunded: true, ..report(TradeStatus::Closed) };
        let asked = |state| Order { refund_asked: true, ..order(state) };
        assert_eq!(decide(&asked(OrderState::Surplus), &back), Verdict::Nothing);
        assert_eq!(decide(&asked(OrderState::Paid), &back), Verdict::Nothing);
        let unexpected = Verdict::SetAside(Reason::UnexpectedRefund);
        assert_eq!(decide(&order(OrderState::Paid), &back), unexpected);
        assert_eq!(decide(&asked(OrderState::Pending), &back), unexpected);
    }

    #[test]
    fn what_does_not_fit_is_set_aside() {
        let pending = order(OrderState::Pending);
        let with = |change: fn(&mut Report)| {
            let mut changed = report(TradeStatus::Paid);
            change(&mut changed);
            decide(&pending, &changed)
        };
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
        /// Whatever arrives in whatever order: an order is paid at most once, and exactly if one success came that nothing
        /// had gone back of; it settles exactly if that was enough.
        #[test]
        fn any_sequence_of_reports_settles_at_most_once(
            reports in proptest::collection::vec((status(), -1..2i64, any::<bool>()), 0..12)
        ) {
            let mut order = order(OrderState::Pending);
            let mut first = None;
            for (status, odd, refunded) in reports {
                let report = Report { amount: Some(fen(20_600 + odd)), refunded, ..report(status) };
                if status == TradeStatus::Paid && !refunded {
                    first = first.or(Some(odd));
                }
                let state = match decide(&order, &report) {
                    Verdict::Settle => OrderState::Paid,
                    Verdict::FallShort => OrderState::Underpaid,
                    Verdict::Close => {
                        order.state = OrderState::Closed;
                        continue;
                    }
                    Verdict::Nothing | Verdict::SetAside(_) => continue,
                };
                prop_assert!(!order.state.is_final());
                order = Order {
                    state,
                    amount: report.amount.expect("it was paid"),
                    transaction: Some(report.transaction),
                    ..order
                };
            }
            prop_assert_eq!(order.state == OrderState::Paid, first.is_some_and(|odd| odd >= 0));
            prop_assert_eq!(order.state == OrderState::Underpaid, first.is_some_and(|odd| odd < 0));
            prop_assert_eq!(order.amount.get() - 20_600, first.unwrap_or(0));
        }
    }
}
