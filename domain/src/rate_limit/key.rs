//! Whom an attempt counts against.

use super::Action;
use crate::id::UserId;
use crate::network::IpPrefix;
use crate::user::Username;

/// Whom an attempt counts against.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Subject {
    /// A client address.
    Address(IpPrefix),
    /// An account that is signed in or known.
    Account(UserId),
    /// A name tried from an address, whether or not anyone has it.
    NameFrom(Username, IpPrefix),
    /// A name tried from anywhere, whether or not anyone has it.
    Name(Username),
}

/// One thing an attempt counts as. An attempt that counts as several takes all of them or none.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Attempt {
    /// What is being done.
    pub action: Action,
    /// Whom it counts against.
    pub subject: Subject,
}

impl Attempt {
    /// An attempt at `action` that counts against `subject`.
    #[must_use]
    pub const fn new(action: Action, subject: Subject) -> Self {
        Self { action, subject }
    }
}
