//! Turns: calls of this node that would be in each other's way go one after the other: those that change one account's
//! sessions or files, the rotations of one session, the attempts that count against one key.
//!
//! The database would refuse all but one of them and let the others try again. Correctness rests on that refusal, since
//! other nodes know nothing of these turns; they spare it, and the waits between tries. They also keep the order in which
//! this node was called: a rotation whose client has hung up never comes after the next one, as a token of old.

use epic_domain::id::{SessionId, UserId};
use tokio::sync::{Mutex, MutexGuard};

const LANES: usize = 256;

/// Locks that whatever takes turns shares, by a byte of its id that is as good as random.
#[derive(Debug)]
pub(crate) struct Turns([Mutex<()>; LANES]);

/// Turns that were waited for; they end when this is dropped.
pub(crate) type Held<'turns> = Vec<MutexGuard<'turns, ()>>;

impl Default for Turns {
    fn default() -> Self {
        Self(core::array::from_fn(|_| Mutex::default()))
    }
}

impl Turns {
    /// Waits for the account's turn.
    pub(crate) async fn of(&self, user_id: UserId) -> Held<'_> {
        self.of_all([last_byte(user_id.as_bytes())]).await
    }

    /// Waits for the session's turn. Who holds it must not wait for another.
    pub(crate) async fn of_session(&self, session_id: SessionId) -> Held<'_> {
        self.of_all([last_byte(session_id.as_bytes())]).await
    }

    /// Waits for the turn of all these lanes: in one order, and each once, so that nobody waits for somebody who waits for
    /// them.
    pub(crate) async fn of_all(&self, lanes: impl IntoIterator<Item = u8>) -> Held<'_> {
        let mut lanes: Vec<u8> = lanes.into_iter().collect();
        lanes.sort_unstable();
        lanes.dedup();
        let mut held = Vec::with_capacity(lanes.len());
        for lane in lanes {
            if let Some(lane) = self.0.get(usize::from(lane)) {
                held.push(lane.lock().await);
            }
        }
        held
    }
}

/// The last byte of an id is random; the first ones are its time.
const fn last_byte(id: &[u8; 16]) -> u8 {
    let [.., last] = *id;
    last
}
