//! Files as they are read. Nobody sees the files of an account that is gone, cleared away or not.

use crate::collections::Collections;
use crate::documents::file::FileDocument;
use crate::documents::file_queries::{by_id, owned};
use crate::presence::is_there;
use epic_domain::file::{File, Ownership};
use epic_domain::id::{FileId, UserId};
use mongodb::ClientSession;
use mongodb::error::Error;

/// The file, in the trash or not, in a transaction if `session` says so; `None` when it or its owner is gone.
pub(crate) async fn find_live(
    collections: &Collections,
    mut session: Option<&mut ClientSession>,
    file_id: FileId,
) -> Result<Option<File>, Error> {
    let found = collections.files.find_one(by_id(file_id));
    let found = match session.as_deref_mut() {
        Some(session) => found.session(session).await?,
        None => found.await?,
    };
    let file = found.map(FileDocument::decode).transpose()?.flatten();
    // Of a file that is not there as much is asked as of another's: how long it takes tells nobody which it is.
    let owner = file.as_ref().map_or_else(|| UserId::from_bytes(*file_id.as_bytes()), |file| file.owner);
    let is_owner_there = is_there(collections, session, owner).await?;
    Ok(file.filter(|_| is_owner_there))
}

/// The file that an ownership speaks of, in a transaction that has claimed its owner.
pub(crate) async fn find_claimed(
    collections: &Collections,
    session: &mut ClientSession,
    ownership: &Ownership,
) -> Result<Option<File>, Error> {
    let found = collections.files.find_one(owned(ownership)).session(session).await?;
    Ok(found.map(FileDocument::decode).transpose()?.flatten())
}
