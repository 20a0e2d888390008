-- Orders whose amount is not what is owed any more. Idempotent as the others, so that `spin up --sqlite @…` may run it as well.

-- Something was recorded about the decision after the order was made, and another order was asked for; this one could not be ended at
-- its provider. Whoever pays it from then on owes what was owed then, and not what the order says.
CREATE TABLE IF NOT EXISTS superseded_orders (
    order_id TEXT NOT NULL,
    -- Unix ms. Of several rows the last one that is not after the payment counts.
    since BIGINT NOT NULL,
    -- What was owed beside the fine.
    late_fee_fen BIGINT NOT NULL,
    PRIMARY KEY (order_id, since)
);
