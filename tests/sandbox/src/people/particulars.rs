//! What documents say of people besides name and number. No such province, city or street exists.

use super::{Person, Residence, all};

/// 民族, in the words of an ID card; residents of Hong Kong, Macau and Taiwan have none there.
pub fn ethnicity(person: &Person) -> Option<&'static str> {
    match (person.residence, person.name) {
        (Residence::HkMacauTaiwan, _) => None,
        (_, "阿依古丽·买买提") => Some("维吾尔"),
        (_, "扎西多吉") => Some("藏"),
        (_, "李𬭎") => Some("朝鲜"),
        (_, "赵敏") => Some("满"),
        _ => Some("汉"),
    }
}

/// 常住户口所在地住址; a child's is its guardian's.
pub fn home_address(person: &Person) -> Option<String> {
    let place = place(person.guardian.as_deref().unwrap_or(&person.id_number));
    match person.residence {
        Residence::Local => Some(format!("虚构省示例市南湖区青松路{place}号1单元{place}01室")),
        Residence::Elsewhere => Some(format!("他省远方市东山县白杨镇柳树村{place}组")),
        Residence::HkMacauTaiwan => None,
    }
}

/// Where somebody from elsewhere lives here.
pub fn address_here(person: &Person) -> String {
    format!("虚构省示例市南湖区红叶街{}号2栋{0}02室", place(&person.id_number))
}

/// Counted from 1 on the roll.
pub fn place(id_number: &str) -> usize {
    all().iter().position(|person| person.id_number == id_number).map_or(0, |at| at + 1)
}
