//! Listings: `limit` and `cursor` in the query, `items` and `next_cursor` in the reply.

use crate::encoding::{base64url, from_base64url};
use crate::problem::{FieldError, Problem};
use epic_domain::{Invalid, Timestamp};
use epic_inbound::listed::Listed;
use epic_inbound::own_files::Position;
use serde::Serialize;

/// Items on a page unless the query says otherwise, and the most it may ask for.
const LIMIT_DEFAULT: u32 = 50;
const LIMIT_MAX: u32 = 200;

/// A page as it is sent.
#[derive(Serialize)]
pub(crate) struct Page<T> {
    pub(crate) items: Vec<T>,
    pub(crate) next_cursor: Option<String>,
}

impl<T: Serialize> Page<T> {
    /// A page of `listed`, each item as `item` shows it.
    pub(crate) fn of<S, Place>(
        listed: &Listed<S, Place>,
        item: impl Fn(&S) -> T,
        cursor: impl Fn(&Place) -> String,
    ) -> Self {
        Self { items: listed.items.iter().map(item).collect(), next_cursor: listed.next.as_ref().map(cursor) }
    }
}

/// The parameters of a query that have not been taken yet.
pub(crate) struct Query(Vec<(String, String)>);

impl Query {
    /// Parses a raw query.
    pub(crate) fn parse(raw: &str) -> Self {
        Self(form_urlencoded::parse(raw.as_bytes()).into_owned().collect())
    }

    /// The number of items to send.
    ///
    /// # Errors
    /// A [`Problem`] unless it is left out or between 1 and 200.
    pub(crate) fn limit(&self) -> Result<u32, Problem> {
        let limit = self.take("limit", |text| {
            let limit = text.parse::<u32>().ok().filter(|limit| (1..=LIMIT_MAX).contains(limit));
            limit.ok_or(Invalid::new("invalid_limit", "must be a number from 1 to 200"))
        })?;
        Ok(limit.unwrap_or(LIMIT_DEFAULT))
    }

    /// The place at which the page starts, as [`cursor`] wrote it.
    ///
    /// # Errors
    /// A [`Problem`] when it is not one that this server wrote.
    pub(crate) fn cursor<const N: usize>(&self) -> Result<Option<[u8; N]>, Problem> {
        self.take("cursor", |text| {
            let bytes = from_base64url(text).and_then(|bytes| bytes.try_into().ok());
            bytes.ok_or(Invalid::new("invalid_cursor", "must be the next_cursor of an earlier page"))
        })
    }

    /// The place in a listing whose newest comes first, as [`position_cursor`] wrote it.
    ///
    /// # Errors
    /// A [`Problem`] when it is not one that this server wrote.
    pub(crate) fn position(&self) -> Result<Option<Position>, Problem> {
        let place = self.cursor::<24>()?;
        Ok(place.and_then(|bytes| {
            let (at, id) = bytes.split_first_chunk::<8>()?;
            let at = Timestamp::from_millis(u64::from_be_bytes(*at));
            Some(Position { at, id: id.try_into().ok()? })
        }))
    }

    /// A parameter, which may stand once.
    ///
    /// # Errors
    /// A [`Problem`] when it does not parse or stands twice.
    pub(crate) fn take<T>(
        &self,
        name: &str,
        parse: impl FnOnce(&str) -> Result<T, Invalid>,
    ) -> Result<Option<T>, Problem> {
        let mut values = self.0.iter().filter(|(key, _)| key == name).map(|(_, value)| value);
        let parsed = match (values.next(), values.next()) {
            (None, _) => return Ok(None),
            (Some(text), None) => parse(text),
            (Some(_), Some(_)) => Err(Invalid::new("duplicate_field", "must stand once")),
        };
        parsed.map(Some).map_err(|invalid| {
            Problem::invalid_fields(vec![FieldError {
                pointer: format!("/{name}"),
                code: invalid.code(),
                detail: format!("{name} {}", invalid.rule()),
            }])
        })
    }
}

/// A place in a listing, as clients carry it.
pub(crate) fn cursor(place: &[u8]) -> String {
    base64url(place)
}

/// Such a place, as clients carry it: the time in milliseconds and the id.
pub(crate) fn position_cursor(position: &Position) -> String {
    let mut place = position.at.as_millis().to_be_bytes().to_vec();
    place.extend_from_slice(&position.id);
    cursor(&place)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f15_a_limit_out_of_range_is_refused() {
        for bad in
            ["limit=0", "limit=-1", "limit=201", "limit=1000000000", "limit=x", "limit=", "limit=1&limit=2"]
        {
            assert!(Query::parse(bad).limit().is_err(), "{bad}");
        }
        assert_eq!(Query::parse("").limit().ok(), Some(50));
        assert_eq!(Query::parse("limit=200").limit().ok(), Some(200));
    }

    #[test]
    fn f16_only_a_whole_cursor_is_read() {
        let written = cursor(&[7; 8]);
        assert_eq!(Query::parse(&format!("cursor={written}")).cursor::<8>().ok(), Some(Some([7; 8])));
        for bad in ["cursor=", "cursor=AAAA", "cursor=%00", "cursor=!!!!"] {
            assert!(Query::parse(bad).cursor::<8>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_position_comes_back_as_it_was_written() {
        let position = Position { at: Timestamp::from_millis(1_700_000_000_123), id: [9; 16] };
        let query = Query::parse(&format!("cursor={}", position_cursor(&position)));
        assert_eq!(query.position().ok(), Some(Some(position)));
        assert!(Query::parse("cursor=AAAA").position().is_err());
    }
}
