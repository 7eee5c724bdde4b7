//! Accounts whose last change was abandoned before its outcome was known.

use core::sync::atomic::{AtomicBool, Ordering};
use epic_domain::id::UserId;
use parking_lot::Mutex;
use std::collections::VecDeque;

/// How many are remembered. The oldest is let go then: by that time the store has long finished or dropped its change.
const REMEMBERED_MAX: usize = 256;

/// The accounts of changes whose caller went away.
///
/// The store may still carry such a change out, at a moment that nobody is told of, so what is read of the account until
/// then must not be kept.
#[derive(Debug, Default)]
pub(crate) struct Unsettled {
    any: AtomicBool,
    oldest_first: Mutex<VecDeque<UserId>>,
}

impl Unsettled {
    pub(crate) fn add(&self, user_id: UserId) {
        let mut remembered = self.oldest_first.lock();
        remembered.retain(|known| *known != user_id);
        if remembered.len() == REMEMBERED_MAX {
            remembered.pop_front();
        }
        remembered.push_back(user_id);
        self.any.store(true, Ordering::SeqCst);
    }

    pub(crate) fn contains(&self, user_id: UserId) -> bool {
        self.any.load(Ordering::SeqCst) && self.oldest_first.lock().contains(&user_id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(number: usize) -> UserId {
        UserId::from_bytes(u128::try_from(number).unwrap().to_be_bytes())
    }

    #[test]
    fn the_newest_are_remembered_and_the_oldest_let_go() {
        let unsettled = Unsettled::default();
        assert!(!unsettled.contains(user(0)));
        (0..REMEMBERED_MAX).for_each(|number| unsettled.add(user(number)));
        unsettled.add(user(0));
        unsettled.add(user(REMEMBERED_MAX));
        assert!(unsettled.contains(user(0)), "seen again a moment ago");
        assert!(!unsettled.contains(user(1)));
        assert!((2..=REMEMBERED_MAX).all(|number| unsettled.contains(user(number))));
    }
}
