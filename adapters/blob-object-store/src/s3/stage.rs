//! How far a blob has come, as it is put away between two writers.

use super::failure::missing;
use super::parts;
use bytes::{Buf as _, BufMut as _};
use epic_domain::file::{Progress, StageState};
use epic_outbound::blobs::BlobError;
use object_store::multipart::PartId;

const VERSION: u8 = 1;
const CHECK_BYTES: usize = 4;

/// The bytes after the last whole part, kept as an object of their own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Tail {
    /// Where they end, counted from the blob's beginning.
    pub(super) end_bytes: u64,
    /// Their SHA-256.
    pub(super) digest: [u8; 32],
}

/// How far a blob has come.
#[derive(Debug, Clone)]
pub(super) struct Stage {
    /// The size of all its parts. A blob keeps it, whatever the settings become.
    pub(super) part_bytes: u64,
    /// The multipart upload, once there was a whole part.
    pub(super) multipart_id: Option<String>,
    /// The whole parts, in order.
    pub(super) parts: Vec<PartId>,
    /// What comes after them.
    pub(super) tail: Option<Tail>,
    /// The tail before that. It stays until the one after has been put away, for whoever has to go back to it.
    pub(super) earlier_tail: Option<Tail>,
}

impl Stage {
    /// Nothing is staged.
    pub(super) const fn new(part_bytes: u64) -> Self {
        Self { part_bytes, multipart_id: None, parts: Vec::new(), tail: None, earlier_tail: None }
    }

    /// What was put away, if it is of this very progress; nothing staged if there is none.
    pub(super) fn of(progress: &Progress, part_bytes: u64) -> Result<Self, BlobError> {
        let bytes = progress.stage.as_bytes();
        let stage = if bytes.is_empty() {
            Self::new(part_bytes)
        } else {
            Self::decode(bytes).ok_or_else(|| missing("what was put away of the blob is damaged"))?
        };
        if stage.offset_bytes() != progress.offset_bytes {
            return Err(missing("what was put away of the blob is of another length"));
        }
        Ok(stage)
    }

    /// The multipart upload that a state tells of.
    pub(super) fn multipart_id_of(state: &StageState) -> Option<String> {
        Self::decode(state.as_bytes())?.multipart_id
    }

    /// How many bytes the whole parts have.
    pub(super) fn parts_bytes(&self) -> u64 {
        u64::try_from(self.parts.len()).unwrap_or(u64::MAX).saturating_mul(self.part_bytes)
    }

    /// How many bytes are staged.
    pub(super) fn offset_bytes(&self) -> u64 {
        self.tail.as_ref().map_or_else(|| self.parts_bytes(), |tail| tail.end_bytes)
    }

    /// As it is put away: a version, the fields, and a CRC-32 over both. Nothing if a name is too long for it.
    pub(super) fn encode(&self) -> Option<StageState> {
        let mut bytes = vec![VERSION];
        bytes.put_u64(self.part_bytes);
        let multipart_id = self.multipart_id.as_deref().unwrap_or_default();
        bytes.put_u16(u16::try_from(multipart_id.len()).ok()?);
        bytes.put_slice(multipart_id.as_bytes());
        bytes.put_u32(u32::try_from(self.parts.len()).ok()?);
        for part in &self.parts {
            parts::put(part, &mut bytes)?;
        }
        for tail in [&self.tail, &self.earlier_tail] {
            bytes.put_u8(tail.is_some().into());
            if let Some(tail) = tail {
                bytes.put_u64(tail.end_bytes);
                bytes.put_slice(&tail.digest);
            }
        }
        bytes.put_u32(crc32fast::hash(&bytes));
        Some(StageState::from_bytes(bytes.into()))
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let (mut left, mut check) = bytes.split_at_checked(bytes.len().checked_sub(CHECK_BYTES)?)?;
        if check.try_get_u32().ok()? != crc32fast::hash(left) || left.try_get_u8().ok()? != VERSION {
            return None;
        }
        let part_bytes = left.try_get_u64().ok()?;
        let len = usize::from(left.try_get_u16().ok()?);
        let multipart_id = Some(parts::take_text(&mut left, len)?).filter(|id| !id.is_empty());
        let count = left.try_get_u32().ok()?;
        let parts = (0..count).map(|_| parts::take(&mut left)).collect::<Option<Vec<_>>>()?;
        let tail = take_tail(&mut left)?;
        let earlier_tail = take_tail(&mut left)?;
        let stage = Self { part_bytes, multipart_id, parts, tail, earlier_tail };
        (left.is_empty() && stage.is_sound()).then_some(stage)
    }

