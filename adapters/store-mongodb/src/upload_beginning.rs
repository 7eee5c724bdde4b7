//! An upload begins: one transaction that claims the owner, whose quota it counts against, and the uploader.

use crate::collections::Collections;
use crate::documents::upload::UploadDocument;
use crate::errors::Failure;
use crate::file_reading::find_claimed;
use crate::presence::claim_account;
use crate::requests::{judge_claimed, remember};
use crate::storage::Storage;
use crate::store::Shared;
use epic_domain::file::{Once, Upload};
use epic_outbound::uploads::{BeginRight, Beginning};
use futures_util::FutureExt;
use mongodb::ClientSession;
use mongodb::error::Error;

/// An upload about to begin.
#[derive(Debug)]
pub(crate) struct Wish {
    pub(crate) upload: Upload,
    pub(crate) right: BeginRight,
    pub(crate) quota_bytes: u64,
    pub(crate) once: Option<Once>,
}

pub(crate) async fn begin(shared: &Shared, wish: Wish) -> Result<Beginning, Failure> {
    let _turn = shared.turns.of(wish.upload.owner).await;
    shared
        .in_transaction(wish, |collections, session, wish| begin_within(collections, session, wish).boxed())
        .await
}

async fn begin_within(
    collections: &Collections,
    session: &mut ClientSession,
    wish: &Wish,
) -> Result<Beginning, Error> {
    let Wish { upload, right, quota_bytes, once } = wish;
    let storage = Storage::claim(collections, session, upload.owner).await?;
    if upload.uploader != upload.owner && !claim_account(collections, session, upload.uploader).await? {
        return Ok(Beginning::Stale);
    }
    let (once, now) = (once.as_ref(), upload.created_at);
    if let Some(earlier) = judge_claimed(collections, session, upload.uploader, once, now).await? {
        return Ok(Beginning::Earlier(earlier));
    }
    let Some(mut storage) = storage else { return Ok(Beginning::Stale) };
    if !holds(collections, session, right).await? {
        return Ok(Beginning::Stale);
    }
    match storage.usage.reserve(upload.size.reserved_bytes(), *quota_bytes) {
        Ok(usage) => storage.usage = usage,
        Err(over_quota) => return Ok(Beginning::OverQuota(over_quota)),
    }
    storage.save(collections, session).await?;
    collections.uploads.insert_one(UploadDocument::encode(upload)?).session(&mut *session).await?;
    remember(collections, session, upload.uploader, once).await?;
    Ok(Beginning::Begun)
}

/// Whether the file is as it was when the right was proved. Its owner is claimed: it stays so.
async fn holds(
    collections: &Collections,
    session: &mut ClientSession,
    right: &BeginRight,
) -> Result<bool, Error> {
    let BeginRight::NewContent { access, expected } = right else { return Ok(true) };
    let file = find_claimed(collections, session, access.file_id(), access.owner()).await?;
    Ok(file.is_some_and(|file| file.version == *expected && !file.is_trashed()))
}
