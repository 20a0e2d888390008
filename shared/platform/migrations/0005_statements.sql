-- The providers' bills, day by day, and where they differ from our books. Idempotent as the others, so that
-- `spin up --sqlite @…` may run it as well.

-- One row for each thing that a bill of a day has said; the one fetched last counts, once it is compared.
CREATE TABLE IF NOT EXISTS statements (
    provider TEXT NOT NULL,
    -- yyyy-MM-dd in China.
    day TEXT NOT NULL,
    -- SHA-256 of its rows, or `none`: nobody has paid on that day.
    digest TEXT NOT NULL,
    payments BIGINT NOT NULL,
    paid_fen BIGINT NOT NULL,
    refunds BIGINT NOT NULL,
    refunded_fen BIGINT NOT NULL,
    fetched_at BIGINT NOT NULL,
    -- The administrator who brought it; NULL if we fetched it.
    uploaded_by TEXT,
    -- When every difference was in the table below.
    compared_at BIGINT,
    PRIMARY KEY (provider, day, digest)
);

CREATE TABLE IF NOT EXISTS statement_differences (
    id TEXT PRIMARY KEY,
    provider TEXT NOT NULL,
    day TEXT NOT NULL,
    digest TEXT NOT NULL,
    -- What it is about: our order, our refund, or the provider's number of what is not ours.
    subject TEXT NOT NULL,
    -- As `Reason` of shared/domain/src/statement.rs names it.
    reason TEXT NOT NULL,
    order_no TEXT NOT NULL,
    -- By the bill, and by our books.
    billed_fen BIGINT,
    held_fen BIGINT,
    transaction_no TEXT,
    found_at BIGINT NOT NULL,
    -- When the provider is asked about it next, if asking may settle it, and how often it was.
    checks BIGINT NOT NULL DEFAULT 0,
    next_check_at BIGINT,
    closed_at BIGINT,
    -- person, settled (the order is paid now), found (in the bill of another day), gone (the same bill compared again does
    -- not differ) or replaced (by another bill)
    closed_how TEXT,
    closed_by TEXT,
    note_sealed TEXT,
    UNIQUE (provider, day, digest, subject, reason)
);
CREATE INDEX IF NOT EXISTS statement_differences_open ON statement_differences (found_at) WHERE closed_at IS NULL;
CREATE INDEX IF NOT EXISTS statement_differences_next ON statement_differences (next_check_at) WHERE closed_at IS NULL;

-- Payments and refunds that a bill has exactly as our books have them.
CREATE TABLE IF NOT EXISTS reconciled (
    order_no TEXT NOT NULL,
    -- payment or refund
    kind TEXT NOT NULL,
    provider TEXT NOT NULL,
    -- Of the bill.
    day TEXT NOT NULL,
    digest TEXT NOT NULL,
    PRIMARY KEY (order_no, kind, day, digest)
);
CREATE INDEX IF NOT EXISTS reconciled_day ON reconciled (provider, day, digest);
CREATE INDEX IF NOT EXISTS orders_paid_at ON orders (provider, paid_at) WHERE paid_at IS NOT NULL;
CREATE INDEX IF NOT EXISTS refunds_done_at ON refunds (provider, done_at) WHERE state = 'done';
