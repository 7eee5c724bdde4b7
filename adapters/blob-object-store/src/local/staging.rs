//! The files being staged: who may write to them, and how a newer writer takes one over.

use super::failure::wrong_length;
use super::layout::{FILE_MODE, Layout, sync_folder};
use core::sync::atomic::{AtomicU64, Ordering};
use epic_domain::id::BlobId;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::sync::{Arc, Weak};

/// The blobs that someone works on.
///
/// What was begun in a thread goes on there even if its future is dropped. Should the blob be taken up again meanwhile, the
/// late step must not fall among the new ones: every step is done under a claim, and a claim ends where the next one begins.
#[derive(Debug, Default)]
pub(super) struct Staging {
    claimed: Mutex<HashMap<BlobId, Weak<Turns>>>,
}

#[derive(Debug, Default)]
struct Turns {
    newest: AtomicU64,
    at_work: Mutex<()>,
}

/// The right to work on a blob, until someone else gets it.
#[derive(Debug, Clone)]
pub(super) struct Claim {
    turns: Arc<Turns>,
    number: u64,
}

impl Staging {
    /// Claims a blob. Earlier claims end now; a step that is being done under one of them is done before the first under this.
    pub(super) fn claim(&self, blob_id: BlobId) -> Claim {
        let mut claimed = self.claimed.lock();
        let turns = claimed.get(&blob_id).and_then(Weak::upgrade).unwrap_or_else(|| {
            claimed.retain(|_, turns| turns.strong_count() > 0);
            let turns = Arc::new(Turns::default());
            claimed.insert(blob_id, Arc::downgrade(&turns));
            turns
        });
        let number = turns.newest.fetch_add(1, Ordering::SeqCst).wrapping_add(1);
        Claim { turns, number }
    }
}

impl Claim {
    /// Does a step, unless the claim has ended.
    pub(super) fn work<T>(&self, step: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
        let _at_work = self.turns.at_work.lock();
        if self.turns.newest.load(Ordering::SeqCst) != self.number {
            return Err(io::Error::other("someone else has taken the blob up"));
        }
        step()
    }

    /// Does the last step on a blob that nobody needs any more, after the one that is being done. Whoever claims the blob
    /// meanwhile wants the same.
    pub(super) fn end<T>(&self, step: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
        let _at_work = self.turns.at_work.lock();
        step()
    }
}

/// Opens a staged file cut off at `offset_bytes`, and makes a new one if that is zero.
pub(super) fn open(layout: &Layout, blob_id: BlobId, offset_bytes: u64) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(offset_bytes == 0).truncate(false).mode(FILE_MODE);
    let file = options.open(layout.staged(blob_id))?;
    let held_bytes = file.metadata()?.len();
    if held_bytes < offset_bytes {
        return Err(wrong_length(held_bytes, offset_bytes));
    }
    if held_bytes > offset_bytes {
        file.set_len(offset_bytes)?;
    }
    if offset_bytes == 0 {
        sync_folder(layout.staging())?;
    }
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_claim_ends_where_the_next_one_begins() {
        let staging = Staging::default();
        let [blob, other] = [BlobId::from_bytes([1; 16]), BlobId::from_bytes([2; 16])];
        let first = staging.claim(blob);
        let elsewhere = staging.claim(other);
        assert!(first.work(|| Ok(())).is_ok());
        let second = staging.claim(blob);
        assert!(first.work(|| Ok(())).is_err());
        assert!(second.work(|| Ok(())).is_ok());
        assert!(elsewhere.work(|| Ok(())).is_ok());
    }

    #[test]
    fn f09_two_who_remove_a_blob_at_once_are_not_in_each_others_way() {
        let staging = Staging::default();
        let blob = BlobId::from_bytes([1; 16]);
        let (writer, first) = (staging.claim(blob), staging.claim(blob));
        let second = staging.claim(blob);
        assert!(first.end(|| Ok(())).is_ok());
        assert!(second.end(|| Ok(())).is_ok());
        assert!(writer.work(|| Ok(())).is_err());
    }

    #[test]
    fn claims_that_nobody_holds_are_forgotten() {
        let staging = Staging::default();
        for number in 0..100 {
            drop(staging.claim(BlobId::from_bytes([number; 16])));
        }
        assert_eq!(staging.claimed.lock().len(), 1);
    }
}
