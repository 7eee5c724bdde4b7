//! What an error of the service means for a blob.

use epic_outbound::blobs::BlobError;
use object_store::Error;

/// What went wrong, in words that tell neither bytes nor keys.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Failure(String);

/// Codes of services that are full, or whose bucket is.
const FULL: &[&str] = &[
    "InsufficientStorage",
    "QuotaExceeded",
    "StorageFull",
    "XMinioStorageFull",
    "XMinioAdminBucketQuotaExceeded",
];
/// Codes that say that what was staged is not there any more.
const MISSING: &[&str] =
    &["NoSuchKey", "NoSuchUpload", "InvalidPart", "InvalidPartOrder", "EntityTooSmall", "InvalidRange"];
/// The status of a range beyond the end, as it stands in texts.
const RANGE_NOT_SATISFIABLE: &str = "416 Range Not Satisfiable";

/// The error of the port.
#[expect(clippy::needless_pass_by_value, reason = "it stands behind `map_err`")]
pub(super) fn failure(error: Error) -> BlobError {
    let text = error.to_string();
    let code = code(&text).unwrap_or_default();
    let source = Box::new(Failure(without_document(&text, code)));
    let is_not_found = matches!(error, Error::NotFound { .. }) && code != "NoSuchBucket";
    if FULL.contains(&code) || text.contains("507 Insufficient Storage") {
        BlobError::Full(source)
    } else if is_not_found || MISSING.contains(&code) || text.contains(RANGE_NOT_SATISFIABLE) {
        BlobError::Missing(source)
    } else {
        BlobError::Unavailable(source)
    }
}

/// The blob, or a part of it, is not what it must be.
pub(super) fn missing(text: &'static str) -> BlobError {
    BlobError::Missing(text.into())
}

/// Whether an error only says that there is nothing to remove.
pub(super) fn is_gone(error: &Error) -> bool {
    matches!(error, Error::NotFound { .. }) && code(&error.to_string()) != Some("NoSuchBucket")
}

/// The service's own name for the error.
fn code(text: &str) -> Option<&str> {
    let (_, after) = text.split_once("<Code>")?;
    let (code, _) = after.split_once("</Code>")?;
    Some(code)
}

/// The text before the service's document, which may tell key names, and the code from it.
fn without_document(text: &str, code: &str) -> String {
    let before = text.split_once('<').map_or(text, |(before, _)| before);
    if code.is_empty() { before.to_owned() } else { format!("{before}{code}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(text: &str) -> BlobError {
        failure(Error::Generic { store: "S3", source: text.into() })
    }

    fn not_found(text: &str) -> BlobError {
        failure(Error::NotFound { path: String::from("a/b"), source: text.into() })
    }

    #[test]
    fn a_bucket_that_is_full_means_full() {
        for text in ["507 Insufficient Storage", "403 Forbidden: <Error><Code>QuotaExceeded</Code></Error>"] {
            assert!(matches!(answered(text), BlobError::Full(_)), "{text}");
        }
    }

    #[test]
    fn what_is_not_there_is_missing_unless_it_is_the_bucket() {
        assert!(matches!(not_found("404"), BlobError::Missing(_)));
        assert!(matches!(not_found("404: <Code>NoSuchUpload</Code>"), BlobError::Missing(_)));
        assert!(matches!(not_found("404: <Code>NoSuchBucket</Code>"), BlobError::Unavailable(_)));
        assert!(matches!(answered("400: <Code>InvalidPart</Code>"), BlobError::Missing(_)));
        assert!(matches!(answered("416 Range Not Satisfiable"), BlobError::Missing(_)));
    }

    #[test]
    fn all_else_may_pass_later() {
        for text in ["connection refused", "503: <Code>SlowDown</Code>", "403: <Code>AccessDenied</Code>"] {
            assert!(matches!(answered(text), BlobError::Unavailable(_)), "{text}");
        }
    }

    #[test]
    fn no_document_gets_into_the_text() {
        let text =
            "403: <Error><Code>SignatureDoesNotMatch</Code><AWSAccessKeyId>AKIA</AWSAccessKeyId></Error>";
        let error = answered(text);
        let BlobError::Unavailable(source) = error else { panic!("{error:?}") };
        assert!(source.to_string().ends_with("SignatureDoesNotMatch"), "{source}");
        assert!(!format!("{source:?}").contains("AKIA"));
    }
}
