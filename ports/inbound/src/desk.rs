//! One holder of an upload at a time: whoever comes last is let in, and the one before is asked to leave.

use epic_domain::id::{UploadId, UserId};
use futures_channel::oneshot;
use futures_util::lock::{Mutex as AsyncMutex, OwnedMutexGuard};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// The uploads that are being written in this process.
#[derive(Clone, Default)]
pub(crate) struct Desk {
    seats: Arc<Mutex<HashMap<Place, Seat>>>,
}

/// An upload and who writes it. Someone else who names the upload neither waits for its writer nor disturbs them, and so
/// learns nothing of it.
type Place = (UserId, UploadId);

struct Seat {
    lock: Arc<AsyncMutex<()>>,
    /// Tells the newest comer that another has come.
    leave: oneshot::Sender<()>,
    comers: usize,
}

/// The right to write an upload in this process. It is given back when dropped.
pub(crate) struct Holding {
    desk: Desk,
    place: Place,
    /// Completes when another wants the upload.
    pub(crate) wanted: oneshot::Receiver<()>,
    guard: Option<OwnedMutexGuard<()>>,
}

impl Desk {
    /// Asks whoever holds the uploader's upload to leave, and waits until it is free.
    pub(crate) async fn hold(&self, uploader: UserId, upload_id: UploadId) -> Holding {
        let place = (uploader, upload_id);
        let (lock, wanted) = self.enter(place);
        // Made before the waiting, so that one who stops waiting is counted out again.
        let mut holding = Holding { desk: self.clone(), place, wanted, guard: None };
        holding.guard = Some(lock.lock_owned().await);
        holding
    }

    fn enter(&self, place: Place) -> (Arc<AsyncMutex<()>>, oneshot::Receiver<()>) {
        let (leave, wanted) = oneshot::channel();
        let mut seats = self.seats.lock().unwrap_or_else(PoisonError::into_inner);
        let seat = seats.entry(place).or_insert_with(|| Seat {
            lock: Arc::default(),
            leave: oneshot::channel().0,
            comers: 0,
        });
        seat.comers = seat.comers.saturating_add(1);
        let before = core::mem::replace(&mut seat.leave, leave);
        // It fails when nobody holds the upload any more.
        before.send(()).ok();
        (Arc::clone(&seat.lock), wanted)
    }

    fn leave(&self, place: Place) {
        let mut seats = self.seats.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(seat) = seats.get_mut(&place) {
            seat.comers = seat.comers.saturating_sub(1);
            if seat.comers == 0 {
                seats.remove(&place);
            }
        }
    }
}

impl Drop for Holding {
    fn drop(&mut self) {
        self.guard.take();
        self.desk.leave(self.place);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn upload(id: u8) -> UploadId {
        UploadId::from_randomness([id; 16])
    }

    fn uploader(id: u8) -> UserId {
        UserId::from_bytes([id; 16])
    }

    #[tokio::test]
    async fn who_comes_later_is_let_in_once_the_one_before_has_left() {
        let desk = Desk::default();
        let first = desk.hold(uploader(1), upload(7)).await;
        let later = tokio::spawn({
            let desk = desk.clone();
            async move { desk.hold(uploader(1), upload(7)).await }
        });
        let mut first = first;
        assert_eq!((&mut first.wanted).await, Ok(()), "the first is asked to leave");
        assert!(!later.is_finished());
        drop(first);
        drop(later.await.unwrap());
        assert!(desk.seats.lock().unwrap().is_empty(), "nothing is left behind");
    }

    #[tokio::test]
    async fn who_stops_waiting_leaves_nothing_behind() {
        let desk = Desk::default();
        let first = desk.hold(uploader(1), upload(7)).await;
        let waiting =
            tokio::time::timeout(core::time::Duration::from_millis(5), desk.hold(uploader(1), upload(7)));
        assert!(waiting.await.is_err());
        drop(first);
        assert!(desk.seats.lock().unwrap().is_empty());
        drop(desk.hold(uploader(1), upload(7)).await);
    }

    #[tokio::test]
    async fn uploads_do_not_wait_for_each_other() {
        let desk = Desk::default();
        let _one = desk.hold(uploader(1), upload(7)).await;
        let _other = desk.hold(uploader(1), upload(8)).await;
    }

    #[tokio::test]
    async fn someone_else_neither_waits_for_the_writer_of_an_upload_nor_disturbs_them() {
        let desk = Desk::default();
        let mut held = desk.hold(uploader(1), upload(7)).await;
        drop(desk.hold(uploader(2), upload(7)).await);
        assert_eq!(held.wanted.try_recv(), Ok(None));
    }
}
