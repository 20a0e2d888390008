-- What changes the late fee of a decision. Idempotent as the others, so that `spin up --sqlite @…` may run it as well.

-- Only ever added to: an event is ended or put right by a later one that names it.
CREATE TABLE IF NOT EXISTS decision_events (
    id TEXT PRIMARY KEY,
    decision TEXT NOT NULL,
    -- Counts the decision's events from 0, so that there is one order and a limit, whoever records at the same instant.
    number BIGINT NOT NULL,
    -- contest, suspension, deferral, or end
    kind TEXT NOT NULL,
    -- The event that an end names.
    ends TEXT,
    -- yyyy-MM-dd in China, the first and the last day; no last day: open. A deferral and an end have no first.
    from_day TEXT,
    until_day TEXT,
    reason_sealed TEXT NOT NULL,
    officer TEXT NOT NULL,
    device TEXT NOT NULL,
    at BIGINT NOT NULL,
    -- The terminal's own name for the request: sent again, it finds the same event.
    request_id TEXT NOT NULL,
    UNIQUE (decision, number),
    UNIQUE (device, request_id)
);
