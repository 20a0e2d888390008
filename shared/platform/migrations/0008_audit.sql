-- Who did what to whose account or document, and when: inserted unchained, linked afterwards by a job. Idempotent as the others.
CREATE TABLE IF NOT EXISTS audit_lines (
    id TEXT PRIMARY KEY,
    -- Unix ms.
    at BIGINT NOT NULL,
    -- What happened, e.g. account-frozen.
    kind TEXT NOT NULL,
    -- Who: an account's id; and on which device, if one is involved.
    actor TEXT NOT NULL,
    device TEXT NOT NULL,
    -- To what: an id.
    subject TEXT NOT NULL,
    -- JSON without personal data. Retention may erase it; the digest stays.
    detail TEXT NOT NULL,
    erased_at BIGINT,
    -- Keyed, over all of the above but erased_at.
    digest TEXT NOT NULL,
    -- The link in whose batch it is; NULL until it is linked.
    batch BIGINT
);
CREATE INDEX IF NOT EXISTS audit_lines_unlinked ON audit_lines (at, id) WHERE batch IS NULL;
CREATE INDEX IF NOT EXISTS audit_lines_batch ON audit_lines (batch, at, id);
CREATE INDEX IF NOT EXISTS audit_lines_subject ON audit_lines (subject, at);

CREATE TABLE IF NOT EXISTS audit_links (
    -- 1, 2, 3 …: of several linkers one has it.
    batch BIGINT PRIMARY KEY,
    -- How many lines, in the order of their time and id.
    lines BIGINT NOT NULL,
    -- Keyed, over the link before and the digests of the batch.
    link TEXT NOT NULL,
    linked_at BIGINT NOT NULL
);
