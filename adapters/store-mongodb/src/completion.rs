//! A whole upload becomes a file, or a content of one: one transaction that claims the owner.

use crate::blob_ledger::doom;
use crate::collections::Collections;
use crate::documents::content::EarlierContentDocument;
use crate::documents::file::FileDocument;
use crate::documents::file_queries::by_id;
use crate::documents::upload::UploadDocument;
use crate::documents::upload_queries::fenced;
use crate::errors::Failure;
use crate::file_reading::find_claimed;
use crate::presence::claim_account;
use crate::requests::{judge_claimed, remember};
use crate::storage::Storage;
use crate::store::Shared;
use crate::upload_changes::find;
use epic_domain::file::{File, Received, Target, Upload};
use epic_domain::id::UserId;
use epic_outbound::uploads::{Completion, CompletionOutcome};
use futures_util::FutureExt;
use mongodb::ClientSession;
use mongodb::error::Error;

pub(crate) async fn complete(shared: &Shared, completion: Completion) -> Result<CompletionOutcome, Failure> {
    // Whose it is never changes; the transaction looks at the rest again.
    let held = fenced(completion.upload_id, completion.fence)?;
    let Some(upload) = find(shared, held).await? else { return Ok(CompletionOutcome::Fenced) };
    let (owner, uploader) = (upload.owner, upload.uploader);
    let _turn = shared.turns.of(owner).await;
    shared
        .in_transaction(completion, move |collections, session, completion| {
            complete_within(collections, session, completion, owner, uploader).boxed()
        })
        .await
}

async fn complete_within(
    collections: &Collections,
    session: &mut ClientSession,
    completion: &Completion,
    owner: UserId,
    uploader: UserId,
) -> Result<CompletionOutcome, Error> {
    let Completion { upload_id, fence, received, once } = completion;
    let Some(storage) = Storage::claim(collections, session, owner).await? else {
        return Ok(CompletionOutcome::Fenced);
    };
    if uploader != owner && !claim_account(collections, session, uploader).await? {
        return Ok(CompletionOutcome::Fenced);
    }
    let held = fenced(*upload_id, *fence)?;
    let taken = collections.uploads.find_one_and_delete(held).session(&mut *session).await?;
    let Some(upload) = taken.map(UploadDocument::decode).transpose()? else {
        return Ok(CompletionOutcome::Fenced);
    };
    let once = once.as_ref();
    if let Some(earlier) = judge_claimed(collections, session, uploader, once, received.at).await? {
        give_up(collections, session, storage, &upload).await?;
        return Ok(CompletionOutcome::Earlier(earlier));
    }
    let Some(file) = take_in(collections, session, storage, received, &upload).await? else {
        give_up(collections, session, storage, &upload).await?;
        return Ok(CompletionOutcome::Stale);
    };
    remember(collections, session, uploader, once).await?;
    Ok(CompletionOutcome::Completed(Box::new(file)))
}

/// Frees what was set aside for an upload that has been taken out, and dooms its blob.
async fn give_up(
    collections: &Collections,
    session: &mut ClientSession,
    mut storage: Storage,
    upload: &Upload,
) -> Result<(), Error> {
    doom(collections, session, upload.blob_id, &upload.progress.stage).await?;
    storage.usage = storage.usage.give_up(upload.size.reserved_bytes());
    storage.save(collections, session).await
}

/// The file as it is now, or `None` when the one that the upload was for is gone or in the trash.
async fn take_in(
    collections: &Collections,
    session: &mut ClientSession,
    mut storage: Storage,
    received: &Received,
    upload: &Upload,
) -> Result<Option<File>, Error> {
    let revision = storage.take_revision(received.at);
    let former = match upload.target {
        Target::NewFile { .. } => None,
        Target::NewContent { .. } => find_claimed(collections, session, upload.file_id, upload.owner).await?,
    };
    let written = match &former {
        None => File::begun_by(upload, received, revision),
        Some(former) => former.written_by(upload, received, revision),
    };
    let Some(file) = written else { return Ok(None) };
    storage.usage = storage.usage.settle(upload.size.reserved_bytes(), received.size_bytes);
    storage.save(collections, session).await?;
    let document = FileDocument::encode(&file, storage.latest())?;
    match former {
        None => {
            collections.files.insert_one(document).session(session).await?;
        }
        Some(former) => {
            collections.files.replace_one(by_id(file.id), document).session(&mut *session).await?;
            let earlier = EarlierContentDocument::encode(&former, received.at)?;
            collections.contents.insert_one(earlier).session(session).await?;
        }
    }
    Ok(Some(file))
}
