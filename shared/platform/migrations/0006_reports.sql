-- What was paid is what counts. Idempotent as the others, so that `spin up --sqlite @…` may run it as well.

-- `orders.amount_fen` is what is to be paid, and once an order is final what was paid: where that is not the fine and
-- `late_fee_fen`, the provider has taken another amount. More settles the ticket: `review` is `overpaid`, and the rest goes
-- back. Less settles nothing: `state` is `underpaid`, and all of it goes back.
-- `refunds.order_id` is the order, or the order and `-excess` where only what was paid too much goes back.
CREATE INDEX IF NOT EXISTS orders_underpaid ON orders (id) WHERE state = 'underpaid';

-- Reports of payment_inbox that nobody has to look at any more. One that is closed stays so, however often it is sent again.
CREATE TABLE IF NOT EXISTS payment_inbox_closures (
    provider TEXT NOT NULL,
    event TEXT NOT NULL,
    reason TEXT NOT NULL,
    -- `noted` by hand, or what deciding again led to
    outcome TEXT NOT NULL,
    note_sealed TEXT,
    closed_by TEXT NOT NULL,
    closed_at BIGINT NOT NULL,
    PRIMARY KEY (provider, event, reason)
);
