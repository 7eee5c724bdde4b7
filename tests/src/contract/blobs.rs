//! Laws of blobs: written, published, listed, removed. Those of going on and of ranges stand beside.

use super::race;
use crate::builders::{T0, blob_id, split_mix};
use bytes::Bytes;
use core::any::Any;
use core::ops::Range;
use epic_domain::file::{Progress, StageState};
use epic_domain::id::BlobId;
use epic_outbound::blobs::{BlobError, Blobs};
use std::error::Error;
use std::sync::Arc;

/// A blob store that is empty at first, and can be opened again.
pub struct BlobStore {
    open: Box<dyn Fn() -> Arc<dyn Blobs> + Send + Sync>,
    // Dropped last: a temporary folder must outlive the store in it.
    _keep_alive: Box<dyn Any + Send + Sync>,
}

impl BlobStore {
    /// `open` opens the same store each time. `keep_alive` is dropped after it: a temporary folder, for example, or `()`.
    #[must_use]
    pub fn new<B: Blobs + 'static>(
        open: impl Fn() -> Arc<B> + Send + Sync + 'static,
        keep_alive: impl Any + Send + Sync,
    ) -> Self {
        Self { open: Box::new(move || open()), _keep_alive: Box::new(keep_alive) }
    }

    /// The store, opened anew as after a restart.
    #[must_use]
    pub fn open(&self) -> Arc<dyn Blobs> {
        (self.open)()
    }
}

/// Expands to the laws of [`Blobs`]. The factory is an `async` function without arguments that returns a [`BlobStore`].
#[macro_export]
macro_rules! blobs_contract {
    ($factory:expr) => {
        $crate::laws_on_a_store! { blobs, $factory;
            what_was_published_reads_back
            an_empty_blob_is_a_blob
            sizes_around_every_border_read_back
            a_blob_that_was_never_there_is_missing
            nothing_is_readable_before_it_is_published
            publishing_twice_is_as_good_as_once
            another_length_is_not_published
            a_published_blob_of_another_length_is_left_alone
            blobs_written_at_once_do_not_mix
            a_removed_blob_is_gone
            a_staged_blob_is_removed_by_its_last_state
            removing_what_is_not_there_is_fine
            a_shelf_lists_its_blobs_and_no_others
            a_blob_does_not_get_younger_by_being_older
            the_store_answers
            errors_tell_none_of_the_bytes
        }
        $crate::laws_on_a_store! { blob_resuming, $factory;
            what_was_not_persisted_is_forgotten
            writing_goes_on_after_every_persist
            writing_goes_on_in_one_writer_after_every_persist
            writing_goes_on_from_the_persist_before_the_last
            what_was_written_past_the_progress_is_cut_off
            a_blob_can_be_begun_anew
            more_progress_than_there_is_is_missing
            a_write_given_up_half_way_leaves_the_last_progress
            persisting_twice_changes_nothing
        }
        $crate::laws_on_a_store! { blob_ranges, $factory;
            every_range_reads_what_stands_there
            a_range_past_the_end_is_missing
            a_blob_removed_while_it_is_read_never_gives_other_bytes
            many_read_one_blob_at_once
        }
    };
}

/// Borders of pieces and parts: sizes at and beside them are tried.
const PIECE_BYTES: usize = 256 * 1_024;
const PART_BYTES: usize = 8 * 1_024 * 1_024;

/// Bytes that follow from a seed; no two places look alike.
pub(super) fn bytes_of(seed: u64, len: usize) -> Bytes {
    let mut state = split_mix(seed);
    let mut bytes = Vec::with_capacity(len + 8);
    while bytes.len() < len {
        state = state.wrapping_mul(0x5851_F42D_4C95_7F2D).wrapping_add(0x1405_7B7E_F767_814F);
        bytes.extend_from_slice(&(state ^ (state >> 29)).to_le_bytes());
    }
    bytes.truncate(len);
    bytes.into()
}

pub(super) fn progress(offset_bytes: usize, stage: StageState) -> Progress {
    Progress { offset_bytes: u64::try_from(offset_bytes).unwrap(), stage, ..Progress::none() }
}

/// Writes and persists bytes after `from`.
pub(super) async fn stage(blobs: &dyn Blobs, blob_id: BlobId, from: &Progress, bytes: Bytes) -> Progress {
    let mut writer = blobs.write(blob_id, from).await.unwrap();
    let len = bytes.len();
    writer.append(bytes).await.unwrap();
    let stage = writer.persist().await.unwrap();
    progress(usize::try_from(from.offset_bytes).unwrap() + len, stage)
}

