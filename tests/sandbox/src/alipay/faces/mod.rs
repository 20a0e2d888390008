//! 支付宝身份验证: is it this person who holds the phone? `alipay.user.certify.open.initialize` names somebody,
//! `…certify` opens the page on which that person looks into the camera, `…query` tells `passed`. What is not in the
//! documents is marked where it is decided.

mod calls;
mod control;
mod face;
mod page;

use std::{collections::HashMap, io, path::Path, sync::Arc};

use axum::{
    Router,
    routing::{get, post},
};

use self::face::Face;
use super::Alipay;
use crate::ledger::Ledger;

pub use self::{
    calls::{initialize, query},
    page::{open, refusal},
};

/// The checks that were begun.
#[derive(Debug)]
pub struct Faces {
    /// By `certify_id`.
    faces: Ledger<Face>,
    /// `certify_id` by `outer_order_no`.
    by_order: HashMap<String, String>,
}

impl Faces {
    /// Takes up what the journal holds, if there is one.
    pub fn open(journal: Option<&Path>) -> io::Result<Self> {
        let faces: Ledger<Face> = Ledger::open(journal)?;
        let named = |face: &Face| (face.order.outer_order_no.clone(), face.certify_id.clone());
        let by_order = faces.lines().iter().map(named).collect();
        Ok(Self { faces, by_order })
    }

    fn by_order(&self, outer_order_no: &str) -> Option<&Face> {
        self.by_order.get(outer_order_no).and_then(|certify_id| self.faces.get(certify_id))
    }

    fn put(&mut self, face: Face) -> io::Result<()> {
        let (number, certify_id) = (face.order.outer_order_no.clone(), face.certify_id.clone());
        self.faces.put(face)?;
        self.by_order.insert(number, certify_id);
        Ok(())
    }
}

/// The buttons of the page, and `/control/alipay/faces`.
pub fn routes() -> Router<Arc<Alipay>> {
    Router::new()
        .route("/alipay/faces/{certify_id}/{act}", post(page::act))
        .route("/control/alipay/faces", get(control::list))
        .route("/control/alipay/faces/{certify_id}", get(control::one).post(control::decide))
}
