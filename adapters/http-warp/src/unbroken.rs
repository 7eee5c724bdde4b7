//! Work that ends even when its client is gone.

use crate::problem::Problem;

/// Runs `work` to its end, whatever becomes of the connection.
///
/// A connection that breaks, or a request that takes too long, drops the handler where it stands. What changes
/// something must not be left between its steps: a session that has ended in the store but is not announced, a login
/// that is not in the audit log.
///
/// # Errors
/// A [`Problem`] when the work panicked.
pub(crate) async fn to_the_end<T: Send + 'static>(
    work: impl Future<Output = T> + Send + 'static,
) -> Result<T, Problem> {
    tokio::spawn(work).await.map_err(|_panicked| {
        tracing::error!("a handler panicked");
        Problem::internal()
    })
}