/// Stages and publishes bytes.
pub(super) async fn publish(blobs: &dyn Blobs, blob_id: BlobId, bytes: Bytes) -> Progress {
    let whole = stage(blobs, blob_id, &Progress::none(), bytes).await;
    blobs.publish(blob_id, &whole).await.unwrap();
    whole
}

/// Reads a range; a piece is never empty, nor much larger than told.
pub(super) async fn read(
    blobs: &dyn Blobs,
    blob_id: BlobId,
    range: Range<usize>,
) -> Result<Vec<u8>, BlobError> {
    let range = u64::try_from(range.start).unwrap()..u64::try_from(range.end).unwrap();
    let mut reader = blobs.read(blob_id, range).await?;
    let mut bytes = Vec::new();
    while let Some(piece) = reader.next().await? {
        assert!((1..=1_024 * 1_024).contains(&piece.len()), "a piece of {} bytes", piece.len());
        bytes.extend_from_slice(&piece);
    }
    assert!(reader.next().await?.is_none(), "the end stays the end");
    Ok(bytes)
}

/// Whether the store holds exactly these bytes under this name. Compared without printing megabytes.
pub(super) async fn assert_holds(blobs: &dyn Blobs, blob_id: BlobId, bytes: &[u8]) {
    let held = read(blobs, blob_id, 0..bytes.len()).await.unwrap();
    assert!(held == bytes, "{} bytes that differ from the {} written", held.len(), bytes.len());
}

pub(super) async fn assert_missing(blobs: &dyn Blobs, blob_id: BlobId, range: Range<usize>) {
    let outcome = read(blobs, blob_id, range).await.map(|bytes| bytes.len());
    assert!(matches!(outcome, Err(BlobError::Missing(_))), "{outcome:?}");
}

async fn shelf(blobs: &dyn Blobs, shelf: u8) -> Vec<BlobId> {
    let mut listed: Vec<_> =
        blobs.on_shelf(shelf).await.unwrap().into_iter().map(|listed| listed.blob_id).collect();
    listed.sort_unstable();
    listed
}

fn first_byte(blob_id: BlobId) -> u8 {
    blob_id.as_bytes()[0]
}

/// After a restart, too.
pub async fn what_was_published_reads_back(store: &BlobStore) {
    let bytes = bytes_of(1, 100_000);
    publish(&*store.open(), blob_id(1), bytes.clone()).await;
    assert_holds(&*store.open(), blob_id(1), &bytes).await;
}

/// Whether a writer was there for it or not.
pub async fn an_empty_blob_is_a_blob(store: &BlobStore) {
    let blobs = store.open();
    publish(&*blobs, blob_id(1), Bytes::new()).await;
    blobs.publish(blob_id(2), &Progress::none()).await.unwrap();
    for seed in [1, 2] {
        assert_holds(&*blobs, blob_id(seed), b"").await;
        assert_missing(&*blobs, blob_id(seed), 0..1).await;
        blobs.publish(blob_id(seed), &Progress::none()).await.unwrap();
    }
}

/// In one append, and in many of an odd size.
pub async fn sizes_around_every_border_read_back(store: &BlobStore) {
    let blobs = store.open();
    let around = |border: usize| [border - 1, border, border + 1];
    let sizes = [1, 2, 1_000]
        .into_iter()
        .chain([PIECE_BYTES, 2 * PIECE_BYTES, PART_BYTES].into_iter().flat_map(around));
    for (seed, size) in (1..).zip(sizes) {
        let bytes = bytes_of(seed, size);
        publish(&*blobs, blob_id(2 * seed), bytes.clone()).await;
        assert_holds(&*blobs, blob_id(2 * seed), &bytes).await;

        let blob = blob_id(2 * seed + 1);
        let mut writer = blobs.write(blob, &Progress::none()).await.unwrap();
        for frame in bytes.chunks(17_001) {
            writer.append(Bytes::copy_from_slice(frame)).await.unwrap();
        }
        let whole = progress(size, writer.persist().await.unwrap());
        drop(writer);
        blobs.publish(blob, &whole).await.unwrap();
        assert_holds(&*blobs, blob, &bytes).await;
        for (seed, stage) in [(2 * seed, StageState::default()), (2 * seed + 1, whole.stage)] {
            blobs.remove(blob_id(seed), &stage).await.unwrap();
        }
    }
}

