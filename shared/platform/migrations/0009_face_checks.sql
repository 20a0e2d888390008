-- Proofs that it is the person who acts: by face, by a window's code, by two items. Idempotent as the others.
CREATE TABLE IF NOT EXISTS proofs (
    -- Also the number under which the provider knows a face check.
    id TEXT PRIMARY KEY,
    -- As shared/domain/src/proof.rs names them.
    how TEXT NOT NULL,
    purpose TEXT NOT NULL,
    -- The account and the session that began it; NULL for a log-in.
    citizen TEXT,
    session TEXT,
    -- Of a log-in: blind index of the secret of whoever began it.
    secret_index TEXT,
    -- Who is to be proven, and the provider's name for the check: NULL once erased.
    person_index TEXT,
    person_sealed TEXT,
    reference_sealed TEXT,
    -- Of a claim: what the trusted-identity platform said.
    residence TEXT,
    -- The window's code that it used up.
    activation_code TEXT,
    -- begun, passed, failed or expired. From passed all else follows.
    state TEXT NOT NULL,
    -- The person's other account at that moment: the one to log in to, to recover, to claim.
    target TEXT,
    -- The session that begins, where one does, and what its client calls itself.
    opens TEXT NOT NULL,
    client TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    -- Until when it can pass, and until when the tokens of the new session are given out.
    expires_at BIGINT NOT NULL,
    decided_at BIGINT,
    -- When all had followed, and what came of it.
    done_at BIGINT,
    effect TEXT,
    -- The receipt of the erasure: when, and a keyed digest.
    erased_at BIGINT,
    receipt TEXT
);
CREATE UNIQUE INDEX IF NOT EXISTS proofs_activation_code ON proofs (activation_code) WHERE activation_code IS NOT NULL;
CREATE INDEX IF NOT EXISTS proofs_unfinished ON proofs (expires_at) WHERE erased_at IS NULL;
CREATE INDEX IF NOT EXISTS proofs_citizen ON proofs (citizen);

-- Face checks in a row that did not pass: of an account, or, when logging in, of whom somebody says to be (a blind index).
CREATE TABLE IF NOT EXISTS face_attempts (
    subject TEXT PRIMARY KEY,
    failures BIGINT NOT NULL,
    locked_until BIGINT NOT NULL,
    counted_at BIGINT NOT NULL
);

-- What an officer gave to whoever showed the ID card. The code itself is on that person's paper alone.
CREATE TABLE IF NOT EXISTS activation_codes (
    id TEXT PRIMARY KEY,
    code_index TEXT NOT NULL UNIQUE,
    -- Blind index of the ID number, and name and number sealed.
    person_index TEXT NOT NULL,
    person_sealed TEXT NOT NULL,
    officer TEXT NOT NULL,
    device TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX IF NOT EXISTS activation_codes_expires ON activation_codes (expires_at);
