//! The keys of the shared limiter, as they stand in the database: keyed digests, neither addresses nor names.

use core::fmt;
use epic_domain::rate_limit::{Attempt, Subject};
use epic_domain::secret::Secret;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

const KEY_BYTES: usize = 16;

/// A keyed digest of an action and a subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct LimitKey([u8; KEY_BYTES]);

impl LimitKey {
    #[cfg(test)]
    pub(crate) const fn from_bytes(bytes: [u8; KEY_BYTES]) -> Self {
        Self(bytes)
    }

    pub(crate) const fn as_bytes(&self) -> &[u8; KEY_BYTES] {
        &self.0
    }

    /// A number that is as good as random.
    pub(crate) const fn spread(self) -> u8 {
        let [first, ..] = self.0;
        first
    }
}

/// Makes keys: HMAC-SHA256, of which half is kept. Whoever has the database but not the secret cannot try addresses and
/// names against it.
pub(crate) struct LimitKeys(Hmac<Sha256>);

impl fmt::Debug for LimitKeys {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("LimitKeys(keyed)")
    }
}

/// Kinds of subjects, as they stand in what is digested.
const ADDRESS: u8 = 1;
const ACCOUNT: u8 = 2;
const NAME_FROM: u8 = 3;
const NAME: u8 = 4;

impl LimitKeys {
    pub(crate) fn new(secret: &Secret<32>) -> Self {
        // A key of half a block needs no hashing first: this is RFC 2104 with the key padded by zeros.
        let mut block = Zeroizing::new([0; 64]);
        block.iter_mut().zip(secret.expose()).for_each(|(padded, byte)| *padded = *byte);
        Self(Hmac::new((&*block).into()))
    }

    /// The key of whom and what an attempt counts against. No two are written alike: names of actions hold no zero, what
    /// follows has one length for each kind, and a name comes last.
    pub(crate) fn of(&self, attempt: &Attempt) -> LimitKey {
        let mac = self.0.clone().chain_update(attempt.action.as_str()).chain_update([0]);
        let mac = match &attempt.subject {
            Subject::Address(prefix) => mac.chain_update([ADDRESS]).chain_update(prefix.to_bytes()),
            Subject::Account(user_id) => mac.chain_update([ACCOUNT]).chain_update(user_id.as_bytes()),
            Subject::NameFrom(name, prefix) => {
                mac.chain_update([NAME_FROM]).chain_update(prefix.to_bytes()).chain_update(name.as_str())
            }
            Subject::Name(name) => mac.chain_update([NAME]).chain_update(name.as_str()),
        };
        let digest: [u8; 32] = mac.finalize().into_bytes().into();
        let mut key = [0; KEY_BYTES];
        key.iter_mut().zip(digest).for_each(|(kept, byte)| *kept = byte);
        LimitKey(key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use epic_domain::network::IpPrefix;
    use epic_domain::rate_limit::Action;
    use epic_tests::builders::{user_id, username};
    use std::collections::HashSet;

    #[test]
    fn whatever_differs_has_another_key() {
        let prefix = |last| IpPrefix::of([192, 0, 2, last].into());
        let subjects = [
            Subject::Address(prefix(1)),
            Subject::Address(prefix(2)),
            Subject::Account(user_id(1)),
            Subject::Account(epic_domain::id::UserId::from_bytes(prefix(1).to_bytes())),
            Subject::NameFrom(username("alice"), prefix(1)),
            Subject::NameFrom(username("alice"), prefix(2)),
            Subject::NameFrom(username("alice0"), prefix(1)),
            Subject::Name(username("alice")),
            Subject::Name(username("alice0")),
        ];
        let makers = [1, 2].map(|byte| LimitKeys::new(&Secret::new([byte; 32])));
        let seen: HashSet<_> = makers
            .iter()
            .flat_map(|maker| Action::ALL.map(|action| (maker, action)))
            .flat_map(|(maker, action)| {
                subjects.clone().map(|subject| maker.of(&Attempt::new(action, subject)))
            })
            .collect();
        assert_eq!(seen.len(), makers.len() * Action::ALL.len() * subjects.len());
    }

    #[test]
    fn two_nodes_with_one_secret_have_the_same_keys() {
        let attempt = Attempt::new(Action::Login, Subject::Name(username("alice")));
        let [one, other] = [(); 2].map(|()| LimitKeys::new(&Secret::new([7; 32])).of(&attempt));
        assert_eq!(one, other);
    }

    #[test]
    fn the_secret_is_not_printed() {
        assert_eq!(format!("{:?}", LimitKeys::new(&Secret::new([9; 32]))), "LimitKeys(keyed)");
    }
}
