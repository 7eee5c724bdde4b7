//! Turns: the transactions of this node that change one account's sessions or files go one after the other, and so do the
//! rotations of one session.
//!
//! The database would refuse all but one of them and let the others try again. Correctness rests on that refusal, since
//! other nodes know nothing of these turns; they spare it, and the waits between tries. They also keep the order in which
//! this node was called: a rotation whose client has hung up never comes after the next one, as a token of old.

use epic_domain::id::{SessionId, UserId};
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
        self.of_id(user_id.as_bytes()).await
    }

    /// Waits for the session's turn. Who holds it must not wait for another.
    pub(crate) async fn of_session(&self, session_id: SessionId) -> Option<MutexGuard<'_, ()>> {
        self.of_id(session_id.as_bytes()).await
    }

    async fn of_id(&self, id: &[u8; 16]) -> Option<MutexGuard<'_, ()>> {
        // The last byte of an id is random; the first ones are its time.
        let [.., last] = *id;
        match self.0.get(usize::from(last) % LANES) {
            Some(lane) => Some(lane.lock().await),
            None => None,
        }
    }
}
