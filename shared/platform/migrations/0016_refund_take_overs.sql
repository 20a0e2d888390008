-- Who makes a refund by hand. Idempotent as the others, so that `spin up --sqlite @…` may run it as well.

-- A refund that is taken over, or that no provider's interface makes, is `outside` in refunds: no job asks for it ever again. While it
-- is `due`, `refunds.reference` is the provider's number for it once the provider has accepted it.
CREATE TABLE IF NOT EXISTS refund_take_overs (
    -- refunds.order_id: one person has it, the first who said so.
    refund TEXT PRIMARY KEY,
    person TEXT NOT NULL,
    -- Thirty-two zeros without one, as in sessions.
    device TEXT NOT NULL,
    -- Unix ms.
    at BIGINT NOT NULL
);
