//! The Wasm component: this library behind `zerotrip:signing/*`. Keys come from the caller's variables.

use crate::fault::{Fault, Refusal};
use crate::ring::{self, Ring};
use crate::{
    alipay, audit, ccb, file_digest, identity_code, index, password, receipt_code, sealing, session,
    ticket_code, wechat_pay,
};
use std::cell::RefCell;
use std::sync::OnceLock;

#[allow(unsafe_code, clippy::all, missing_docs, reason = "generated")]
mod bindings {
    wit_bindgen::generate!({ path: "../../wit", world: "signing", generate_all });
    use super::Component;
    export!(Component);
}

mod providers;

use bindings::exports::zerotrip::signing as exports;
use bindings::wasi::config::store;
use exports::faults::{Fault as WitFault, Refusal as WitRefusal};
use exports::session_claims::{Claims as WitClaims, Purpose as WitPurpose, Role};

struct Component;

// Parsed once for each instance: keys are nobody's personal data.
macro_rules! kept {
    ($($getter:ident: $type:ty = $name:literal, $parse:expr;)*) => {
        $(fn $getter() -> Result<&'static $type, Fault> {
            static KEPT: OnceLock<$type> = OnceLock::new();
            kept(&KEPT, $name, $parse)
        })*

        fn check_variable(name: &str, now_ms: u64) -> Result<(), Fault> {
            match name {
                $($name => $getter().and_then(|value| usable(value, now_ms)),)*
                other => Err(Fault::of(other, "no such key ring")),
            }
        }
    };
}

kept! {
    session_keys: Ring = "session_keys", Ring::parse;
    ticket_code_keys: Ring = "ticket_code_keys", Ring::parse;
    identity_code_keys: Ring = "identity_code_keys", Ring::parse;
    sealing_keys: Ring = "sealing_keys", Ring::parse;
    audit_keys: Ring = "audit_keys", Ring::parse;
    index_key: [u8; 32] = "index_key", ring::single;
    alipay_merchant: alipay::Merchant = "alipay", |_, text| alipay::Merchant::parse(text);
    wechat_pay_merchant: wechat_pay::Merchant = "wechat_pay", |_, text| wechat_pay::Merchant::parse(text);
    ccb_counter: ccb::Counter = "ccb", |_, text| ccb::Counter::parse(text);
}

fn kept<T>(
    kept: &'static OnceLock<T>,
    name: &'static str,
    parse: fn(&'static str, &str) -> Result<T, Fault>,
) -> Result<&'static T, Fault> {
    if let Some(value) = kept.get() {
        return Ok(value);
    }
    let value = parse(name, &variable(name)?)?;
    Ok(kept.get_or_init(|| value))
}

/// What must hold beyond being well-formed.
trait Usable {
    fn usable(&self, _now_ms: u64) -> Result<(), Fault> {
        Ok(())
    }
}

impl Usable for Ring {
    fn usable(&self, now_ms: u64) -> Result<(), Fault> {
        self.signing_key(now_ms).map(|_| ())
    }
}
impl Usable for [u8; 32] {}
impl Usable for alipay::Merchant {
    fn usable(&self, now_ms: u64) -> Result<(), Fault> {
        Self::usable(self, now_ms)
    }
}
impl Usable for wechat_pay::Merchant {}
impl Usable for ccb::Counter {}

fn usable(value: &impl Usable, now_ms: u64) -> Result<(), Fault> {
    value.usable(now_ms)
}

fn variable(name: &str) -> Result<String, Fault> {
    match store::get(name) {
        Ok(Some(value)) if !value.is_empty() => Ok(value),
        Ok(_) => Err(Fault::of(name, "not set for this component")),
        Err(_) => Err(Fault::of(name, "the variable provider failed")),
    }
}

fn random<const N: usize>() -> Result<[u8; N], Fault> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|_| Fault::Misconfigured("no randomness".to_owned()))?;
    Ok(bytes)
}

impl From<Fault> for WitFault {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Misconfigured(defect) => Self::Misconfigured(defect),
            Fault::Refused(refusal) => Self::Refused(match refusal {
                Refusal::Malformed => WitRefusal::Malformed,
                Refusal::UnknownKey => WitRefusal::UnknownKey,
                Refusal::Forged => WitRefusal::Forged,
                Refusal::Expired => WitRefusal::Expired,
                Refusal::WrongPurpose => WitRefusal::WrongPurpose,
            }),
        }
    }
}

fn bytes((high, low): (u64, u64)) -> [u8; 16] {
    (u128::from(high) << 64 | u128::from(low)).to_be_bytes()
}

fn halves(bytes: [u8; 16]) -> (u64, u64) {
    let whole = u128::from_be_bytes(bytes);
    ((whole >> 64) as u64, whole as u64)
}

fn purpose(purpose: WitPurpose) -> session::Purpose {
    match purpose {
        WitPurpose::Access => session::Purpose::Access,
        WitPurpose::Refresh => session::Purpose::Refresh,
        WitPurpose::Device => session::Purpose::Device,
        WitPurpose::Job => session::Purpose::Job,
    }
}

const ROLES: [Role; 5] = [Role::Citizen, Role::Officer, Role::VenueStaff, Role::Administrator, Role::Job];

impl exports::readiness::Guest for Component {
    fn check(rings: Vec<String>, now_ms: u64) -> Result<(), String> {
        rings.iter().try_for_each(|name| check_variable(name, now_ms)).map_err(|fault| fault.to_string())
    }
}

