//! Turns: the transactions of this node that change one account's sessions or files go one after the other.
//!
//! The database would refuse all but one of them and let the others try again. Correctness rests on that refusal, since
//! other nodes know nothing of these turns; they only spare it, and the waits between tries.

use epic_domain::id::UserId;
use tokio::sync::{Mutex, MutexGuard};

const LANES: usize = 64;

/// Locks that accounts share by their ids.
#[derive(Debug)]
pub(crate) struct Turns([Mutex<()>; LANES]);

impl Default for Turns {
    fn default() -> Self {
        Self(core::array::from_fn(|_| Mutex::default()))
    }
}

impl Turns {
    /// Waits for the account's turn, which ends when the guard is dropped.
    pub(crate) async fn of(&self, user_id: UserId) -> Option<MutexGuard<'_, ()>> {
        // The last byte of an id is random; the first ones are its time.
        let [.., last] = *user_id.as_bytes();
        match self.0.get(usize::from(last) % LANES) {
            Some(lane) => Some(lane.lock().await),
            None => None,
        }
    }
}
