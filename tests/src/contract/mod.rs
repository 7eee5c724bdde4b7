//! The laws that every adapter of a port must keep.
//!
//! A law is a function over the port. A macro for each port expands to one test per law, each on a fresh store, so
//! that an adapter's `tests/contract.rs` is a few lines:
//!
//! ```text
//! async fn fresh() -> Stores { … }
//!
//! epic_tests::users_contract!(fresh);
//! epic_tests::sessions_contract!(fresh);
//! epic_tests::audit_contract!(fresh);
//! ```

pub mod access_log;
pub mod audit;
pub mod audit_lists;
pub mod authenticator;
pub mod credentials;
pub mod hasher;
pub mod head_signer;
pub mod limiter;
pub mod opening;
pub mod passes;
pub mod removal;
pub mod revocations;
pub mod rotation;
pub mod sealer;
pub mod second_factor;
pub mod session_lists;
pub mod sessions;
pub mod tokens;
pub mod users;

use core::any::Any;
use core::future::{Future, ready};
use epic_outbound::audit::Audit;
use epic_outbound::sessions::Sessions;
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
    // Dropped last: a temporary folder must outlive the store in it.
    _keep_alive: Box<dyn Any + Send + Sync>,
}

impl Stores {
    /// Joins the ports of one store. `keep_alive` is dropped after them: a temporary folder, for example, or `()`.
    #[must_use]
    pub fn new(
        users: Arc<dyn Users>,
        sessions: Arc<dyn Sessions>,
        audit: Arc<dyn Audit>,
        keep_alive: impl Any + Send + Sync,
    ) -> Self {
        Self { users, sessions, audit, _keep_alive: Box::new(keep_alive) }
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
