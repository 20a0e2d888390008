//! What a venue can be told.

macro_rules! items {
    ($($(#[$doc:meta])* $item:ident $name:literal $chinese:literal $english:literal,)*) => {
        /// One thing that a venue is told; a citizen's ledger keeps the name without what it was.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Item {
            $($(#[$doc])* $item,)*
        }

        impl Item {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$item,)*];

            /// As answers and the ledger write it.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$item => $name,)*
                }
            }

            /// As people read it.
            pub fn chinese(self) -> &'static str {
                match self {
                    $(Self::$item => $chinese,)*
                }
            }

            /// As people read it in English.
            pub fn english(self) -> &'static str {
                match self {
                    $(Self::$item => $english,)*
                }
            }
        }
    };
}

items! {
    /// 姓名
    Name "name" "姓名" "name",
    /// 性别
    Sex "sex" "性别" "sex",
    /// 民族
    Ethnicity "ethnicity" "民族" "ethnicity",
    /// 出生日期
    BirthDate "birth_date" "出生日期" "date of birth",
    /// Which document proves the person.
    DocumentKind "document_kind" "证件种类" "kind of document",
    /// Its number.
    DocumentNumber "document_number" "证件号码" "document number",
    /// 住址
    Address "address" "住址" "address",
    /// The picture on the document.
    Photo "photo" "证件照片" "photo on the document",
    /// Yes or no, never the birth date.
    Adult "adult" "是否年满18周岁（仅是或否）" "whether 18 or older (yes or no only)",
    /// 号牌号码
    Plate "plate" "车辆号牌" "number plate",
    /// 车辆类型
    VehicleType "vehicle_type" "车辆类型" "type of vehicle",
    /// 发动机号码
    EngineNumber "engine_number" "发动机号码" "engine number",
    /// 车辆识别代号
    Vin "vin" "车辆识别代号" "vehicle identification number",
    /// 品牌型号
    Model "model" "品牌型号" "make and model",
    /// 所有人
    Owner "owner" "车辆所有人" "owner of the vehicle",
    /// Yes or no, never the address.
    AddressMatches "address_matches" "与所报地址是否一致（仅是或否）" "whether the stated address is theirs (yes or no only)",
    /// Yes or no, never the vehicle.
    VehicleMatches "vehicle_matches" "与所报车辆是否一致（仅是或否）" "whether the stated vehicle is theirs (yes or no only)",
    /// How the document stands.
    Status "status" "证件状态" "state of the document",
    /// 签发日期
    Issued "issued" "签发日期" "date of issue",
    /// The day by which it must be endorsed; the last day of a permit that is not endorsed.
    NextEndorsement "next_endorsement" "下次签注日期" "next endorsement",
    /// 签发机关
    Authority "authority" "签发机关" "issuing authority",
}
