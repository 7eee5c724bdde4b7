//! Who else is registering the same name at this moment.

use epic_domain::user::Username;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The names being registered in this process, with how many requests are at each and how many have been since it was
/// last free of them.
#[derive(Clone, Default)]
pub(crate) struct Rivals(Arc<Mutex<HashMap<Username, Presence>>>);

#[derive(Default)]
struct Presence {
    active: u32,
    entered: u64,
}

/// A request's presence at a name, from its start to its answer.
pub(crate) struct Ticket {
    rivals: Rivals,
    username: Username,
}

impl Rivals {
    /// Enters a name.
    pub(crate) fn enter(&self, username: &Username) -> Ticket {
        let mut names = self.names();
        let presence = names.entry(username.clone()).or_default();
        presence.active = presence.active.saturating_add(1);
        presence.entered = presence.entered.saturating_add(1);
        Ticket { rivals: self.clone(), username: username.clone() }
    }

    fn names(&self) -> MutexGuard<'_, HashMap<Username, Presence>> {
        // Nothing under this lock can panic halfway through a change.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ticket {
    /// Whether no other request has been at the name at any time since this one entered.
    pub(crate) fn is_alone(&self) -> bool {
        self.rivals.names().get(&self.username).is_some_and(|presence| presence.entered == 1)
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let mut names = self.rivals.names();
        if let Some(presence) = names.get_mut(&self.username) {
            presence.active = presence.active.saturating_sub(1);
            if presence.active == 0 {
                names.remove(&self.username);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> Username {
        Username::parse(text).unwrap()
    }

    #[test]
    fn a_request_is_alone_unless_another_is_at_its_name() {
        let rivals = Rivals::default();
        let first = rivals.enter(&name("alice"));
        let other_name = rivals.enter(&name("bobby"));
        assert!(first.is_alone() && other_name.is_alone());
        let second = rivals.enter(&name("alice"));
        assert!(!first.is_alone() && !second.is_alone());
    }

    #[test]
    fn one_that_met_a_rival_is_not_alone_after_the_rival_has_left() {
        let rivals = Rivals::default();
        let first = rivals.enter(&name("alice"));
        drop(rivals.enter(&name("alice")));
        assert!(!first.is_alone());
        drop(first);
        assert!(rivals.enter(&name("alice")).is_alone(), "the name is free again");
        assert!(rivals.names().is_empty(), "nothing is kept");
    }
}
