//! Files and earlier contents that go for good, each one step on the writer's connection.

use crate::blob_ledger::doom;
use crate::content_row::{self, of_file, old};
use crate::error::Failure;
use crate::file_changes::Subject;
use crate::file_lists::remember_removal;
use crate::file_row::{delete, find, find_any, find_owned, owner_is_there};
use crate::rows::millis;
use crate::statements::statements;
use crate::storage::{Storage, change_usage};
use epic_domain::Timestamp;
use epic_domain::file::{Content, ContentNumber, File, Ownership, StageState};
use epic_domain::id::FileId;
use epic_domain::moving::RemovedFile;
use epic_outbound::files::{RemovalOutcome, Swept};
use rusqlite::Connection;

statements! {
    OLD_TRASH = concat!(
        "SELECT id FROM files INDEXED BY files_by_trash_time WHERE trashed_at_ms <= ?1 AND ", owner_is_there!(),
        " ORDER BY trashed_at_ms LIMIT ?2"
    );
}

pub(crate) fn remove(
    connection: &Connection,
    subject: Subject,
    now: Timestamp,
) -> Result<RemovalOutcome, Failure> {
    let Some(file) = find_owned(connection, &subject.ownership)? else { return Ok(RemovalOutcome::Gone) };
    if file.version != subject.expected || !file.is_trashed() {
        return Ok(RemovalOutcome::Stale);
    }
    remove_whole(connection, &file, now)?;
    Ok(RemovalOutcome::Removed)
}

pub(crate) fn remove_old_trash(
    connection: &Connection,
    trashed_until: Timestamp,
    now: Timestamp,
    limit: u32,
) -> Result<Vec<Swept>, Failure> {
    let mut swept = Vec::new();
    for file_id in old_trash(connection, trashed_until, limit)? {
        let Some(file) = find(connection, file_id)? else { continue };
        remove_whole(connection, &file, now)?;
        swept.push(Swept { file_id, owner: file.owner });
    }
    Ok(swept)
}

fn old_trash(connection: &Connection, trashed_until: Timestamp, limit: u32) -> Result<Vec<FileId>, Failure> {
    let mut statement = connection.prepare_cached(OLD_TRASH)?;
    let rows =
        statement.query_map((millis(trashed_until), limit), |row| row.get(0).map(FileId::from_bytes))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn remove_whole(connection: &Connection, file: &File, now: Timestamp) -> Result<(), Failure> {
    let mut freed_bytes = file.content.size_bytes;
    for content in of_file(connection, file.id, u32::MAX)? {
        freed_bytes = freed_bytes.saturating_add(content.size_bytes);
        drop_version(connection, file.id, &content)?;
    }
    drop_file(connection, file)?;
    let mut storage = Storage::of(connection, file.owner)?;
    storage.usage = storage.usage.free(freed_bytes);
    let revision = storage.take_revision(now);
    storage.save(connection)?;
    let (owner, file_id, ordered_at) = (file.owner, file.id, storage.latest());
    remember_removal(connection, &RemovedFile { owner, revision, file_id, at: now, ordered_at })
}

pub(crate) fn remove_version(
    connection: &Connection,
    ownership: &Ownership,
    number: ContentNumber,
) -> Result<bool, Failure> {
    let Some(file) = find_owned(connection, ownership)? else { return Ok(false) };
    let Some(content) = content_row::find(connection, file.id, number)? else { return Ok(false) };
    drop_version(connection, file.id, &content)?;
    change_usage(connection, file.owner, |usage| usage.free(content.size_bytes))?;
    Ok(true)
}

/// Those of removed accounts that are not cleared away yet may be among them.
pub(crate) fn remove_old_versions(
    connection: &Connection,
    superseded_until: Timestamp,
    limit: u32,
) -> Result<u32, Failure> {
    let old = old(connection, superseded_until, limit)?;
    for (file_id, number) in &old {
        let file = find_any(connection, *file_id)?.ok_or(Failure::Damaged("version"))?;
        let content =
            content_row::find_any(connection, *file_id, *number)?.ok_or(Failure::Damaged("version"))?;
        drop_version(connection, *file_id, &content)?;
        change_usage(connection, file.owner, |usage| usage.free(content.size_bytes))?;
    }
    Ok(u32::try_from(old.len()).unwrap_or(u32::MAX))
}

/// Removes an earlier content and dooms its blob.
pub(crate) fn drop_version(
    connection: &Connection,
    file_id: FileId,
    content: &Content,
) -> Result<(), Failure> {
    content_row::delete(connection, file_id, content.number)?;
    doom(connection, content.blob_id, &StageState::default())
}

/// Removes a file that has no earlier contents any more, with its shares and links, and dooms its blob.
pub(crate) fn drop_file(connection: &Connection, file: &File) -> Result<(), Failure> {
    delete(connection, file.id)?;
    doom(connection, file.content.blob_id, &StageState::default())
}
