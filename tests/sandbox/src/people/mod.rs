//! 演示人口: people who do not exist, the same at every start. CTID knows them, Alipay compares faces with theirs, and
//! tests and demonstrations act in their names.

pub(crate) mod number;
pub(crate) mod particulars;
mod roll;

use std::sync::LazyLock;

use axum::{Json, Router, routing::get};
use ring::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};

use self::roll::{Note, ROLL, Row};

/// The part of the index page that speaks of them.
pub(crate) const INDEX: &str = "<section><h2>演示人口</h2><p>虚构人员，姓名与号码均不对应任何真人。</p>\
<ul><li><a href=\"/control/people\">人员名单</a></li></ul></section>";

/// Somebody who does not exist.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Person {
    /// 姓名
    pub name: &'static str,
    /// 公民身份号码, 18 characters; nobody can have it (see the roll).
    pub id_number: String,
    /// By the number: the 17th digit is odd for men.
    pub sex: Sex,
    /// `YYYY-MM-DD`, by the number.
    pub birth_date: String,
    /// Where the household is registered (户籍).
    pub residence: Residence,
    /// Whether CTID has frozen the identity (冻结).
    pub frozen: bool,
    /// 11 digits; a child has none and is reached through its guardian.
    pub phone: Option<String>,
    /// `id_number` of the guardian (监护人) of a child.
    pub guardian: Option<String>,
    /// 支付宝账户, if there is one.
    pub alipay: Option<AlipayAccount>,
}

/// 性别
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sex {
    /// 女
    Female,
    /// 男
    Male,
}

/// Where a household is registered, seen from the province that runs the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Residence {
    /// In this province.
    Local,
    /// In another one; works or studies here.
    Elsewhere,
    /// 港澳台居民, with a residence permit of the mainland.
    HkMacauTaiwan,
}

/// What Alipay tells about somebody who logs in with it: never a name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AlipayAccount {
    /// 16 digits beginning `2088`.
    pub user_id: String,
    /// What applications of today are told instead.
    pub open_id: String,
    /// 昵称
    pub nick_name: String,
    /// 是否实名认证
    pub certified: bool,
}

/// All of them, in the order of the roll.
pub fn all() -> &'static [Person] {
    static ALL: LazyLock<Vec<Person>> =
        LazyLock::new(|| (1..).zip(ROLL).map(|(place, row)| person(place, row)).collect());
    &ALL
}

/// The one with this number.
pub fn find(id_number: &str) -> Option<&'static Person> {
    all().iter().find(|person| person.id_number == id_number)
}

/// `GET /control/people`
pub(crate) fn routes() -> Router {
    Router::new().route("/control/people", get(|| async { Json(all()) }))
}

fn person(place: u32, row: &Row) -> Person {
    let guardian = row.notes.iter().find_map(|note| match note {
        Note::WardOf(name) => ROLL.iter().find(|row| row.name == *name),
        Note::Frozen | Note::Uncertified | Note::NoAlipay => None,
    });
    let on_their_own = guardian.is_none();
    let account = on_their_own && !row.notes.contains(&Note::NoAlipay);
    let (year, month, day) = (&row.born[..4], &row.born[4..6], &row.born[6..]);
    Person {
        name: row.name,
        id_number: row.id_number(),
        sex: if row.sequence % 2 == 1 { Sex::Male } else { Sex::Female },
        birth_date: format!("{year}-{month}-{day}"),
        residence: row.residence(),
        frozen: row.notes.contains(&Note::Frozen),
        phone: on_their_own.then(|| format!("1690000{place:04}")),
        guardian: guardian.map(Row::id_number),
        alipay: account.then(|| alipay(place, row)),
    }
}

fn alipay(place: u32, row: &Row) -> AlipayAccount {
    let user_id = format!("208899000000{place:04}");
    let hash: String =
        digest(&SHA256, user_id.as_bytes()).as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    AlipayAccount {
        open_id: format!("0{}", &hash[..46]),
        user_id,
        nick_name: format!("演示用户{place:02}"),
        certified: !row.notes.contains(&Note::Uncertified),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    /// ISO 7064, MOD 11-2 as a recursion over all 18 characters, which is not how the numbers are made.
    fn holds(number: &str) -> bool {
        let value = |c: char| if c == 'X' { 10 } else { c.to_digit(10).expect("a digit") };
        let (head, check) = number.split_at(17);
        let sum = head.chars().fold(0, |sum, c| (sum + value(c)) * 2 % 11);
        (sum + value(check.chars().next().expect("18 characters"))) % 11 == 1
    }

    #[test]
    fn every_number_has_its_check_character_and_is_nobodys() {
        assert!(holds("11010519491231002X"), "the example of GB 11643-1999");
        assert!(!holds("110105194912310021"));
        for person in all() {
            let number = &person.id_number;
            assert!(holds(number) && number::is_sound(number, 1_795_622_400_000), "{number}");
            let area = &number[..6];
            assert!(area.starts_with("99") || ["810000", "820000", "830000"].contains(&area), "{number}");
            assert!(number[14..17] >= *"990", "{number}");
        }
        let numbers: HashSet<_> = all().iter().map(|person| &person.id_number).collect();
        assert_eq!(numbers.len(), all().len());
    }

    #[test]
    fn there_are_forty_of_all_kinds() {
        assert_eq!(all().len(), 40);
        let count = |kind: fn(&Person) -> bool| all().iter().filter(|person| kind(person)).count();
        assert_eq!(count(|person| person.residence == Residence::HkMacauTaiwan), 3);
        assert_eq!(count(|person| person.residence == Residence::Elsewhere), 12);
        assert_eq!(count(|person| person.frozen), 3);
        assert_eq!(count(|person| person.name == "王芳"), 2);
        let born = |edge: fn(std::slice::Iter<'static, Person>) -> Option<&'static Person>| {
            edge(all().iter()).map(|person| person.birth_date.as_str())
        };
        // 80 and 5 years of age on 25 November 2026.
        assert_eq!(born(|people| people.min_by_key(|p| &p.birth_date)), Some("1946-10-01"));
        assert_eq!(born(|people| people.max_by_key(|p| &p.birth_date)), Some("2021-05-20"));
        for child in all().iter().filter(|person| person.birth_date[..] > *"2012-11-25") {
            let guardian = child.guardian.as_deref().and_then(find).expect("a child has a guardian");
            assert!(guardian.birth_date[..] < *"2000" && guardian.phone.is_some() && child.phone.is_none());
        }
    }
}
