-- Clean data about who is who, and how long it is kept. Idempotent as the others.

-- Only these may share an ID number or a phone with another account: a search for duplicates walks along them.
CREATE INDEX IF NOT EXISTS citizens_unproven_person ON citizens (id_index, id) WHERE standing IN ('proof-due', 'frozen');
CREATE INDEX IF NOT EXISTS citizens_unproven_phone ON citizens (phone_index, id) WHERE standing IN ('proof-due', 'frozen');
-- What was frozen, merged, deleted or released last: shown to administrators, followed up by a job, erased when its time is over.
CREATE INDEX IF NOT EXISTS citizens_changed ON citizens (standing, changed_at, id)
    WHERE changed_at IS NOT NULL;

-- "That was not me", said at a window.
CREATE TABLE IF NOT EXISTS disputes (
    id TEXT PRIMARY KEY,
    id_index TEXT NOT NULL,
    name_sealed TEXT NOT NULL,
    id_number_sealed TEXT NOT NULL,
    statement_sealed TEXT NOT NULL,
    -- 1 if the officer has held the ID card beside the person.
    document_checked BIGINT NOT NULL,
    officer TEXT NOT NULL,
    device TEXT NOT NULL,
    said_at BIGINT NOT NULL,
    -- When its consequences were drawn; NULL until then.
    settled_at BIGINT
);
CREATE INDEX IF NOT EXISTS disputes_said_at ON disputes (said_at, id);
CREATE INDEX IF NOT EXISTS disputes_unsettled ON disputes (said_at) WHERE settled_at IS NULL;
CREATE INDEX IF NOT EXISTS disputes_person ON disputes (id_index);

-- What retention deletes by its age.
CREATE INDEX IF NOT EXISTS citizen_sessions_ended ON citizen_sessions (ended_at) WHERE ended_at IS NOT NULL;
CREATE INDEX IF NOT EXISTS citizen_sessions_expires ON citizen_sessions (expires_at);
CREATE INDEX IF NOT EXISTS citizen_sessions_all ON citizen_sessions (citizen, created_at);
CREATE INDEX IF NOT EXISTS sessions_ended ON sessions (ended_at) WHERE ended_at IS NOT NULL;
CREATE INDEX IF NOT EXISTS sessions_expires ON sessions (expires_at);
CREATE INDEX IF NOT EXISTS one_time_codes_phone ON one_time_codes (phone_index);
CREATE INDEX IF NOT EXISTS real_name_requests_given ON real_name_requests (given_at);
CREATE INDEX IF NOT EXISTS audit_lines_detail ON audit_lines (at) WHERE detail <> '' AND erased_at IS NULL;
CREATE INDEX IF NOT EXISTS audit_links_linked_at ON audit_links (linked_at);

-- Who acts for which child, as the guardian says, and as a window has confirmed by the papers.
CREATE TABLE IF NOT EXISTS guardianships (
    child TEXT PRIMARY KEY,
    guardian TEXT NOT NULL,
    -- parent, grandparent or appointed
    relationship TEXT NOT NULL,
    entered_at BIGINT NOT NULL,
    confirmed_at BIGINT,
    confirmed_by TEXT,
    device TEXT
);
