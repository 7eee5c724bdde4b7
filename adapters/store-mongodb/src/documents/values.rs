//! Values of the domain as BSON values and back.

use crate::errors::Failure;
use epic_domain::Timestamp;
use mongodb::bson::spec::BinarySubtype;
use mongodb::bson::{Binary, DateTime};

pub(crate) fn binary(bytes: &[u8]) -> Binary {
    Binary { subtype: BinarySubtype::Generic, bytes: bytes.to_vec() }
}

/// Bytes of a fixed length.
pub(crate) fn bytes<const N: usize>(stored: &Binary, name: &'static str) -> Result<[u8; N], Failure> {
    stored.bytes.as_slice().try_into().map_err(|_| Failure::Damaged(name))
}

/// A counter as BSON holds it.
pub(crate) fn integer(number: u64) -> Result<i64, Failure> {
    i64::try_from(number).map_err(|_| Failure::TooLarge)
}

pub(crate) fn number(stored: i64) -> Result<u64, Failure> {
    u64::try_from(stored).map_err(|_| Failure::Damaged("number"))
}

pub(crate) fn small_number(stored: i64) -> Result<u32, Failure> {
    u32::try_from(stored).map_err(|_| Failure::Damaged("number"))
}

/// A time as BSON holds it; [`Timestamp::MAX`] is far below what fits.
pub(crate) fn date(time: Timestamp) -> DateTime {
    DateTime::from_millis(i64::try_from(time.as_millis()).unwrap_or(i64::MAX))
}

pub(crate) fn time(stored: DateTime) -> Result<Timestamp, Failure> {
    let millis = number(stored.timestamp_millis()).map_err(|_| Failure::Damaged("time"))?;
    let time = Timestamp::from_millis(millis);
    if time.as_millis() == millis { Ok(time) } else { Err(Failure::Damaged("time")) }
}

/// A stored value that a domain type parses.
pub(crate) fn parsed<T, E>(name: &'static str, parsed: Result<T, E>) -> Result<T, Failure> {
    parsed.map_err(|_| Failure::Damaged(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_round_trip_to_the_millisecond_from_end_to_end() {
        for instant in [Timestamp::MIN, Timestamp::from_millis(1_700_000_000_123), Timestamp::MAX] {
            assert_eq!(time(date(instant)), Ok(instant));
        }
    }

    #[test]
    fn times_and_numbers_outside_their_range_are_damage() {
        assert_eq!(time(DateTime::from_millis(-1)), Err(Failure::Damaged("time")));
        assert_eq!(time(DateTime::MAX), Err(Failure::Damaged("time")));
        assert_eq!(number(-1), Err(Failure::Damaged("number")));
        assert_eq!(small_number(1 << 32), Err(Failure::Damaged("number")));
    }

    #[test]
    fn a_counter_that_does_not_fit_is_refused_and_not_cut() {
        assert_eq!(integer(u64::MAX), Err(Failure::TooLarge));
        assert_eq!(integer(u64::MAX / 2), Ok(i64::MAX));
    }
}
