//! Changes of what is said of a file, each one step on the writer's connection.

use crate::error::Failure;
use crate::file_row::{find_owned, update};
use crate::storage::Storage;
use epic_domain::Timestamp;
use epic_domain::file::{File, Ownership};
use epic_domain::user::Version;
use epic_outbound::files::{Edit, FileOutcome};
use rusqlite::Connection;

/// What a change is made to: a file with this version.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Subject {
    pub(crate) ownership: Ownership,
    pub(crate) expected: Version,
}

pub(crate) fn edit(
    connection: &Connection,
    subject: Subject,
    edit: Edit,
    now: Timestamp,
) -> Result<FileOutcome, Failure> {
    change(connection, subject, now, |file| {
        if file.is_trashed() {
            return false;
        }
        if let Some(encrypted_filename) = edit.encrypted_filename {
            file.encrypted_filename = encrypted_filename;
        }
        if let Some(encrypted_data_key) = edit.encrypted_data_key {
            file.content.encrypted_data_key = encrypted_data_key;
        }
        true
    })
}

pub(crate) fn trash(
    connection: &Connection,
    subject: Subject,
    now: Timestamp,
) -> Result<FileOutcome, Failure> {
    change(connection, subject, now, |file| file.trashed_at.replace(now).is_none())
}

pub(crate) fn restore(
    connection: &Connection,
    subject: Subject,
    now: Timestamp,
) -> Result<FileOutcome, Failure> {
    change(connection, subject, now, |file| file.trashed_at.take().is_some())
}

/// Makes a change unless the file is not as expected, or `alter` says that it cannot be made.
fn change(
    connection: &Connection,
    subject: Subject,
    now: Timestamp,
    alter: impl FnOnce(&mut File) -> bool,
) -> Result<FileOutcome, Failure> {
    let Some(mut file) = find_owned(connection, &subject.ownership)? else { return Ok(FileOutcome::Gone) };
    if file.version != subject.expected || !alter(&mut file) {
        return Ok(FileOutcome::Stale);
    }
    let mut storage = Storage::of(connection, file.owner)?;
    file.version = file.version.next();
    file.revision = storage.take_revision(now);
    file.updated_at = now;
    storage.save(connection)?;
    update(connection, &file, storage.latest())?;
    Ok(FileOutcome::Made(Box::new(file)))
}
