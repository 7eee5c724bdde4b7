//! Laws of blobs whose writing breaks off and goes on. They are part of `blobs_contract!`.

use super::begin_and_drop;
use super::blobs::{BlobStore, assert_holds, assert_missing, bytes_of, progress, publish, stage};
use crate::builders::{blob_id, split_mix};
use bytes::Bytes;
use epic_domain::file::{Progress, StageState};
use epic_outbound::blobs::{BlobError, Blobs};

const PART_BYTES: usize = 8 * 1_024 * 1_024;

/// Lengths that add up to `total`: tiny ones, and ones that leap over borders.
fn lengths(seed: u64, total: usize, length_max: usize) -> Vec<usize> {
    let mut state = seed;
    let mut left = total;
    let mut lengths = Vec::new();
    while left > 0 {
        state = split_mix(state);
        let length_max = if state.is_multiple_of(3) { 100 } else { length_max };
        let length = (usize::try_from(state >> 33).unwrap() % length_max + 1).min(left);
        lengths.push(length);
        left -= length;
    }
    lengths
}

async fn assert_publishes(blobs: &dyn Blobs, seed: u64, whole: &Progress, bytes: &[u8]) {
    blobs.publish(blob_id(seed), whole).await.unwrap();
    assert_holds(blobs, blob_id(seed), bytes).await;
}

/// However much of it there was.
pub async fn what_was_not_persisted_is_forgotten(store: &BlobStore) {
    for (seed, extra) in [(1, 10), (2, 300_000), (3, PART_BYTES + 10)] {
        let blobs = store.open();
        let kept = stage(&*blobs, blob_id(seed), &Progress::none(), bytes_of(seed, 1_000)).await;
        let mut writer = blobs.write(blob_id(seed), &kept).await.unwrap();
        writer.append(bytes_of(99, extra)).await.unwrap();
        drop(writer);
        let blobs = store.open();
        let whole = stage(&*blobs, blob_id(seed), &kept, bytes_of(seed + 10, 500)).await;
        let bytes = [bytes_of(seed, 1_000), bytes_of(seed + 10, 500)].concat();
        assert_publishes(&*blobs, seed, &whole, &bytes).await;
    }
}

/// Each time in a store that was opened anew.
pub async fn writing_goes_on_after_every_persist(store: &BlobStore) {
    for (seed, total, length_max) in
        [(1, 3_000, 500), (2, 700_000, 200_000), (3, 2 * PART_BYTES + 5, 3_000_000)]
    {
        let bytes = bytes_of(seed, total);
        let mut left = bytes.clone();
        let mut so_far = Progress::none();
        for length in lengths(seed, total, length_max) {
            so_far = stage(&*store.open(), blob_id(seed), &so_far, left.split_to(length)).await;
        }
        assert_publishes(&*store.open(), seed, &so_far, &bytes).await;
    }
}

/// Without a new one.
pub async fn writing_goes_on_in_one_writer_after_every_persist(store: &BlobStore) {
    let blobs = store.open();
    for (seed, total, length_max) in [(1, 3_000, 500), (2, 2 * PART_BYTES + 5, 3_000_000)] {
        let bytes = bytes_of(seed, total);
        let mut left = bytes.clone();
        let mut state = StageState::default();
        let mut writer = blobs.write(blob_id(seed), &Progress::none()).await.unwrap();
        for length in lengths(seed, total, length_max) {
            writer.append(left.split_to(length)).await.unwrap();
            state = writer.persist().await.unwrap();
        }
        drop(writer);
        assert_publishes(&*blobs, seed, &progress(total, state), &bytes).await;
    }
}

/// The record of the last may have got lost. Other bytes come after it this time.
pub async fn writing_goes_on_from_the_persist_before_the_last(store: &BlobStore) {
    let sizes =
        [[100, 100, 100], [100, 300_000, 50], [PART_BYTES - 10, 20, 5], [100, PART_BYTES, PART_BYTES]];
    for (seed, [first, lost, second]) in (1..).zip(sizes) {
        let blobs = store.open();
        let mut writer = blobs.write(blob_id(seed), &Progress::none()).await.unwrap();
        writer.append(bytes_of(seed, first)).await.unwrap();
        let kept = progress(first, writer.persist().await.unwrap());
        writer.append(bytes_of(77, lost)).await.unwrap();
        writer.persist().await.unwrap();
        drop(writer);
        let blobs = store.open();
        let whole = stage(&*blobs, blob_id(seed), &kept, bytes_of(seed + 10, second)).await;
        let bytes = [bytes_of(seed, first), bytes_of(seed + 10, second)].concat();
        assert_publishes(&*blobs, seed, &whole, &bytes).await;
    }
}

