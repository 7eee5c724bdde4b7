//! Which accounts a call looks for, and what it changes about them.
//!
//! Values stand in filters as typed BSON values, never as operators. Each update counts the document's revision.

use super::user::{ACTIVE, CredentialsDocument, PENDING, ProposedDocument, RecoveryKeyDocument};
use super::values::{binary, date, integer, parsed};
use crate::errors::Failure;
use epic_domain::Timestamp;
use epic_domain::id::UserId;
use epic_domain::user::{
    AuthKeyHash, OtpStep, ProposedTotp, RecoveryCodeDigest, RecoveryKey, SealedSecret, User, Username,
    Version,
};
use epic_outbound::users::{CredentialChange, TotpChange};
use mongodb::bson::oid::ObjectId;
use mongodb::bson::{Bson, Document, Uuid, doc, serialize_to_bson};
use serde::Serialize;
use std::collections::BTreeSet;

fn uuid(user_id: UserId) -> Uuid {
    Uuid::from_bytes(*user_id.as_bytes())
}

fn subdocument(value: &impl Serialize) -> Result<Bson, Failure> {
    parsed("value", serialize_to_bson(value))
}

pub(crate) fn by_id(user_id: UserId) -> Document {
    doc! { "_id": uuid(user_id) }
}

/// These accounts.
pub(crate) fn among(accounts: impl IntoIterator<Item = UserId>) -> Document {
    let accounts: Vec<Uuid> = accounts.into_iter().map(uuid).collect();
    doc! { "_id": { "$in": accounts } }
}

pub(crate) fn by_username(username: &Username) -> Document {
    doc! { "username": username.as_str() }
}

/// The account as it was read: written by nobody since.
pub(crate) fn at_revision(user_id: UserId, revision: i64) -> Document {
    doc! { "_id": uuid(user_id), "revision": revision }
}

pub(crate) fn active(user_id: UserId) -> Document {
    doc! { "_id": uuid(user_id), "status": ACTIVE }
}

pub(crate) fn active_at(user_id: UserId, version: Version) -> Result<Document, Failure> {
    Ok(doc! { "_id": uuid(user_id), "status": ACTIVE, "version": integer(version.number())? })
}

/// The unconfirmed account with the id and name of `user`, if it has that version and lives at `now`.
pub(crate) fn pending_at(user: &User, version: Version, now: Timestamp) -> Result<Document, Failure> {
    Ok(doc! {
        "_id": uuid(user.id),
        "username": user.username.as_str(),
        "status": PENDING,
        "pending_expires_at": { "$gt": date(now) },
        "version": integer(version.number())?,
    })
}

/// Unconfirmed accounts that have expired at `now`: no others have such a time.
pub(crate) fn expired_pending(now: Timestamp) -> Document {
    doc! { "pending_expires_at": { "$lte": date(now) } }
}

pub(crate) fn holding_code(user_id: UserId, code: &RecoveryCodeDigest) -> Document {
    doc! { "_id": uuid(user_id), "status": ACTIVE, "recovery_codes": binary(code.as_bytes()) }
}

pub(crate) fn having_hash(user_id: UserId, hash: &AuthKeyHash) -> Document {
    doc! { "_id": uuid(user_id), "credentials.auth_key_hash": hash.as_str() }
}

pub(crate) fn having_proposed(user_id: UserId, sealed_secret: &SealedSecret) -> Document {
    let proposed = binary(sealed_secret.as_bytes());
    doc! { "_id": uuid(user_id), "status": ACTIVE, "enrolment.proposed.sealed_secret": proposed }
}

/// Changes nothing but the revision: rivals for the account then exclude each other.
pub(crate) fn claim() -> Document {
    doc! { "$inc": { "revision": 1_i64 } }
}

