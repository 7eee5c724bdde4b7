//! A share is granted, or takes the place of the one that its recipient has: one transaction, which claims the owner and
//! the recipient, so that it collides with the removal of either.

use crate::collections::Collections;
use crate::documents::share::ShareDocument;
use crate::documents::share_queries::{by_id, held, live_of_file};
use crate::errors::Failure;
use crate::grants::{Request, Standing, claim_file, has_room};
use crate::presence::claim_account;
use crate::requests::remember;
use crate::store::Shared;
use epic_domain::file::Share;
use epic_outbound::shares::Granting;
use futures_util::FutureExt;
use mongodb::ClientSession;
use mongodb::error::Error;

pub(crate) async fn grant(shared: &Shared, request: Request<Share>) -> Result<Granting, Failure> {
    let _turn = shared.turns.of(request.ownership.owner()).await;
    shared
        .in_transaction(request, |collections, session, request| {
            grant_within(collections, session, request).boxed()
        })
        .await
}

async fn grant_within(
    collections: &Collections,
    session: &mut ClientSession,
    request: &Request<Share>,
) -> Result<Granting, Error> {
    match claim_file(collections, session, request).await? {
        Standing::AtHand => {}
        Standing::Gone => return Ok(Granting::FileGone),
        Standing::Earlier(earlier) => return Ok(Granting::Earlier(earlier)),
    }
    let share = &request.granted;
    if !claim_account(collections, session, share.recipient).await? {
        return Ok(Granting::RecipientGone);
    }
    let former = find_held(collections, session, share).await?;
    let takes_place = former.as_ref().is_none_or(|former| !former.is_live_at(request.now));
    if takes_place {
        let live = live_of_file(share.file_id, request.now);
        if !has_room(&collections.shares, session, live, request.per_file_max).await? {
            return Ok(Granting::TooMany);
        }
    }
    let granting = put(collections, session, share, former).await?;
    let owner = request.ownership.owner();
    remember(collections, session, owner, request.once.as_ref()).await?;
    Ok(granting)
}

/// The share that the recipient has of the file.
async fn find_held(
    collections: &Collections,
    session: &mut ClientSession,
    share: &Share,
) -> Result<Option<Share>, Error> {
    let found = collections.shares.find_one(held(share.file_id, share.recipient)).session(session).await?;
    Ok(found.map(ShareDocument::decode).transpose()?)
}

async fn put(
    collections: &Collections,
    session: &mut ClientSession,
    share: &Share,
    former: Option<Share>,
) -> Result<Granting, Error> {
    let Some(former) = former else {
        collections.shares.insert_one(ShareDocument::encode(share)).session(session).await?;
        return Ok(Granting::Granted);
    };
    let replaced = ShareDocument::encode(&Share { id: former.id, ..share.clone() });
    collections.shares.replace_one(by_id(former.id), replaced).session(session).await?;
    Ok(Granting::Replaced(former.id))
}
