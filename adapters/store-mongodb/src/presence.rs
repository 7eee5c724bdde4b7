//! Whether accounts are there: nobody sees what belongs to one that is gone, cleared away or not.

use crate::collections::Collections;
use crate::documents::user_queries::{among, by_id, claim};
use epic_domain::id::UserId;
use futures_util::TryStreamExt;
use mongodb::ClientSession;
use mongodb::bson::{Document, Uuid, doc};
use mongodb::error::Error;
use serde::Deserialize;
use std::collections::BTreeSet;

/// What is read of an account to know that it is there.
#[derive(Debug, Deserialize)]
pub(crate) struct IdDocument {
    #[serde(rename = "_id")]
    id: Uuid,
}

impl IdDocument {
    /// The fields that are read.
    pub(crate) fn projection() -> Document {
        doc! { "_id": 1 }
    }

    pub(crate) fn id(&self) -> UserId {
        UserId::from_bytes(self.id.bytes())
    }
}

/// Whether an account is there. Who reads what belongs to it asks afterwards: it was there then, too.
pub(crate) async fn is_there(collections: &Collections, account: UserId) -> Result<bool, Error> {
    let accounts = collections.users.clone_with_type::<IdDocument>();
    let found = accounts.find_one(by_id(account)).projection(IdDocument::projection()).await?;
    Ok(found.is_some())
}

/// Those of `accounts` that are there.
pub(crate) async fn those_there(
    collections: &Collections,
    accounts: BTreeSet<UserId>,
) -> Result<BTreeSet<UserId>, Error> {
    if accounts.is_empty() {
        return Ok(accounts);
    }
    let documents = collections.users.clone_with_type::<IdDocument>();
    let found = documents.find(among(accounts)).projection(IdDocument::projection()).await?;
    found.map_ok(|found| found.id()).try_collect().await
}

/// As [`those_there`], within a transaction.
pub(crate) async fn those_there_within(
    collections: &Collections,
    session: &mut ClientSession,
    accounts: BTreeSet<UserId>,
) -> Result<BTreeSet<UserId>, Error> {
    let documents = collections.users.clone_with_type::<IdDocument>();
    let found = documents.find(among(accounts)).projection(IdDocument::projection());
    let mut found = found.session(&mut *session).await?;
    found.stream(session).map_ok(|found| found.id()).try_collect().await
}

/// Claims an account within a transaction, so that rivals for it exclude each other and its removal is one of them; false
/// when it is gone.
pub(crate) async fn claim_account(
    collections: &Collections,
    session: &mut ClientSession,
    account: UserId,
) -> Result<bool, Error> {
    let claimed = collections.users.update_one(by_id(account), claim()).session(session).await?;
    Ok(claimed.matched_count == 1)
}
