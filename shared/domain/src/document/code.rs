//! Fields with few values, and small numbers.

use super::Malformed;
use crate::day::Day;
use std::fmt;
use std::str::FromStr;

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident { $($(#[$code_doc:meta])* $code:ident $text:literal,)* })*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Copy, Debug, PartialEq, Eq)]
            pub enum $name {
                $($(#[$code_doc])* $code,)*
            }

            impl $name {
                /// As the registry and clients write it.
                pub fn name(self) -> &'static str {
                    match self {
                        $(Self::$code => $text,)*
                    }
                }
            }

            impl fmt::Display for $name {
                fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    f.write_str(self.name())
                }
            }

            impl FromStr for $name {
                type Err = Malformed;

                fn from_str(text: &str) -> Result<Self, Malformed> {
                    match text {
                        $($text => Ok(Self::$code),)*
                        _ => Err(Malformed),
                    }
                }
            }
        )*
    };
}

codes! {
    /// 性别
    Sex {
        /// 女
        Female "female",
        /// 男
        Male "male",
    }

    /// How a document stands at the registry, apart from its dates.
    Status {
        /// 正常
        Normal "normal",
        /// 挂失: its holder has lost it, and nobody may show it.
        Lost "lost",
        /// 暂扣, 中止: taken away for a time.
        Suspended "suspended",
        /// 注销, 作废: taken away for good.
        Cancelled "cancelled",
    }

    /// 准驾车型: what may be driven (机动车驾驶证申领和使用规定, annex 1).
    Class {
        /// 大型客车
        A1 "A1",
        /// 重型牵引挂车
        A2 "A2",
        /// 城市公交车
        A3 "A3",
        /// 中型客车
        B1 "B1",
        /// 大型货车
        B2 "B2",
        /// 小型汽车
        C1 "C1",
        /// 小型自动挡汽车
        C2 "C2",
        /// 低速载货汽车
        C3 "C3",
        /// 三轮汽车
        C4 "C4",
        /// 残疾人专用小型自动挡载客汽车
        C5 "C5",
        /// 轻型牵引挂车
        C6 "C6",
        /// 普通三轮摩托车
        D "D",
        /// 普通二轮摩托车
        E "E",
        /// 轻便摩托车
        F "F",
        /// 轮式专用机械车
        M "M",
        /// 无轨电车
        N "N",
        /// 有轨电车
        P "P",
    }
}

macro_rules! numbers {
    ($($(#[$doc:meta])* $name:ident $range:expr;)*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
            pub struct $name(u16);

            impl $name {
                /// The number.
                pub fn get(self) -> u16 {
                    self.0
                }
            }

            impl fmt::Display for $name {
                fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    self.0.fmt(f)
                }
            }

            impl FromStr for $name {
                type Err = Malformed;

                fn from_str(text: &str) -> Result<Self, Malformed> {
                    let digits = text.bytes().all(|b| b.is_ascii_digit());
                    let number = text.parse().ok().filter(|number| digits && ($range).contains(number));
                    number.map(Self).ok_or(Malformed)
                }
            }
        )*
    };
}

numbers! {
    /// Points (记分) of the present scoring period of twelve months.
    Points 0..=999;
    /// How many people a vehicle may carry (核定载人数).
    Seats 1..=999;
}

/// Until when something is valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// Its last day, to 24:00 in China (民法典 art. 203).
    Day(Day),
    /// 长期
    LongTerm,
}

impl Until {
    /// The last day, if there is one.
    pub fn last(self) -> Option<Day> {
        match self {
            Self::Day(last) => Some(last),
            Self::LongTerm => None,
        }
    }
}

/// `yyyy-MM-dd` or `long-term`.
impl fmt::Display for Until {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Day(last) => last.fmt(f),
            Self::LongTerm => f.write_str("long-term"),
        }
    }
}

impl FromStr for Until {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        if text == "long-term" {
            return Ok(Self::LongTerm);
        }
        Day::parse(text).map(Self::Day).ok_or(Malformed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_none_of_the_few_is_refused() {
        let classes = "A1 A2 A3 B1 B2 C1 C2 C3 C4 C5 C6 D E F M N P".split(' ');
        for class in classes {
            assert_eq!(class.parse::<Class>().expect(class).name(), class);
        }
        for bad in ["", "A4", "c1", "C1D", "G"] {
            assert_eq!(bad.parse::<Class>(), Err(Malformed), "{bad}");
        }
        assert_eq!("unknown".parse::<Status>(), Err(Malformed));
        assert_eq!("男".parse::<Sex>(), Err(Malformed));
    }

    #[test]
    fn numbers_are_digits() {
        assert_eq!("12".parse::<Points>().map(Points::get), Ok(12));
        for bad in ["", "+1", "-1", "1.0", "1000", "１"] {
            assert_eq!(bad.parse::<Points>(), Err(Malformed), "{bad}");
        }
        assert_eq!("0".parse::<Seats>(), Err(Malformed));
    }

    #[test]
    fn long_term_has_no_last_day() {
        assert_eq!("long-term".parse(), Ok(Until::LongTerm));
        let last = "2028-02-29".parse::<Until>().expect("a day");
        assert_eq!(last.last(), Day::parse("2028-02-29"));
        assert_eq!(last.to_string(), "2028-02-29");
        assert_eq!("2027-02-29".parse::<Until>(), Err(Malformed));
        assert_eq!("长期".parse::<Until>(), Err(Malformed));
    }
}
