//! What the shared limiter counts against one key: the times of the attempts that count.
//!
//! Whom a key stands for cannot be read from its document: the id is a keyed digest.

use super::values::{binary, date, integer, time};
use super::{FORMAT, check_format};
use crate::errors::Failure;
use crate::limiter_count::Count;
use crate::limiter_key::LimitKey;
use core::time::Duration;
use epic_domain::rate_limit::Quota;
use mongodb::bson::{Binary, DateTime, Document, doc};
use serde::{Deserialize, Serialize};

/// The most times that a document may hold.
pub(crate) const MOMENTS_MAX: usize = 1_000;

/// The count of one key.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct LimitDocument {
    #[serde(rename = "_id")]
    id: Binary,
    v: i32,
    /// Rises with every change. It begins at the time, so that a document made anew never has one that was seen before.
    revision: i64,
    /// Oldest first.
    moments: Vec<DateTime>,
    /// The latest time that any node has told; it only rises.
    latest_at: DateTime,
    /// When nothing of it counts any more.
    expires_at: DateTime,
}

impl LimitDocument {
    pub(crate) fn encode(key: LimitKey, count: &Count, quota: Quota) -> Result<Self, Failure> {
        Ok(Self {
            id: binary(key.as_bytes()),
            v: FORMAT,
            revision: integer(count.latest_at.as_millis())?,
            moments: moments(count),
            latest_at: date(count.latest_at),
            expires_at: expiry(count, quota),
        })
    }

    pub(crate) fn is_of(&self, key: LimitKey) -> bool {
        self.id.bytes == key.as_bytes()
    }

    /// The count, and its revision.
    pub(crate) fn decode(&self) -> Result<(Count, i64), Failure> {
        check_format(self.v)?;
        let moments = self.moments.iter().copied().map(time).collect::<Result<Vec<_>, _>>()?;
        let latest_at = time(self.latest_at)?;
        let is_in_order = moments.is_sorted() && moments.last().is_none_or(|newest| *newest <= latest_at);
        if !is_in_order || moments.len() > MOMENTS_MAX {
            return Err(Failure::Damaged("limit"));
        }
        Ok((Count { moments, latest_at }, self.revision))
    }
}

fn moments(count: &Count) -> Vec<DateTime> {
    count.moments.iter().copied().map(date).collect()
}

fn expiry(count: &Count, quota: Quota) -> DateTime {
    date(count.latest_at.saturating_add(Duration::from_millis(quota.window_ms().into())))
}

/// The documents of these keys.
pub(crate) fn among(keys: impl Iterator<Item = LimitKey>) -> Document {
    let ids: Vec<Binary> = keys.map(|key| binary(key.as_bytes())).collect();
    doc! { "_id": { "$in": ids } }
}

/// The document of a key, if nobody has changed it since.
pub(crate) fn unchanged(key: LimitKey, revision: i64) -> Document {
    doc! { "_id": binary(key.as_bytes()), "revision": revision }
}

/// Changes a document to this count. The expiry only rises: another node may count by a longer window.
pub(crate) fn change_to(count: &Count, quota: Quota) -> Document {
    doc! {
        "$set": { "moments": moments(count), "latest_at": date(count.latest_at) },
        "$max": { "expires_at": expiry(count, quota) },
        "$inc": { "revision": 1_i64 },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use epic_domain::Timestamp;

    fn quota() -> Quota {
        Quota::new(5, Duration::from_secs(60)).unwrap()
    }

    fn count(moments: &[u64], latest_at: u64) -> Count {
        let moments = moments.iter().copied().map(Timestamp::from_millis).collect();
        Count { moments, latest_at: Timestamp::from_millis(latest_at) }
    }

    fn stored(count: &Count) -> Result<(Count, i64), Failure> {
        LimitDocument::encode(LimitKey::from_bytes([7; 16]), count, quota()).unwrap().decode()
    }

    #[test]
    fn a_count_round_trips_and_begins_at_the_revision_of_its_time() {
        for count in [count(&[1_000, 2_000, 2_000], 3_000), count(&[], 0)] {
            let revision = i64::try_from(count.latest_at.as_millis()).unwrap();
            assert_eq!(stored(&count), Ok((count, revision)));
        }
    }

    #[test]
    fn times_out_of_order_or_beyond_count_are_damage() {
        let too_many = count(&vec![1_000; MOMENTS_MAX + 1], 3_000);
        for damaged in [count(&[2_000, 1_000], 3_000), count(&[1_000, 4_000], 3_000), too_many] {
            assert_eq!(stored(&damaged), Err(Failure::Damaged("limit")));
        }
        assert!(stored(&count(&vec![1_000; MOMENTS_MAX], 3_000)).is_ok());
    }
}
