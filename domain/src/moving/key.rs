//! What tells records of one kind apart, and puts them in order.

use super::Kind;
use crate::id::UserId;
use core::fmt;
use uuid::Uuid;

/// The key of a record among those of its kind. Keys are ordered as their bytes are: by id, then by number or digest.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    id: [u8; 16],
    rest: [u8; 32],
}

impl Key {
    /// The key of what has an id.
    pub(super) const fn of_id(id: [u8; 16]) -> Self {
        Self { id, rest: [0; 32] }
    }

    /// The key of what has a number under an id.
    pub(super) fn numbered(id: [u8; 16], number: u64) -> Self {
        let mut rest = [0; 32];
        for (place, byte) in rest.iter_mut().zip(number.to_be_bytes()) {
            *place = byte;
        }
        Self { id, rest }
    }

    /// The key of what has a place in a row.
    pub(super) fn at(place: u64) -> Self {
        Self::numbered([0; 16], place)
    }

    /// The key of a request of an account.
    pub(super) const fn of_request(account: UserId, key_digest: [u8; 32]) -> Self {
        Self { id: *account.as_bytes(), rest: key_digest }
    }

    /// The id, all zeros for what has none.
    #[must_use]
    pub const fn id(&self) -> &[u8; 16] {
        &self.id
    }

    /// The number under the id, or the place in the row.
    #[must_use]
    pub fn number(&self) -> u64 {
        self.rest.iter().take(8).fold(0, |number, byte| (number << 8) | u64::from(*byte))
    }

    /// The digest of a request's key.
    #[must_use]
    pub const fn digest(&self) -> &[u8; 32] {
        &self.rest
    }

    /// The key as a mark keeps it.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; 48] {
        let mut bytes = [0; 48];
        for (place, byte) in bytes.iter_mut().zip(self.id.iter().chain(&self.rest)) {
            *place = *byte;
        }
        bytes
    }

    /// The key that [`Key::to_bytes`] wrote.
    #[must_use]
    pub fn from_bytes(bytes: &[u8; 48]) -> Self {
        let mut key = Self { id: [0; 16], rest: [0; 32] };
        for (place, byte) in key.id.iter_mut().chain(&mut key.rest).zip(bytes) {
            *place = *byte;
        }
        key
    }

    /// The key in words, for a person who looks for the record. It tells no secret.
    #[must_use]
    pub fn describe(&self, kind: Kind) -> String {
        let (id, number) = (Uuid::from_bytes(self.id), self.number());
        match kind {
            Kind::Account | Kind::Usage => format!("account {id}"),
            Kind::Session | Kind::Revocation => format!("session {id}"),
            Kind::File => format!("file {id}"),
            Kind::RemovedFile => format!("change {number} of the files of account {id}"),
            Kind::EarlierContent => format!("content {number} of file {id}"),
            Kind::Upload => format!("upload {id}"),
            Kind::Share => format!("share {id}"),
            Kind::Link => format!("link {id}"),
            Kind::Request => format!("a request of account {id}"),
            Kind::DoomedBlob => format!("place {number}"),
            Kind::Event => format!("event {number}"),
            Kind::Anchor => "the anchor".to_owned(),
            Kind::SignedHead => format!("the head of {number} events"),
        }
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Key({}, {})", Uuid::from_bytes(self.id), self.number())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_round_trips_through_its_bytes() {
        let key = Key::numbered([7; 16], u64::MAX - 1);
        assert_eq!(Key::from_bytes(&key.to_bytes()), key);
        assert_eq!((key.id(), key.number()), (&[7; 16], u64::MAX - 1));
        let request = Key::of_request(UserId::from_bytes([1; 16]), [9; 32]);
        assert_eq!(Key::from_bytes(&request.to_bytes()).digest(), &[9; 32]);
    }

    #[test]
    fn keys_are_ordered_by_id_and_then_by_number() {
        let keys = [
            Key::at(0),
            Key::at(255),
            Key::at(256),
            Key::of_id([1; 16]),
            Key::numbered([1; 16], 1),
            Key::numbered([1; 16], u64::MAX),
            Key::of_id([2; 16]),
        ];
        assert!(keys.is_sorted());
    }
}
