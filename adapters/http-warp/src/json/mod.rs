//! Strict JSON: every member is accounted for, every mistake is named.

mod fields;
mod value;

pub(crate) use fields::Fields;
