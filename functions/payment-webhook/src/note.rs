//! What an administrator writes when closing a work item. It may name people, so it is stored sealed.

use crate::broken;
use crate::signing::sealing;
use serde::Deserialize;
use utoipa::ToSchema;
use zerotrip_platform::{Problem, Request};

const LONGEST: usize = 500;

/// How it was handled.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Note {
    /// 1 to 500 characters; stored sealed.
    note: String,
}

impl Note {
    /// The body of `request`.
    pub fn of(request: &Request) -> Result<Self, Problem> {
        let note: Self = request.json()?;
        if note.note.trim().is_empty() || note.note.chars().count() > LONGEST {
            return Err(Problem::invalid("note must be 1 to 500 characters"));
        }
        Ok(note)
    }

    /// What it says.
    pub fn text(&self) -> &str {
        &self.note
    }

    /// As it is stored.
    pub fn seal(&self, context: &str, now_ms: u64) -> Result<String, Problem> {
        sealing::seal(context, self.note.as_bytes(), now_ms).map_err(broken)
    }

    /// Whether it is the one that was stored.
    pub fn is(&self, context: &str, sealed: Option<&str>) -> Result<bool, Problem> {
        let stored = sealed.map(|sealed| sealing::open(context, sealed)).transpose().map_err(broken)?;
        Ok(stored.as_deref() == Some(self.note.as_bytes()))
    }
}
