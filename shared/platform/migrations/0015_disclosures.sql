-- What a citizen reads about disclosures, and says about them. Idempotent as the others.
CREATE INDEX IF NOT EXISTS identity_codes_ledger ON identity_codes (holder, ended_at, id) WHERE ended_how = 'redeemed';

-- "That was not right", one for each disclosure or refused scan.
CREATE TABLE IF NOT EXISTS misuse_reports (
    -- A line of the ledger: the id of the redeemed identity code, or of the refused scan.
    disclosure TEXT PRIMARY KEY,
    holder TEXT NOT NULL,
    -- Which venue it is about, and the police agency that supervised it then.
    venue TEXT NOT NULL,
    agency TEXT NOT NULL,
    -- The holder or the guardian. Unix ms, as all times.
    reported_by TEXT NOT NULL,
    reported_at BIGINT NOT NULL,
    -- Sealed for misuse_reports.text/{disclosure}.
    text_sealed TEXT NOT NULL,
    -- Set when an officer or an administrator has looked into it, with what came of it, sealed for misuse_reports.note/{disclosure}.
    closed_at BIGINT,
    closed_by TEXT,
    note_sealed TEXT
);
CREATE INDEX IF NOT EXISTS misuse_reports_open ON misuse_reports (reported_at, disclosure) WHERE closed_at IS NULL;
CREATE INDEX IF NOT EXISTS misuse_reports_agency ON misuse_reports (agency, reported_at, disclosure) WHERE closed_at IS NULL;
CREATE INDEX IF NOT EXISTS misuse_reports_holder ON misuse_reports (holder);
CREATE INDEX IF NOT EXISTS misuse_reports_closed ON misuse_reports (closed_at) WHERE closed_at IS NOT NULL;

-- What the table of retention goes along.
CREATE INDEX IF NOT EXISTS identity_codes_ended ON identity_codes (ended_at) WHERE ended_how = 'redeemed';
CREATE INDEX IF NOT EXISTS consents_withdrawn ON consents (withdrawn_at) WHERE withdrawn_at IS NOT NULL;
CREATE INDEX IF NOT EXISTS proofs_erased ON proofs (erased_at) WHERE erased_at IS NOT NULL;
