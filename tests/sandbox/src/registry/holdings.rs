//! Who holds what. Everybody has the card but residents of Hong Kong, Macau and Taiwan; the rest stands here. A name
//! is the first on the roll of that name.

/// How a document differs from one that is in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Twist {
    /// Not at all.
    None,
    /// Its last day is so many days from today.
    Ends(i64),
    /// 挂失
    Lost,
    /// 暂扣
    Suspended,
    /// 注销
    Cancelled,
    /// So many points.
    Points(u16),
    /// The last day of a yearly endorsement is so many days from today, and it was not made.
    Endorse(i64),
    /// It was endorsed half a year late, and is in order again.
    Restored,
    /// The inspection ended with last month.
    Overdue,
    /// It ends with this month.
    InspectNow,
}

use Twist::{Cancelled, Endorse, Ends, InspectNow, Lost, Overdue, Points, Restored, Suspended};

/// Cards that are not in order.
pub const CARDS: &[(&str, Twist)] = &[
    ("赵敏", Lost),
    ("杨磊", Ends(-10)),
    ("徐建国", Twist::None),
    ("胡浩", Ends(20)),
    ("林秀兰", Cancelled),
];

/// 居住证
pub const RESIDENCE_PERMITS: &[(&str, Twist)] = &[
    ("何俊杰", Twist::None),
    ("高欣怡", Endorse(-40)),
    ("罗志强", Endorse(6)),
    ("梁雨桐", Lost),
    ("宋文博", Restored),
    ("唐丽华", Twist::None),
    ("韩梅", Endorse(20)),
    ("扎西多吉", Twist::None),
    ("陈嘉欣", Twist::None),
    ("何志文", Ends(-3)),
];

/// 驾驶证, with what may be driven.
pub const DRIVING_LICENCES: &[(&str, &[&str], Twist)] = &[
    ("张伟", &["C1"], Twist::None),
    ("王芳", &["C2"], Ends(6)),
    ("李娜", &["C1", "D"], Points(9)),
    ("刘洋", &["C1"], Suspended),
    ("陈静", &["C1"], Points(12)),
    ("杨磊", &["B2"], Ends(80)),
    ("黄强", &["A2"], Twist::None),
    ("周杰", &["C1"], Ends(-400)),
    ("孙丽", &["C2"], Ends(-20)),
    ("欧阳晓燕", &["C1"], Lost),
    ("何俊杰", &["C1"], Twist::None),
    ("罗志强", &["A1", "D"], Twist::None),
    ("何志文", &["C1"], Cancelled),
];

/// A vehicle of somebody's.
#[derive(Debug)]
pub struct Vehicle {
    pub owner: &'static str,
    pub plate: &'static str,
    pub kind: &'static str,
    pub model: &'static str,
    /// Each has the right check digit by Python's package `vin`; no maker is LZT.
    pub vin: &'static str,
    pub seats: &'static str,
    /// Its age in years at the coming inspection, or at the one that the twist is about: 2, 4, 6, 8, 10 or more.
    pub age: i32,
    pub twist: Twist,
}

const fn vehicle(
    owner: &'static str,
    plate: &'static str,
    kind: &'static str,
    vin: &'static str,
    age: i32,
    twist: Twist,
) -> Vehicle {
    Vehicle { owner, plate, kind, model: "虚构牌ZT7180", vin, seats: "5", age, twist }
}

/// 行驶证
pub const VEHICLES: &[Vehicle] = &[
    vehicle("张伟", "吉A0001X", "小型轿车", "LZTAB1CD2NA000001", 2, Twist::None),
    vehicle("张伟", "吉AD00002", "小型轿车", "LZTAB1CD4NA000002", 10, Twist::None),
    vehicle("李娜", "吉A0003X", "小型越野客车", "LZTAB1CD6NA000003", 6, InspectNow),
    vehicle("黄强", "吉A0004X", "小型轿车", "LZTAB1CD8NA000004", 8, Overdue),
    vehicle("陈静", "吉A0005X", "小型普通客车", "LZTAB1CDXNA000005", 12, Lost),
    vehicle("何俊杰", "吉A0006X", "小型轿车", "LZTAB1CD1NA000006", 4, Twist::None),
];

/// 护照; a child's lasts five years.
pub const PASSPORTS: &[(&str, Twist)] = &[
    ("张伟", Twist::None),
    ("张小宝", Twist::None),
    ("李娜", Lost),
    ("孙丽", Ends(170)),
    ("周杰", Ends(-1)),
    ("欧阳晓燕", Ends(6)),
    ("何俊杰", Twist::None),
];

/// A permit for Hong Kong and Macau, or for Taiwan.
#[derive(Debug)]
pub struct Travel {
    pub name: &'static str,
    pub latin_name: &'static str,
    /// Place, type, times, and the last day counted from today.
    pub endorsements: &'static [(&'static str, &'static str, &'static str, i64)],
    pub twist: Twist,
}

/// 往来港澳通行证
pub const HK_MACAU_PERMITS: &[Travel] = &[
    Travel {
        name: "张伟",
        latin_name: "ZHANG, WEI",
        endorsements: &[("HKG", "G", "2", 300), ("MAC", "G", "1", 300)],
        twist: Twist::None,
    },
    Travel {
        name: "孙丽",
        latin_name: "SUN, LI",
        endorsements: &[("HKG", "T", "many", 25), ("MAC", "G", "0", 100), ("HKG", "G", "1", -5)],
        twist: Ends(25),
    },
    Travel { name: "张小宝", latin_name: "ZHANG, XIAOBAO", endorsements: &[], twist: Twist::None },
];

/// 往来台湾通行证
pub const TAIWAN_PERMITS: &[Travel] = &[
    Travel {
        name: "诸葛明",
        latin_name: "ZHUGE, MING",
        endorsements: &[("TWN", "L", "1", 6)],
        twist: Twist::None,
    },
    Travel { name: "欧阳晓燕", latin_name: "OUYANG, XIAOYAN", endorsements: &[], twist: Cancelled },
];
