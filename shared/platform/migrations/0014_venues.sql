-- Venues, and what they add to their registers. Idempotent as the others.
CREATE TABLE IF NOT EXISTS venues (
    -- Its staff and scanners have it as their agency; its poster says it.
    id TEXT PRIMARY KEY,
    -- Public: 18 characters.
    credit_code TEXT NOT NULL,
    scenario TEXT NOT NULL,
    name TEXT NOT NULL,
    -- The name in small letters, its UTF-8 in hex: what begins alike stands together in whatever order the database sorts.
    name_key TEXT NOT NULL,
    address TEXT NOT NULL,
    -- The police agency that supervises it: 6 to 12 digits.
    agency TEXT NOT NULL,
    enrolled_at BIGINT NOT NULL,
    enrolled_by TEXT NOT NULL,
    -- Set when it may see nothing more, by whom, and why, sealed for venues.revoked_why/{id}.
    revoked_at BIGINT,
    revoked_by TEXT,
    revoked_why_sealed TEXT
);
-- One place of one company has one venue per scenario.
CREATE UNIQUE INDEX IF NOT EXISTS venues_standing ON venues (credit_code, scenario, address) WHERE revoked_at IS NULL;
CREATE INDEX IF NOT EXISTS venues_name ON venues (scenario, name_key, id) WHERE revoked_at IS NULL;
CREATE INDEX IF NOT EXISTS venues_agency ON venues (agency, id);

-- Appended, never changed: a later line of the same name corrects an earlier one.
CREATE TABLE IF NOT EXISTS register_additions (
    id TEXT PRIMARY KEY,
    -- The redeemed code whose entry it completes.
    code TEXT NOT NULL,
    -- As the policy names it, e.g. room.
    name TEXT NOT NULL,
    -- 1 if the policy wants it when the code is scanned, 0 if later.
    due BIGINT NOT NULL,
    -- JSON: a text, Unix ms or yes and no; sealed for register_additions.value/{id}.
    value_sealed TEXT NOT NULL,
    at BIGINT NOT NULL,
    person TEXT NOT NULL,
    device TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS register_additions_code ON register_additions (code, at, id);

-- That somebody from outside the mainland was reported to the police, and when; of one entry the first stays.
CREATE TABLE IF NOT EXISTS register_reports (
    code TEXT PRIMARY KEY,
    at BIGINT NOT NULL,
    person TEXT NOT NULL,
    device TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS register_reports_at ON register_reports (at);

-- Which officer has looked for what, and why; written before anything is shown.
CREATE TABLE IF NOT EXISTS register_searches (
    id TEXT PRIMARY KEY,
    at BIGINT NOT NULL,
    officer TEXT NOT NULL,
    device TEXT NOT NULL,
    agency TEXT NOT NULL,
    -- id-number, plate or venue.
    by_what TEXT NOT NULL,
    -- The venue's id, or the blind index of the field resident-id or plate; erased with the reason.
    sought TEXT,
    -- Sealed for register_searches.reason/{id}.
    reason_sealed TEXT
);
CREATE INDEX IF NOT EXISTS register_searches_at ON register_searches (at) WHERE reason_sealed IS NOT NULL;
