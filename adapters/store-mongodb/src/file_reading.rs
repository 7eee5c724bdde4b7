//! Files as they are read. Nobody sees the files of an account that is gone, cleared away or not.

use crate::collections::Collections;
use crate::documents::file::FileDocument;
use crate::documents::file_queries::{by_id, owned};
use crate::presence::is_there;
use epic_domain::file::File;
use epic_domain::id::{FileId, UserId};
use mongodb::ClientSession;
use mongodb::error::Error;

/// The file, in the trash or not; `None` when it or its owner is gone.
pub(crate) async fn find_live(collections: &Collections, file_id: FileId) -> Result<Option<File>, Error> {
    let file = decoded(collections.files.find_one(by_id(file_id)).await?)?;
    // Of a file that is not there as much is asked as of another's: how long it takes tells nobody which it is.
    let owner = file.as_ref().map_or_else(|| UserId::from_bytes(*file_id.as_bytes()), |file| file.owner);
    let is_owner_there = is_there(collections, owner).await?;
    Ok(file.filter(|_| is_owner_there))
}

/// The owner's file, in the trash or not, in a transaction that has claimed the owner.
pub(crate) async fn find_claimed(
    collections: &Collections,
    session: &mut ClientSession,
    file_id: FileId,
    owner: UserId,
) -> Result<Option<File>, Error> {
    decoded(collections.files.find_one(owned(file_id, owner)).session(session).await?)
}

fn decoded(found: Option<FileDocument>) -> Result<Option<File>, Error> {
    Ok(found.map(FileDocument::decode).transpose()?.flatten())
}