impl exports::session_issue::Guest for Component {
    fn issue(for_purpose: WitPurpose, claims: WitClaims) -> Result<String, WitFault> {
        let claims = session::Claims {
            session: bytes(claims.session),
            principal: bytes(claims.principal),
            device: bytes(claims.device),
            role: claims.role as u8,
            level: claims.level,
            face_at_ms: claims.face_at_ms,
            generation: claims.generation,
            issued_at_ms: claims.issued_at_ms,
            expires_at_ms: claims.expires_at_ms,
        };
        Ok(session::issue(session_keys()?, purpose(for_purpose), &claims)?)
    }
}

impl exports::session_check::Guest for Component {
    fn check(for_purpose: WitPurpose, token: String, now_ms: u64) -> Result<WitClaims, WitFault> {
        let claims = session::check(session_keys()?, purpose(for_purpose), &token, now_ms)?;
        let role = ROLES.get(usize::from(claims.role)).ok_or(Fault::from(Refusal::Malformed))?;
        Ok(WitClaims {
            session: halves(claims.session),
            principal: halves(claims.principal),
            device: halves(claims.device),
            role: *role,
            level: claims.level,
            face_at_ms: claims.face_at_ms,
            generation: claims.generation,
            issued_at_ms: claims.issued_at_ms,
            expires_at_ms: claims.expires_at_ms,
        })
    }
}

impl exports::ticket_code_mint::Guest for Component {
    fn mint(now_ms: u64) -> Result<String, WitFault> {
        Ok(ticket_code::mint(ticket_code_keys()?, random()?, now_ms)?)
    }
}

impl exports::ticket_code_check::Guest for Component {
    fn check(code: String) -> Result<String, WitFault> {
        Ok(ticket_code::check(ticket_code_keys()?, &code)?)
    }
}

impl exports::receipt_code::Guest for Component {
    fn mint(order: String, now_ms: u64) -> Result<String, WitFault> {
        Ok(receipt_code::mint(ticket_code_keys()?, &order, now_ms)?)
    }

    fn check(code: String) -> Result<String, WitFault> {
        Ok(receipt_code::check(ticket_code_keys()?, &code)?)
    }
}

impl exports::identity_code_mint::Guest for Component {
    fn mint(content: exports::identity_code::Content) -> Result<String, WitFault> {
        let content = identity_code::Content {
            scenario: content.scenario,
            documents: content.documents,
            id: bytes(content.id),
            issued_at_s: content.issued_at_s,
            expires_at_s: content.expires_at_s,
        };
        Ok(identity_code::mint(identity_code_keys()?, &content)?)
    }
}

impl exports::identity_code_check::Guest for Component {
    fn check(code: String, scenario: u8, now_ms: u64) -> Result<exports::identity_code::Content, WitFault> {
        let content = identity_code::check(identity_code_keys()?, &code, scenario, now_ms)?;
        Ok(exports::identity_code::Content {
            scenario: content.scenario,
            documents: content.documents,
            id: halves(content.id),
            issued_at_s: content.issued_at_s,
            expires_at_s: content.expires_at_s,
        })
    }
}

impl exports::sealing::Guest for Component {
    fn seal(context: String, plain: Vec<u8>, now_ms: u64) -> Result<String, WitFault> {
        Ok(sealing::seal(sealing_keys()?, &context, &plain, random()?, now_ms)?)
    }

    fn open(context: String, sealed: String) -> Result<Vec<u8>, WitFault> {
        Ok(sealing::open(sealing_keys()?, &context, &sealed)?)
    }

    fn reseal(context: String, sealed: String, now_ms: u64) -> Result<Option<String>, WitFault> {
        Ok(sealing::reseal(sealing_keys()?, &context, &sealed, random()?, now_ms)?)
    }
}

impl exports::blind_index::Guest for Component {
    fn index(field: String, value: String) -> Result<String, WitFault> {
        Ok(index::index(index_key()?, &field, &value))
    }
}

impl exports::audit::Guest for Component {
    fn digest(line: Vec<u8>, now_ms: u64) -> Result<String, WitFault> {
        Ok(audit::digest(audit_keys()?, &line, now_ms)?)
    }

    fn matches(line: Vec<u8>, digest: String) -> Result<bool, WitFault> {
        Ok(audit::matches(audit_keys()?, &line, &digest)?)
    }

    fn link(previous: String, digests: Vec<String>, now_ms: u64) -> Result<String, WitFault> {
        Ok(audit::link(audit_keys()?, &previous, &digests, now_ms)?)
    }

    fn follows(previous: String, digests: Vec<String>, link: String) -> Result<bool, WitFault> {
        Ok(audit::follows(audit_keys()?, &previous, &digests, &link)?)
    }
}

impl exports::file_digest::Guest for Component {
    type Digest = RefCell<file_digest::Digest>;
}

impl exports::file_digest::GuestDigest for RefCell<file_digest::Digest> {
    fn new(algorithm: exports::file_digest::Algorithm) -> Self {
        Self::new(match algorithm {
            exports::file_digest::Algorithm::Sha1 => file_digest::Digest::sha1(),
            exports::file_digest::Algorithm::Sha256 => file_digest::Digest::sha256(),
        })
    }

    fn update(&self, piece: Vec<u8>) {
        self.borrow_mut().update(&piece);
    }

    fn hex(&self) -> String {
        self.borrow().hex()
    }
}

impl exports::passwords::Guest for Component {
    fn hash(password: String) -> Result<String, WitFault> {
        Ok(password::hash(&password, random()?)?)
    }

    fn verify(password: String, stored: Option<String>) -> Result<bool, WitFault> {
        Ok(password::verify(&password, stored.as_deref())?)
    }

    fn outdated(stored: String) -> bool {
        password::outdated(&stored)
    }
}
