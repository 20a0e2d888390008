//! What a document says, by name.

macro_rules! fields {
    ($($(#[$doc:meta])* $field:ident $name:literal $chinese:literal,)*) => {
        /// A field of a document.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Field {
            $($(#[$doc])* $field,)*
        }

        impl Field {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$field,)*];

            /// As the registry, stored documents and clients write it.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$field => $name,)*
                }
            }

            /// As people read it.
            pub fn chinese(self) -> &'static str {
                match self {
                    $(Self::$field => $chinese,)*
                }
            }
        }
    };
}

fields! {
    /// Where somebody lives; on a residence permit, here.
    Address "address" "住址",
    /// Who gave it out.
    Authority "authority" "签发机关",
    /// `yyyy-MM-dd`, like every day.
    BirthDate "birth_date" "出生日期",
    /// A place's name.
    BirthPlace "birth_place" "出生地点",
    /// What may be driven.
    Classes "classes" "准驾车型",
    /// Days on which a residence permit was endorsed.
    Endorsed "endorsed" "签注日期",
    /// For Hong Kong, Macau or Taiwan.
    Endorsements "endorsements" "签注",
    /// An engine's number.
    EngineNumber "engine_number" "发动机号码",
    /// 民族
    Ethnicity "ethnicity" "民族",
    /// Of a driving licence.
    FileNumber "file_number" "档案编号",
    /// The day of the first driving licence.
    FirstIssued "first_issued" "初次领证日期",
    /// Where the household of who has a residence permit is registered.
    HomeAddress "home_address" "常住户口所在地住址",
    /// 公民身份号码
    IdNumber "id_number" "公民身份号码",
    /// The last day of the vehicle's inspection.
    InspectionTo "inspection_to" "检验有效期至",
    /// The day on which it was given out.
    Issued "issued" "签发日期",
    /// A name in Latin letters.
    LatinName "latin_name" "拼音姓名",
    /// Make and model.
    Model "model" "品牌型号",
    /// 姓名
    Name "name" "姓名",
    /// 国籍
    Nationality "nationality" "国籍",
    /// The document's own number.
    Number "number" "证件号码",
    /// Of a vehicle.
    Owner "owner" "所有人",
    /// The holder's picture.
    Photo "photo" "照片",
    /// 号牌号码
    Plate "plate" "号牌号码",
    /// Of this scoring period.
    Points "points" "累积记分",
    /// The day of a vehicle's registration.
    Registered "registered" "注册日期",
    /// How many people a vehicle may carry.
    Seats "seats" "核定载人数",
    /// 性别
    Sex "sex" "性别",
    /// How it stands at the registry.
    Status "status" "证件状态",
    /// What a vehicle is used for.
    Use "use" "使用性质",
    /// The first day.
    ValidFrom "valid_from" "有效期起始日期",
    /// The last day, or `long-term`.
    ValidTo "valid_to" "有效期至",
    /// 车辆类型
    VehicleType "vehicle_type" "车辆类型",
    /// Vehicle identification number.
    Vin "vin" "车辆识别代号",
}

impl Field {
    /// The one of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|field| field.name() == name)
    }
}
