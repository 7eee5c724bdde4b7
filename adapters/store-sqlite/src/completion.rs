//! A whole upload becomes a file, or a content of one: one step on the writer's connection.

use crate::error::Failure;
use crate::requests::{judge, remember};
use crate::storage::Storage;
use crate::upload_changes::give_up;
use crate::upload_row::{delete, find};
use crate::{content_row, file_row};
use epic_domain::file::{
    Content, ContentNumber, EncryptedDataKey, EncryptedFilename, File, Revision, Target, Upload,
};
use epic_domain::user::Version;
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
    if let Some(earlier) = judge(connection, upload.uploader, once, completion.now)? {
        give_up(connection, &upload)?;
        return Ok(CompletionOutcome::Earlier(earlier));
    }
    let completed = match upload.target.clone() {
        Target::NewFile { encrypted_filename, encrypted_data_key } => {
            Some(add_file(connection, completion, &upload, encrypted_filename, encrypted_data_key)?)
        }
        Target::NewContent { encrypted_filename, encrypted_data_key } => {
            replace_content(connection, completion, &upload, encrypted_filename, encrypted_data_key)?
        }
    };
    let Some(file) = completed else {
        give_up(connection, &upload)?;
        return Ok(CompletionOutcome::Stale);
    };
    remember(connection, upload.uploader, once)?;
    Ok(CompletionOutcome::Completed(Box::new(file)))
}

fn add_file(
    connection: &Connection,
    completion: &Completion,
    upload: &Upload,
    encrypted_filename: EncryptedFilename,
    encrypted_data_key: EncryptedDataKey,
) -> Result<File, Failure> {
    let (storage, revision) = settle(connection, completion, upload)?;
    let file = File {
        id: upload.file_id,
        owner: upload.owner,
        encrypted_filename,
        content: content(completion, upload, ContentNumber::FIRST, encrypted_data_key),
        version: Version::FIRST,
        revision,
        created_at: completion.now,
        updated_at: completion.now,
        trashed_at: None,
    };
    file_row::insert(connection, &file, storage.latest())?;
    Ok(file)
}

/// The file as it is now, or `None` when it is gone or in the trash.
fn replace_content(
    connection: &Connection,
    completion: &Completion,
    upload: &Upload,
    encrypted_filename: Option<EncryptedFilename>,
    encrypted_data_key: Option<EncryptedDataKey>,
) -> Result<Option<File>, Failure> {
    let found = file_row::find(connection, upload.file_id)?;
    let target = found.filter(|file| file.owner == upload.owner && !file.is_trashed());
    let Some(mut file) = target else { return Ok(None) };
    let (storage, revision) = settle(connection, completion, upload)?;
    let data_key = encrypted_data_key.unwrap_or_else(|| file.content.encrypted_data_key.clone());
    let next = content(completion, upload, file.content.number.next(), data_key);
    let former = core::mem::replace(&mut file.content, next);
    if let Some(encrypted_filename) = encrypted_filename {
        file.encrypted_filename = encrypted_filename;
    }
    file.version = file.version.next();
    file.revision = revision;
    file.updated_at = completion.now;
    file_row::update(connection, &file, storage.latest())?;
    content_row::insert(connection, file.id, &former, completion.now)?;
    Ok(Some(file))
}

/// Turns what was set aside into what is used, removes the upload and takes the owner's next revision.
fn settle(
    connection: &Connection,
    completion: &Completion,
    upload: &Upload,
) -> Result<(Storage, Revision), Failure> {
    delete(connection, upload.id)?;
    let mut storage = Storage::of(connection, upload.owner)?;
    storage.usage = storage.usage.settle(upload.size.reserved_bytes(), completion.size_bytes);
    let revision = storage.take_revision(completion.now);
    storage.save(connection)?;
    Ok((storage, revision))
}

fn content(
    completion: &Completion,
    upload: &Upload,
    number: ContentNumber,
    encrypted_data_key: EncryptedDataKey,
) -> Content {
    Content {
        number,
        blob_id: upload.blob_id,
        size_bytes: completion.size_bytes,
        digest: completion.digest,
        encrypted_data_key,
        written_by: upload.uploader,
        written_at: completion.now,
    }
}
