-- The online channels of a person's documents, with what the registry said last. Idempotent as the others.
CREATE TABLE IF NOT EXISTS channels (
    -- Whose document: an account's id, which may be a child's.
    holder TEXT NOT NULL,
    -- One of the seven, e.g. driving-licence.
    kind TEXT NOT NULL,
    -- Unix ms, as all times. Who opened it, the holder or the guardian, and when that person was last proven.
    opened_at BIGINT NOT NULL,
    opened_by TEXT NOT NULL,
    proven_at BIGINT NOT NULL,
    -- Set when it is closed: what was cached is gone then.
    closed_at BIGINT,
    closed_by TEXT,
    -- All documents of the kind as the registry gave them, a JSON list of objects of fields, without pictures; sealed for
    -- channels.documents/{holder}/{kind}. NULL until the registry has answered once; an empty list if there is none.
    documents_sealed TEXT,
    -- Their pictures, a JSON list in the same order; sealed for channels.photos/{holder}/{kind}; kept for 24 h at most.
    photos_sealed TEXT,
    -- When the registry said so.
    as_of BIGINT,
    -- When the job of reminders looks at it again.
    look_at BIGINT NOT NULL DEFAULT 0,
    -- Ids of the audit lines of the last opening and the last closing: written once, however often either is repeated.
    opening TEXT NOT NULL,
    closing TEXT,
    PRIMARY KEY (holder, kind)
);
CREATE INDEX IF NOT EXISTS channels_look_at ON channels (look_at) WHERE closed_at IS NULL;
CREATE INDEX IF NOT EXISTS channels_photos ON channels (as_of) WHERE photos_sealed IS NOT NULL;
CREATE INDEX IF NOT EXISTS channels_closed ON channels (closed_at) WHERE closed_at IS NOT NULL;

-- Text messages that remind: one for each rung of a deadline's ladder, however many runs of the job there are.
CREATE TABLE IF NOT EXISTS reminders (
    holder TEXT NOT NULL,
    kind TEXT NOT NULL,
    -- What ends, e.g. validity, its last day as yyyy-MM-dd, and how many days before it this is, or 0.
    term TEXT NOT NULL,
    last_day TEXT NOT NULL,
    rung BIGINT NOT NULL,
    -- The gateway's idempotency key.
    request TEXT NOT NULL,
    claimed_at BIGINT NOT NULL,
    -- When the gateway had taken it; NULL until then.
    sent_at BIGINT,
    PRIMARY KEY (holder, kind, term, last_day, rung)
);
CREATE INDEX IF NOT EXISTS reminders_claimed_at ON reminders (claimed_at);
CREATE UNIQUE INDEX IF NOT EXISTS reminders_request ON reminders (request);
