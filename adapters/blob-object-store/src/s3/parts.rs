//! What the service calls a part, in as few bytes as it takes.

use bytes::{Buf as _, BufMut as _};
use data_encoding::{BASE64, HEXLOWER};
use object_store::multipart::PartId;

const AS_IT_IS: u8 = 0;
const TAG: u8 = 1;
const TAG_AND_CHECKSUM: u8 = 2;
const BARE_TAG: u8 = 3;

const QUOTE: &str = "\"";
const BEFORE_TAG: &str = "<PartMetadata><e_tag>\"";
const AFTER_TAG: &str = "\"</e_tag>";
const BEFORE_CHECKSUM: &str = "<checksum_sha256>";
const AFTER_CHECKSUM: &str = "</checksum_sha256>";
const END: &str = "</PartMetadata>";

/// What a part is called, as the client writes it: the service's tag for it, and if checksums go with parts, a document.
enum Name {
    BareTag([u8; 16]),
    Tag([u8; 16]),
    TagAndChecksum([u8; 16], [u8; 32]),
}

/// Adds a part: 17 bytes for a tag, 49 for a tag and a checksum, more only for what is written in another way.
pub(super) fn put(part: &PartId, bytes: &mut Vec<u8>) -> Option<()> {
    let text = part.content_id.as_str();
    match Name::parse(text) {
        Some(Name::BareTag(tag)) => {
            bytes.put_u8(BARE_TAG);
            bytes.put_slice(&tag);
        }
        Some(Name::Tag(tag)) => {
            bytes.put_u8(TAG);
            bytes.put_slice(&tag);
        }
        Some(Name::TagAndChecksum(tag, checksum)) => {
            bytes.put_u8(TAG_AND_CHECKSUM);
            bytes.put_slice(&tag);
            bytes.put_slice(&checksum);
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
        BARE_TAG => Name::BareTag(take_array(bytes)?).to_text(),
        TAG => Name::Tag(take_array(bytes)?).to_text(),
        TAG_AND_CHECKSUM => {
            let tag = take_array(bytes)?;
            Name::TagAndChecksum(tag, take_array(bytes)?).to_text()
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

impl Name {
    /// The name, if the text is nothing but one that the client writes.
    fn parse(text: &str) -> Option<Self> {
        Self::read(text).filter(|name| name.to_text() == text)
    }

    fn read(text: &str) -> Option<Self> {
        let Some(rest) = text.strip_prefix(BEFORE_TAG) else {
            return Some(Self::BareTag(tag(text.strip_prefix(QUOTE)?.strip_suffix(QUOTE)?)?));
        };
        let (tag_text, rest) = rest.split_once(AFTER_TAG)?;
        let Some(rest) = rest.strip_prefix(BEFORE_CHECKSUM) else { return Some(Self::Tag(tag(tag_text)?)) };
        let (checksum, _) = rest.split_once(AFTER_CHECKSUM)?;
        let checksum = BASE64.decode(checksum.as_bytes()).ok()?.try_into().ok()?;
        Some(Self::TagAndChecksum(tag(tag_text)?, checksum))
    }

    fn to_text(&self) -> String {
        match self {
            Self::BareTag(tag) => format!("{QUOTE}{}{QUOTE}", HEXLOWER.encode(tag)),
            Self::Tag(tag) => format!("{BEFORE_TAG}{}{AFTER_TAG}{END}", HEXLOWER.encode(tag)),
            Self::TagAndChecksum(tag, checksum) => {
                let (tag, checksum) = (HEXLOWER.encode(tag), BASE64.encode(checksum));
                format!("{BEFORE_TAG}{tag}{AFTER_TAG}{BEFORE_CHECKSUM}{checksum}{AFTER_CHECKSUM}{END}")
            }
        }
    }
}

fn tag(text: &str) -> Option<[u8; 16]> {
    HEXLOWER.decode(text.as_bytes()).ok()?.try_into().ok()
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
        assert_eq!(round_trip("\"9bb58f26192e4ba00f01e2e7b136bbd8\""), 17);
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
