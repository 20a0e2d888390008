//! The roll. Areas beginning 99 belong to no place: 990 stands for this province, 991 for the others. 81, 82 and 83 are
//! real (residents of Hong Kong, Macau and Taiwan); there, as everywhere on the roll, the sequence number is one that is
//! not reached, since an area would need hundreds of births on that day. No operator has the phone prefix 169.

use super::{Residence, number::check_character};

/// One line of the roll.
#[derive(Debug)]
pub struct Row {
    pub name: &'static str,
    /// 6 digits.
    area: &'static str,
    /// `YYYYMMDD`
    pub born: &'static str,
    /// 990 to 999; odd for men.
    pub sequence: u16,
    pub notes: &'static [Note],
}

/// What is special about somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Note {
    /// CTID has frozen the identity.
    Frozen,
    /// A child, and the first of this name is its guardian.
    WardOf(&'static str),
    /// Has an account with Alipay that is not certified.
    Uncertified,
    /// Has none.
    NoAlipay,
}

use Note::{Frozen, NoAlipay, Uncertified, WardOf};

const fn row(
    name: &'static str,
    area: &'static str,
    born: &'static str,
    sequence: u16,
    notes: &'static [Note],
) -> Row {
    Row { name, area, born, sequence, notes }
}

/// Everybody. New ones go to the end: phones and accounts follow from the place.
pub const ROLL: &[Row] = &[
    row("张伟", "990102", "19850312", 991, &[]),
    row("王芳", "990103", "19900721", 992, &[]),
    row("王芳", "990102", "19680203", 994, &[]),
    row("李娜", "990104", "19921130", 990, &[]),
    row("刘洋", "990105", "19880505", 995, &[]),
    row("陈静", "990102", "19790917", 996, &[]),
    row("杨磊", "990106", "19950128", 997, &[]),
    row("赵敏", "990103", "19831208", 998, &[]),
    row("黄强", "990107", "19760419", 993, &[Uncertified]),
    row("周杰", "990105", "20000229", 991, &[]),
    row("吴桂英", "990108", "19461001", 990, &[NoAlipay]),
    row("徐建国", "990102", "19491001", 995, &[NoAlipay]),
    row("孙丽", "990104", "19991231", 992, &[]),
    row("马超", "990103", "20080615", 997, &[]),
    row("朱婷婷", "990106", "20090809", 994, &[Uncertified]),
    row("胡浩", "990107", "20070102", 999, &[]),
    row("欧阳晓燕", "990102", "19870308", 990, &[]),
    row("诸葛明", "990108", "19720823", 993, &[]),
    // A name with its dot, and one beyond the Basic Multilingual Plane.
    row("阿依古丽·买买提", "990104", "19940404", 996, &[]),
    row("李𬭎", "990105", "19810115", 991, &[]),
    row("张小宝", "990102", "20210520", 991, &[WardOf("张伟")]),
    row("刘子涵", "990105", "20170314", 994, &[WardOf("刘洋")]),
    row("陈思远", "990102", "20130210", 997, &[WardOf("陈静")]),
    row("郭建军", "990106", "19700606", 995, &[Frozen]),
    row("林秀兰", "990107", "19580808", 992, &[Frozen, NoAlipay]),
    row("何俊杰", "991301", "20040901", 993, &[]),
    row("高欣怡", "991302", "20051010", 990, &[]),
    row("罗志强", "991405", "19930303", 999, &[]),
    row("梁雨桐", "991406", "19980518", 996, &[]),
    row("宋文博", "991507", "19860707", 991, &[]),
    row("唐丽华", "991507", "19691111", 998, &[NoAlipay]),
    row("韩梅", "991608", "19910214", 994, &[]),
    row("冯伟", "991609", "19781225", 997, &[Uncertified]),
    row("邓超群", "991709", "19840630", 995, &[]),
    row("曹雪", "991710", "20010401", 992, &[Frozen]),
    row("扎西多吉", "991811", "19960222", 993, &[]),
    row("宋一诺", "991507", "20180909", 990, &[WardOf("宋文博")]),
    row("陈嘉欣", "810000", "19890909", 996, &[]),
    row("何志文", "820000", "19750515", 995, &[NoAlipay]),
    row("林佩君", "830000", "19930828", 998, &[]),
];

impl Row {
    /// All 18 characters.
    pub fn id_number(&self) -> String {
        let head = format!("{}{}{:03}", self.area, self.born, self.sequence);
        let check = check_character(&head).expect("a row of the roll has 17 digits");
        format!("{head}{check}")
    }

    pub fn residence(&self) -> Residence {
        match &self.area[..3] {
            "990" => Residence::Local,
            "991" => Residence::Elsewhere,
            _ => Residence::HkMacauTaiwan,
        }
    }
}
