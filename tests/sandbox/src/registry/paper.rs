//! Documents as the registry gives them: made for the day on which they are asked for.

use serde_json::{Map, Value, json};

use super::{
    calendar::Day,
    holdings::{
        CARDS, DRIVING_LICENCES, HK_MACAU_PERMITS, PASSPORTS, RESIDENCE_PERMITS, TAIWAN_PERMITS, Travel,
        Twist, VEHICLES, Vehicle,
    },
    photo,
};
use crate::people::{self, Person, Residence, Sex, particulars};

/// The fields of a document.
pub type Paper = Map<String, Value>;

/// Everything of this kind that somebody holds; none for a kind that there is not.
pub fn held(person: &Person, kind: &str, today: Day) -> Option<Vec<Paper>> {
    let first = |name: &str| people::all().iter().find(|one| one.name == name);
    let is = |name: &str| first(name).is_some_and(|one| one.id_number == person.id_number);
    let twist = |all: &[(&str, Twist)]| all.iter().find(|(name, _)| is(name)).map(|(_, twist)| *twist);
    let papers: Vec<Value> = match kind {
        "resident-id" => {
            let has = person.residence != Residence::HkMacauTaiwan;
            has.then(|| resident_id(person, twist(CARDS).unwrap_or(Twist::None), today)).into_iter().collect()
        }
        "residence-permit" => {
            twist(RESIDENCE_PERMITS).map(|twist| residence_permit(person, twist, today)).into_iter().collect()
        }
        "driving-licence" => DRIVING_LICENCES
            .iter()
            .filter(|(name, ..)| is(name))
            .map(|(_, classes, twist)| driving_licence(person, classes, *twist, today))
            .collect(),
        "vehicle-licence" => VEHICLES
            .iter()
            .filter(|vehicle| is(vehicle.owner))
            .map(|vehicle| vehicle_licence(person, vehicle, today))
            .collect(),
        "passport" => twist(PASSPORTS).map(|twist| passport(person, twist, today)).into_iter().collect(),
        "hk-macau-permit" => HK_MACAU_PERMITS
            .iter()
            .filter(|travel| is(travel.name))
            .map(|travel| travel_permit(person, 'C', travel, today))
            .collect(),
        "taiwan-permit" => TAIWAN_PERMITS
            .iter()
            .filter(|travel| is(travel.name))
            .map(|travel| travel_permit(person, 'L', travel, today))
            .collect(),
        _ => return None,
    };
    let fields = |paper| match paper {
        Value::Object(fields) => fields,
        other => unreachable!("a document is an object, not {other}"),
    };
    Some(papers.into_iter().map(fields).collect())
}

fn resident_id(person: &Person, twist: Twist, today: Day) -> Value {
    // 居民身份证法 art. 5, by age on the day of issue.
    let years = |issued: Day| match born(person).years_to(issued) {
        ..16 => Some(5),
        16..26 => Some(10),
        26..46 => Some(20),
        46.. => None,
    };
    let (from, to) = match twist {
        Twist::Ends(days) => {
            let last = today.plus_days(days);
            let life = [5, 10, 20].into_iter().find(|life| years(last.plus_years(-life)) == Some(*life));
            let from = last.plus_years(-life.unwrap_or(10));
            (from, Some(last))
        }
        _ => {
            let from = issued(person, today).max(born(person).plus_days(60));
            (from, years(from).map(|years| from.plus_years(years)))
        }
    };
    json!({
        "name": person.name,
        "sex": sex(person),
        "ethnicity": particulars::ethnicity(person),
        "birth_date": person.birth_date,
        "address": particulars::home_address(person),
        "id_number": person.id_number,
        "photo": photo::data_url(&person.id_number),
        "valid_from": from.text(),
        "valid_to": to.map_or("long-term".into(), Day::text),
        "authority": authority(person),
        "status": status(twist),
    })
}

fn residence_permit(person: &Person, twist: Twist, today: Day) -> Value {
    let mut paper = json!({
        "name": person.name,
        "sex": sex(person),
        "birth_date": person.birth_date,
        "id_number": person.id_number,
        "photo": photo::data_url(&person.id_number),
        "address": particulars::address_here(person),
        "authority": "示例市公安局南湖分局",
        "endorsed": [],
        "status": status(twist),
    });
    if person.residence == Residence::HkMacauTaiwan {
        // Five years, and no endorsements.
        let last = match twist {
            Twist::Ends(days) => today.plus_days(days),
            _ => today.in_year(3, 5, 9),
        };
        paper["issued"] = json!(last.plus_days(1).plus_years(-5).text());
        paper["valid_to"] = json!(last.text());
        return paper;
    }
    paper["ethnicity"] = json!(particulars::ethnicity(person));
    paper["home_address"] = json!(particulars::home_address(person));
    let year = |issued: Day, years: i32, days: i64| issued.plus_years(years).plus_days(days).text();
    let (issued, endorsed) = match twist {
        // Never endorsed.
        Twist::Endorse(days) => (today.plus_days(days + 1).plus_years(-1), vec![]),
        Twist::Restored => {
            let issued = today.plus_years(-2).plus_days(-100);
            (issued, vec![year(issued, 1, 180)])
        }
        _ => {
            let issued = today.plus_years(-2).plus_days(-100);
            (issued, vec![year(issued, 1, -10), year(issued, 2, -3)])
        }
    };
    paper["issued"] = json!(issued.text());
    paper["endorsed"] = json!(endorsed);
    paper
}

