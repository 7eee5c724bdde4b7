//! Changes of what is said of a file, each a transaction that claims the owner.

use crate::collections::Collections;
use crate::documents::file::FileDocument;
use crate::documents::file_queries::by_id;
use crate::errors::Failure;
use crate::file_reading::find_claimed;
use crate::storage::Storage;
use crate::store::Shared;
use epic_domain::Timestamp;
use epic_domain::file::{File, Ownership};
use epic_domain::user::Version;
use epic_outbound::files::{Edit, FileOutcome};
use futures_util::FutureExt;
use mongodb::ClientSession;
use mongodb::error::Error;

/// What a change is made to: a file with this version.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Subject {
    pub(crate) ownership: Ownership,
    pub(crate) expected: Version,
}

/// What is done to a file.
#[derive(Debug, Clone)]
pub(crate) enum Alteration {
    Edit(Edit),
    Trash,
    Restore,
}

impl Alteration {
    /// The file as it becomes, if the change can be made.
    fn of(&self, file: File, now: Timestamp) -> Option<File> {
        match self {
            Self::Edit(Edit { encrypted_filename, encrypted_data_key }) => {
                file.edited(encrypted_filename.clone(), encrypted_data_key.clone())
            }
            Self::Trash => file.trashed(now),
            Self::Restore => file.restored(),
        }
    }
}

/// Makes a change unless the file is not as expected, or the domain says that it cannot be made.
pub(crate) async fn change(
    shared: &Shared,
    subject: Subject,
    alteration: Alteration,
    now: Timestamp,
) -> Result<FileOutcome, Failure> {
    let _turn = shared.turns.of(subject.ownership.owner()).await;
    shared
        .in_transaction(alteration, move |collections, session, alteration| {
            change_within(collections, session, subject, alteration, now).boxed()
        })
        .await
}

async fn change_within(
    collections: &Collections,
    session: &mut ClientSession,
    subject: Subject,
    alteration: &Alteration,
    now: Timestamp,
) -> Result<FileOutcome, Error> {
    let Subject { ownership, expected } = subject;
    let Some(mut storage) = Storage::claim(collections, session, ownership.owner()).await? else {
        return Ok(FileOutcome::Gone);
    };
    let Some(file) = find_claimed(collections, session, ownership.file_id(), ownership.owner()).await? else {
        return Ok(FileOutcome::Gone);
    };
    if file.version != expected {
        return Ok(FileOutcome::Stale);
    }
    let Some(altered) = alteration.of(file, now) else { return Ok(FileOutcome::Stale) };
    let file = altered.changed(storage.take_revision(now), now);
    storage.save(collections, session).await?;
    let document = FileDocument::encode(&file, storage.latest())?;
    collections.files.replace_one(by_id(file.id), document).session(session).await?;
    Ok(FileOutcome::Made(Box::new(file)))
}
