//! What a penalty decision of the simplified procedure says (道路交通安全违法行为处理程序规定 art. 43–45).

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use zerotrip_domain::decision::{NotOnTheSpot, on_the_spot};
use zerotrip_domain::{Day, DecisionNumber, Fen, IdNumber, Plate, ViolationCode};
use zerotrip_platform::Problem;

/// All that the paper says. Stored sealed as one document.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Content {
    /// The number on the prescribed form (编号): 15 or 16 digits.
    pub number: String,
    /// The party (当事人).
    pub driver: Driver,
    /// 号牌
    pub plate: String,
    /// 车辆类型, e.g. 小型汽车.
    pub vehicle_type: String,
    /// 违法代码: 4 or 5 digits.
    pub violation_code: String,
    /// 违法事实, as the driver reads it, e.g. 机动车违反禁止停车标志.
    pub violation: String,
    /// 违法地点
    pub place: String,
    /// Unix ms of the violation.
    pub violated_at: u64,
    /// 处罚依据
    pub legal_basis: String,
    /// The fine: 500 to 20 000 fen, whole yuan.
    pub fine_fen: i64,
    /// The deciding agency's name as printed.
    pub authority: String,
}

/// The party.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Driver {
    pub name: String,
    /// Of a resident: 18 characters. Otherwise the number of the other document.
    pub id_number: String,
    /// Which document the number is of.
    #[serde(default)]
    pub id_kind: IdKind,
    pub phone: Option<String>,
    pub address: Option<String>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum IdKind {
    /// 居民身份证, or a residence permit of a resident of Hong Kong, Macau or Taiwan.
    #[default]
    ResidentId,
    /// 护照 or another document: 5 to 20 letters and digits.
    Other,
}

impl Content {
    /// Everything in its normal form, or the first field that is not as it must be; no value is repeated.
    pub fn checked(mut self, now_ms: u64) -> Result<Self, Problem> {
        let wrong = |field: &str, rule: &str| Problem::invalid(&format!("{field} must be {rule}"));
        let number: DecisionNumber = self.number.parse().map_err(|_| wrong("number", "15 or 16 digits"))?;
        self.number = number.to_string();
        let plate: Plate = self.plate.parse().map_err(|_| wrong("plate", "a number plate, e.g. 吉A12345"))?;
        self.plate = plate.as_str().to_owned();
        self.violation_code.parse::<ViolationCode>().map_err(|_| wrong("violation_code", "4 or 5 digits"))?;
        self.driver.id_number = match self.driver.id_kind {
            IdKind::ResidentId => IdNumber::parse(self.driver.id_number.trim(), Day::at(now_ms))
                .map_err(|_| {
                    wrong("driver.id_number", "a resident identity number, or set id_kind to other")
                })?
                .as_str()
                .to_owned(),
            IdKind::Other => {
                let number = self.driver.id_number.trim().to_ascii_uppercase();
                let valid =
                    (5..=20).contains(&number.len()) && number.bytes().all(|b| b.is_ascii_alphanumeric());
                if !valid {
                    return Err(wrong("driver.id_number", "5 to 20 letters and digits"));
                }
                number
            }
        };
        let phone = |text: &str| {
            let bytes = text.as_bytes();
            bytes.len() == 11
                && bytes[0] == b'1'
                && (b'3'..=b'9').contains(&bytes[1])
                && bytes.iter().all(u8::is_ascii_digit)
        };
        if self.driver.phone.as_deref().is_some_and(|text| !phone(text)) {
            return Err(wrong("driver.phone", "a mobile number of 11 digits, or left out"));
        }
        for (field, text, most) in [
            ("driver.name", Some(&mut self.driver.name), 50),
            ("driver.address", self.driver.address.as_mut(), 200),
            ("vehicle_type", Some(&mut self.vehicle_type), 50),
            ("violation", Some(&mut self.violation), 200),
            ("place", Some(&mut self.place), 200),
            ("legal_basis", Some(&mut self.legal_basis), 300),
            ("authority", Some(&mut self.authority), 100),
        ] {
            let Some(text) = text else { continue };
            *text = text.trim().to_owned();
            if text.is_empty() || text.chars().count() > most || text.chars().any(char::is_control) {
                return Err(wrong(field, &format!("1 to {most} characters")));
            }
        }
        let fine = Fen::new(self.fine_fen).map_err(|_| wrong("fine_fen", "500 to 20000"))?;
        on_the_spot(fine, self.violated_at, now_ms).map_err(|not| match not {
            NotOnTheSpot::Amount => Problem::new(
                http::StatusCode::UNPROCESSABLE_ENTITY,
                "not-on-the-spot",
                "Not to be decided on the spot",
                "不适用当场处罚",
                "On the spot a person is fined 5 to 200 yuan. Use the general procedure.",
            ),
            NotOnTheSpot::OddFen => wrong("fine_fen", "whole yuan"),
            NotOnTheSpot::Future => wrong("violated_at", "in the past; check the terminal's clock"),
            NotOnTheSpot::TooOld => wrong("violated_at", "within the last 24 hours"),
        })?;
        Ok(self)
    }

    /// How the driver is named in the blind index.
    pub fn indexed_driver(&self) -> (&'static str, &str) {
        let field = match self.driver.id_kind {
            IdKind::ResidentId => "resident-id",
            IdKind::Other => "other-id",
        };
        (field, &self.driver.id_number)
    }
}