/// Whichever range is asked for.
pub async fn a_blob_that_was_never_there_is_missing(store: &BlobStore) {
    let blobs = store.open();
    for range in [0..0, 0..1, 5..9] {
        assert_missing(&*blobs, blob_id(1), range).await;
    }
    let outcome = blobs.publish(blob_id(1), &progress(5, StageState::default())).await;
    assert!(matches!(outcome, Err(BlobError::Missing(_))), "{outcome:?}");
}

/// Neither while it is written, nor after it was persisted.
pub async fn nothing_is_readable_before_it_is_published(store: &BlobStore) {
    let blobs = store.open();
    let bytes = bytes_of(1, PART_BYTES + 10);
    let mut writer = blobs.write(blob_id(1), &Progress::none()).await.unwrap();
    writer.append(bytes.clone()).await.unwrap();
    assert_missing(&*blobs, blob_id(1), 0..1).await;
    let whole = progress(bytes.len(), writer.persist().await.unwrap());
    assert_missing(&*blobs, blob_id(1), 0..1).await;
    drop(writer);
    assert_missing(&*store.open(), blob_id(1), 0..0).await;
    blobs.publish(blob_id(1), &whole).await.unwrap();
    assert_holds(&*blobs, blob_id(1), &bytes).await;
}

/// The answer to the first may have been lost, or the server with it.
pub async fn publishing_twice_is_as_good_as_once(store: &BlobStore) {
    for (seed, size) in [(1, 0), (2, 100), (3, PART_BYTES + 100)] {
        let bytes = bytes_of(seed, size);
        let whole = publish(&*store.open(), blob_id(seed), bytes.clone()).await;
        for blobs in [store.open(), store.open()] {
            blobs.publish(blob_id(seed), &whole).await.unwrap();
            assert_holds(&*blobs, blob_id(seed), &bytes).await;
        }
    }
}

/// And it is not lost for it.
pub async fn another_length_is_not_published(store: &BlobStore) {
    let blobs = store.open();
    for (seed, size) in [(1, 100), (2, PART_BYTES), (3, PART_BYTES + 100)] {
        let bytes = bytes_of(seed, size);
        let whole = stage(&*blobs, blob_id(seed), &Progress::none(), bytes.clone()).await;
        for other in [size - 1, size + 1] {
            let outcome = blobs.publish(blob_id(seed), &progress(other, whole.stage.clone())).await;
            assert!(matches!(outcome, Err(BlobError::Missing(_))), "{outcome:?}");
            assert_missing(&*blobs, blob_id(seed), 0..1).await;
        }
        blobs.publish(blob_id(seed), &whole).await.unwrap();
        assert_holds(&*blobs, blob_id(seed), &bytes).await;
    }
}

/// It does not change any more.
pub async fn a_published_blob_of_another_length_is_left_alone(store: &BlobStore) {
    let blobs = store.open();
    let bytes = bytes_of(1, 100);
    let whole = publish(&*blobs, blob_id(1), bytes.clone()).await;
    for other in [progress(99, whole.stage.clone()), progress(101, whole.stage), Progress::none()] {
        let outcome = blobs.publish(blob_id(1), &other).await;
        assert!(matches!(outcome, Err(BlobError::Missing(_))), "{outcome:?}");
    }
    assert_holds(&*blobs, blob_id(1), &bytes).await;
}

/// Each piece of each between pieces of the others.
pub async fn blobs_written_at_once_do_not_mix(store: &BlobStore) {
    let blobs = store.open();
    let size = PIECE_BYTES * 3 + 7;
    let writes = race(16, |seed| {
        let blobs = Arc::clone(&blobs);
        let seed = u64::try_from(seed).unwrap();
        async move {
            let mut writer = blobs.write(blob_id(seed), &Progress::none()).await.unwrap();
            for frame in bytes_of(seed, size).chunks(50_001) {
                writer.append(Bytes::copy_from_slice(frame)).await.unwrap();
            }
            let whole = progress(size, writer.persist().await.unwrap());
            blobs.publish(blob_id(seed), &whole).await.unwrap();
            seed
        }
    });
    for seed in writes.await {
        assert_holds(&*blobs, blob_id(seed), &bytes_of(seed, size)).await;
    }
}

/// Whatever its size and whatever is known of it.
pub async fn a_removed_blob_is_gone(store: &BlobStore) {
    let blobs = store.open();
    for (seed, size) in [(1, 0), (2, 100), (3, PART_BYTES + 100)] {
        let whole = publish(&*blobs, blob_id(2 * seed), bytes_of(seed, size)).await;
        publish(&*blobs, blob_id(2 * seed + 1), bytes_of(seed, size)).await;
        let known = [(2 * seed, whole.stage), (2 * seed + 1, StageState::default())];
        for (seed, stage) in known {
            blobs.remove(blob_id(seed), &stage).await.unwrap();
            assert_missing(&*store.open(), blob_id(seed), 0..0).await;
            assert_eq!(shelf(&*blobs, first_byte(blob_id(seed))).await, []);
        }
    }
}

