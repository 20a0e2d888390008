-- Idempotent: Spin runs it at every start (`spin up --sqlite @…`). Plain types for SQLite and PostgreSQL alike.
CREATE TABLE IF NOT EXISTS principals (
    id TEXT PRIMARY KEY,
    role TEXT NOT NULL,
    login TEXT NOT NULL UNIQUE,
    name_sealed TEXT NOT NULL,
    agency TEXT NOT NULL,
    password TEXT NOT NULL,
    -- An invitation makes one account: this is what says that it is used.
    invitation TEXT NOT NULL UNIQUE,
    failures BIGINT NOT NULL DEFAULT 0,
    locked_until BIGINT NOT NULL DEFAULT 0,
    created_at BIGINT NOT NULL,
    revoked_at BIGINT,
    revoked_by TEXT
);
CREATE TABLE IF NOT EXISTS invitations (
    code_index TEXT PRIMARY KEY,
    role TEXT NOT NULL,
    agency TEXT NOT NULL,
    created_by TEXT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE TABLE IF NOT EXISTS devices (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    label TEXT NOT NULL,
    agency TEXT NOT NULL,
    enrolled_at BIGINT NOT NULL,
    enrolled_by TEXT NOT NULL,
    revoked_at BIGINT,
    revoked_by TEXT
);
CREATE TABLE IF NOT EXISTS sessions (
    id TEXT PRIMARY KEY,
    principal TEXT NOT NULL,
    device TEXT NOT NULL,
    role TEXT NOT NULL,
    generation BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    ended_at BIGINT,
    ended_why TEXT
);
