//! A provider's bill (对账单) of a day, compared with our own books. Pure: every row that does not agree is a difference
//! with its reason, and whatever should be in the bill and is not.

use crate::day::{DAY_MS, Day};
use crate::money::Fen;
use crate::provider::Provider;
use crate::refund::RefundId;
use std::collections::BTreeMap;

/// One row of a bill.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// 商户订单号, which may be a stranger's.
    pub order: String,
    /// The provider's number of the payment; none where it tells us none.
    pub transaction: Option<String>,
    /// What was paid or went back.
    pub amount: Fen,
    /// Which way.
    pub what: What,
}

/// Which way the money went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// To us.
    Payment,
    /// Back to the payer.
    Refund {
        /// Our number for it; none where the provider tells it in no bill.
        number: Option<String>,
        /// The provider's.
        reference: String,
    },
}

/// An order of ours as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// What the provider calls 商户订单号.
    pub order: String,
    /// What was paid, or is to be.
    pub amount: Fen,
    /// Whether we know that money came in.
    pub paid: bool,
    /// The provider's number of the payment, if it told us one.
    pub transaction: Option<String>,
    /// What of the payment.
    pub payment: Presence,
    /// What of it we have asked to go back: all, the excess, or both in turn.
    pub refunds: Vec<HeldRefund>,
}

/// A refund of ours as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldRefund {
    /// Which.
    pub id: RefundId,
    /// What goes back.
    pub amount: Fen,
    /// What of it.
    pub presence: Presence,
}

/// Whether something of ours has to be in the bill.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// It happened on the bill's day.
    Expected,
    /// It may be there: its time lies outside the day, or is not known.
    Possible,
    /// The bill of another day has it already.
    Elsewhere,
}

/// Why a bill and our books differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// In the bill, and no order of ours.
    UnknownOrder,
    /// Paid by our books, and not in the bill.
    Missing,
    /// Another amount than the order's.
    WrongAmount,
    /// Another transaction than the one that paid the order.
    OtherTransaction,
    /// Paid by the bill, and pending or closed by our books: the provider is asked, and what it confirms is settled.
    NotSettled,
    /// The same once more, in this bill or in another.
    Doubled,
    /// Money went back that we have not sent back.
    UnknownRefund,
    /// Sent back by our books, and not in the bill.
    MissingRefund,
    /// Another amount went back than we have sent.
    WrongRefundAmount,
}

impl Reason {
    /// As the database and clients write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::UnknownOrder => "unknown-order",
            Self::Missing => "missing",
            Self::WrongAmount => "wrong-amount",
            Self::OtherTransaction => "other-transaction",
            Self::NotSettled => "not-settled",
            Self::Doubled => "doubled",
            Self::UnknownRefund => "unknown-refund",
            Self::MissingRefund => "missing-refund",
            Self::WrongRefundAmount => "wrong-refund-amount",
        }
    }
}

/// One difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Why.
    pub reason: Reason,
    /// What it is about: our order, our refund, or the provider's number of what is not ours.
    pub subject: String,
    /// 商户订单号, as the bill or our books have it.
    pub order: String,
    /// By the bill.
    pub billed: Option<Fen>,
    /// By our books.
    pub held: Option<Fen>,
    /// The provider's number, as the bill has it.
    pub transaction: Option<String>,
}

/// What a comparison found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Compared {
    /// Orders whose payment is in the bill as in our books.
    pub equal: Vec<String>,
    /// Refunds that are.
    pub equal_refunds: Vec<RefundId>,
    /// All else.
    pub differences: Vec<Difference>,
}

