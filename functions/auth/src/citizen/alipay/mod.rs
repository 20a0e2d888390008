//! Log-in with a linked account at Alipay (用户信息授权).
//!
//! ```text
//!   client                          auth                              Alipay
//!     │ POST /auth/alipay            │                                   │
//!     │◄── authorize, verifier ──────│                                   │
//!     │ opens authorize ────────────────────────────────────────────────►│ the person agrees
//!     │                              │◄── return?auth_code&state ────────│ (in the person's browser)
//!     │◄── client_url#auth_code&state│                                   │
//!     │ POST …/sessions/alipay       │                                   │
//!     │   {auth_code, state, verifier} ── signed call with auth_code ───►│
//!     │                              │◄── user_id or open_id, signed ────│
//!     │◄── tokens ───────────────────│                                   │
//! ```
//!
//! `auth_code` and `state` pass through addresses, the verifier never does: it stays with who began, an app in its memory,
//! a browser in a cookie that no script reads (it begins with `GET /auth/alipay`). So a code that somebody caught, or
//! slipped in, is worth nothing, and a token is in no address. The way is bound by a secret of ours and not by a digest of
//! the client's (RFC 7636), because here digests are the signing library's, which keeps a blind index of both.
//!
//! A log-in is no face check: it leaves `face_at` as it is, and an account that has its proof due can only prove itself.

pub mod account;
pub mod link;
pub mod log_in;
pub mod way;
