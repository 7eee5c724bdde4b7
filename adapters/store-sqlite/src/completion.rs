//! A whole upload becomes a file, or a content of one: one step on the writer's connection.

use crate::error::Failure;
use crate::requests::{judge, remember};
use crate::storage::Storage;
use crate::upload_changes::give_up;
use crate::upload_row::{delete, find};
use crate::{content_row, file_row};
use epic_domain::file::{File, Received, Target, Upload};
use epic_outbound::uploads::{Completion, CompletionOutcome};
use rusqlite::Connection;

pub(crate) fn complete(
    connection: &Connection,
    completion: &Completion,
) -> Result<CompletionOutcome, Failure> {
    let found = find(connection, completion.upload_id)?;
    let Some(upload) = found.filter(|upload| upload.fence == completion.fence) else {
        return Ok(CompletionOutcome::Fenced);
    };
    let once = completion.once.as_ref();
    if let Some(earlier) = judge(connection, upload.uploader, once, completion.received.at)? {
        give_up(connection, &upload)?;
        return Ok(CompletionOutcome::Earlier(earlier));
    }
    let Some(file) = take_in(connection, &completion.received, &upload)? else {
        give_up(connection, &upload)?;
        return Ok(CompletionOutcome::Stale);
    };
    remember(connection, upload.uploader, once)?;
    Ok(CompletionOutcome::Completed(Box::new(file)))
}

/// The file as it is now, or `None` when the one that the upload was for is gone or in the trash.
fn take_in(connection: &Connection, received: &Received, upload: &Upload) -> Result<Option<File>, Failure> {
    let mut storage = Storage::of(connection, upload.owner)?;
    let revision = storage.take_revision(received.at);
    let former = match upload.target {
        Target::NewFile { .. } => None,
        Target::NewContent { .. } => file_row::find(connection, upload.file_id)?,
    };
    let written = match &former {
        None => File::begun_by(upload, received, revision),
        Some(former) => former.written_by(upload, received, revision),
    };
    let Some(file) = written else { return Ok(None) };
    delete(connection, upload.id)?;
    storage.usage = storage.usage.settle(upload.size.reserved_bytes(), received.size_bytes);
    storage.save(connection)?;
    match former {
        None => file_row::insert(connection, &file, storage.latest())?,
        Some(former) => {
            file_row::update(connection, &file, storage.latest())?;
            content_row::insert(connection, file.id, &former.content, received.at)?;
        }
    }
    Ok(Some(file))
}
