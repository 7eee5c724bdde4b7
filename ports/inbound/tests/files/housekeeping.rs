//! Blobs that nobody needs: those the store has doomed, and those it never knew.

use crate::support::{Ports, World, content_of, new_file, sent};
use epic_domain::Timestamp;
use epic_domain::file::Progress;
use epic_domain::id::BlobId;
use epic_inbound::authenticate::Authenticated;
use epic_outbound::blobs::{BlobError, Blobs, MockBlobs};
use epic_outbound::clock::Clock;
use epic_outbound::uploads::BlobLedger;
use epic_tests::builders::T0;
use epic_tests::fakes::Fault::{AfterWrite, BeforeWrite};
use std::sync::Arc;
use std::time::Duration;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// A world in which so many blobs are doomed.
async fn with_doomed(count: u64) -> (World, Authenticated) {
    let world = World::unlimited();
    let alice = world.caller(1).await;
    for seed in 0..count {
        let file = world.uploaded(&alice, &content_of(seed, 10)).await;
        let trashed = world.trashed(&alice, &file).await;
        world.delete(&alice, file.id, trashed.version).await;
    }
    (world, alice)
}

async fn doomed(world: &World) -> Vec<BlobId> {
    world.store.doomed(1_000).await.unwrap().into_iter().map(|doomed| doomed.blob_id).collect()
}

/// A blob on the shelf 7.
fn on_shelf_7(id: u8) -> BlobId {
    let mut bytes = [id; 16];
    bytes[0] = 7;
    BlobId::from_bytes(bytes)
}

/// Stages a blob that nobody knows, last written to at a time.
async fn put(world: &World, blob_id: BlobId, written_at: Timestamp) {
    let now = world.clock.now();
    world.clock.set_wall(written_at);
    world.blobs.write(blob_id, &Progress::none()).await.unwrap().persist().await.unwrap();
    world.clock.set_wall(now);
}

#[tokio::test]
async fn doomed_blobs_are_removed_and_struck_off() {
    let (world, _alice) = with_doomed(130).await;
    assert_eq!(doomed(&world).await.len(), 130);
    world.remove_blobs().await;
    assert!(doomed(&world).await.is_empty());
    assert!(world.blobs.held().is_empty());
}

#[tokio::test]
async fn a_removal_cut_off_anywhere_is_finished_by_the_next_round() {
    for fault in [BeforeWrite, AfterWrite] {
        for passing in 0..3 {
            let (world, _alice) = with_doomed(3).await;
            world.blobs.faults().fail_after(passing, fault);
            assert!(world.ports().file_housekeeping().remove_doomed_blobs().await.is_err());
            assert_eq!(doomed(&world).await.len(), 1, "the one that may still be there stays on the list");
            world.remove_blobs().await;
            assert!(world.blobs.held().is_empty());
        }
        for passing in 0..3 {
            let (world, _alice) = with_doomed(3).await;
            world.store.faults().fail_after(passing, fault);
            assert!(world.ports().file_housekeeping().remove_doomed_blobs().await.is_err());
            world.remove_blobs().await;
            assert!(world.blobs.held().is_empty() && doomed(&world).await.is_empty());
        }
    }
}

#[tokio::test]
async fn one_blob_that_cannot_be_removed_does_not_keep_the_others_from_it() {
    let (world, _alice) = with_doomed(100).await;
    let stuck = doomed(&world).await[0];
    let mut blobs = MockBlobs::new();
    blobs.expect_remove().returning(move |blob_id, _| {
        if blob_id == stuck { Err(BlobError::Unavailable("it is held fast".into())) } else { Ok(()) }
    });
    let ports = Ports { blobs: Arc::new(blobs), ..world.ports() };
    for _ in 0..2 {
        assert!(ports.clone().file_housekeeping().remove_doomed_blobs().await.is_err());
    }
    assert_eq!(doomed(&world).await, [stuck]);
    world.remove_blobs().await;
    assert!(doomed(&world).await.is_empty() && !world.blobs.held().contains(&stuck));
}

#[tokio::test]
async fn a_blob_that_nobody_knows_goes_a_day_after_it_was_written_and_others_stay() {
    let world = World::unlimited();
    let now = world.clock.now();
    let just_old_enough = now.saturating_sub(DAY);
    put(&world, on_shelf_7(1), just_old_enough).await;
    put(&world, on_shelf_7(2), just_old_enough.saturating_add(Duration::from_millis(1))).await;
    put(&world, on_shelf_7(3), now.saturating_add(DAY)).await;
    put(&world, BlobId::from_bytes([8; 16]), just_old_enough).await;
    assert_eq!(world.ports().file_housekeeping().sweep_shelf(7).await.unwrap(), 1);
    assert!(!world.blobs.held().contains(&on_shelf_7(1)));
    assert_eq!(world.blobs.held().len(), 3);
}

#[tokio::test]
async fn whatever_is_needed_stays_on_its_shelf_however_old_it_is() {
    let (world, alice) = with_doomed(3).await;
    let file = world.uploaded(&alice, &content_of(1, 10)).await;
    world.written(&alice, &file, &content_of(2, 10)).await;
    let begun = world.begin(&alice, new_file(1, 10), None).await.unwrap();
    world.receive(&alice, begun.upload_id, 0, &mut sent(b"part")).await.unwrap();
    let all = world.blobs.held();
    assert_eq!(all.len(), 6);
    world.clock.set_wall(T0.saturating_add(1_000 * DAY));
    for shelf in 0..=u8::MAX {
        assert_eq!(world.ports().file_housekeeping().sweep_shelf(shelf).await.unwrap(), 0);
    }
    assert_eq!(world.blobs.held(), all);
}

#[tokio::test]
async fn a_shelf_is_not_touched_when_the_store_does_not_answer() {
    let world = World::unlimited();
    put(&world, on_shelf_7(1), T0).await;
    world.clock.advance(2 * DAY);
    world.store.faults().fail_next(BeforeWrite);
    assert!(world.ports().file_housekeeping().sweep_shelf(7).await.is_err());
    assert_eq!(world.blobs.held().len(), 1);
}
