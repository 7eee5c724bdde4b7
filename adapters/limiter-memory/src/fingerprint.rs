//! What is remembered of a key: a keyed hash, never the address or name itself.

use core::fmt;
use core::hash::Hasher as _;
use epic_domain::rate_limit::{Attempt, Subject};
use siphasher::sip::SipHasher13;

/// A keyed hash of an action and a subject.
///
/// Two keys with one fingerprint would share a window. Among ten million keys that happens by chance with a
/// probability of about one in 50,000, and nobody can aim at it without the process's hash key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Fingerprint(u64);

impl Fingerprint {
    /// Low bits that are the same in all fingerprints of a lane, and so are free for a slot's own use.
    pub(crate) const FREE_BITS: u32 = 3;
    const FREE_MASK: u64 = (1 << Self::FREE_BITS) - 1;

    /// The lane out of 2^`lane_bits`: the low bits.
    pub(crate) fn lane(self, lane_bits: u32) -> usize {
        usize::try_from(self.0 & ((1 << lane_bits) - 1)).unwrap_or_default()
    }

    /// The fingerprint within its lane: the bits that all fingerprints of a lane share are zero.
    pub(crate) const fn within_lane(self) -> u64 {
        self.0 & !Self::FREE_MASK
    }

    /// Where the fingerprint belongs among `slots`: its place in the order of all, from the high bits.
    pub(crate) fn home(within_lane: u64, slots: usize) -> usize {
        let scaled = (u128::from(within_lane) * slots as u128) >> u64::BITS;
        usize::try_from(scaled).unwrap_or_default()
    }
}

/// Makes fingerprints under a key that is drawn anew for each process, so that nobody outside can find subjects that
/// collide (SipHash-1-3, which the standard library's maps use for the same reason).
#[derive(Clone, Copy)]
pub(crate) struct Fingerprints {
    key: (u64, u64),
}

impl fmt::Debug for Fingerprints {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Fingerprints(keyed)")
    }
}

/// Kinds of subjects, as they stand in what is hashed.
const ADDRESS: u64 = 1;
const ACCOUNT: u64 = 2;
const NAME_FROM: u64 = 3;
const NAME: u64 = 4;

impl Fingerprints {
    pub(crate) fn new(hash_key: &[u8; 16]) -> Self {
        Self { key: SipHasher13::new_with_key(hash_key).keys() }
    }

    /// The fingerprint of whom and what an attempt counts against.
    ///
    /// Whole words are hashed, the first of which tells action, kind and length of the name, so that no two keys are
    /// written alike.
    #[inline]
    pub(crate) fn of(&self, attempt: &Attempt) -> Fingerprint {
        let mut hasher = SipHasher13::new_with_keys(self.key.0, self.key.1);
        let header =
            |kind: u64, length: usize| word(attempt.action.index()) << 32 | kind << 16 | word(length);
        match &attempt.subject {
            Subject::Address(prefix) => {
                hasher.write_u64(header(ADDRESS, 0));
                write_wide(&mut hasher, prefix.to_bytes());
            }
            Subject::Account(user_id) => {
                hasher.write_u64(header(ACCOUNT, 0));
                write_wide(&mut hasher, *user_id.as_bytes());
            }
            Subject::NameFrom(name, prefix) => {
                let name = name.as_str().as_bytes();
                hasher.write_u64(header(NAME_FROM, name.len()));
                write_wide(&mut hasher, prefix.to_bytes());
                write_padded(&mut hasher, name);
            }
            Subject::Name(name) => {
                let name = name.as_str().as_bytes();
                hasher.write_u64(header(NAME, name.len()));
                write_padded(&mut hasher, name);
            }
        }
        Fingerprint(hasher.finish())
    }
}

