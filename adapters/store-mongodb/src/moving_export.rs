//! What the store keeps, as records in the order of their keys.

use crate::audit;
use crate::chain_end::settled;
use crate::documents::content::EarlierContentDocument;
use crate::documents::doomed_blob::{DoomedBlobDocument, all};
use crate::documents::file::FileDocument;
use crate::documents::file_link::FileLinkDocument;
use crate::documents::moving_queries::{after_id, after_number, having};
use crate::documents::request::{RequestDocument, following};
use crate::documents::session::{RevocationDocument, SessionDocument};
use crate::documents::share::ShareDocument;
use crate::documents::storage::StoringDocument;
use crate::documents::upload::UploadDocument;
use crate::documents::user::UserDocument;
use crate::documents::values::integer;
use crate::errors::Failure;
use crate::store::Shared;
use epic_domain::id::UserId;
use epic_domain::moving::{DoomedBlob, Key, Kind, Record};
use futures_util::TryStreamExt;
use mongodb::Collection;
use mongodb::bson::{Document, doc};
use mongodb::options::Hint;
use serde::de::DeserializeOwned;

/// At most `limit` records of a kind that follow `after`.
pub(crate) async fn page(
    shared: &Shared,
    kind: Kind,
    after: Option<Key>,
    limit: u32,
) -> Result<Vec<Record>, Failure> {
    // To the database no limit is zero.
    if limit == 0 {
        return Ok(Vec::new());
    }
    let collections = &shared.collections;
    let by_id = |filter| Look { filter, order: doc! { "_id": 1 }, skip: 0, limit };
    match kind {
        Kind::Account => {
            let look = by_id(after_id(after));
            boxed(look.at(&collections.users, UserDocument::decode_stored).await, Record::Account)
        }
        Kind::Session => {
            let decode = |found: SessionDocument| found.decode()?.ok_or(Failure::Damaged("session"));
            boxed(by_id(having("live", after)).at(&collections.sessions, decode).await, Record::Session)
        }
        Kind::Revocation => {
            let revocations = collections.sessions.clone_with_type();
            let look = by_id(having("revoked_until", after));
            let decode = |found: RevocationDocument| found.decode();
            plain(look.at(&revocations, decode).await, Record::Revocation)
        }
        Kind::Usage => {
            let decode = |found: StoringDocument| found.decode_stored();
            let look = by_id(having("storage", after));
            plain(look.at(&collections.users.clone_with_type(), decode).await, Record::Usage)
        }
        Kind::File => {
            let look = by_id(having("live", after));
            boxed(look.at(&collections.files, FileDocument::decode_stored).await, Record::File)
        }
        Kind::RemovedFile => {
            let mut filter = after_number("owner", "revision", after)?;
            filter.insert("removed_at", doc! { "$exists": true });
            let look = Look { filter, order: doc! { "owner": 1, "revision": 1 }, skip: 0, limit };
            plain(look.at(&collections.files, FileDocument::decode_removal).await, Record::RemovedFile)
        }
        Kind::EarlierContent => {
            let filter = after_number("file_id", "content.number", after)?;
            let look = Look { filter, order: doc! { "file_id": 1, "content.number": 1 }, skip: 0, limit };
            boxed(
                look.at(&collections.contents, EarlierContentDocument::decode_stored).await,
                Record::EarlierContent,
            )
        }
        Kind::Upload => boxed(
            by_id(after_id(after)).at(&collections.uploads, UploadDocument::decode).await,
            Record::Upload,
        ),
        Kind::Share => {
            boxed(by_id(after_id(after)).at(&collections.shares, ShareDocument::decode).await, Record::Share)
        }
        Kind::Link => {
            boxed(by_id(after_id(after)).at(&collections.links, FileLinkDocument::decode).await, Record::Link)
        }
        Kind::Request => {
            let after = after.as_ref().map(|key| (UserId::from_bytes(*key.id()), key.digest()));
            boxed(
                by_id(following(after)).at(&collections.requests, RequestDocument::decode_remembered).await,
                Record::Request,
            )
        }
        Kind::DoomedBlob => {
            doomed(&collections.doomed_blobs, after.map_or(0, |key| key.number()), limit).await
        }
        Kind::Event => {
            let after = after.map_or(Ok(0), |key| integer(key.number()))?;
            boxed(audit::page(shared, after, limit).await, Record::Event)
        }
        Kind::Anchor if after.is_some() => Ok(Vec::new()),
        Kind::Anchor => Ok(vec![Record::Anchor(settled(&shared.collections).await?)]),
        Kind::SignedHead => {
            let after = after.map_or(Ok(-1), |key| integer(key.number()))?;
            boxed(audit::heads(shared, after, limit).await, Record::SignedHead)
        }
    }
}

/// Which documents to read, along which index.
struct Look {
    filter: Document,
    order: Document,
    skip: u64,
    limit: u32,
}

impl Look {
    async fn at<D, T>(
        self,
        collection: &Collection<D>,
        decode: impl Fn(D) -> Result<T, Failure> + Send,
    ) -> Result<Vec<T>, Failure>
    where
        D: DeserializeOwned + Send + Sync,
    {
        let Self { filter, order, skip, limit } = self;
        let found = collection
            .find(filter)
            .sort(order.clone())
            .hint(Hint::Keys(order))
            .skip(skip)
            .limit(limit.into())
            .await?;
        let documents: Vec<D> = found.try_collect().await?;
        documents.into_iter().map(decode).collect()
    }
}

/// Places are counted, since the orders that drivers draw have gaps. The list is short: a server at work removes what is
/// on it.
async fn doomed(
    collection: &Collection<DoomedBlobDocument>,
    after: u64,
    limit: u32,
) -> Result<Vec<Record>, Failure> {
    let look = Look { filter: all(), order: doc! { "order": 1 }, skip: after, limit };
    let found = look.at(collection, DoomedBlobDocument::decode).await?;
    let in_place = |(blob, place): (epic_outbound::uploads::DoomedBlob, u64)| {
        Record::DoomedBlob(DoomedBlob { place, blob_id: blob.blob_id, stage: blob.stage })
    };
    Ok(found.into_iter().zip((after..).skip(1)).map(in_place).collect())
}

fn plain<T>(values: Result<Vec<T>, Failure>, record: impl Fn(T) -> Record) -> Result<Vec<Record>, Failure> {
    Ok(values?.into_iter().map(record).collect())
}

fn boxed<T>(
    values: Result<Vec<T>, Failure>,
    record: impl Fn(Box<T>) -> Record,
) -> Result<Vec<Record>, Failure> {
    plain(values, |value| record(Box::new(value)))
}
