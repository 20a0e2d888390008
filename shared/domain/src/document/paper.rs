//! The seven documents. What each holds stands once; reading and writing follow from it and cannot disagree.

use super::value::Part;
use super::{
    Class, Endorsement, Field, FileNumber, HkMacauPermitNumber, Kind, PassportNumber, Photo, Points, Seats,
    Sex, Status, TaiwanPermitNumber, Text, Unreadable, Until, Value, Vin,
};
use crate::day::Day;
use crate::id_number::IdNumber;
use crate::mask;
use crate::plate::Plate;
use std::fmt;

/// What was given, by field.
pub(super) struct Given(pub(super) Vec<(Field, Value)>);

impl Given {
    fn part<T: Part>(&self, field: Field, today: Day) -> Result<T, Unreadable> {
        let value = self.0.iter().find(|(given, _)| *given == field).map(|(_, value)| value);
        let wrong = if value.is_some() { Unreadable::Wrong(field) } else { Unreadable::Missing(field) };
        T::read(value, today).ok_or(wrong)
    }
}

macro_rules! papers {
    ($($(#[$doc:meta])* $paper:ident { $($(#[$part_doc:meta])* $part:ident: $type:ty = $field:ident,)* })*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, PartialEq, Eq)]
            pub struct $paper {
                $($(#[$part_doc])* pub $part: $type,)*
            }

            impl fmt::Debug for $paper {
                fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    f.debug_struct(stringify!($paper)).finish_non_exhaustive()
                }
            }
        )*

        /// One of the seven, as the registry knows it. Personal data: its `Debug` shows the kind alone.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum Document {
            $(
                #[doc = concat!("See [`", stringify!($paper), "`].")]
                $paper($paper),
            )*
        }

        impl Document {
            pub(super) fn from_given(kind: Kind, given: &Given, today: Day) -> Result<Self, Unreadable> {
                Ok(match kind {
                    $(Kind::$paper => Self::$paper($paper { $($part: given.part(Field::$field, today)?,)* }),)*
                })
            }

            /// Which of the seven.
            pub fn kind(&self) -> Kind {
                match self {
                    $(Self::$paper(_) => Kind::$paper,)*
                }
            }

            /// How it stands at the registry.
            pub fn status(&self) -> Status {
                match self {
                    $(Self::$paper(paper) => paper.status,)*
                }
            }

            /// Everything that it says, for its holder and for a sealed store; [`Document::read`] takes it back.
            pub fn fields(&self) -> Vec<(Field, Value)> {
                let parts = match self {
                    $(Self::$paper(paper) => vec![$((Field::$field, paper.$part.write()),)*],)*
                };
                parts.into_iter().filter_map(|(field, value)| Some((field, value?))).collect()
            }
        }
    };
}

papers! {
    /// 居民身份证 (居民身份证法 art. 3).
    ResidentId {
        /// 姓名
        name: Text = Name,
        /// 性别
        sex: Sex = Sex,
        /// 民族
        ethnicity: Text = Ethnicity,
        /// 出生日期
        birth_date: Day = BirthDate,
        /// 常住户口所在地住址
        address: Text = Address,
        /// 公民身份号码
        id_number: IdNumber = IdNumber,
        /// 本人相片; a picture is not kept for as long as the rest
        photo: Option<Photo> = Photo,
        /// 有效期限, its first day
        valid_from: Day = ValidFrom,
        /// 有效期限, its last day
        valid_to: Until = ValidTo,
        /// 签发机关
        authority: Text = Authority,
        /// At the registry.
        status: Status = Status,
    }

    /// 居住证 (居住证暂行条例 art. 11), also that of residents of Hong Kong, Macau and Taiwan (港澳台居民居住证申领发放办法 art. 3), who have
    /// neither ethnicity nor household here, and a last day instead of yearly endorsements.
    ResidencePermit {
        /// 姓名
        name: Text = Name,
        /// 性别
        sex: Sex = Sex,
        /// 民族
        ethnicity: Option<Text> = Ethnicity,
        /// 出生日期
        birth_date: Day = BirthDate,
        /// 公民身份号码
        id_number: IdNumber = IdNumber,
        /// 本人相片
        photo: Option<Photo> = Photo,
        /// 常住户口所在地住址
        home_address: Option<Text> = HomeAddress,
        /// 居住地住址
        address: Text = Address,
        /// 签发机关
        authority: Text = Authority,
        /// 签发日期
        issued: Day = Issued,
        /// Every endorsement (签注) since, in any order.
        endorsed: Vec<Day> = Endorsed,
        /// The last day of one that is not endorsed.
        valid_to: Option<Day> = ValidTo,
        /// At the registry.
        status: Status = Status,
    }

    /// 机动车驾驶证
    DrivingLicence {
        /// 姓名
        name: Text = Name,
        /// 性别
        sex: Sex = Sex,
        /// 国籍
        nationality: Text = Nationality,
        /// 住址
        address: Text = Address,
        /// 证号, which is the ID number
        id_number: IdNumber = IdNumber,
        /// 初次领证日期
        first_issued: Day = FirstIssued,
        /// 准驾车型
        classes: Vec<Class> = Classes,
        /// 有效期限, its last day
        valid_to: Until = ValidTo,
        /// 档案编号
        file_number: FileNumber = FileNumber,
        /// 累积记分
        points: Points = Points,
        /// At the registry.
        status: Status = Status,
    }

    /// 机动车行驶证
    VehicleLicence {
        /// 号牌号码
        plate: Plate = Plate,
        /// 车辆类型
        vehicle_type: Text = VehicleType,
        /// 所有人
        owner: Text = Owner,
        /// 住址
        address: Text = Address,
        /// 使用性质
        usage: Text = Use,
        /// 品牌型号
        model: Text = Model,
        /// 车辆识别代号
        vin: Vin = Vin,
        /// 发动机号码
        engine_number: Text = EngineNumber,
        /// 注册日期
        registered: Day = Registered,
        /// 发证日期
        issued: Day = Issued,
        /// 检验有效期至: some day of the month at whose end it ends
        inspection_to: Day = InspectionTo,
        /// 核定载人数
        seats: Seats = Seats,
        /// At the registry.
        status: Status = Status,
    }

    /// 普通护照 (护照法 art. 7).
    Passport {
        /// 护照号码
        number: PassportNumber = Number,
        /// 姓名
        name: Text = Name,
        /// 性别
        sex: Sex = Sex,
        /// 出生日期
        birth_date: Day = BirthDate,
        /// 出生地点
        birth_place: Text = BirthPlace,
        /// 签发日期
        issued: Day = Issued,
        /// 有效期至
        valid_to: Day = ValidTo,
        /// 签发机关
        authority: Text = Authority,
        /// At the registry.
        status: Status = Status,
    }

    /// 往来港澳通行证
    HkMacauPermit {
        /// 证件号码
        number: HkMacauPermitNumber = Number,
        /// 姓名
        name: Text = Name,
        /// 拼音姓名
        latin_name: Text = LatinName,
        /// 有效期限, its first day
        valid_from: Day = ValidFrom,
        /// 有效期限, its last day
        valid_to: Day = ValidTo,
        /// 签注
        endorsements: Vec<Endorsement> = Endorsements,
        /// At the registry.
        status: Status = Status,
    }

    /// 往来台湾通行证
    TaiwanPermit {
        /// 证件号码
        number: TaiwanPermitNumber = Number,
        /// 姓名
        name: Text = Name,
        /// 拼音姓名
        latin_name: Text = LatinName,
        /// 有效期限, its first day
        valid_from: Day = ValidFrom,
        /// 有效期限, its last day
        valid_to: Day = ValidTo,
        /// 签注
        endorsements: Vec<Endorsement> = Endorsements,
        /// At the registry.
        status: Status = Status,
    }
}

impl Document {
    /// The number by which it is known: personal data. A vehicle licence's is the plate.
    pub fn number(&self) -> &str {
        match self {
            Self::ResidentId(paper) => paper.id_number.as_str(),
            Self::ResidencePermit(paper) => paper.id_number.as_str(),
            Self::DrivingLicence(paper) => paper.id_number.as_str(),
            Self::VehicleLicence(paper) => paper.plate.as_str(),
            Self::Passport(paper) => paper.number.as_str(),
            Self::HkMacauPermit(paper) => paper.number.as_str(),
            Self::TaiwanPermit(paper) => paper.number.as_str(),
        }
    }

    /// That number as a list shows it.
    pub fn masked_number(&self) -> String {
        match self {
            Self::ResidentId(ResidentId { id_number, .. })
            | Self::ResidencePermit(ResidencePermit { id_number, .. })
            | Self::DrivingLicence(DrivingLicence { id_number, .. }) => id_number.masked(),
            Self::VehicleLicence(paper) => paper.plate.masked(),
            Self::Passport(_) | Self::HkMacauPermit(_) | Self::TaiwanPermit(_) => mask::number(self.number()),
        }
    }

    /// Whether it is of the person with this name and number. Documents without an ID number are by the name: the registry
    /// was asked by number.
    pub fn is_of(&self, name: &str, number: &IdNumber) -> bool {
        match self {
            Self::ResidentId(ResidentId { id_number, .. })
            | Self::ResidencePermit(ResidencePermit { id_number, .. })
            | Self::DrivingLicence(DrivingLicence { id_number, .. }) => id_number == number,
            Self::VehicleLicence(VehicleLicence { owner: of, .. })
            | Self::Passport(Passport { name: of, .. })
            | Self::HkMacauPermit(HkMacauPermit { name: of, .. })
            | Self::TaiwanPermit(TaiwanPermit { name: of, .. }) => of.as_str() == name,
        }
    }
}
