//! What an error of the file system means for a blob, and the way to the threads that may wait for a disk.

use epic_outbound::blobs::BlobError;
use std::io::{self, ErrorKind};
use tokio::task::spawn_blocking;

/// Runs `work` where waiting is allowed. It goes on to its end even if nobody waits for it any more.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T, BlobError> {
    let done = spawn_blocking(work).await.map_err(|error| BlobError::Unavailable(Box::new(error)))?;
    done.map_err(failure)
}

/// The error of the port. Its text is the system's own, which names no file.
pub(super) fn failure(error: io::Error) -> BlobError {
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => {
            BlobError::Full(Box::new(error))
        }
        ErrorKind::NotFound | ErrorKind::UnexpectedEof => BlobError::Missing(Box::new(error)),
        _ => BlobError::Unavailable(Box::new(error)),
    }
}

/// Less is there than must be, or more.
pub(super) fn wrong_length(held_bytes: u64, wanted_bytes: u64) -> io::Error {
    let text = format!("{held_bytes} bytes are there where {wanted_bytes} must be");
    io::Error::new(ErrorKind::UnexpectedEof, text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::io::Errno;

    #[test]
    fn a_full_disk_and_a_used_up_quota_mean_full() {
        for errno in [Errno::NOSPC, Errno::DQUOT, Errno::FBIG] {
            assert!(matches!(failure(errno.into()), BlobError::Full(_)), "{errno}");
        }
    }

    #[test]
    fn what_is_not_there_is_missing_and_all_else_may_pass_later() {
        assert!(matches!(failure(Errno::NOENT.into()), BlobError::Missing(_)));
        assert!(matches!(failure(wrong_length(1, 2)), BlobError::Missing(_)));
        for errno in [Errno::IO, Errno::ACCESS, Errno::ROFS, Errno::MFILE] {
            assert!(matches!(failure(errno.into()), BlobError::Unavailable(_)), "{errno}");
        }
    }
}