/// Compares `bill` with `held`: our orders that have to be in it, and those that it names.
pub fn compare(bill: &[Entry], held: &[Held]) -> Compared {
    let places = held.iter().enumerate().map(|(place, held)| (held.order.as_str(), place)).collect();
    let mut comparison = Comparison {
        held,
        places,
        paid: vec![false; held.len()],
        refunded: held.iter().map(|held| vec![false; held.refunds.len()]).collect(),
        found: Compared::default(),
    };
    for entry in bill {
        match &entry.what {
            What::Payment => comparison.payment(entry),
            What::Refund { number, reference } => comparison.refund(entry, number.as_deref(), reference),
        }
    }
    comparison.absent();
    comparison.found
}

struct Comparison<'a> {
    held: &'a [Held],
    places: BTreeMap<&'a str, usize>,
    /// Whose payment the bill has, and which refunds.
    paid: Vec<bool>,
    refunded: Vec<Vec<bool>>,
    found: Compared,
}

impl Comparison<'_> {
    fn payment(&mut self, entry: &Entry) {
        let Some(&place) = self.places.get(entry.order.as_str()) else {
            // The provider's number tells two strangers of the same order apart.
            let subject = entry.transaction.as_ref().unwrap_or(&entry.order);
            return self.differ(Reason::UnknownOrder, subject, entry, None);
        };
        let held = &self.held[place];
        let again = std::mem::replace(&mut self.paid[place], true) || held.payment == Presence::Elsewhere;
        let other =
            matches!((&entry.transaction, &held.transaction), (Some(said), Some(known)) if said != known);
        let reason = match (again, other) {
            (true, true) => Reason::OtherTransaction,
            (true, false) => Reason::Doubled,
            _ if entry.amount != held.amount => Reason::WrongAmount,
            _ if !held.paid => Reason::NotSettled,
            (false, true) => Reason::OtherTransaction,
            (false, false) => return self.found.equal.push(entry.order.clone()),
        };
        self.differ(reason, &held.order, entry, Some(held.amount));
    }

    fn refund(&mut self, entry: &Entry, number: Option<&str>, reference: &str) {
        let place = self.places.get(entry.order.as_str()).copied();
        let held = place.map(|place| &self.held[place]);
        let meant = place.and_then(|place| Some((place, self.meant(place, entry, number)?)));
        let Some((place, at)) = meant else {
            return self.differ(Reason::UnknownRefund, reference, entry, held.map(|held| held.amount));
        };
        let ours = &self.held[place].refunds[at];
        let again =
            std::mem::replace(&mut self.refunded[place][at], true) || ours.presence == Presence::Elsewhere;
        let reason = match again {
            true => Reason::Doubled,
            _ if entry.amount != ours.amount => Reason::WrongRefundAmount,
            false => return self.found.equal_refunds.push(ours.id.clone()),
        };
        let entry = Entry { order: ours.id.to_string(), ..entry.clone() };
        self.differ(reason, &ours.id.number(), &entry, Some(ours.amount));
    }

    /// Which refund of the order a row means: by our number, or, where the provider tells none, one of that amount that no
    /// row has meant yet, or any.
    fn meant(&self, place: usize, entry: &Entry, number: Option<&str>) -> Option<usize> {
        let refunds = &self.held[place].refunds;
        if let Some(number) = number {
            return refunds.iter().position(|refund| refund.id.number() == number);
        }
        let open = |at: &usize| !self.refunded[place][*at];
        let equal = |at: &usize| refunds[*at].amount == entry.amount;
        let all = 0..refunds.len();
        all.clone()
            .find(|at| open(at) && equal(at))
            .or_else(|| all.clone().find(equal))
            .or_else(|| all.clone().find(open))
            .or(all.last())
    }

    fn differ(&mut self, reason: Reason, subject: &str, entry: &Entry, held: Option<Fen>) {
        self.found.differences.push(Difference {
            reason,
            subject: subject.to_owned(),
            order: entry.order.clone(),
            billed: Some(entry.amount),
            held,
            transaction: entry.transaction.clone(),
        });
    }

    fn absent(&mut self) {
        for (place, held) in self.held.iter().enumerate() {
            let absent = |reason, subject| Difference {
                reason,
                subject,
                order: held.order.clone(),
                billed: None,
                held: Some(held.amount),
                transaction: held.transaction.clone(),
            };
            if held.payment == Presence::Expected && !self.paid[place] {
                self.found.differences.push(absent(Reason::Missing, held.order.clone()));
            }
            for (at, refund) in held.refunds.iter().enumerate() {
                if refund.presence == Presence::Expected && !self.refunded[place][at] {
                    self.found.differences.push(Difference {
                        order: refund.id.to_string(),
                        held: Some(refund.amount),
                        ..absent(Reason::MissingRefund, refund.id.number())
                    });
                }
            }
        }
    }
}

