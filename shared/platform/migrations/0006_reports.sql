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

-- Who is told of each settlement, and of the money of one that has gone back. A row is made for whoever is to be told, also
-- of what was settled before; nobody is told of a reversal before he has taken the settlement.
CREATE TABLE IF NOT EXISTS settlement_reports (
    order_id TEXT NOT NULL,
    -- traffic-police or treasury
    recipient TEXT NOT NULL,
    -- settlement or reversal
    kind TEXT NOT NULL,
    -- When we learnt of it.
    happened_at BIGINT NOT NULL,
    -- due, done, or refused: never to be taken as it is, so that a person has to look
    state TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    tries BIGINT NOT NULL DEFAULT 0,
    next_try_at BIGINT NOT NULL,
    -- Of the last answer, if there was one.
    status BIGINT,
    done_at BIGINT,
    -- Who has told the recipient by hand, and how.
    closed_by TEXT,
    note_sealed TEXT,
    PRIMARY KEY (order_id, recipient, kind)
);
CREATE INDEX IF NOT EXISTS settlement_reports_due ON settlement_reports (recipient, next_try_at) WHERE state = 'due';
CREATE INDEX IF NOT EXISTS settlement_reports_open ON settlement_reports (created_at) WHERE state <> 'done';
-- How far settlements are found already.
CREATE INDEX IF NOT EXISTS settlement_reports_found ON settlement_reports (recipient, kind, happened_at);
CREATE INDEX IF NOT EXISTS orders_settled ON orders (settled_at) WHERE state = 'paid';
CREATE INDEX IF NOT EXISTS refunds_done ON refunds (done_at) WHERE state = 'done';
