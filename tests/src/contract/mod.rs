//! The laws that every adapter of a port must keep.
//!
//! A law is a function over the port. A macro for each port expands to one test per law, each on a fresh store, so
//! that an adapter's `tests/contract.rs` is a few lines:
//!
//! ```text
//! async fn fresh() -> Stores { … }
//!
//! epic_tests::store_contract!(fresh);
//! epic_tests::moving_contract!(fresh_house);
//! ```

pub mod abandonment;
pub mod access_log;
pub mod audit;
pub mod audit_files;
pub mod audit_lists;
pub mod authenticator;
pub mod blob_ledger;
pub mod blob_ranges;
pub mod blob_resuming;
pub mod blobs;
pub mod completion;
pub mod credentials;
pub mod entry_limiter;
pub mod file_answers;
pub mod file_changes;
pub mod file_edits;
mod file_steps;
pub mod file_versions;
pub mod files;
pub mod hasher;
pub mod head_signer;
pub mod limiter;
pub mod link_downloads;
pub mod links;
pub mod moving;
pub mod moving_fill;
pub mod moving_look;
pub mod new_contents;
pub mod once;
pub mod opening;
pub mod owner_removal;
pub mod passes;
pub mod quota;
pub mod removal;
pub mod reopening;
pub mod revocations;
pub mod rotation;
pub mod sealer;
pub mod second_factor;
pub mod session_lists;
pub mod sessions;
pub mod share_lists;
pub mod shares;
pub mod takeover;
pub mod tokens;
pub mod trash;
pub mod uploads;
pub mod users;

use core::any::Any;
use core::future::{Future, ready};
use epic_outbound::audit::Audit;
use epic_outbound::files::{Files, Usages};
use epic_outbound::links::Links;
use epic_outbound::sessions::Sessions;
use epic_outbound::shares::Shares;
use epic_outbound::uploads::{BlobLedger, Uploads};
use epic_outbound::users::Users;
use std::sync::Arc;
use tokio::sync::Barrier;

/// How many calls race.
pub const RACERS: usize = 64;

/// The storage ports of one fresh, empty store, and whatever must live as long as they do.
pub struct Stores {
    /// Accounts.
    pub users: Arc<dyn Users>,
    /// Sessions of these accounts.
    pub sessions: Arc<dyn Sessions>,
    /// The audit log.
    pub audit: Arc<dyn Audit>,
    /// Files.
    pub files: Arc<dyn Files>,
    /// How much accounts store.
    pub usages: Arc<dyn Usages>,
    /// Uploads under way.
    pub uploads: Arc<dyn Uploads>,
    /// Shares of these files.
    pub shares: Arc<dyn Shares>,
    /// Links to these files.
    pub links: Arc<dyn Links>,
    /// Which blobs are needed.
    pub ledger: Arc<dyn BlobLedger>,
    // Dropped last: a temporary folder must outlive the store in it.
    _keep_alive: Box<dyn Any + Send + Sync>,
}

/// A store of accounts and all that belongs to them.
pub trait AccountStore: Users + Sessions + Files + Usages + Uploads + Shares + Links + BlobLedger {}

impl<S: Users + Sessions + Files + Usages + Uploads + Shares + Links + BlobLedger> AccountStore for S {}

impl Stores {
    /// The ports of one store that keeps everything. `keep_alive` is dropped after them: a temporary folder, for
    /// example, or `()`.
    #[must_use]
    pub fn of<S>(store: Arc<S>, keep_alive: impl Any + Send + Sync) -> Self
    where
        S: AccountStore + Audit + 'static,
    {
        Self::with_audit(Arc::clone(&store), store, keep_alive)
    }

    /// The ports of a store whose audit log is kept apart from the rest. One that a cache stands before can be replaced
    /// afterwards.
    #[must_use]
    pub fn with_audit<S>(store: Arc<S>, audit: Arc<dyn Audit>, keep_alive: impl Any + Send + Sync) -> Self
    where
        S: AccountStore + 'static,
    {
        Self {
            users: Arc::clone(&store) as _,
            sessions: Arc::clone(&store) as _,
            audit,
            files: Arc::clone(&store) as _,
            usages: Arc::clone(&store) as _,
            uploads: Arc::clone(&store) as _,
            shares: Arc::clone(&store) as _,
            links: Arc::clone(&store) as _,
            ledger: store,
            _keep_alive: Box::new(keep_alive),
        }
    }
}

/// Runs a law on a runtime with several threads, so that what races really does.
///
/// # Panics
/// When the law is broken.
pub fn run(law: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build().unwrap();
    runtime.block_on(law);
}

/// Starts `count` calls at one moment and returns their results.
pub(crate) async fn race<T, F>(count: usize, call: impl Fn(usize) -> F) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let barrier = Arc::new(Barrier::new(count));
    let racers: Vec<_> = (0..count)
        .map(|index| {
            let barrier = Arc::clone(&barrier);
            let call = call(index);
            tokio::spawn(async move {
                barrier.wait().await;
                call.await
            })
        })
        .collect();
    let mut results = Vec::with_capacity(count);
    for racer in racers {
        results.push(racer.await.unwrap());
    }
    results
}

/// Begins a call and gives it up at once, as a client that hangs up does.
pub(crate) async fn begin_and_drop<T>(call: impl Future<Output = T>) {
    tokio::select! {
        biased;
        _ = call => {}
        () = ready(()) => {}
    }
}

/// How many of `results` are as told.
pub(crate) fn count_of<T>(results: &[T], is_counted: impl Fn(&T) -> bool) -> usize {
    results.iter().filter(|result| is_counted(result)).count()
}

/// Expands to the laws of all ports of a store, so that none is forgotten. A port's own macro has the laws of that port alone.
#[macro_export]
macro_rules! store_contract {
    ($factory:expr) => {
        $crate::users_contract!($factory);
        $crate::sessions_contract!($factory);
        $crate::audit_contract!($factory);
        $crate::files_contract!($factory);
        $crate::uploads_contract!($factory);
        $crate::shares_contract!($factory);
        $crate::links_contract!($factory);
        $crate::blob_ledger_contract!($factory);
    };
}

/// Expands to a module with one test per law. Not for direct use.
#[doc(hidden)]
#[macro_export]
macro_rules! laws_on_a_store {
    ($module:ident, $factory:expr; $($law:ident)+) => {
        mod $module {
            #[allow(unused_imports, reason = "the factory may be a closure that needs nothing from around it")]
            use super::*;

            $(
                #[test]
                fn $law() {
                    $crate::contract::run(async {
                        let stores = ($factory)().await;
                        $crate::contract::$module::$law(&stores).await;
                    });
                }
            )+
        }
    };
}

/// Expands to a module with one test per law of a port without I/O. Not for direct use.
#[doc(hidden)]
#[macro_export]
macro_rules! laws_on_a_port {
    ($module:ident, $factory:expr; $($law:ident)+) => {
        mod $module {
            #[allow(unused_imports, reason = "the factory may be a closure that needs nothing from around it")]
            use super::*;

            $(
                #[test]
                fn $law() {
                    $crate::contract::$module::$law(&$factory);
                }
            )+
        }
    };
}
