//! The life of an upload until it is whole or given up, each step one on the writer's connection.

use crate::blob_ledger::doom;
use crate::error::Failure;
use crate::requests::{judge, remember};
use crate::storage::{Storage, change_usage};
use crate::upload_row::{delete, expired, find, insert, update};
use crate::{file_row, user_row};
use epic_domain::Timestamp;
use epic_domain::file::{Fence, Once, Progress, Upload};
use epic_domain::id::{UploadId, UserId};
use epic_outbound::uploads::{BeginRight, Beginning};
use rusqlite::Connection;

pub(crate) fn begin(
    connection: &Connection,
    upload: &Upload,
    right: &BeginRight,
    quota_bytes: u64,
    once: Option<&Once>,
) -> Result<Beginning, Failure> {
    if let Some(earlier) = judge(connection, upload.uploader, once, upload.created_at)? {
        return Ok(Beginning::Earlier(earlier));
    }
    if !holds(connection, upload, right)? {
        return Ok(Beginning::Stale);
    }
    let storage = Storage::find(connection, upload.owner)?;
    let mut storage = storage.unwrap_or_else(|| Storage::empty(upload.owner));
    match storage.usage.reserve(upload.size.reserved_bytes(), quota_bytes) {
        Ok(usage) => storage.usage = usage,
        Err(over_quota) => return Ok(Beginning::OverQuota(over_quota)),
    }
    storage.save(connection)?;
    insert(connection, upload)?;
    remember(connection, upload.uploader, once)?;
    Ok(Beginning::Begun)
}

/// Whether both accounts are there, and the file is as it was when the right was proved.
fn holds(connection: &Connection, upload: &Upload, right: &BeginRight) -> Result<bool, Failure> {
    if !user_row::exists(connection, upload.uploader)? || !user_row::exists(connection, upload.owner)? {
        return Ok(false);
    }
    let BeginRight::NewContent { access, expected } = right else { return Ok(true) };
    let file = file_row::find(connection, access.file_id())?;
    Ok(file
        .is_some_and(|file| file.version == *expected && file.owner == access.owner() && !file.is_trashed()))
}

pub(crate) fn find_of(
    connection: &Connection,
    upload_id: UploadId,
    uploader: UserId,
) -> Result<Option<Upload>, Failure> {
    Ok(find(connection, upload_id)?.filter(|upload| upload.uploader == uploader))
}

pub(crate) fn take_over(
    connection: &Connection,
    upload_id: UploadId,
    uploader: UserId,
    now: Timestamp,
) -> Result<Option<Upload>, Failure> {
    let found = find_of(connection, upload_id, uploader)?.filter(|upload| upload.is_live_at(now));
    let Some(mut upload) = found else { return Ok(None) };
    upload.fence = upload.fence.next();
    update(connection, &upload)?;
    Ok(Some(upload))
}

pub(crate) fn advance(
    connection: &Connection,
    upload_id: UploadId,
    fence: Fence,
    progress: Progress,
    expires_at: Timestamp,
) -> Result<bool, Failure> {
    let found = find(connection, upload_id)?.filter(|upload| upload.fence == fence);
    let Some(mut upload) = found else { return Ok(false) };
    upload.progress = progress;
    upload.expires_at = expires_at;
    update(connection, &upload)?;
    Ok(true)
}

pub(crate) fn abandon(
    connection: &Connection,
    upload_id: UploadId,
    uploader: UserId,
) -> Result<bool, Failure> {
    let Some(upload) = find_of(connection, upload_id, uploader)? else { return Ok(false) };
    give_up(connection, &upload)?;
    Ok(true)
}

pub(crate) fn abandon_expired(
    connection: &Connection,
    now: Timestamp,
    limit: u32,
) -> Result<Vec<UserId>, Failure> {
    let mut owners = Vec::new();
    for upload in expired(connection, now, limit)? {
        give_up(connection, &upload)?;
        owners.push(upload.owner);
    }
    Ok(owners)
}

/// Removes an upload, dooms its blob and frees what was set aside for it.
pub(crate) fn give_up(connection: &Connection, upload: &Upload) -> Result<(), Failure> {
    delete(connection, upload.id)?;
    doom(connection, upload.blob_id, &upload.progress.stage)?;
    change_usage(connection, upload.owner, |usage| usage.give_up(upload.size.reserved_bytes()))
}
