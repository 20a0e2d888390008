-- What the audit job writes lines of goes along time. Idempotent as the others.
CREATE INDEX IF NOT EXISTS audit_lines_kind ON audit_lines (kind, at);
CREATE INDEX IF NOT EXISTS register_additions_at ON register_additions (at);
CREATE INDEX IF NOT EXISTS venues_enrolled_at ON venues (enrolled_at);
CREATE INDEX IF NOT EXISTS venues_revoked_at ON venues (revoked_at) WHERE revoked_at IS NOT NULL;
CREATE INDEX IF NOT EXISTS decisions_decided_at ON decisions (decided_at);
CREATE INDEX IF NOT EXISTS decisions_revoked_at ON decisions (revoked_at) WHERE revoked_at IS NOT NULL;
CREATE INDEX IF NOT EXISTS decision_events_at ON decision_events (at);
CREATE INDEX IF NOT EXISTS refund_take_overs_at ON refund_take_overs (at);
CREATE INDEX IF NOT EXISTS refunds_closed_at ON refunds (done_at) WHERE closed_by IS NOT NULL;
CREATE INDEX IF NOT EXISTS payment_inbox_closures_at ON payment_inbox_closures (closed_at);
CREATE INDEX IF NOT EXISTS settlement_reports_closed_at ON settlement_reports (done_at) WHERE closed_by IS NOT NULL;
CREATE INDEX IF NOT EXISTS statement_differences_closed_at ON statement_differences (closed_at) WHERE closed_how = 'person';
