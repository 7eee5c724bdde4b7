//! `Upload-Checksum`: the checksum of one PATCH, which a client tells before its bytes (tus 1.0.0, checksum extension).

use crate::problem::Problem;
use data_encoding::BASE64;
use http::StatusCode;
use sha1::Sha1;
use sha2::{Digest, Sha256};

/// The algorithms, as `Tus-Checksum-Algorithm` lists them.
pub(crate) const ALGORITHMS: &str = "sha256,sha1";

enum Hasher {
    Sha1(Sha1),
    Sha256(Sha256),
}

/// A checksum under way, and what it must come to.
pub(crate) struct Checksum {
    hasher: Hasher,
    expected: Vec<u8>,
}

impl Checksum {
    /// Reads the field: the name of an algorithm, a space, and the checksum in Base64.
    ///
    /// # Errors
    /// A [`Problem`]: 400.
    pub(crate) fn parse(field: &str) -> Result<Self, Problem> {
        let (algorithm, checksum) = field.trim().split_once(' ').ok_or_else(malformed)?;
        let (hasher, length) = match algorithm {
            "sha1" => (Hasher::Sha1(Sha1::new()), 20),
            "sha256" => (Hasher::Sha256(Sha256::new()), 32),
            _ => return Err(malformed()),
        };
        let expected = BASE64.decode(checksum.as_bytes()).map_err(|_| malformed())?;
        if expected.len() == length { Ok(Self { hasher, expected }) } else { Err(malformed()) }
    }

    /// Adds bytes.
    pub(crate) fn update(&mut self, bytes: &[u8]) {
        match &mut self.hasher {
            Hasher::Sha1(hasher) => hasher.update(bytes),
            Hasher::Sha256(hasher) => hasher.update(bytes),
        }
    }

    /// Whether all bytes added have the checksum.
    pub(crate) fn holds(self) -> bool {
        match self.hasher {
            Hasher::Sha1(hasher) => hasher.finalize().as_slice() == self.expected,
            Hasher::Sha256(hasher) => hasher.finalize().as_slice() == self.expected,
        }
    }
}

fn malformed() -> Problem {
    Problem::new(
        StatusCode::BAD_REQUEST,
        "invalid_checksum",
        "Invalid checksum",
        "Send Upload-Checksum as the name of an algorithm (sha256 or sha1), a space, and the checksum in Base64.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHA1_OF_HELLO_WORLD: &str = "sha1 Kq5sNclPz7QV2+lfQIuc6R7oRu0=";
    const SHA256_OF_NOTHING: &str = "sha256 47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";

    #[test]
    fn the_bytes_that_were_told_pass_and_others_do_not() {
        let of = |bytes: &[&[u8]]| {
            let mut checksum = Checksum::parse(SHA1_OF_HELLO_WORLD).unwrap_or_else(|_| panic!("refused"));
            bytes.iter().for_each(|piece| checksum.update(piece));
            checksum.holds()
        };
        assert!(of(&[b"hello ", b"world"]));
        assert!(!of(&[b"hello world", b"!"]));
        assert!(!of(&[]));
        assert!(Checksum::parse(SHA256_OF_NOTHING).is_ok_and(Checksum::holds));
    }

    #[test]
    fn other_algorithms_lengths_and_encodings_are_refused() {
        for bad in [
            "",
            "sha1",
            "sha1 ",
            "md5 CY9rzUYh03PK3k6DJie09g==",
            "sha1 47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
            "sha1 Kq5sNclPz7QV2-lfQIuc6R7oRu0=",
            "sha1 Kq5sNclPz7QV2+lfQIuc6R7oRu0",
            "SHA1 Kq5sNclPz7QV2+lfQIuc6R7oRu0=",
        ] {
            assert!(Checksum::parse(bad).is_err(), "{bad:?}");
        }
    }
}
