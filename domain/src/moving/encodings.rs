//! How each value is written into the canonical hash. Structs are taken apart whole: a field that is added to one does not
//! compile until it is hashed, too.

use super::canonical::{Canonical, Encoder};
use super::{
    DoomedBlob, EarlierContent, RememberedRequest, RemovedFile, StoredAccount, StoredFile, StoredUsage,
};
use crate::Timestamp;
use crate::audit::{
    Anchor, Event, EventKind, FailureReason, FileMark, FilePlace, GrantMark, Head, Link as EventLink,
    SignedHead,
};
use crate::file::{
    Content, ContentDigest, ContentNumber, EncryptedDataKey, EncryptedFilename, Fence, File, Link,
    LinkTokenDigest, Once, Permission, Progress, RequestFingerprint, Revision, Share, StageState, Target,
    Upload, UploadSize, Usage,
};
use crate::id::{BlobId, EventId, FileId, LinkId, SessionId, ShareId, TokenId, UploadId, UserId};
use crate::key_id::KeyId;
use crate::network::IpPrefix;
use crate::session::{DeviceName, Grant, Revocation, Session, Superseded};
use crate::user::{
    AuthKeyHash, AuthSalt, Credentials, EncSalt, EncryptionPublicKey, Enrolment, KdfParameters, KeyMaterial,
    OtpStep, ProposedTotp, RecoveryCodeDigest, RecoveryKey, Salts, SealedSecret, SigningPublicKey, Status,
    StorageQuota, User, Username, Version, WrappedKey,
};
use std::collections::BTreeSet;

macro_rules! by_fields {
    ($($name:ident { $($field:ident),+ $(,)? })+) => {$(
        impl Canonical for $name {
            fn encode(&self, encoder: &mut Encoder) {
                let Self { $($field),+ } = self;
                $($field.encode(encoder);)+
            }
        }
    )+};
}

macro_rules! by_bytes {
    ($($name:ident . $get:ident),+ $(,)?) => {$(
        impl Canonical for $name {
            fn encode(&self, encoder: &mut Encoder) {
                encoder.bytes(self.$get().as_ref());
            }
        }
    )+};
}

macro_rules! by_number {
    ($($name:ident . $get:ident),+ $(,)?) => {$(
        impl Canonical for $name {
            fn encode(&self, encoder: &mut Encoder) {
                encoder.number(self.$get().into());
            }
        }
    )+};
}

by_bytes! {
    AuthKeyHash.as_str, AuthSalt.as_bytes, BlobId.as_bytes, ContentDigest.as_bytes, DeviceName.as_str,
    EncSalt.as_bytes, EncryptedDataKey.as_bytes, EncryptedFilename.as_bytes, EncryptionPublicKey.as_bytes,
    EventId.as_bytes, EventKind.as_str, FailureReason.as_str, FileId.as_bytes, GrantMark.to_bytes, Head.as_bytes,
    IpPrefix.to_bytes, KeyId.as_str, LinkId.as_bytes, LinkTokenDigest.as_bytes, Permission.as_str,
    RecoveryCodeDigest.as_bytes, RequestFingerprint.as_bytes, SealedSecret.as_bytes, SessionId.as_bytes,
    ShareId.as_bytes, SigningPublicKey.as_bytes, StageState.as_bytes, TokenId.as_bytes, UploadId.as_bytes,
    UserId.as_bytes, Username.as_str, WrappedKey.as_bytes,
}

by_number! {
    ContentNumber.get, Fence.get, OtpStep.number, Revision.get, Timestamp.as_millis, Version.number,
}

by_fields! {
    StoredAccount { user, recovery_codes }
    StoredUsage { owner, usage, revision, latest }
    StoredFile { file, ordered_at }
    RemovedFile { owner, revision, file_id, at, ordered_at }
    EarlierContent { file_id, content, superseded_at }
    RememberedRequest { account, once }
    DoomedBlob { place, blob_id, stage }
}

by_fields! {
    User {
        id, username, credentials, keys, enrolment, recovery_key, status, quota, version, created_at, updated_at,
    }
    Credentials { salts, kdf, auth_key_hash }
    KeyMaterial { encrypted_mek, encrypted_private_key, public_key, signing_key }
    Enrolment { sealed_secret, last_step, consecutive_failures, proposed }
    ProposedTotp { sealed_secret, proposed_at }
    RecoveryKey { auth_key_hash, encrypted_mek }
    StorageQuota { limit_bytes }
}

