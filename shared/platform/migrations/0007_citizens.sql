-- Citizens: their accounts, log-ins, and what they agreed to. Idempotent as the others.
CREATE TABLE IF NOT EXISTS citizens (
    id TEXT PRIMARY KEY,
    -- As shared/domain/src/account.rs names it.
    standing TEXT NOT NULL,
    phone_sealed TEXT,
    phone_index TEXT,
    name_sealed TEXT,
    id_number_sealed TEXT,
    id_index TEXT,
    -- As shared/domain/src/residence.rs names it; NULL before the real-name check.
    residence TEXT,
    -- Argon2id, or what an older system left; NULL if the person logs in by other means only.
    password TEXT,
    -- 1 if the password is good only together with a second factor.
    second_factor BIGINT NOT NULL DEFAULT 0,
    failures BIGINT NOT NULL DEFAULT 0,
    locked_until BIGINT NOT NULL DEFAULT 0,
    -- Of a child under 14: who acts for it.
    guardian TEXT,
    created_at BIGINT NOT NULL,
    real_name_at BIGINT,
    proven_at BIGINT,
    -- face, window or two-items
    proven_how TEXT,
    -- Why and by whom it was frozen, merged or deleted last; into which account it was merged.
    changed_at BIGINT,
    changed_by TEXT,
    changed_why_sealed TEXT,
    merged_into TEXT
);
-- One person, one account; one phone, one account. Accounts from the old days may share both until their person is proven.
CREATE UNIQUE INDEX IF NOT EXISTS citizens_person ON citizens (id_index)
    WHERE standing IN ('real-name', 'real-person', 'frozen');
CREATE UNIQUE INDEX IF NOT EXISTS citizens_phone ON citizens (phone_index)
    WHERE standing IN ('registered', 'real-name', 'real-person');
CREATE INDEX IF NOT EXISTS citizens_id_index ON citizens (id_index);
CREATE INDEX IF NOT EXISTS citizens_phone_index ON citizens (phone_index);
CREATE INDEX IF NOT EXISTS citizens_guardian ON citizens (guardian) WHERE guardian IS NOT NULL;

CREATE TABLE IF NOT EXISTS citizen_sessions (
    id TEXT PRIMARY KEY,
    citizen TEXT NOT NULL,
    -- registration, password, alipay, face or recovery
    how TEXT NOT NULL,
    -- What the client calls itself, for the person's own list.
    client TEXT NOT NULL,
    -- Unix ms of the last face check in this session, or its equal; 0 if none.
    face_at BIGINT NOT NULL DEFAULT 0,
    generation BIGINT NOT NULL DEFAULT 0,
    created_at BIGINT NOT NULL,
    refreshed_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    ended_at BIGINT,
    ended_why TEXT
);
CREATE INDEX IF NOT EXISTS citizen_sessions_citizen ON citizen_sessions (citizen) WHERE ended_at IS NULL;

-- One-time codes by SMS. The code itself is known to the phone alone.
CREATE TABLE IF NOT EXISTS one_time_codes (
    id TEXT PRIMARY KEY,
    purpose TEXT NOT NULL,
    phone_sealed TEXT NOT NULL,
    phone_index TEXT NOT NULL,
    code_index TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    tries BIGINT NOT NULL DEFAULT 0,
    used_at BIGINT
);
CREATE INDEX IF NOT EXISTS one_time_codes_expires ON one_time_codes (expires_at);

-- What a person gave for the real-name check, until the platform has answered.
CREATE TABLE IF NOT EXISTS real_name_requests (
    citizen TEXT PRIMARY KEY,
    -- The platform's idempotency key.
    request TEXT NOT NULL,
    given_sealed TEXT NOT NULL,
    given_at BIGINT NOT NULL
);

-- What a person agreed to and took back: appended, never overwritten.
CREATE TABLE IF NOT EXISTS consents (
    id TEXT PRIMARY KEY,
    citizen TEXT NOT NULL,
    purpose TEXT NOT NULL,
    -- Which text.
    version TEXT NOT NULL,
    given_at BIGINT NOT NULL,
    withdrawn_at BIGINT
);
CREATE UNIQUE INDEX IF NOT EXISTS consents_given ON consents (citizen, purpose) WHERE withdrawn_at IS NULL;
CREATE INDEX IF NOT EXISTS consents_citizen ON consents (citizen);

-- How soon somebody may try again: each take moves full_at on by the limit's pace, and is refused while that is too far ahead.
CREATE TABLE IF NOT EXISTS rate_limits (
    -- The limit's name and a blind index of whom it counts.
    key TEXT PRIMARY KEY,
    full_at BIGINT NOT NULL
);
CREATE INDEX IF NOT EXISTS rate_limits_full_at ON rate_limits (full_at);

-- Services of others that do not answer, so that not everybody waits to find out.
CREATE TABLE IF NOT EXISTS circuits (
    service TEXT PRIMARY KEY,
    failures BIGINT NOT NULL,
    -- Unix ms until which nobody asks; 0 if everybody may.
    open_until BIGINT NOT NULL
);