    fn is_sound(&self) -> bool {
        let has_sound_tail = self.tail.as_ref().is_none_or(|tail| {
            let tail_bytes = tail.end_bytes.checked_sub(self.parts_bytes());
            tail_bytes.is_some_and(|bytes| 0 < bytes && bytes < self.part_bytes)
        });
        has_sound_tail && (self.parts.is_empty() || self.multipart_id.is_some())
    }
}

fn take_tail(left: &mut &[u8]) -> Option<Option<Tail>> {
    match left.try_get_u8().ok()? {
        0 => Some(None),
        1 => {
            let end_bytes = left.try_get_u64().ok()?;
            Some(Some(Tail { end_bytes, digest: parts::take_array(left)? }))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stage() -> Stage {
        let part = |text: &str| PartId { content_id: text.to_owned() };
        Stage {
            part_bytes: 100,
            multipart_id: Some(String::from("upload-7")),
            parts: vec![part("one"), part("\"two\"")],
            tail: Some(Tail { end_bytes: 207, digest: [7; 32] }),
            earlier_tail: Some(Tail { end_bytes: 203, digest: [3; 32] }),
        }
    }

    fn progress(offset_bytes: u64, stage: StageState) -> Progress {
        Progress { offset_bytes, stage, ..Progress::none() }
    }

    #[test]
    fn what_was_put_away_comes_back() {
        let state = stage().encode().unwrap();
        let back = Stage::of(&progress(207, state.clone()), 999).unwrap();
        assert_eq!(format!("{back:?}"), format!("{:?}", stage()));
        assert_eq!(Stage::multipart_id_of(&state).as_deref(), Some("upload-7"));
    }

    #[test]
    fn a_state_of_another_length_is_refused() {
        let state = stage().encode().unwrap();
        for offset_bytes in [0, 200, 206, 208] {
            let refused = Stage::of(&progress(offset_bytes, state.clone()), 100);
            assert!(matches!(refused, Err(BlobError::Missing(_))), "{offset_bytes}");
        }
        assert!(Stage::of(&Progress::none(), 100).is_ok());
        assert!(Stage::of(&progress(1, StageState::default()), 100).is_err());
    }

    #[test]
    fn a_damaged_state_is_refused() {
        let whole = stage().encode().unwrap().as_bytes().to_vec();
        for index in 0..whole.len() {
            let mut damaged = whole.clone();
            if let Some(byte) = damaged.get_mut(index) {
                *byte ^= 0x10;
            }
            assert!(Stage::decode(&damaged).is_none(), "byte {index}");
            assert!(Stage::decode(whole.get(..index).unwrap()).is_none(), "cut off at {index}");
        }
    }

    #[test]
    fn ten_gibibytes_take_less_than_seventy_kilobytes() {
        let sum = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
        let content_id = format!(
            "<PartMetadata><e_tag>\"9bb58f26192e4ba00f01e2e7b136bbd8\"</e_tag>\
             <checksum_sha256>{sum}</checksum_sha256></PartMetadata>"
        );
        let parts = vec![PartId { content_id }; 1_280];
        let state = Stage { parts, tail: None, ..stage() }.encode().unwrap();
        assert!(state.as_bytes().len() < 70_000, "{}", state.as_bytes().len());
    }
}
