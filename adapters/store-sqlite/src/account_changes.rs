//! Changes of what guards an account, each one step on the writer's connection.

use crate::error::Failure;
use crate::removed_accounts;
use crate::second_factor::replace_recovery_codes;
use crate::session_row::end_of_user;
use crate::user_row::{find_by_id, update};
use epic_domain::Timestamp;
use epic_domain::id::{SessionId, UserId};
use epic_domain::user::{AuthKeyHash, ProposedTotp, RecoveryCodeDigest, RecoveryKey, Status, User, Version};
use epic_outbound::sessions::EndScope;
use epic_outbound::users::{Change, CredentialChange, Ending, Replacement, TotpChange};
use rusqlite::Connection;

/// The account, if it is active.
pub(crate) fn find_active(connection: &Connection, user_id: UserId) -> Result<Option<User>, Failure> {
    Ok(find_by_id(connection, user_id)?.filter(|user| user.status == Status::Active))
}

fn find_active_at(
    connection: &Connection,
    user_id: UserId,
    expected: Version,
) -> Result<Option<User>, Failure> {
    Ok(find_active(connection, user_id)?.filter(|user| user.version == expected))
}

/// Writes the account as its next version and ends its other sessions.
fn finish(connection: &Connection, mut user: User, ending: Ending) -> Result<Change, Failure> {
    user.version = user.version.next();
    user.updated_at = ending.now;
    update(connection, &user)?;
    let scope = ending.keep.map_or(EndScope::All, EndScope::AllExcept);
    let ended = end_of_user(connection, user.id, scope, ending.revoked_until)?;
    Ok(Change::Made { ended })
}

pub(crate) fn change_credentials(
    connection: &Connection,
    change: CredentialChange,
) -> Result<Change, Failure> {
    let Some(mut user) = find_active_at(connection, change.user_id, change.expected)? else {
        return Ok(Change::Stale);
    };
    user.credentials = change.credentials;
    user.keys.encrypted_mek = change.encrypted_mek;
    user.keys.encrypted_private_key = change.encrypted_private_key;
    finish(connection, user, change.ending)
}

pub(crate) fn replace_hash(
    connection: &Connection,
    user_id: UserId,
    old: &AuthKeyHash,
    new: AuthKeyHash,
) -> Result<bool, Failure> {
    match find_by_id(connection, user_id)? {
        Some(mut user) if user.credentials.auth_key_hash == *old => {
            user.credentials.auth_key_hash = new;
            update(connection, &user)?;
            Ok(true)
        }
        _ => Ok(false),
    }
}

pub(crate) fn propose_totp(
    connection: &Connection,
    user_id: UserId,
    proposed: ProposedTotp,
) -> Result<bool, Failure> {
    let Some(mut user) = find_active(connection, user_id)? else { return Ok(false) };
    user.enrolment.proposed = Some(proposed);
    update(connection, &user)?;
    Ok(true)
}

pub(crate) fn confirm_totp(connection: &Connection, change: TotpChange) -> Result<Change, Failure> {
    let Some(mut user) = find_active(connection, change.user_id)? else { return Ok(Change::Stale) };
    let proposed = user.enrolment.proposed.take();
    if proposed.is_none_or(|proposed| proposed.sealed_secret != change.sealed_secret) {
        return Ok(Change::Stale);
    }
    user.enrolment.sealed_secret = change.sealed_secret;
    user.enrolment.last_step = Some(change.step);
    user.enrolment.consecutive_failures = 0;
    finish(connection, user, change.ending)
}

pub(crate) fn renew_recovery_codes(
    connection: &Connection,
    user_id: UserId,
    codes: &[RecoveryCodeDigest],
) -> Result<bool, Failure> {
    if find_active(connection, user_id)?.is_none() {
        return Ok(false);
    }
    replace_recovery_codes(connection, user_id, codes)?;
    Ok(true)
}

pub(crate) fn set_recovery_key(
    connection: &Connection,
    user_id: UserId,
    expected: Version,
    recovery_key: RecoveryKey,
    now: Timestamp,
) -> Result<Replacement, Failure> {
    let Some(mut user) = find_active_at(connection, user_id, expected)? else {
        return Ok(Replacement::Stale);
    };
    user.recovery_key = Some(recovery_key);
    user.version = user.version.next();
    user.updated_at = now;
    update(connection, &user)?;
    Ok(Replacement::Replaced)
}

/// Ends the sessions one by one, for their revocations.
pub(crate) fn remove(
    connection: &Connection,
    user_id: UserId,
    revoked_until: Timestamp,
) -> Result<Option<Vec<SessionId>>, Failure> {
    let ended = end_of_user(connection, user_id, EndScope::All, revoked_until)?;
    Ok(removed_accounts::remove(connection, user_id)?.then_some(ended))
}
