-- Identity codes, and what became of them. Idempotent as the others.
--
-- A code is minted by one INSERT and ends by one conditional UPDATE of the same row, which carries the whole fact: who redeemed
-- it where, under which policy, and the register's entry, sealed. One is outstanding per holder: the newest that has not ended.
CREATE TABLE IF NOT EXISTS identity_codes (
    id TEXT PRIMARY KEY,
    -- Whose documents: an account's id, which may be a child's. Who minted it, the holder or the guardian, in which session.
    holder TEXT NOT NULL,
    minted_by TEXT NOT NULL,
    session TEXT NOT NULL,
    -- E.g. hotel; one bit per document; the version of the policy that was told before minting.
    scenario TEXT NOT NULL,
    documents BIGINT NOT NULL,
    policy TEXT NOT NULL,
    -- Which of several vehicles, by plate; sealed for identity_codes.vehicle/{id}.
    vehicle_sealed TEXT,
    -- The only venue where it is good, if the citizen bound it.
    venue TEXT,
    -- Blind index of the eight characters that are typed where no camera is; of the field identity_codes.typed.
    typed_index TEXT NOT NULL UNIQUE,
    -- Unix ms, as all times: of the QR code, and of the typed one.
    issued_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    typed_until BIGINT NOT NULL,
    -- redeemed or cancelled; NULL until then.
    ended_how TEXT,
    ended_at BIGINT,
    -- Of a redemption: where, by whom, on which scanner, qr or typed, and the scanner's own key of the attempt, under which the
    -- answer is given again.
    at_venue TEXT,
    at_person TEXT,
    at_device TEXT,
    read_how TEXT,
    attempt TEXT,
    -- Names of what was disclosed, separated by commas: the citizen's ledger. Never values.
    disclosed TEXT,
    -- How old the documents were: when the registry had said so.
    as_of BIGINT,
    minor BIGINT,
    -- Whether the person is registered outside the mainland, whom a hotel reports within 24 h.
    outside BIGINT,
    -- What was disclosed but pictures, an object of texts, true and false by the items' names; sealed for identity_codes.entry/{id},
    -- erased after kept_until (NULL where nothing is kept).
    entry_sealed TEXT,
    kept_until BIGINT,
    -- Blind indexes of the fields resident-id and plate, for officers; erased with the entry.
    person_index TEXT,
    plate_index TEXT
);
CREATE INDEX IF NOT EXISTS identity_codes_holder ON identity_codes (holder, issued_at, id);
CREATE INDEX IF NOT EXISTS identity_codes_unredeemed ON identity_codes (typed_until) WHERE ended_how IS NULL OR ended_how = 'cancelled';
CREATE INDEX IF NOT EXISTS identity_codes_venue ON identity_codes (at_venue, ended_at, id) WHERE ended_how = 'redeemed';
CREATE INDEX IF NOT EXISTS identity_codes_person ON identity_codes (person_index, ended_at) WHERE person_index IS NOT NULL;
CREATE INDEX IF NOT EXISTS identity_codes_plate ON identity_codes (plate_index, ended_at) WHERE plate_index IS NOT NULL;
CREATE INDEX IF NOT EXISTS identity_codes_kept ON identity_codes (kept_until) WHERE entry_sealed IS NOT NULL;

-- Scans of a code that disclosed nothing: the citizen's ledger shows them too, and the police see who tries.
CREATE TABLE IF NOT EXISTS refused_scans (
    id TEXT PRIMARY KEY,
    code TEXT NOT NULL,
    holder TEXT NOT NULL,
    at BIGINT NOT NULL,
    venue TEXT NOT NULL,
    person TEXT NOT NULL,
    device TEXT NOT NULL,
    -- Where the venue is, and why, e.g. other-venue, as the problem's type says.
    scenario TEXT NOT NULL,
    why TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS refused_scans_holder ON refused_scans (holder, at, id);
CREATE INDEX IF NOT EXISTS refused_scans_venue ON refused_scans (venue, at);
CREATE INDEX IF NOT EXISTS refused_scans_at ON refused_scans (at);
