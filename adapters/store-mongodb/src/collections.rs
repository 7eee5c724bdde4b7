//! The collections of a store, each with the kind of document in it.

use crate::documents::anchor::AnchorDocument;
use crate::documents::content::EarlierContentDocument;
use crate::documents::doomed_blob::DoomedBlobDocument;
use crate::documents::file::FileDocument;
use crate::documents::file_link::FileLinkDocument;
use crate::documents::format::FormatDocument;
use crate::documents::limit::LimitDocument;
use crate::documents::link::LinkDocument;
use crate::documents::node::NodeDocument;
use crate::documents::removed_account::RemovedAccountDocument;
use crate::documents::request::RequestDocument;
use crate::documents::session::SessionDocument;
use crate::documents::share::ShareDocument;
use crate::documents::signed_head::SignedHeadDocument;
use crate::documents::upload::UploadDocument;
use crate::documents::user::UserDocument;
use mongodb::{Collection, Database};

/// Declares the collections, each under the name that its field has.
macro_rules! collections {
    ($($(#[$doc:meta])* $name:ident: $document:ty),+ $(,)?) => {
        /// The collections of a store. Handles are cheap to clone and share one pool of connections.
        #[derive(Debug, Clone)]
        pub(crate) struct Collections {
            pub(crate) database: Database,
            $($(#[$doc])* pub(crate) $name: Collection<$document>,)+
        }

        impl Collections {
            /// Names of all collections.
            pub(crate) const NAMES: &[&str] = &[$(stringify!($name)),+];

            pub(crate) fn of(database: Database) -> Self {
                Self { $($name: database.collection(stringify!($name)),)+ database }
            }
        }
    };
}

collections! {
    /// What format the documents have.
    format: FormatDocument,
    /// One document an account, its recovery codes and how much it stores in it.
    users: UserDocument,
    /// One document a session; of one that has ended the revocation is left.
    sessions: SessionDocument,
    /// One document a file, its newest content in it; of one removed for good its removal is left.
    files: FileDocument,
    /// One document an earlier content of a file.
    contents: EarlierContentDocument,
    /// One document an upload under way.
    uploads: UploadDocument,
    /// One document a request that is to take effect once, and did.
    requests: RequestDocument,
    /// One document a share.
    shares: ShareDocument,
    /// One document a link to a file.
    links: FileLinkDocument,
    /// One document a blob that nothing needs any more, until it is gone from the blob store.
    doomed_blobs: DoomedBlobDocument,
    /// One document an account that is gone but has left something behind.
    removed_accounts: RemovedAccountDocument,
    /// One document a node, with the last question that it asked of its feed.
    nodes: NodeDocument,
    /// One document a key of the shared limiter: whoever attempts something.
    limits: LimitDocument,
    /// One document an event, at its place in the chain.
    audit: LinkDocument,
    /// One document: where the chain stands.
    audit_anchor: AnchorDocument,
    /// One document a signed head, at the length of its chain.
    audit_heads: SignedHeadDocument,
}
