-- Decisions, their orders, and what is set aside. Idempotent as the first, so that `spin up --sqlite @…` may run it as well.
CREATE TABLE IF NOT EXISTS decisions (
    id TEXT PRIMARY KEY,
    code TEXT NOT NULL UNIQUE,
    number TEXT NOT NULL UNIQUE,
    device TEXT NOT NULL,
    -- The terminal's own name for the request: sent again, it finds the same decision.
    request_id TEXT NOT NULL,
    officer TEXT NOT NULL,
    agency TEXT NOT NULL,
    driver_index TEXT NOT NULL,
    -- All that the paper says, as JSON.
    content_sealed TEXT NOT NULL,
    fine_fen BIGINT NOT NULL,
    -- yyyy-MM-dd in China.
    due TEXT NOT NULL,
    decided_at BIGINT NOT NULL,
    revoked_at BIGINT,
    revoked_by TEXT,
    revoked_on TEXT,
    revoked_reason_sealed TEXT,
    UNIQUE (device, request_id)
);
CREATE INDEX IF NOT EXISTS decisions_driver ON decisions (driver_index);

-- Who had a decision printed again, and where.
CREATE TABLE IF NOT EXISTS decision_reprints (
    id TEXT PRIMARY KEY,
    decision TEXT NOT NULL,
    officer TEXT NOT NULL,
    device TEXT NOT NULL,
    at BIGINT NOT NULL
);
CREATE INDEX IF NOT EXISTS decision_reprints_decision ON decision_reprints (decision);

CREATE TABLE IF NOT EXISTS orders (
    -- What the providers call out_trade_no or ORDERID.
    id TEXT PRIMARY KEY,
    decision TEXT NOT NULL,
    provider TEXT NOT NULL,
    -- The day whose late fee is frozen in the amount; the order ends with it. After a slash the amount in fen, if what is
    -- recorded in decision_events has changed it.
    day TEXT NOT NULL,
    amount_fen BIGINT NOT NULL,
    late_fee_fen BIGINT NOT NULL,
    -- pending, paid or closed
    state TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    -- When the janitor asks the provider next, and how often it has asked.
    next_check_at BIGINT NOT NULL,
    checks BIGINT NOT NULL DEFAULT 0,
    -- The provider's time of payment, and when we learnt of it.
    paid_at BIGINT,
    settled_at BIGINT,
    -- The provider's notification, or NULL if the janitor asked.
    event TEXT,
    transaction_no TEXT,
    evidence_sealed TEXT,
    closed_at BIGINT,
    -- No longer written: what it told a person is refunded by itself since 0003.
    review TEXT,
    UNIQUE (provider, event),
    UNIQUE (provider, transaction_no)
);
CREATE UNIQUE INDEX IF NOT EXISTS orders_pending ON orders (decision, provider, day) WHERE state = 'pending';
CREATE INDEX IF NOT EXISTS orders_decision ON orders (decision, state);
CREATE INDEX IF NOT EXISTS orders_next_check ON orders (next_check_at) WHERE state = 'pending';
CREATE INDEX IF NOT EXISTS orders_review ON orders (review) WHERE review IS NOT NULL;

-- Authentic reports that do not fit: kept for a person to look at.
CREATE TABLE IF NOT EXISTS payment_inbox (
    provider TEXT NOT NULL,
    -- The provider's notification.
    event TEXT NOT NULL,
    reason TEXT NOT NULL,
    order_no TEXT NOT NULL,
    evidence_sealed TEXT,
    received_at BIGINT NOT NULL,
    PRIMARY KEY (provider, event, reason)
);
