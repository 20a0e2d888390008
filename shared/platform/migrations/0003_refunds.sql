-- Every yuan too much goes back. Idempotent as the others, so that `spin up --sqlite @…` may run it as well.

-- Of several payments of a ticket the first settles it, also where two arrive at the same instant; the others are `surplus`.
-- What earlier versions left to a person by the column `review` is refunded by itself from now on.
UPDATE orders SET state = 'surplus' WHERE state = 'paid' AND EXISTS
    (SELECT 1 FROM orders e WHERE e.decision = orders.decision AND e.state = 'paid'
     AND (e.settled_at < orders.settled_at OR (e.settled_at = orders.settled_at AND e.id < orders.id)));
CREATE UNIQUE INDEX IF NOT EXISTS orders_paid ON orders (decision) WHERE state = 'paid';
CREATE INDEX IF NOT EXISTS orders_surplus ON orders (id) WHERE state = 'surplus';
CREATE INDEX IF NOT EXISTS decisions_revoked ON decisions (id) WHERE revoked_at IS NOT NULL;

CREATE TABLE IF NOT EXISTS refunds (
    -- An order is refunded whole, and once.
    order_id TEXT PRIMARY KEY,
    provider TEXT NOT NULL,
    amount_fen BIGINT NOT NULL,
    -- paid-twice or revoked
    cause TEXT NOT NULL,
    -- due, outside (a person has to) or done
    state TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    tries BIGINT NOT NULL DEFAULT 0,
    next_try_at BIGINT NOT NULL,
    -- The provider's number for it, or the one that an administrator gave.
    reference TEXT,
    done_at BIGINT,
    closed_by TEXT
);
CREATE INDEX IF NOT EXISTS refunds_next_try ON refunds (next_try_at) WHERE state = 'due';
CREATE INDEX IF NOT EXISTS refunds_open ON refunds (created_at) WHERE state <> 'done';
CREATE INDEX IF NOT EXISTS payment_inbox_received ON payment_inbox (received_at);

CREATE TABLE IF NOT EXISTS provider_certificates (
    provider TEXT PRIMARY KEY,
    -- As the provider sends them: encrypted. Only the signing library opens and trusts them.
    body TEXT NOT NULL,
    fetched_at BIGINT NOT NULL
);
