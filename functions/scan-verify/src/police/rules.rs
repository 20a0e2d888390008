//! What makes a venue's day worth a look. Each rule is one line that says what it counts and why that is odd.

use serde::Serialize;
use utoipa::ToSchema;
use zerotrip_domain::scenario::Scenario;

/// What is known of one venue's day.
#[derive(Default)]
pub struct Day {
    pub redeemed: u64,
    pub typed: u64,
    /// Redeemed from midnight to 8:00 in China.
    pub small_hours: u64,
    /// The most that one scanner redeemed in one of the day's stretches of five minutes.
    pub busiest: u64,
    pub refused: u64,
    pub incomplete: u64,
}

/// One rule.
struct Rule {
    name: &'static str,
    chinese: &'static str,
    why: &'static str,
    broken: fn(Scenario, &Day) -> bool,
}

const RULES: [Rule; 5] = [
    Rule {
        name: "burst",
        chinese: "单台设备五分钟内核验过多",
        why: "One scanner redeemed 20 codes or more within five minutes: no desk serves so many.",
        broken: |_, day| day.busiest >= 20,
    },
    Rule {
        name: "small-hours",
        chinese: "零时至八时上网登记",
        // 互联网上网服务营业场所管理条例 art. 22: from 8:00 to 24:00; recalled, unconfirmed.
        why: "An internet café redeemed codes between midnight and 8:00, when it is to be closed.",
        broken: |scenario, day| scenario == Scenario::InternetCafe && day.small_hours > 0,
    },
    Rule {
        name: "refusals",
        chinese: "被拒核验过多",
        why: "Ten scans or more were refused, and more than a fifth of all: somebody tries things out.",
        broken: |_, day| day.refused >= 10 && day.refused * 4 > day.redeemed,
    },
    Rule {
        name: "typed",
        chinese: "手工输入过多",
        why: "More than half of ten codes or more were typed: they may have been told over the phone.",
        broken: |_, day| day.redeemed >= 10 && day.typed * 2 > day.redeemed,
    },
    Rule {
        name: "incomplete",
        chinese: "登记不完整过多",
        why: "More than half of ten entries or more lack what is due: the register is not kept.",
        broken: |_, day| day.redeemed >= 10 && day.incomplete * 2 > day.redeemed,
    },
];

/// A rule that a venue's day breaks.
#[derive(Serialize, ToSchema)]
pub struct Anomaly {
    rule: &'static str,
    chinese: &'static str,
    why: &'static str,
}

/// Those that `day` breaks.
pub fn broken(scenario: Scenario, day: &Day) -> Vec<Anomaly> {
    let broken = RULES.iter().filter(|rule| (rule.broken)(scenario, day));
    broken.map(|rule| Anomaly { rule: rule.name, chinese: rule.chinese, why: rule.why }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(scenario: Scenario, day: &Day) -> Vec<&'static str> {
        broken(scenario, day).into_iter().map(|anomaly| anomaly.rule).collect()
    }

    #[test]
    fn a_usual_day_breaks_no_rule() {
        let day = Day { redeemed: 200, typed: 20, small_hours: 9, busiest: 19, refused: 40, incomplete: 5 };
        assert!(names(Scenario::Hotel, &day).is_empty());
        assert!(names(Scenario::Hotel, &Day::default()).is_empty());
    }

    #[test]
    fn each_rule_is_broken_by_one_more() {
        let hotel = |day| names(Scenario::Hotel, &day);
        assert_eq!(hotel(Day { redeemed: 20, busiest: 20, ..Day::default() }), ["burst"]);
        assert_eq!(hotel(Day { redeemed: 39, refused: 10, ..Day::default() }), ["refusals"]);
        assert!(hotel(Day { redeemed: 1, refused: 9, ..Day::default() }).is_empty());
        assert_eq!(hotel(Day { redeemed: 10, typed: 6, ..Day::default() }), ["typed"]);
        assert!(hotel(Day { redeemed: 9, typed: 9, incomplete: 9, ..Day::default() }).is_empty());
        assert_eq!(hotel(Day { redeemed: 10, incomplete: 6, ..Day::default() }), ["incomplete"]);
        let night = Day { redeemed: 1, small_hours: 1, ..Day::default() };
        assert_eq!(names(Scenario::InternetCafe, &night), ["small-hours"]);
    }
}
