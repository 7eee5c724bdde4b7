//! One transaction: run, tried again when a rival came first, bounded.

use crate::collections::Collections;
use crate::errors::Failure;
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, ready};
use mongodb::error::Error;
use mongodb::options::TransactionOptions;
use mongodb::{Client, ClientSession};

/// How often a transaction is tried before the store counts as unavailable. The first writer of a document always goes
/// on, so each failed try of one caller is the success of another.
const TRIES_MAX: u32 = 48;

/// Runs `steps` in a transaction and commits it. `steps` get the collections and `context` and are run again, from the start, when the database
/// asks for it (`TransientTransactionError`); a commit whose outcome is unknown is repeated, which is safe. When the call
/// is dropped before its commit, the driver aborts it.
///
/// # Errors
/// The steps' failure, nothing changed; or [`Failure::Contended`].
pub(crate) async fn run<C, T, F>(
    client: &Client,
    options: &TransactionOptions,
    collections: &Collections,
    context: C,
    mut steps: F,
) -> Result<T, Failure>
where
    C: Send,
    T: Send + 'static,
    F: for<'b> FnMut(&'b Collections, &'b mut ClientSession, &'b mut C) -> BoxFuture<'b, Result<T, Error>>
        + Send,
{
    let mut session = client.start_session().await?;
    let mut tries_left = TRIES_MAX;
    let outcome = session
        .start_transaction()
        .with_options(options.clone())
        .and_run((collections.clone(), context), |session, (collections, context)| {
            if tries_left == 0 {
                return ready(Err(Failure::Contended.into())).boxed();
            }
            tries_left -= 1;
            steps(collections, session, context)
        })
        .await;
    Ok(outcome?)
}
