//! What the service calls a part, in as few bytes as it takes.

use bytes::{Buf as _, BufMut as _};
use data_encoding::{BASE64, HEXLOWER};
use object_store::multipart::PartId;

const AS_IT_IS: u8 = 0;
const TAG: u8 = 1;
const TAG_AND_CHECKSUM: u8 = 2;

const BEFORE_TAG: &str = "<PartMetadata><e_tag>\"";
const AFTER_TAG: &str = "\"</e_tag>";
const BEFORE_CHECKSUM: &str = "<checksum_sha256>";
const AFTER_CHECKSUM: &str = "</checksum_sha256>";
const END: &str = "</PartMetadata>";

/// Adds a part. One of 64 bytes or so of entity tag and checksum takes 49, in hundreds of characters otherwise.
pub(super) fn put(part: &PartId, bytes: &mut Vec<u8>) -> Option<()> {
    let text = part.content_id.as_str();
    let short = shorten(text);
    match &short {
        Some((tag, None)) => {
            bytes.put_u8(TAG);
            bytes.put_slice(tag);
        }
        Some((tag, Some(checksum))) => {
            bytes.put_u8(TAG_AND_CHECKSUM);
            bytes.put_slice(tag);
            bytes.put_slice(checksum);
        }
        None => {
            bytes.put_u8(AS_IT_IS);
            bytes.put_u16(u16::try_from(text.len()).ok()?);
            bytes.put_slice(text.as_bytes());
        }
    }
    Some(())
}

/// Takes a part; nothing if it is not whole.
pub(super) fn take(bytes: &mut &[u8]) -> Option<PartId> {
    let content_id = match bytes.try_get_u8().ok()? {
        TAG => lengthen(&take_array(bytes)?, None),
        TAG_AND_CHECKSUM => {
            let tag = take_array(bytes)?;
            lengthen(&tag, Some(&take_array(bytes)?))
        }
        AS_IT_IS => {
            let len = usize::from(bytes.try_get_u16().ok()?);
            take_text(bytes, len)?
        }
        _ => return None,
    };
    Some(PartId { content_id })
}

/// Takes a text of so many bytes.
pub(super) fn take_text(bytes: &mut &[u8], len: usize) -> Option<String> {
    let (text, rest) = bytes.split_at_checked(len)?;
    *bytes = rest;
    String::from_utf8(text.to_vec()).ok()
}

/// Takes so many bytes.
pub(super) fn take_array<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
    let (array, rest) = bytes.split_first_chunk::<N>()?;
    *bytes = rest;
    Some(*array)
}

type Short = ([u8; 16], Option<[u8; 32]>);

/// The tag and the checksum, if the text is nothing but them in the form that the client gives it.
fn shorten(text: &str) -> Option<Short> {
    let (tag, rest) = text.strip_prefix(BEFORE_TAG)?.split_once(AFTER_TAG)?;
    let tag = HEXLOWER.decode(tag.as_bytes()).ok()?.try_into().ok()?;
    let checksum = match rest.strip_prefix(BEFORE_CHECKSUM) {
        Some(rest) => {
            let (checksum, _) = rest.split_once(AFTER_CHECKSUM)?;
            Some(BASE64.decode(checksum.as_bytes()).ok()?.try_into().ok()?)
        }
        None => None,
    };
    (lengthen(&tag, checksum.as_ref()) == text).then_some((tag, checksum))
}

fn lengthen(tag: &[u8; 16], checksum: Option<&[u8; 32]>) -> String {
    let mut text = format!("{BEFORE_TAG}{}{AFTER_TAG}", HEXLOWER.encode(tag));
    if let Some(checksum) = checksum {
        text.push_str(BEFORE_CHECKSUM);
        text.push_str(&BASE64.encode(checksum));
        text.push_str(AFTER_CHECKSUM);
    }
    text.push_str(END);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round_trip(text: &str) -> usize {
        let mut bytes = Vec::new();
        put(&PartId { content_id: text.to_owned() }, &mut bytes).unwrap();
        let mut left = bytes.as_slice();
        assert_eq!(take(&mut left).unwrap().content_id, text);
        assert_eq!(left, b"");
        for len in 0..bytes.len() {
            assert!(take(&mut bytes.get(..len).unwrap()).is_none(), "{text} cut off at {len}");
        }
        bytes.len()
    }

    #[test]
    fn a_part_in_the_usual_form_is_short() {
        let tag = "<PartMetadata><e_tag>\"9bb58f26192e4ba00f01e2e7b136bbd8\"</e_tag>";
        let sum = "<checksum_sha256>47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=</checksum_sha256>";
        assert_eq!(round_trip(&format!("{tag}</PartMetadata>")), 17);
        assert_eq!(round_trip(&format!("{tag}{sum}</PartMetadata>")), 49);
    }

    #[test]
    fn a_part_in_any_other_form_is_kept_as_it_is() {
        for text in [
            "",
            "\"abc\"",
            "<PartMetadata><e_tag>\"9BB58F26192E4BA00F01E2E7B136BBD8\"</e_tag></PartMetadata>",
        ] {
            assert_eq!(round_trip(text), 3 + text.len());
        }
    }
}