/// And even without it.
pub async fn a_staged_blob_is_removed_by_its_last_state(store: &BlobStore) {
    for (seed, size) in [(1, 100), (2, PART_BYTES), (3, PART_BYTES + 100)] {
        for (seed, is_known) in [(2 * seed, true), (2 * seed + 1, false)] {
            let staged = stage(&*store.open(), blob_id(seed), &Progress::none(), bytes_of(seed, size)).await;
            let state = if is_known { staged.stage.clone() } else { StageState::default() };
            let blobs = store.open();
            blobs.remove(blob_id(seed), &state).await.unwrap();
            assert_eq!(shelf(&*blobs, first_byte(blob_id(seed))).await, []);
            let outcome = blobs.publish(blob_id(seed), &staged).await;
            assert!(matches!(outcome, Err(BlobError::Missing(_))), "{outcome:?}");
        }
    }
}

/// It may have been removed a moment ago, or never been there.
pub async fn removing_what_is_not_there_is_fine(store: &BlobStore) {
    let blobs = store.open();
    blobs.remove(blob_id(1), &StageState::default()).await.unwrap();
    for (seed, size) in [(2, 100), (3, PART_BYTES + 100)] {
        let whole = publish(&*blobs, blob_id(seed), bytes_of(seed, size)).await;
        for _ in 0..3 {
            blobs.remove(blob_id(seed), &whole.stage).await.unwrap();
        }
    }
}

/// Staged or published, whole parts or not; and each but once.
pub async fn a_shelf_lists_its_blobs_and_no_others(store: &BlobStore) {
    let blobs = store.open();
    let mut held = Vec::new();
    for seed in 0..12 {
        stage(&*blobs, blob_id(2 * seed), &Progress::none(), bytes_of(seed, 10)).await;
        publish(&*blobs, blob_id(2 * seed + 1), bytes_of(seed, 10)).await;
        held.extend([blob_id(2 * seed), blob_id(2 * seed + 1)]);
    }
    for (seed, size) in [(100, PART_BYTES), (101, PART_BYTES + 1)] {
        stage(&*blobs, blob_id(seed), &Progress::none(), bytes_of(seed, size)).await;
        held.push(blob_id(seed));
    }
    held.sort_unstable();
    let mut listed = Vec::new();
    for number in 0..=u8::MAX {
        listed.extend(shelf(&*blobs, number).await);
    }
    assert_eq!(listed, held);
}

/// Its time is some time of these years, and later ones are not earlier.
pub async fn a_blob_does_not_get_younger_by_being_older(store: &BlobStore) {
    let blobs = store.open();
    let mut earlier = T0;
    for seed in 0..3 {
        publish(&*blobs, blob_id(seed), bytes_of(seed, 10)).await;
        let listed = blobs.on_shelf(first_byte(blob_id(seed))).await.unwrap();
        let listed = listed.iter().find(|listed| listed.blob_id == blob_id(seed)).unwrap();
        assert!(listed.written_at >= earlier, "{:?} is before {earlier:?}", listed.written_at);
        earlier = listed.written_at;
    }
}

/// As long as it does.
pub async fn the_store_answers(store: &BlobStore) {
    let blobs = store.open();
    blobs.check().await.unwrap();
    publish(&*blobs, blob_id(1), bytes_of(1, 10)).await;
    blobs.check().await.unwrap();
}

/// Neither do its sources.
pub async fn errors_tell_none_of_the_bytes(store: &BlobStore) {
    let blobs = store.open();
    let staged = stage(&*blobs, blob_id(1), &Progress::none(), Bytes::from_static(b"CONFIDENTIAL")).await;
    let refused = [
        blobs.publish(blob_id(1), &progress(5, staged.stage.clone())).await.unwrap_err(),
        blobs.write(blob_id(1), &progress(99, staged.stage)).await.err().unwrap(),
        blobs.read(blob_id(1), 0..5).await.err().unwrap(),
    ];
    for error in &refused {
        let mut source: Option<&dyn Error> = Some(error);
        while let Some(error) = source {
            let text = format!("{error} {error:?}");
            assert!(!text.contains("CONFID"), "{text}");
            source = error.source();
        }
    }
}
