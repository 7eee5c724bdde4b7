//! Laws of the list of blobs that are needed and of those that are not.

use super::file_steps::{
    doomed, doomed_list, people, removed, rewritten, sorted, trashed, under_way, uploaded,
};
use super::{RACERS, Stores, race};
use crate::builders::{T0, blob_id, upload_id, user_id};
use epic_domain::id::BlobId;
use std::sync::Arc;

/// Expands to the laws of [`BlobLedger`](epic_outbound::uploads::BlobLedger). The factory is an async function without
/// arguments that returns fresh [`Stores`].
#[macro_export]
macro_rules! blob_ledger_contract {
    ($factory:expr) => {
        $crate::laws_on_a_store! { blob_ledger, $factory;
            no_blob_is_doomed_in_an_empty_store
            blobs_doomed_first_come_first
            a_blob_that_was_removed_is_struck_off
            what_is_needed_is_not_struck_off
            whatever_something_speaks_of_is_known
            a_blob_is_known_until_it_was_removed
            racing_removals_of_blobs_strike_off_all
        }
    };
}

/// Begins uploads of these seeds and gives them up, in this order.
async fn given_up(stores: &Stores, seeds: &[u64]) {
    people(stores, &[1]).await;
    for seed in seeds {
        under_way(stores, *seed, 1).await;
    }
    for seed in seeds {
        assert!(stores.uploads.abandon(upload_id(*seed), user_id(1)).await.unwrap());
    }
}

async fn first(stores: &Stores, limit: u32) -> Vec<BlobId> {
    let list = stores.ledger.doomed(limit).await.unwrap();
    list.into_iter().map(|doomed| doomed.blob_id).collect()
}

/// And every blob is unknown.
pub async fn no_blob_is_doomed_in_an_empty_store(stores: &Stores) {
    assert_eq!(doomed_list(stores).await, []);
    stores.ledger.removed(&[]).await.unwrap();
    stores.ledger.removed(&[blob_id(1)]).await.unwrap();
    assert_eq!(stores.ledger.unknown(&[]).await.unwrap(), []);
    assert_eq!(stores.ledger.unknown(&[blob_id(1)]).await.unwrap(), [blob_id(1)]);
}

/// At most as many as asked for, again and again until they are struck off.
pub async fn blobs_doomed_first_come_first(stores: &Stores) {
    let seeds = [5, 1, 4, 2, 3, 9, 8, 7];
    given_up(stores, &seeds).await;
    let expected = seeds.map(blob_id);
    assert_eq!(first(stores, 100).await, expected);
    for _ in 0..2 {
        assert_eq!(first(stores, 3).await, expected[..3]);
    }
    assert_eq!(first(stores, 0).await, []);
    stores.ledger.removed(&expected[..2]).await.unwrap();
    assert_eq!(first(stores, 3).await, expected[2..5]);
}

/// With others or alone; to strike it off again is fine.
pub async fn a_blob_that_was_removed_is_struck_off(stores: &Stores) {
    given_up(stores, &[1, 2, 3, 4]).await;
    stores.ledger.removed(&[blob_id(3), blob_id(1), blob_id(99)]).await.unwrap();
    assert_eq!(first(stores, 10).await, [2, 4].map(blob_id));
    stores.ledger.removed(&[blob_id(1), blob_id(4)]).await.unwrap();
    assert_eq!(first(stores, 10).await, [blob_id(2)]);
}

/// Files and uploads keep their blobs, whatever is told of them.
pub async fn what_is_needed_is_not_struck_off(stores: &Stores) {
    people(stores, &[1]).await;
    let file = uploaded(stores, 1, 1).await;
    let file = rewritten(stores, &file, 2, T0).await;
    under_way(stores, 3, 1).await;
    let blobs = [1, 2, 3].map(blob_id);
    stores.ledger.removed(&blobs).await.unwrap();
    assert_eq!(stores.ledger.unknown(&blobs).await.unwrap(), []);
    assert_eq!(super::file_steps::found(stores, &file).await, Some(file));
}

/// A content, an earlier one, one in the trash, an upload, the list of doomed ones.
pub async fn whatever_something_speaks_of_is_known(stores: &Stores) {
    given_up(stores, &[1]).await;
    let file = uploaded(stores, 2, 1).await;
    rewritten(stores, &file, 3, T0).await;
    let in_trash = uploaded(stores, 4, 1).await;
    trashed(stores, &in_trash, T0).await;
    under_way(stores, 5, 1).await;
    let asked: Vec<_> = (0..8).map(blob_id).collect();
    let unknown = stores.ledger.unknown(&asked).await.unwrap();
    assert_eq!(sorted(unknown), sorted([0, 6, 7].map(blob_id)));

    let many: Vec<_> = (1..=5).chain(1_000..3_000).map(blob_id).collect();
    let unknown = stores.ledger.unknown(&many).await.unwrap();
    assert_eq!(sorted(unknown), sorted((1_000..3_000).map(blob_id)));
}

/// Then nothing speaks of it any more.
pub async fn a_blob_is_known_until_it_was_removed(stores: &Stores) {
    people(stores, &[1]).await;
    let file = uploaded(stores, 1, 1).await;
    let file = rewritten(stores, &file, 2, T0).await;
    let file = trashed(stores, &file, T0).await;
    removed(stores, &file, T0).await;
    let blobs = [1, 2].map(blob_id);
    assert_eq!(stores.ledger.unknown(&blobs).await.unwrap(), []);
    stores.ledger.removed(&blobs[..1]).await.unwrap();
    assert_eq!(stores.ledger.unknown(&blobs).await.unwrap(), blobs[..1]);
    assert_eq!(doomed(stores).await, blobs[1..]);
}

/// Each is struck off once or twice, and no other.
pub async fn racing_removals_of_blobs_strike_off_all(stores: &Stores) {
    given_up(stores, &(0..64).collect::<Vec<_>>()).await;
    race(RACERS, |index| {
        let ledger = Arc::clone(&stores.ledger);
        let seed = u64::try_from(index / 2).unwrap();
        async move { ledger.removed(&[blob_id(seed)]).await.unwrap() }
    })
    .await;
    assert_eq!(doomed(stores).await, sorted((32..64).map(blob_id)));
}
