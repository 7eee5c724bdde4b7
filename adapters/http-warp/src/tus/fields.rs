//! What the headers of the protocol hold: lengths, offsets, metadata.

use super::{UPLOAD_LENGTH, UPLOAD_OFFSET};
use crate::json::Fields;
use crate::problem::Problem;
use data_encoding::BASE64;
use http::StatusCode;
use http::header::{HeaderMap, HeaderName};
use zeroize::Zeroizing;

const UPLOAD_DEFER_LENGTH: HeaderName = HeaderName::from_static("upload-defer-length");
const UPLOAD_METADATA: HeaderName = HeaderName::from_static("upload-metadata");
/// The most entries of the metadata that are looked at.
const ENTRIES_MAX: usize = 16;

/// How many bytes a new upload brings.
///
/// # Errors
/// A [`Problem`]: 400 when it does not say.
pub(crate) fn upload_length(headers: &HeaderMap) -> Result<u64, Problem> {
    if headers.contains_key(UPLOAD_DEFER_LENGTH) {
        return Err(invalid("invalid_upload_length", "Send Upload-Length; it cannot be told later here."));
    }
    number(headers, &UPLOAD_LENGTH).ok_or_else(|| {
        invalid(
            "invalid_upload_length",
            "Send Upload-Length once, as the number of bytes of the whole content.",
        )
    })
}

/// Where a piece begins.
///
/// # Errors
/// A [`Problem`]: 400 when it does not say.
pub(crate) fn upload_offset(headers: &HeaderMap) -> Result<u64, Problem> {
    number(headers, &UPLOAD_OFFSET).ok_or_else(|| {
        let detail =
            "Send Upload-Offset once, as the number of bytes that the server has: ask for it by HEAD.";
        invalid("invalid_upload_offset", detail)
    })
}

/// The fields of `Upload-Metadata`: names, each with a value in Base64 whose text is what the field of the same name holds
/// in a JSON body.
///
/// # Errors
/// A [`Problem`]: 400 when it cannot be read.
pub(crate) fn metadata(headers: &HeaderMap) -> Result<Fields, Problem> {
    let mut lines = headers.get_all(UPLOAD_METADATA).iter();
    let line = match (lines.next(), lines.next()) {
        (None, _) => return Ok(Fields::empty()),
        (Some(line), None) => line.to_str().map_err(|_| unreadable())?,
        (Some(_), Some(_)) => return Err(unreadable()),
    };
    let entries: Option<Vec<_>> = line.split(',').map(entry).take(ENTRIES_MAX + 1).collect();
    match entries {
        Some(entries) if entries.len() <= ENTRIES_MAX => Ok(Fields::of_texts(entries)),
        _ => Err(unreadable()),
    }
}

fn entry(text: &str) -> Option<(String, Zeroizing<String>)> {
    let text = text.trim_matches(' ');
    let (name, value) = text.split_once(' ').unwrap_or((text, ""));
    if name.is_empty() {
        return None;
    }
    let value = String::from_utf8(BASE64.decode(value.as_bytes()).ok()?).ok()?;
    Some((name.to_owned(), Zeroizing::new(value)))
}

/// A number that stands once, in digits alone.
fn number(headers: &HeaderMap, name: &HeaderName) -> Option<u64> {
    let mut fields = headers.get_all(name).iter();
    let (Some(field), None) = (fields.next(), fields.next()) else { return None };
    let digits = field.to_str().ok()?;
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())?
}

fn invalid(code: &'static str, detail: &'static str) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, code, "Invalid header", detail)
}

fn unreadable() -> Problem {
    invalid(
        "invalid_upload_metadata",
        "Send Upload-Metadata once: names, each followed by a space and its value in Base64, with commas between them.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use epic_domain::Invalid;
    use http::HeaderValue;

    fn with(name: HeaderName, value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_static(value))])
    }

    #[test]
    fn f04_a_length_is_a_number_that_fits() {
        assert_eq!(upload_length(&with(UPLOAD_LENGTH, "0")).ok(), Some(0));
        assert_eq!(upload_length(&with(UPLOAD_LENGTH, "9223372036854775808")).ok(), Some(1 << 63));
        for bad in ["", "-1", "+1", "1.5", "1 ", "0x1", "18446744073709551616"] {
            assert!(upload_length(&with(UPLOAD_LENGTH, bad)).is_err(), "{bad:?}");
        }
        assert!(upload_length(&HeaderMap::new()).is_err());
        assert!(upload_length(&with(UPLOAD_DEFER_LENGTH, "1")).is_err());
    }

    #[test]
    fn metadata_holds_what_a_json_body_would() {
        let headers = with(UPLOAD_METADATA, "encrypted_filename QUFF,encrypted_data_key QUFJ, empty");
        let mut fields = metadata(&headers).unwrap_or_else(|_| panic!("refused"));
        let bytes = |bytes: &[u8]| Ok::<_, Invalid>(bytes.to_vec());
        assert_eq!(fields.bytes("encrypted_filename", bytes), Some(vec![0, 1]));
        assert_eq!(fields.bytes("encrypted_data_key", bytes), Some(vec![0, 2]));
        assert!(fields.finish(Some(())).is_err(), "the third is unknown");
    }

    #[test]
    fn metadata_that_cannot_be_read_is_refused() {
        for bad in ["", ",", "name !", "name QUF", "name /w==", "a QQ==,,b QQ=="] {
            assert!(metadata(&with(UPLOAD_METADATA, bad)).is_err(), "{bad:?}");
        }
        let many = vec!["a"; 17].join(",");
        let headers = HeaderMap::from_iter([(UPLOAD_METADATA, HeaderValue::from_str(&many).unwrap())]);
        assert!(metadata(&headers).is_err());
    }
}
