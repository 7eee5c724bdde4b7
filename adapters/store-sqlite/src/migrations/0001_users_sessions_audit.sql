-- Times are milliseconds since 1970. Identifiers are the sixteen bytes of a UUID. A row's checksum is the CRC-32 of
-- its other columns in the order in which they stand here.

CREATE TABLE users (
    id BLOB NOT NULL PRIMARY KEY,
    username TEXT NOT NULL UNIQUE,
    auth_salt BLOB NOT NULL,
    enc_salt BLOB NOT NULL,
    kdf_memory_kib INTEGER NOT NULL,
    kdf_iterations INTEGER NOT NULL,
    kdf_parallelism INTEGER NOT NULL,
    auth_key_hash TEXT NOT NULL,
    encrypted_mek BLOB NOT NULL,
    encrypted_private_key BLOB NOT NULL,
    public_key BLOB NOT NULL,
    signing_key BLOB NOT NULL,
    sealed_totp_secret BLOB NOT NULL,
    last_otp_step INTEGER,
    consecutive_failures INTEGER NOT NULL,
    proposed_totp_secret BLOB,
    proposed_totp_at_ms INTEGER,
    recovery_auth_key_hash TEXT,
    recovery_encrypted_mek BLOB,
    status TEXT NOT NULL,
    pending_expires_at_ms INTEGER,
    limit_bytes INTEGER NOT NULL,
    used_bytes INTEGER NOT NULL,
    version INTEGER NOT NULL,
    created_at_ms INTEGER NOT NULL,
    updated_at_ms INTEGER NOT NULL,
    checksum INTEGER NOT NULL
) STRICT;

CREATE INDEX users_pending ON users (pending_expires_at_ms) WHERE pending_expires_at_ms IS NOT NULL;

CREATE TABLE recovery_codes (
    user_id BLOB NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    digest BLOB NOT NULL,
    PRIMARY KEY (user_id, digest)
) STRICT, WITHOUT ROWID;

CREATE TABLE sessions (
    id BLOB NOT NULL PRIMARY KEY,
    user_id BLOB NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    device_name TEXT,
    origin BLOB NOT NULL,
    created_at_ms INTEGER NOT NULL,
    auth_time_ms INTEGER NOT NULL,
    last_seen_at_ms INTEGER NOT NULL,
    ends_at_ms INTEGER NOT NULL,
    access_id BLOB NOT NULL,
    refresh_id BLOB NOT NULL,
    key_id TEXT NOT NULL,
    issued_at_ms INTEGER NOT NULL,
    access_expires_at_ms INTEGER NOT NULL,
    refresh_expires_at_ms INTEGER NOT NULL,
    superseded_refresh_id BLOB,
    superseded_at_ms INTEGER,
    checksum INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Lists a user's sessions in the order of their ids.
CREATE INDEX sessions_by_user ON sessions (user_id, id);
CREATE INDEX sessions_by_expiry ON sessions (min(ends_at_ms, refresh_expires_at_ms));

CREATE TABLE revocations (
    session_id BLOB NOT NULL PRIMARY KEY,
    until_ms INTEGER NOT NULL,
    checksum INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX revocations_by_end ON revocations (until_ms);

-- Its own hash chain is its checksum.
CREATE TABLE audit (
    sequence INTEGER NOT NULL PRIMARY KEY,
    id BLOB NOT NULL,
    at_ms INTEGER NOT NULL,
    kind TEXT NOT NULL,
    user_id BLOB,
    session_id BLOB,
    origin BLOB,
    reason TEXT,
    count INTEGER NOT NULL,
    head BLOB NOT NULL
) STRICT;

-- List a user's events in their order, all of them or of one kind. Each ends in the sequence, which is the rowid.
CREATE INDEX audit_by_user ON audit (user_id) WHERE user_id IS NOT NULL;
CREATE INDEX audit_by_kind ON audit (user_id, kind) WHERE user_id IS NOT NULL;

-- Where the chain stands: shows a chain that was cut off at its end.
CREATE TABLE audit_anchor (
    id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    length INTEGER NOT NULL,
    head BLOB NOT NULL
) STRICT;

-- Where the chain stood, signed: the signature is a row's checksum.
CREATE TABLE audit_heads (
    length INTEGER NOT NULL PRIMARY KEY,
    head BLOB NOT NULL,
    at_ms INTEGER NOT NULL,
    key_id TEXT NOT NULL,
    signature BLOB NOT NULL
) STRICT;