/// Even if nothing more comes.
pub async fn what_was_written_past_the_progress_is_cut_off(store: &BlobStore) {
    let blobs = store.open();
    for (seed, first, past) in [(1, 100, 50), (2, PART_BYTES, 50), (3, PART_BYTES + 5, PART_BYTES)] {
        let bytes = bytes_of(seed, first);
        let kept = stage(&*blobs, blob_id(seed), &Progress::none(), bytes.clone()).await;
        stage(&*blobs, blob_id(seed), &kept, bytes_of(77, past)).await;
        let mut writer = blobs.write(blob_id(seed), &kept).await.unwrap();
        let state = writer.persist().await.unwrap();
        drop(writer);
        assert_publishes(&*blobs, seed, &progress(first, state), &bytes).await;
    }
}

/// As if nothing had been written.
pub async fn a_blob_can_be_begun_anew(store: &BlobStore) {
    for (seed, before) in [(1, 100), (2, PART_BYTES + 100)] {
        stage(&*store.open(), blob_id(seed), &Progress::none(), bytes_of(77, before)).await;
        let bytes = bytes_of(seed, 50);
        let blobs = store.open();
        publish(&*blobs, blob_id(seed), bytes.clone()).await;
        assert_holds(&*blobs, blob_id(seed), &bytes).await;
        assert_missing(&*blobs, blob_id(seed), 0..51).await;
    }
}

/// Whether something is staged or nothing.
pub async fn more_progress_than_there_is_is_missing(store: &BlobStore) {
    let blobs = store.open();
    let staged = stage(&*blobs, blob_id(1), &Progress::none(), bytes_of(1, 100)).await;
    let told = [(1, progress(101, staged.stage)), (2, progress(1, StageState::default()))];
    for (seed, told) in told {
        let outcome = blobs.write(blob_id(seed), &told).await.map(|_| ());
        assert!(matches!(outcome, Err(BlobError::Missing(_))), "{outcome:?}");
    }
}

/// At whichever call the caller hangs up, over and over.
pub async fn a_write_given_up_half_way_leaves_the_last_progress(store: &BlobStore) {
    for (seed, size) in [(1, 1_000), (2, 600_000), (3, PART_BYTES + 10)] {
        let bytes = bytes_of(seed, size);
        let blobs = store.open();
        let mut so_far = stage(&*blobs, blob_id(seed), &Progress::none(), bytes.slice(..size / 2)).await;
        for _ in 0..4 {
            begin_and_drop(blobs.write(blob_id(seed), &so_far)).await;
            let mut writer = blobs.write(blob_id(seed), &so_far).await.unwrap();
            begin_and_drop(writer.append(bytes_of(77, size))).await;
            drop(writer);
            let mut writer = blobs.write(blob_id(seed), &so_far).await.unwrap();
            writer.append(Bytes::from_static(b"never to be seen")).await.unwrap();
            begin_and_drop(writer.persist()).await;
        }
        so_far = stage(&*blobs, blob_id(seed), &so_far, bytes.slice(size / 2..)).await;
        begin_and_drop(blobs.publish(blob_id(seed), &so_far)).await;
        assert_publishes(&*blobs, seed, &so_far, &bytes).await;
    }
}

/// Nor does persisting where nothing was added.
pub async fn persisting_twice_changes_nothing(store: &BlobStore) {
    let blobs = store.open();
    for (seed, size) in [(1, 0), (2, 100), (3, PART_BYTES), (4, PART_BYTES + 100)] {
        let bytes = bytes_of(seed, size);
        let mut writer = blobs.write(blob_id(seed), &Progress::none()).await.unwrap();
        writer.append(bytes.clone()).await.unwrap();
        let first = writer.persist().await.unwrap();
        assert_eq!(writer.persist().await.unwrap(), first);
        drop(writer);
        assert_publishes(&*blobs, seed, &progress(size, first), &bytes).await;
    }
}
