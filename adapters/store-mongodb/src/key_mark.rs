//! With which keys the database is used.
//!
//! Hashes in a database fit only the pepper under which they were made. A node with other keys would answer everybody
//! that their password is wrong, and a new one would register accounts that no other node can sign in.

use crate::MongoStore;
use crate::documents::key_mark::{KeyMarkDocument, the_mark};
use crate::errors::Failure;
use crate::store::Shared;
use epic_outbound::StoreError;

impl MongoStore {
    /// The mark of the keys with which this database is used; `None` while no node has ever served from it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn key_mark(&self) -> Result<Option<[u8; 32]>, StoreError> {
        self.call(|shared| async move { find(&shared).await }).await
    }

    /// Sets the mark, unless there is one. True when it is this one now: of racing first starts with different keys one
    /// sets it. A mark says nothing about the keys: it is a digest under them.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn claim_key_mark(&self, mark: [u8; 32]) -> Result<bool, StoreError> {
        self.call(move |shared| async move { claim(&shared, mark).await }).await
    }
}

async fn find(shared: &Shared) -> Result<Option<[u8; 32]>, Failure> {
    let marks = shared.collections.format.clone_with_type::<KeyMarkDocument>();
    marks.find_one(the_mark()).await?.map(|found| found.decode()).transpose()
}

async fn claim(shared: &Shared, mark: [u8; 32]) -> Result<bool, Failure> {
    let marks = shared.collections.format.clone_with_type::<KeyMarkDocument>();
    match marks.insert_one(KeyMarkDocument::encode(mark)).await.map_err(Failure::from) {
        Ok(_) => Ok(true),
        Err(failure) if failure.is_duplicate_key() => Ok(find(shared).await? == Some(mark)),
        Err(failure) => Err(failure),
    }
}
