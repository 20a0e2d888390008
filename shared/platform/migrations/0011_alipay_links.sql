-- Accounts at Alipay that people log in with. Idempotent as the others.
CREATE TABLE IF NOT EXISTS alipay_links (
    -- One account here, one there, both ways. What is unlinked is deleted.
    citizen TEXT PRIMARY KEY,
    -- open_id or user_id, whichever Alipay tells the bureau's application.
    account_sealed TEXT NOT NULL,
    account_index TEXT NOT NULL,
    linked_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS alipay_links_account ON alipay_links (account_index);

-- People on their way to Alipay and back.
CREATE TABLE IF NOT EXISTS alipay_ways (
    -- Of the state that goes along in the address.
    state_index TEXT PRIMARY KEY,
    -- Of the secret that stays with who began, together with the state.
    verifier_index TEXT NOT NULL,
    -- log-in or link
    purpose TEXT NOT NULL,
    -- Who links; NULL for a log-in.
    citizen TEXT,
    expires_at BIGINT NOT NULL,
    used_at BIGINT
);
CREATE INDEX IF NOT EXISTS alipay_ways_expires ON alipay_ways (expires_at);
