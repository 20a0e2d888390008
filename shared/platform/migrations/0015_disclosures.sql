-- What a citizen reads about disclosures, and says about them. Idempotent as the others.
CREATE INDEX IF NOT EXISTS identity_codes_ledger ON identity_codes (holder, ended_at, id) WHERE ended_how = 'redeemed';
CREATE INDEX IF NOT EXISTS refused_scans_code ON refused_scans (code);

-- "That was not right", one for each disclosure or refused scan.
CREATE TABLE IF NOT EXISTS misuse_reports (
    -- The identity code.
    code TEXT PRIMARY KEY,
    holder TEXT NOT NULL,
    -- Which venue it is about, and the police agency that supervised it then.
    venue TEXT NOT NULL,
    agency TEXT NOT NULL,
    -- The holder or the guardian. Unix ms, as all times.
    reported_by TEXT NOT NULL,
    reported_at BIGINT NOT NULL,
    -- Sealed for misuse_reports.text/{code}.
    text_sealed TEXT NOT NULL,
    -- Set when an officer or an administrator has looked into it, with what came of it, sealed for misuse_reports.note/{code}.
    closed_at BIGINT,
    closed_by TEXT,
    note_sealed TEXT
);
CREATE INDEX IF NOT EXISTS misuse_reports_open ON misuse_reports (reported_at, code) WHERE closed_at IS NULL;
CREATE INDEX IF NOT EXISTS misuse_reports_agency ON misuse_reports (agency, reported_at, code) WHERE closed_at IS NULL;
CREATE INDEX IF NOT EXISTS misuse_reports_holder ON misuse_reports (holder);
CREATE INDEX IF NOT EXISTS misuse_reports_closed ON misuse_reports (closed_at) WHERE closed_at IS NOT NULL;
