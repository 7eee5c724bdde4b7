//! JSON objects, and nothing that merely stands in for one.
//!
//! A struct that derives `Deserialize` may also be written as an array of its values in order; a header or claims set
//! may not (RFC 7515, section 4; RFC 7519, section 3).

use core::fmt;
use core::marker::PhantomData;
use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// A value that was written as a JSON object.
pub(crate) struct Object<T>(pub(crate) T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ObjectVisitor(PhantomData))
    }
}

struct ObjectVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjectVisitor<T> {
    type Value = Object<T>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<Object<T>, A::Error> {
        T::deserialize(MapAccessDeserializer::new(members)).map(Object)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Pair {
        a: u8,
        b: u8,
    }

    #[test]
    fn only_an_object_with_each_member_once_is_read() {
        let read =
            |json: &str| serde_json::from_str::<Object<Pair>>(json).map(|Object(pair)| (pair.a, pair.b));
        assert_eq!(read(r#"{"b":2,"a":1}"#).unwrap(), (1, 2));
        for json in ["[1,2]", r#"{"a":1}"#, r#"{"a":1,"b":2,"a":1}"#, r#"{"a":1,"b":2,"c":3}"#, "null", "1"] {
            assert!(read(json).is_err(), "{json}");
        }
    }
}
