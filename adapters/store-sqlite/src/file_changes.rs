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
    change(connection, subject, now, |file| file.edited(edit.encrypted_filename, edit.encrypted_data_key))
}

pub(crate) fn trash(
    connection: &Connection,
    subject: Subject,
    now: Timestamp,
) -> Result<FileOutcome, Failure> {
    change(connection, subject, now, |file| file.trashed(now))
}

pub(crate) fn restore(
    connection: &Connection,
    subject: Subject,
    now: Timestamp,
) -> Result<FileOutcome, Failure> {
    change(connection, subject, now, File::restored)
}

/// Makes a change unless the file is not as expected, or the domain says that it cannot be made.
fn change(
    connection: &Connection,
    subject: Subject,
    now: Timestamp,
    alter: impl FnOnce(File) -> Option<File>,
) -> Result<FileOutcome, Failure> {
    let Some(file) = find_owned(connection, &subject.ownership)? else { return Ok(FileOutcome::Gone) };
    if file.version != subject.expected {
        return Ok(FileOutcome::Stale);
    }
    let Some(altered) = alter(file) else { return Ok(FileOutcome::Stale) };
    let mut storage = Storage::of(connection, altered.owner)?;
    let file = altered.changed(storage.take_revision(now), now);
    storage.save(connection)?;
    update(connection, &file, storage.latest())?;
    Ok(FileOutcome::Made(Box::new(file)))
}
