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

-- How much an account stores, and the number of the last change to its files. latest_ms is the time of the latest of
-- them: it never falls, even when the clock does.
CREATE TABLE storage (
    owner_id BLOB NOT NULL PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    used_bytes INTEGER NOT NULL,
    reserved_bytes INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    latest_ms INTEGER NOT NULL,
    checksum INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Files with their newest contents. ordered_at_ms rises with the revision: it is the owner's latest_ms at that change.
--
-- Nothing here refers to the owner: an account with many files goes at once, its files go after it, piece by piece.
CREATE TABLE files (
    id BLOB NOT NULL PRIMARY KEY,
    owner_id BLOB NOT NULL,
    created_at_ms INTEGER NOT NULL,
    encrypted_filename BLOB NOT NULL,
    number INTEGER NOT NULL,
    blob_id BLOB NOT NULL UNIQUE,
    size_bytes INTEGER NOT NULL,
    digest BLOB NOT NULL,
    encrypted_data_key BLOB NOT NULL,
    written_by BLOB NOT NULL,
    written_at_ms INTEGER NOT NULL,
    version INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    updated_at_ms INTEGER NOT NULL,
    trashed_at_ms INTEGER,
    ordered_at_ms INTEGER NOT NULL,
    checksum INTEGER NOT NULL
) STRICT;

CREATE INDEX files_at_hand ON files (owner_id, created_at_ms, id) WHERE trashed_at_ms IS NULL;
CREATE INDEX files_in_trash ON files (owner_id, created_at_ms, id) WHERE trashed_at_ms IS NOT NULL;
CREATE INDEX files_by_trash_time ON files (trashed_at_ms) WHERE trashed_at_ms IS NOT NULL;
CREATE UNIQUE INDEX files_by_revision ON files (owner_id, revision);
CREATE INDEX files_by_time ON files (owner_id, ordered_at_ms, revision);

-- Which files were removed for good, as changes.
CREATE TABLE removed_files (
    owner_id BLOB NOT NULL,
    revision INTEGER NOT NULL,
    file_id BLOB NOT NULL,
    at_ms INTEGER NOT NULL,
    ordered_at_ms INTEGER NOT NULL,
    checksum INTEGER NOT NULL,
    PRIMARY KEY (owner_id, revision)
) STRICT, WITHOUT ROWID;

CREATE INDEX removed_files_by_time ON removed_files (owner_id, ordered_at_ms, revision);

-- Earlier contents. A file cannot be removed while it has any: each has a blob that is to be doomed with it.
CREATE TABLE versions (
    file_id BLOB NOT NULL REFERENCES files (id),
    number INTEGER NOT NULL,
    blob_id BLOB NOT NULL UNIQUE,
    size_bytes INTEGER NOT NULL,
    digest BLOB NOT NULL,
    encrypted_data_key BLOB NOT NULL,
    written_by BLOB NOT NULL,
    written_at_ms INTEGER NOT NULL,
    superseded_at_ms INTEGER NOT NULL,
    checksum INTEGER NOT NULL,
    PRIMARY KEY (file_id, number)
) STRICT, WITHOUT ROWID;

CREATE INDEX versions_by_end ON versions (superseded_at_ms);

CREATE TABLE uploads (
    id BLOB NOT NULL PRIMARY KEY,
    uploader_id BLOB NOT NULL,
    file_id BLOB NOT NULL,
    owner_id BLOB NOT NULL,
    is_new_file INTEGER NOT NULL,
    encrypted_filename BLOB,
    encrypted_data_key BLOB,
    blob_id BLOB NOT NULL UNIQUE,
    is_size_exact INTEGER NOT NULL,
    size_bytes INTEGER NOT NULL,
    expected_digest BLOB,
    created_at_ms INTEGER NOT NULL,
    offset_bytes INTEGER NOT NULL,
    hash_state BLOB NOT NULL,
    stage BLOB NOT NULL,
    fence INTEGER NOT NULL,
    expires_at_ms INTEGER NOT NULL,
    is_whole INTEGER NOT NULL,
    checksum INTEGER NOT NULL
) STRICT;

CREATE INDEX uploads_by_uploader ON uploads (uploader_id);
CREATE INDEX uploads_by_owner ON uploads (owner_id);
CREATE INDEX uploads_by_expiry ON uploads (expires_at_ms) WHERE is_whole = 0;
CREATE INDEX uploads_whole ON uploads (created_at_ms) WHERE is_whole = 1;

CREATE TABLE shares (
    id BLOB NOT NULL PRIMARY KEY,
    file_id BLOB NOT NULL REFERENCES files (id) ON DELETE CASCADE,
    owner_id BLOB NOT NULL,
    recipient_id BLOB NOT NULL,
    recipient_key_id BLOB NOT NULL,
    encrypted_data_key BLOB NOT NULL,
    permission TEXT NOT NULL,
    expires_at_ms INTEGER,
    created_at_ms INTEGER NOT NULL,
    checksum INTEGER NOT NULL,
    UNIQUE (file_id, recipient_id)
) STRICT;

-- The first also counts the shares of a file that are live.
CREATE INDEX shares_by_file ON shares (file_id, created_at_ms, id, expires_at_ms);
CREATE INDEX shares_by_recipient ON shares (recipient_id, created_at_ms, id);
CREATE INDEX shares_by_expiry ON shares (expires_at_ms) WHERE expires_at_ms IS NOT NULL;

CREATE TABLE links (
    id BLOB NOT NULL PRIMARY KEY,
    file_id BLOB NOT NULL REFERENCES files (id) ON DELETE CASCADE,
    owner_id BLOB NOT NULL,
    token_digest BLOB NOT NULL UNIQUE,
    expires_at_ms INTEGER,
    max_downloads INTEGER,
    created_at_ms INTEGER NOT NULL,
    downloads INTEGER NOT NULL,
    checksum INTEGER NOT NULL
) STRICT;

CREATE INDEX links_by_file ON links (file_id, created_at_ms, id);
CREATE INDEX links_by_expiry ON links (expires_at_ms) WHERE expires_at_ms IS NOT NULL;

-- Requests that are to take effect once, and did.
CREATE TABLE requests (
    owner_id BLOB NOT NULL,
    key_digest BLOB NOT NULL,
    fingerprint BLOB NOT NULL,
    outcome BLOB NOT NULL,
    expires_at_ms INTEGER NOT NULL,
    checksum INTEGER NOT NULL,
    PRIMARY KEY (owner_id, key_digest)
) STRICT, WITHOUT ROWID;

CREATE INDEX requests_by_expiry ON requests (expires_at_ms);

-- Blobs that nothing needs any more, until they are gone from the blob store. The sequence is their order; the checksum
-- leaves it out.
CREATE TABLE doomed_blobs (
    sequence INTEGER NOT NULL PRIMARY KEY,
    blob_id BLOB NOT NULL UNIQUE,
    stage BLOB NOT NULL,
    checksum INTEGER NOT NULL
) STRICT;

-- Accounts that are gone but have left something behind, which nobody sees and the writer clears away piece by piece.
CREATE TABLE removed_accounts (
    id BLOB NOT NULL PRIMARY KEY
) STRICT, WITHOUT ROWID;

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
    file_id BLOB,
    grant_mark BLOB,
    head BLOB NOT NULL,
    file_sequence INTEGER,
    file_head BLOB
) STRICT;

-- List a user's events in their order, all of them or of one kind. Each ends in the sequence, which is the rowid.
CREATE INDEX audit_by_user ON audit (user_id) WHERE user_id IS NOT NULL;
CREATE INDEX audit_by_kind ON audit (user_id, kind) WHERE user_id IS NOT NULL;
-- Lists a file's own chain, which outlives the file.
CREATE UNIQUE INDEX audit_by_file ON audit (file_id, file_sequence) WHERE file_id IS NOT NULL;

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
