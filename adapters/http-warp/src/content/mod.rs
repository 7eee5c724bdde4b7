//! Contents on the wire: conditions, ranges, and the headers that go with them (RFC 9110, sections 8, 13 and 14).

mod conditions;
mod range;
mod reply;

pub(crate) use reply::choose;