by_fields! {
    Session {
        id, user_id, device_name, origin, created_at, auth_time, last_seen_at, ends_at, current, superseded,
    }
    Grant { access_id, refresh_id, key_id, issued_at, access_expires_at, refresh_expires_at }
    Superseded { refresh_id, replaced_at }
    Revocation { session_id, until }
}

by_fields! {
    File {
        id, owner, encrypted_filename, content, version, revision, created_at, updated_at, trashed_at,
    }
    Content { number, blob_id, size_bytes, digest, encrypted_data_key, written_by, written_at }
    Usage { used_bytes, reserved_bytes }
    Upload {
        id, uploader, file_id, owner, target, blob_id, size, expected_digest, progress, fence, created_at, expires_at,
    }
    Progress { offset_bytes, hash_state, stage }
    Share {
        id, file_id, owner, recipient, recipient_key_id, encrypted_data_key, permission, expires_at, created_at,
    }
    Link { id, file_id, owner, token_digest, expires_at, max_downloads, downloads, created_at }
    Once { key_digest, fingerprint, outcome, expires_at }
}

by_fields! {
    EventLink { sequence, event, head, file }
    Event { id, at, kind, user_id, session_id, origin, reason, count, file }
    FileMark { file_id, grant }
    FilePlace { sequence, head }
    Anchor { length, head }
    SignedHead { anchor, at, key_id, signature }
}

impl Canonical for u64 {
    fn encode(&self, encoder: &mut Encoder) {
        encoder.number(*self);
    }
}

impl Canonical for u32 {
    fn encode(&self, encoder: &mut Encoder) {
        encoder.number((*self).into());
    }
}

impl Canonical for Box<[u8]> {
    fn encode(&self, encoder: &mut Encoder) {
        encoder.bytes(self);
    }
}

impl<const N: usize> Canonical for [u8; N] {
    fn encode(&self, encoder: &mut Encoder) {
        encoder.bytes(self);
    }
}

impl<T: Canonical> Canonical for Option<T> {
    fn encode(&self, encoder: &mut Encoder) {
        encoder.bytes(&[u8::from(self.is_some())]);
        if let Some(value) = self {
            value.encode(encoder);
        }
    }
}

impl<T: Canonical> Canonical for BTreeSet<T> {
    fn encode(&self, encoder: &mut Encoder) {
        encoder.number(u64::try_from(self.len()).unwrap_or(u64::MAX));
        for member in self {
            member.encode(encoder);
        }
    }
}

impl Canonical for Salts {
    fn encode(&self, encoder: &mut Encoder) {
        self.auth().encode(encoder);
        self.enc().encode(encoder);
    }
}

impl Canonical for KdfParameters {
    fn encode(&self, encoder: &mut Encoder) {
        for number in [self.memory_kib(), self.iterations(), self.parallelism()] {
            number.encode(encoder);
        }
    }
}

impl Canonical for Status {
    fn encode(&self, encoder: &mut Encoder) {
        match self {
            Self::Pending { expires_at } => {
                encoder.case("pending");
                expires_at.encode(encoder);
            }
            Self::Active => encoder.case("active"),
            Self::Disabled => encoder.case("disabled"),
        }
    }
}

impl Canonical for Target {
    fn encode(&self, encoder: &mut Encoder) {
        match self {
            Self::NewFile { encrypted_filename, encrypted_data_key } => {
                encoder.case("new_file");
                encrypted_filename.encode(encoder);
                encrypted_data_key.encode(encoder);
            }
            Self::NewContent { encrypted_filename, encrypted_data_key } => {
                encoder.case("new_content");
                encrypted_filename.encode(encoder);
                encrypted_data_key.encode(encoder);
            }
        }
    }
}

impl Canonical for UploadSize {
    fn encode(&self, encoder: &mut Encoder) {
        let (case, bytes) = match self {
            Self::Exactly(bytes) => ("exactly", bytes),
            Self::AtMost(bytes) => ("at_most", bytes),
        };
        encoder.case(case);
        bytes.encode(encoder);
    }
}
