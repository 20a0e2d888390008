-- What jobs and log-ins look for, in order. Idempotent as the others.

-- What the audit job writes lines of, by its time.
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

-- Hashes of an older system that uses bcrypt: `$2b$…`.
CREATE INDEX IF NOT EXISTS citizens_bcrypt ON citizens (id) WHERE SUBSTR(password, 2, 1) = '2';

-- What providers have signed, by the time when retention erases it.
CREATE INDEX IF NOT EXISTS orders_evidence ON orders (settled_at) WHERE evidence_sealed IS NOT NULL;
CREATE INDEX IF NOT EXISTS payment_inbox_evidence ON payment_inbox (received_at) WHERE evidence_sealed IS NOT NULL;

-- What the table of retention goes along.
CREATE INDEX IF NOT EXISTS identity_codes_ended ON identity_codes (ended_at) WHERE ended_how = 'redeemed';
CREATE INDEX IF NOT EXISTS consents_withdrawn ON consents (withdrawn_at) WHERE withdrawn_at IS NOT NULL;
CREATE INDEX IF NOT EXISTS proofs_erased ON proofs (erased_at) WHERE erased_at IS NOT NULL;

-- `misuse_reports.code` holds a line of the ledger: the id of a redeemed code, or of a refused scan.