/// The hour in China, on the day after, from which a provider's bill of a day can be fetched. The bank's file is brought by
/// an administrator.
const READY: &[(Provider, u64)] = &[(Provider::WechatPay, 10), (Provider::Alipay, 9)];
/// Days that are looked back on: a bill that could not be had for so long is fetched by hand.
const DAYS_BACK: u64 = 31;
/// After so many hours more, a provider that has no bill of a day has none because nobody paid on it.
const LATE_HOURS: u64 = 24;
const HOUR_MS: u64 = 3_600_000;

/// When the bill of `day` can be fetched at `provider`, Unix ms; none where no call gives it.
pub fn ready_at(provider: Provider, day: Day) -> Option<u64> {
    let (_, hour) = READY.iter().find(|(other, _)| *other == provider)?;
    Some(day.end_ms() + hour * HOUR_MS)
}

/// Whether a bill of `day` that is not there at `now_ms` will never be.
pub fn is_late(provider: Provider, day: Day, now_ms: u64) -> bool {
    ready_at(provider, day).is_some_and(|ready| now_ms >= ready + LATE_HOURS * HOUR_MS)
}

/// The days whose bills can be fetched at `now_ms`, the oldest first: none before `first`, when there was the first order,
/// and none that is `done`.
pub fn due(provider: Provider, now_ms: u64, first: Day, done: &[Day]) -> Vec<Day> {
    let back = (1..=DAYS_BACK).rev().map(|days| Day::at(now_ms.saturating_sub(days * DAY_MS)));
    back.filter(|day| *day >= first && !done.contains(day))
        .filter(|day| ready_at(provider, *day).is_some_and(|ready| now_ms >= ready))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::refund::Part;
    use proptest::prelude::*;

    fn fen(n: i64) -> Fen {
        Fen::new(n).expect("an amount")
    }

    fn order(number: usize) -> Held {
        Held {
            order: format!("20261124{number:020}"),
            amount: fen(20_000 + i64::try_from(number).expect("small")),
            paid: true,
            transaction: Some(format!("42000{number}")),
            payment: Presence::Expected,
            refunds: Vec::new(),
        }
    }

    fn sent(held: &Held, part: Part, amount: Fen) -> HeldRefund {
        HeldRefund { id: RefundId::new(&held.order, part), amount, presence: Presence::Expected }
    }

    fn paid(held: &Held) -> Entry {
        Entry {
            order: held.order.clone(),
            transaction: held.transaction.clone(),
            amount: held.amount,
            what: What::Payment,
        }
    }

    fn back(held: &Held, refund: &HeldRefund) -> Entry {
        let (number, reference) = (Some(refund.id.number()), format!("50{}", held.order));
        Entry { amount: refund.amount, what: What::Refund { number, reference }, ..paid(held) }
    }

    /// Books of `sizes.len()` orders, refunded where it says so, and the bill of exactly them.
    fn books(sizes: &[bool]) -> (Vec<Entry>, Vec<Held>) {
        let refunds = |held: &Held| vec![sent(held, Part::Whole, held.amount)];
        let held: Vec<Held> = sizes
            .iter()
            .enumerate()
            .map(|(number, refunded)| (order(number), *refunded))
            .map(|(held, refunded)| match refunded {
                true => Held { refunds: refunds(&held), ..held },
                false => held,
            })
            .collect();
        let rows = held.iter().flat_map(|held| {
            std::iter::once(paid(held)).chain(held.refunds.iter().map(|refund| back(held, refund)))
        });
        (rows.collect(), held)
    }

    fn reasons(bill: &[Entry], held: &[Held]) -> Vec<(Reason, String)> {
        let compared = compare(bill, held);
        compared.differences.into_iter().map(|found| (found.reason, found.subject)).collect()
    }

    #[test]
    fn what_happened_near_midnight_is_looked_for_in_the_neighbouring_bill() {
        let (bill, mut held) = books(&[false]);
        // Yesterday by our books, and in the bill of today.
        held[0].payment = Presence::Possible;
        assert_eq!(compare(&bill, &held).equal, [held[0].order.clone()]);
        assert_eq!(reasons(&[], &held), []);
        held[0].payment = Presence::Elsewhere;
        assert_eq!(reasons(&bill, &held), [(Reason::Doubled, held[0].order.clone())]);
    }

    #[test]
    fn where_the_provider_tells_no_numbers_the_orders_decides() {
        let (mut bill, held) = books(&[true]);
        bill[0].transaction = None;
        bill[1].what = What::Refund { number: None, reference: "serial".to_owned() };
        let compared = compare(&bill, &held);
        assert_eq!(
            (compared.equal.len(), compared.equal_refunds.len(), compared.differences.len()),
            (1, 1, 0)
        );
    }

    #[test]
    fn an_excess_goes_back_by_itself_and_the_rest_when_the_decision_is_revoked() {
        let (mut bill, mut held) = books(&[false]);
        held[0].refunds =
            vec![sent(&held[0], Part::Whole, fen(19_000)), sent(&held[0], Part::Excess, fen(1_000))];
        bill.extend(held[0].refunds.iter().rev().map(|refund| back(&held[0], refund)));
        assert_eq!(reasons(&bill, &held), []);
        assert_eq!(compare(&bill, &held).equal_refunds.len(), 2);
        // Also where only the amounts tell them apart.
        for row in &mut bill[1..] {
            row.what = What::Refund { number: None, reference: "serial".to_owned() };
        }
        assert_eq!(reasons(&bill, &held), []);
        let found = compare(&bill[..2], &held).differences;
        assert_eq!((found[0].reason, found[0].held), (Reason::MissingRefund, Some(fen(19_000))));
        assert_eq!(found[0].subject, format!("R{}", held[0].order));
        let number = Some(RefundId::new(&held[0].order, Part::Excess).number());
        bill[1].what = What::Refund { number, reference: "serial".to_owned() };
        bill[1].amount = fen(1_001);
        let found = compare(&bill, &held).differences;
        assert_eq!(
            (found[0].reason, &found[0].order),
            (Reason::WrongRefundAmount, &format!("{}-excess", held[0].order))
        );
    }

    #[test]
    fn what_is_paid_by_the_bill_and_not_by_us_is_not_settled() {
        let (bill, mut held) = books(&[false]);
        held[0] = Held { paid: false, transaction: None, payment: Presence::Possible, ..order(0) };
        assert_eq!(reasons(&bill, &held), [(Reason::NotSettled, held[0].order.clone())]);
        held[0].amount = fen(1);
        let found = compare(&bill, &held).differences;
        assert_eq!(
            (found[0].reason, found[0].billed, found[0].held),
            (Reason::WrongAmount, Some(fen(20_000)), Some(fen(1)))
        );
    }

    proptest! {
        #[test]
        fn the_bill_of_exactly_our_books_does_not_differ(sizes in proptest::collection::vec(any::<bool>(), 0..20)) {
            let (bill, held) = books(&sizes);
            let compared = compare(&bill, &held);
            prop_assert_eq!(compared.differences, []);
            prop_assert_eq!(compared.equal.len(), sizes.len());
            prop_assert_eq!(compared.equal_refunds.len(), sizes.iter().filter(|refunded| **refunded).count());
        }

        /// Whatever one row is changed in, wherever it stands: one difference, and the one expected.
        #[test]
        fn a_single_edit_of_the_bill_is_exactly_the_one_difference(
            sizes in proptest::collection::vec(any::<bool>(), 1..20), at in any::<prop::sample::Index>(), edit in 0..6,
        ) {
            let (mut bill, held) = books(&sizes);
            let at = at.index(bill.len());
            let row = bill[at].clone();
            let is_payment = row.what == What::Payment;
            let number = RefundId::new(&row.order, Part::Whole).number();
            let reference = format!("50{}", row.order);
            let expected = match (edit, is_payment) {
                (0, _) => {
                    bill.remove(at);
                    if is_payment { (Reason::Missing, row.order) } else { (Reason::MissingRefund, number) }
                }
                (1, _) => {
                    bill[at].amount = bill[at].amount.plus(fen(1));
                    if is_payment { (Reason::WrongAmount, row.order) } else { (Reason::WrongRefundAmount, number) }
                }
                (2, true) => {
                    bill[at].transaction = Some("another".to_owned());
                    (Reason::OtherTransaction, row.order)
                }
                (2 | 3, false) => {
                    // Made by hand beside ours.
                    let (number, reference) = (Some("by-hand".to_owned()), "50".to_owned());
                    bill.insert(at, Entry { what: What::Refund { number, reference: reference.clone() }, ..row });
                    (Reason::UnknownRefund, reference)
                }
                (3, true) => {
                    let stranger = Entry { order: "X1".to_owned(), transaction: Some("T9".to_owned()), ..row };
                    bill.insert(at, stranger);
                    (Reason::UnknownOrder, "T9".to_owned())
                }
                (4, _) => {
                    bill.insert(at, row.clone());
                    (Reason::Doubled, if is_payment { row.order } else { number })
                }
                (_, _) => {
                    let stranger = Entry {
                        order: "X1".to_owned(),
                        what: What::Refund { number: Some(number), reference: reference.clone() },
                        ..row
                    };
                    bill.insert(at, stranger);
                    (Reason::UnknownRefund, reference)
                }
            };
            prop_assert_eq!(reasons(&bill, &held), [expected]);
        }
    }

    /// By `date -d '2026-11-25 09:59:59 +0800' +%s`.
    const JUST_BEFORE_TEN: u64 = 1_795_571_999_000;

    #[test]
    fn a_bill_is_fetched_from_its_hour_on_until_it_is_there() {
        let day = |text| Day::parse(text).expect("a day");
        let due = |provider, now, done: &[Day]| -> Vec<String> {
            due(provider, now, day("2026-11-22"), done).iter().map(ToString::to_string).collect()
        };
        let before = due(Provider::WechatPay, JUST_BEFORE_TEN, &[]);
        assert_eq!(before, ["2026-11-22", "2026-11-23"]);
        let after = due(Provider::WechatPay, JUST_BEFORE_TEN + 1000, &[day("2026-11-23")]);
        assert_eq!(after, ["2026-11-22", "2026-11-24"]);
        let alipay = due(Provider::Alipay, JUST_BEFORE_TEN, &[day("2026-11-22"), day("2026-11-23")]);
        assert_eq!(alipay, ["2026-11-24"]);
        assert!(due(Provider::Ccb, JUST_BEFORE_TEN, &[]).is_empty(), "an administrator brings it");
        let much_later = JUST_BEFORE_TEN + 100 * 24 * HOUR_MS;
        assert_eq!(due(Provider::Alipay, much_later, &[]).len(), 31);
        let late =
            |hours| is_late(Provider::WechatPay, day("2026-11-24"), JUST_BEFORE_TEN + 1000 + hours * HOUR_MS);
        assert!(!late(23) && late(24));
    }
}
