//! The collections of a store, each with the kind of document in it.

use crate::documents::anchor::AnchorDocument;
use crate::documents::format::FormatDocument;
use crate::documents::link::LinkDocument;
use crate::documents::session::SessionDocument;
use crate::documents::signed_head::SignedHeadDocument;
use crate::documents::user::UserDocument;
use mongodb::{Collection, Database};

/// The collections of a store. Handles are cheap to clone and share one pool of connections.
#[derive(Debug, Clone)]
pub(crate) struct Collections {
    pub(crate) database: Database,
    /// What format the documents have.
    pub(crate) format: Collection<FormatDocument>,
    /// One document an account, its recovery codes in it.
    pub(crate) users: Collection<UserDocument>,
    /// One document a session; of one that has ended the revocation is left.
    pub(crate) sessions: Collection<SessionDocument>,
    /// One document an event, at its place in the chain.
    pub(crate) audit: Collection<LinkDocument>,
    /// One document: where the chain stands.
    pub(crate) audit_anchor: Collection<AnchorDocument>,
    /// One document a signed head, at the length of its chain.
    pub(crate) audit_heads: Collection<SignedHeadDocument>,
}

impl Collections {
    /// Names of all collections.
    pub(crate) const NAMES: [&str; 6] =
        ["format", "users", "sessions", "audit", "audit_anchor", "audit_heads"];

    pub(crate) fn of(database: Database) -> Self {
        let [format, users, sessions, audit, audit_anchor, audit_heads] = Self::NAMES;
        Self {
            format: database.collection(format),
            users: database.collection(users),
            sessions: database.collection(sessions),
            audit: database.collection(audit),
            audit_anchor: database.collection(audit_anchor),
            audit_heads: database.collection(audit_heads),
            database,
        }
    }
}
