//! What is ours: codes, tokens, sealed fields.

use crate::{NOW, NOW_S, Target};
use std::rc::Rc;
use zerotrip_domain::TypedCode;
use zerotrip_signing::identity_code::{self, Content};
use zerotrip_signing::ring::Ring;
use zerotrip_signing::session::{self, Claims, Purpose};
use zerotrip_signing::{receipt_code, sealing, ticket_code};

fn ring(name: &'static str) -> Ring {
    Ring::parse(name, &zerotrip_signing::fresh::ring().expect("randomness")).expect("a ring")
}

pub fn targets() -> Vec<Target> {
    let codes = ring("identity_code_keys");
    let content =
        Content { scenario: 1, documents: 1, id: [7; 16], issued_at_s: NOW_S, expires_at_s: NOW_S + 60 };
    let code = identity_code::mint(&codes, &content).expect("minted");
    let tickets = Rc::new(ring("ticket_code_keys"));
    let ticket = ticket_code::mint(&tickets, [9; 7], NOW).expect("minted");
    let order = "2026112500000000000000000001";
    let receipt = receipt_code::mint(&tickets, order, NOW).expect("minted");
    let sessions = ring("session_keys");
    let claims = Claims {
        session: [1; 16],
        principal: [2; 16],
        device: [0; 16],
        role: 0,
        level: 2,
        face_at_ms: NOW,
        generation: 0,
        issued_at_ms: NOW,
        expires_at_ms: NOW + 600_000,
    };
    let token = session::issue(&sessions, Purpose::Access, &claims).expect("a token");
    let sealings = ring("sealing_keys");
    let sealed = sealing::seal(&sealings, "t.c/1", b"plain", [3; 12], NOW).expect("sealed");
    let (its_code, its_token, its_ticket) = (code.clone(), token.clone(), ticket.clone());
    vec![
        Target::text("identity code", &[&code], move |text| {
            identity_code::check(&codes, text, 1, NOW).is_err() || text == its_code
        }),
        Target::text("ticket code", &[&ticket], {
            let tickets = tickets.clone();
            move |text| ticket_code::check(&tickets, text).map_or(true, |canonical| canonical == its_ticket)
        }),
        Target::text("receipt code", &[&receipt], move |text| {
            receipt_code::check(&tickets, text).map_or(true, |found| found == order)
        }),
        Target::text("session token", &[&token], move |text| {
            session::check(&sessions, Purpose::Access, text, NOW).is_err() || text == its_token
        }),
        Target::text("sealed field", &[&sealed], move |text| {
            sealing::open(&sealings, "t.c/1", text).map_or(true, |plain| plain == b"plain")
        }),
        Target::text("typed code", &["K7MZ-8X3R", "k7mz 8x3r"], |text| {
            text.parse::<TypedCode>().map_or(true, |code| code.as_str().parse() == Ok(code))
        }),
    ]
}
