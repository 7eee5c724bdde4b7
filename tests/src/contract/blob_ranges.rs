//! Laws of reading blobs. They are part of `blobs_contract!`.

use super::blobs::{BlobStore, assert_holds, assert_missing, bytes_of, publish, read};
use super::race;
use crate::builders::blob_id;
use epic_outbound::blobs::BlobError;
use std::sync::Arc;

const PIECE_BYTES: usize = 256 * 1_024;
/// Some pieces and a bit.
const SIZE_BYTES: usize = 3 * PIECE_BYTES + 1_234;

/// Whole, at either end, in the middle, over borders, and empty wherever that is.
pub async fn every_range_reads_what_stands_there(store: &BlobStore) {
    let blobs = store.open();
    let bytes = bytes_of(1, SIZE_BYTES);
    publish(&*blobs, blob_id(1), bytes.clone()).await;
    let ranges = [
        0..SIZE_BYTES,
        0..1,
        SIZE_BYTES - 1..SIZE_BYTES,
        1..SIZE_BYTES - 1,
        1_000..2_000,
        PIECE_BYTES - 1..PIECE_BYTES + 1,
        PIECE_BYTES..2 * PIECE_BYTES,
        PIECE_BYTES + 1..3 * PIECE_BYTES + 1,
        0..0,
        500..500,
        SIZE_BYTES..SIZE_BYTES,
    ];
    for range in ranges {
        let held = read(&*blobs, blob_id(1), range.clone()).await.unwrap();
        assert!(held == bytes[range.clone()], "{} bytes for {range:?}", held.len());
    }
}

/// By one byte or by all.
pub async fn a_range_past_the_end_is_missing(store: &BlobStore) {
    let blobs = store.open();
    publish(&*blobs, blob_id(1), bytes_of(1, SIZE_BYTES)).await;
    for range in [
        0..SIZE_BYTES + 1,
        SIZE_BYTES - 1..SIZE_BYTES + 1,
        SIZE_BYTES..SIZE_BYTES + 1,
        SIZE_BYTES + 1..SIZE_BYTES + 1,
    ] {
        assert_missing(&*blobs, blob_id(1), range).await;
    }
}

/// It is read to its end, or breaks off.
pub async fn a_blob_removed_while_it_is_read_never_gives_other_bytes(store: &BlobStore) {
    let blobs = store.open();
    let size = 4 * 1_024 * 1_024;
    let bytes = bytes_of(1, size);
    let whole = publish(&*blobs, blob_id(1), bytes.clone()).await;
    let mut reader = blobs.read(blob_id(1), 0..u64::try_from(size).unwrap()).await.unwrap();
    let mut held = reader.next().await.unwrap().unwrap().to_vec();
    blobs.remove(blob_id(1), &whole.stage).await.unwrap();
    publish(&*blobs, blob_id(2), bytes_of(2, size)).await;
    let end = loop {
        match reader.next().await {
            Ok(Some(piece)) => held.extend_from_slice(&piece),
            end => break end,
        }
    };
    match end {
        Ok(_) => assert!(held == bytes, "{} bytes at the end", held.len()),
        Err(BlobError::Missing(_) | BlobError::Unavailable(_)) => assert!(bytes.starts_with(&held)),
        Err(error) => panic!("{error:?}"),
    }
}

/// None is in another's way.
pub async fn many_read_one_blob_at_once(store: &BlobStore) {
    let blobs = store.open();
    let bytes = bytes_of(1, SIZE_BYTES);
    publish(&*blobs, blob_id(1), bytes.clone()).await;
    let readers = race(16, |_| {
        let blobs = Arc::clone(&blobs);
        let bytes = bytes.clone();
        async move { assert_holds(&*blobs, blob_id(1), &bytes).await }
    });
    assert_eq!(readers.await.len(), 16);
}
