//! The policies in force. A change of a rule is a new line with a new version and day; the old one stays, since entries name it.

use super::Form::{Personal, Text, Time, YesNo};
use super::When::{Later, Now, NowForMinors};
use super::{Addition, Form, Item, Keep, Minors, Need, Policy, Scenario, When};
use crate::day::Day;
use time::macros::date;

const fn add(name: &'static str, chinese: &'static str, when: When, form: Form) -> Addition {
    Addition { name, chinese, when, form }
}

/// Oldest first within a scenario.
pub(super) static POLICIES: [Policy; 5] = [
    Policy {
        scenario: Scenario::Hotel,
        version: "hotel@2025-04",
        since: Day::on(date!(2025 - 04 - 01)),
        law: "旅馆业治安管理办法第六条",
        law_english: "Measures for the Public Security of Hotels, art. 6",
        needs: &[Need::Identity],
        discloses: &[
            Item::Name,
            Item::Sex,
            Item::Ethnicity,
            Item::BirthDate,
            Item::DocumentKind,
            Item::DocumentNumber,
            Item::Address,
            Item::Photo,
        ],
        minors: Minors::AdmitWithGuardian,
        adds: &[
            add("room", "房间号", Now, Text),
            add("arrival", "入住时间", Now, Time),
            add("planned_departure", "预计退房时间", Now, Time),
            add("face_matches", "人证是否一致", Now, YesNo),
            add("guardian_contact", "监护人联系方式", NowForMinors, Personal),
            add("guardian_relationship", "与监护人关系", NowForMinors, Personal),
            add("departure", "退房时间", Later, Time),
        ],
        // Recalled, unconfirmed.
        keep: Keep::Years(3),
    },
    Policy {
        scenario: Scenario::InternetCafe,
        version: "internet-cafe@2025-04",
        since: Day::on(date!(2025 - 04 - 01)),
        law: "互联网上网服务营业场所管理条例第二十一条、第二十三条",
        law_english: "Regulations on Internet Access Service Venues, art. 21 and 23",
        needs: &[Need::Identity],
        discloses: &[Item::Name, Item::DocumentKind, Item::DocumentNumber, Item::Adult],
        minors: Minors::Refuse,
        adds: &[
            add("seat", "座位号", Now, Text),
            add("terminal", "终端编号", Now, Text),
            add("on", "上机时间", Now, Time),
            add("off", "下机时间", Later, Time),
        ],
        // art. 23: at least 60 days, and nobody changes them.
        keep: Keep::Days(60),
    },
    Policy {
        scenario: Scenario::VehicleRepair,
        version: "vehicle-repair@2025-04",
        since: Day::on(date!(2025 - 04 - 01)),
        law: "机动车修理业、报废机动车回收业治安管理办法第六条、第七条",
        law_english: "Measures for the Public Security of Vehicle Repair and Scrapping, art. 6 and 7",
        needs: &[Need::Identity, Need::Vehicle],
        discloses: &[
            Item::Name,
            Item::DocumentNumber,
            Item::Plate,
            Item::VehicleType,
            Item::EngineNumber,
            Item::Vin,
            Item::Model,
            Item::Owner,
        ],
        minors: Minors::Admit,
        adds: &[
            add("work", "修理项目", Now, Text),
            add("damaged_parts", "受损部位", Now, Text),
            add("brought_in", "送修时间", Now, Time),
            add("collected_by", "取车人", Later, Personal),
            add("collected", "取车时间", Later, Time),
        ],
        // Recalled, unconfirmed.
        keep: Keep::Years(2),
    },
    Policy {
        scenario: Scenario::Locksmith,
        version: "locksmith@2025-04",
        since: Day::on(date!(2025 - 04 - 01)),
        law: "本省特种行业治安管理规定（开锁业）",
        law_english: "the province's rules on special trades (locksmiths)",
        needs: &[Need::Identity, Need::Question],
        discloses: &[Item::Name, Item::DocumentNumber, Item::AddressMatches, Item::VehicleMatches],
        minors: Minors::Admit,
        adds: &[
            add("address", "开锁地址", Now, Personal),
            add("lock_kind", "锁具种类", Now, Text),
            add("reason", "开锁原因", Now, Text),
            add("witness", "见证人", Now, Personal),
            add("worker", "开锁人员", Now, Personal),
        ],
        // At least three months.
        keep: Keep::Months(3),
    },
    Policy {
        scenario: Scenario::ResidencePermitStatus,
        version: "residence-permit-status@2025-04",
        since: Day::on(date!(2025 - 04 - 01)),
        law: "居住证暂行条例第三条、第十条",
        law_english: "Provisional Regulations on Residence Permits, art. 3 and 10",
        needs: &[Need::Permit],
        discloses: &[Item::Status, Item::Issued, Item::NextEndorsement, Item::Authority],
        minors: Minors::Admit,
        adds: &[],
        keep: Keep::Nothing,
    },
];