pub(crate) fn set_credentials(change: &CredentialChange) -> Result<Document, Failure> {
    Ok(doc! {
        "$set": {
            "credentials": subdocument(&CredentialsDocument::encode(&change.credentials))?,
            "keys.encrypted_mek": binary(change.encrypted_mek.as_bytes()),
            "keys.encrypted_private_key": binary(change.encrypted_private_key.as_bytes()),
            "updated_at": date(change.ending.now),
        },
        "$inc": { "revision": 1_i64, "version": 1_i64 },
    })
}

pub(crate) fn set_hash(hash: &AuthKeyHash) -> Document {
    doc! { "$set": { "credentials.auth_key_hash": hash.as_str() }, "$inc": { "revision": 1_i64 } }
}

pub(crate) fn propose(proposed: &ProposedTotp) -> Result<Document, Failure> {
    let proposed = subdocument(&ProposedDocument::encode(proposed))?;
    Ok(doc! { "$set": { "enrolment.proposed": proposed }, "$inc": { "revision": 1_i64 } })
}

pub(crate) fn confirm_proposed(change: &TotpChange) -> Result<Document, Failure> {
    Ok(doc! {
        "$set": {
            "enrolment.sealed_secret": binary(change.sealed_secret.as_bytes()),
            "enrolment.last_step": integer(change.step.number())?,
            "enrolment.consecutive_failures": 0_i64,
            "updated_at": date(change.ending.now),
        },
        "$unset": { "enrolment.proposed": "" },
        "$inc": { "revision": 1_i64, "version": 1_i64 },
    })
}

pub(crate) fn set_codes(codes: &[RecoveryCodeDigest]) -> Document {
    doc! { "$set": { "recovery_codes": digests(codes) }, "$inc": { "revision": 1_i64 } }
}

pub(crate) fn set_recovery_key(key: &RecoveryKey, now: Timestamp) -> Result<Document, Failure> {
    let key = subdocument(&RecoveryKeyDocument::encode(key))?;
    Ok(doc! {
        "$set": { "recovery_key": key, "updated_at": date(now) },
        "$inc": { "revision": 1_i64, "version": 1_i64 },
    })
}

/// Spends a step of an account that stays what it is.
pub(crate) fn spend_step(step: OtpStep) -> Result<Document, Failure> {
    let spent =
        doc! { "enrolment.last_step": integer(step.number())?, "enrolment.consecutive_failures": 0_i64 };
    Ok(doc! { "$set": spent, "$inc": { "revision": 1_i64 } })
}

/// Spends the step that confirms an account.
pub(crate) fn confirm(
    step: OtpStep,
    codes: &[RecoveryCodeDigest],
    now: Timestamp,
) -> Result<Document, Failure> {
    Ok(doc! {
        "$set": {
            "enrolment.last_step": integer(step.number())?,
            "enrolment.consecutive_failures": 0_i64,
            "recovery_codes": digests(codes),
            "status": ACTIVE,
            "updated_at": date(now),
        },
        "$unset": { "pending_expires_at": "" },
        "$inc": { "revision": 1_i64 },
    })
}

pub(crate) fn spend_code(code: &RecoveryCodeDigest) -> Document {
    doc! {
        "$pull": { "recovery_codes": binary(code.as_bytes()) },
        "$set": { "enrolment.consecutive_failures": 0_i64 },
        "$inc": { "revision": 1_i64 },
    }
}

/// The account, unless its last failure is the one with this mark.
pub(crate) fn failed_otherwise(user_id: UserId, mark: ObjectId) -> Document {
    doc! { "_id": uuid(user_id), "enrolment.last_failure": { "$ne": mark } }
}

pub(crate) fn count_failure(mark: ObjectId) -> Document {
    doc! {
        "$inc": { "enrolment.consecutive_failures": 1_i64, "revision": 1_i64 },
        "$set": { "enrolment.last_failure": mark },
    }
}

/// Each digest once.
fn digests(codes: &[RecoveryCodeDigest]) -> Vec<Bson> {
    let distinct: BTreeSet<_> = codes.iter().collect();
    distinct.into_iter().map(|code| Bson::from(binary(code.as_bytes()))).collect()
}