fn word(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

#[inline]
fn write_wide(hasher: &mut SipHasher13, bytes: [u8; 16]) {
    let number = u128::from_le_bytes(bytes);
    let [low, high] = [number, number >> u64::BITS].map(|half| half & u128::from(u64::MAX));
    hasher.write_u64(u64::try_from(low).unwrap_or_default());
    hasher.write_u64(u64::try_from(high).unwrap_or_default());
}

/// Writes whole words, the last one filled up with zeros.
#[inline]
fn write_padded(hasher: &mut SipHasher13, bytes: &[u8]) {
    let (words, rest) = bytes.as_chunks();
    words.iter().for_each(|word| hasher.write_u64(u64::from_le_bytes(*word)));
    hasher.write_u64(rest.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte)));
}

#[cfg(test)]
mod tests {
    use super::*;
    use epic_domain::id::UserId;
    use epic_domain::network::IpPrefix;
    use epic_domain::rate_limit::Action;
    use epic_domain::user::Username;
    use std::collections::HashSet;

    fn name_from(name: &str, address: &str) -> Subject {
        Subject::NameFrom(Username::parse(name).unwrap(), IpPrefix::of(address.parse().unwrap()))
    }

    #[test]
    fn whatever_differs_has_another_fingerprint() {
        let prefix = IpPrefix::of("192.0.2.1".parse().unwrap());
        let subjects = [
            Subject::Address(prefix),
            Subject::Account(UserId::from_bytes(prefix.to_bytes())),
            name_from("alice", "192.0.2.1"),
            name_from("alice0", "192.0.2.1"),
            name_from("alice", "192.0.2.2"),
            name_from(&"a".repeat(Username::LENGTH_MAX), "192.0.2.1"),
            name_from(&"a".repeat(Username::LENGTH_MAX - 1), "192.0.2.1"),
            Subject::Name(Username::parse("alice").unwrap()),
            Subject::Name(Username::parse("alice0").unwrap()),
            Subject::Name(Username::parse(&"a".repeat(Username::LENGTH_MAX)).unwrap()),
        ];
        let makers = [Fingerprints::new(&[1; 16]), Fingerprints::new(&[2; 16])];
        let seen: HashSet<u64> = makers
            .iter()
            .flat_map(|maker| Action::ALL.map(|action| (maker, action)))
            .flat_map(|(maker, action)| {
                subjects.clone().map(|subject| maker.of(&Attempt::new(action, subject)).within_lane())
            })
            .collect();
        assert_eq!(seen.len(), makers.len() * Action::ALL.len() * subjects.len());
    }

    #[test]
    fn e16_addresses_in_a_pattern_spread_evenly_over_lanes_and_tables() {
        for stride in [1_u32, 256, 4_096, 0x0101_0101] {
            let maker = Fingerprints::new(&[7; 16]);
            let (mut lanes, mut homes) = ([0_u32; 256], [0_u32; 256]);
            for number in 0..25_600_u32 {
                let address = core::net::Ipv4Addr::from_bits(number.wrapping_mul(stride));
                let subject = Subject::Address(IpPrefix::of(address.into()));
                let fingerprint = maker.of(&Attempt::new(Action::Login, subject));
                lanes[fingerprint.lane(8)] += 1;
                homes[Fingerprint::home(fingerprint.within_lane(), 256)] += 1;
            }
            // A hundred each on average, give or take ten; these bounds are five times as wide.
            assert!(lanes.iter().chain(&homes).all(|count| (50..=150).contains(count)), "stride {stride}");
        }
    }

    #[test]
    fn d03_spellings_of_one_name_have_one_fingerprint() {
        let maker = Fingerprints::new(&[7; 16]);
        let of = |name| maker.of(&Attempt::new(Action::Login, name_from(name, "192.0.2.1")));
        assert_eq!(of("alice"), of("ALICE"));
    }

    #[test]
    fn h08_the_hash_key_is_not_printed() {
        assert_eq!(format!("{:?}", Fingerprints::new(&[9; 16])), "Fingerprints(keyed)");
    }
}