fn driving_licence(person: &Person, classes: &[&str], twist: Twist, today: Day) -> Value {
    let place = place(person);
    let last = match twist {
        Twist::Ends(days) => today.plus_days(days),
        _ => today.in_year(3, place, place),
    };
    // The first term of six years, or the ten that follow.
    let first = [-16, -6].map(|years| last.plus_years(years));
    let first =
        first.into_iter().find(|first| born(person).years_to(*first) >= 18).unwrap_or(last.plus_years(-6));
    let points = if let Twist::Points(points) = twist { points } else { 0 };
    json!({
        "name": person.name,
        "sex": sex(person),
        "nationality": "中国",
        "address": particulars::home_address(person).unwrap_or_else(|| particulars::address_here(person)),
        "id_number": person.id_number,
        "first_issued": first.text(),
        "classes": classes,
        "valid_to": last.text(),
        "file_number": format!("990100{place:06}"),
        "points": points.to_string(),
        "status": status(twist),
    })
}

fn vehicle_licence(person: &Person, vehicle: &Vehicle, today: Day) -> Value {
    // Months from today to the inspection at hand.
    let months = match vehicle.twist {
        Twist::InspectNow => 0,
        Twist::Overdue => -1,
        _ => 6,
    };
    let registered = today.plus_months(months).plus_years(-vehicle.age);
    let inspection = registered.plus_years(vehicle.age).month_end();
    json!({
        "plate": vehicle.plate,
        "vehicle_type": vehicle.kind,
        "owner": person.name,
        "address": particulars::home_address(person).unwrap_or_else(|| particulars::address_here(person)),
        "use": "非营运",
        "model": vehicle.model,
        "vin": vehicle.vin,
        "engine_number": format!("ZT18{}", &vehicle.vin[11..]),
        "registered": registered.text(),
        "issued": registered.plus_days(1).text(),
        "inspection_to": inspection.text(),
        "seats": vehicle.seats,
        "status": status(vehicle.twist),
    })
}

fn passport(person: &Person, twist: Twist, today: Day) -> Value {
    let (issued, last) = travel_life(person, twist, today);
    json!({
        "number": format!("E99900{:03}", place(person)),
        "name": person.name,
        "sex": sex(person),
        "birth_date": person.birth_date,
        "birth_place": "虚构省",
        "issued": issued.text(),
        "valid_to": last.text(),
        "authority": "虚构省公安厅出入境管理局",
        "status": status(twist),
    })
}

fn travel_permit(person: &Person, letter: char, travel: &Travel, today: Day) -> Value {
    let (from, to) = travel_life(person, travel.twist, today);
    let endorsement = |(place, kind, times, last): &(&str, &str, &str, i64)| {
        let last = today.plus_days(*last);
        format!("{place} {kind} {times} {}/{}", last.plus_days(1).plus_years(-1).text(), last.text())
    };
    json!({
        "number": format!("{letter}99900{:03}", place(person)),
        "name": person.name,
        "latin_name": travel.latin_name,
        "valid_from": from.text(),
        "valid_to": to.text(),
        "endorsements": travel.endorsements.iter().map(endorsement).collect::<Vec<_>>(),
        "status": status(travel.twist),
    })
}

/// Ten years, five for who was under 16 when it was given out; the last day is the one before.
fn travel_life(person: &Person, twist: Twist, today: Day) -> (Day, Day) {
    let years = |issued: Day| if born(person).years_to(issued) < 16 { 5 } else { 10 };
    match twist {
        Twist::Ends(days) => {
            let last = today.plus_days(days);
            let issued = |years: i32| last.plus_days(1).plus_years(-years);
            (issued(years(issued(10))), last)
        }
        _ => {
            let issued = issued(person, today);
            (issued, issued.plus_years(years(issued)).plus_days(-1))
        }
    }
}

/// Two years ago, on a day of the holder's own.
fn issued(person: &Person, today: Day) -> Day {
    let place = place(person);
    today.in_year(-2, place, place)
}

fn status(twist: Twist) -> &'static str {
    match twist {
        Twist::Lost => "lost",
        Twist::Suspended => "suspended",
        Twist::Cancelled => "cancelled",
        _ => "normal",
    }
}

fn authority(person: &Person) -> &'static str {
    match person.residence {
        Residence::Local => "示例市公安局南湖分局",
        Residence::Elsewhere | Residence::HkMacauTaiwan => "远方市东山县公安局",
    }
}

fn sex(person: &Person) -> &'static str {
    match person.sex {
        Sex::Female => "female",
        Sex::Male => "male",
    }
}

fn born(person: &Person) -> Day {
    Day::read(&person.birth_date).expect("the roll has real days")
}

fn place(person: &Person) -> u8 {
    u8::try_from(particulars::place(&person.id_number)).expect("the roll is short")
}
