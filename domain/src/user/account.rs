//! The account as a whole.

use super::{
    AuthKeyHash, EncryptionPublicKey, KdfParameters, OtpStep, Salts, SealedSecret, SigningPublicKey, Status,
    Username, WrappedKey,
};
use crate::Timestamp;
use crate::id::UserId;
use core::time::Duration;

/// Counts the changes of an account's credentials and profile; what `ETag` and `If-Match` carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version(u64);

impl Version {
    /// The version of an account just registered.
    pub const FIRST: Self = Self(1);

    /// The version with this number.
    #[must_use]
    pub const fn from_number(number: u64) -> Self {
        Self(number)
    }

    /// The number.
    #[must_use]
    pub const fn number(self) -> u64 {
        self.0
    }

    /// The version after this one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

/// What proves the password: public salts and parameters, and the hash of the key they lead to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The two public salts.
    pub salts: Salts,
    /// The client's derivation parameters.
    pub kdf: KdfParameters,
    /// The server's hash of the `auth_key`.
    pub auth_key_hash: AuthKeyHash,
}

/// The keys the server keeps for the client: public ones in clear, the others wrapped by the client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyMaterial {
    /// The master key under the key-encryption key.
    pub encrypted_mek: WrappedKey,
    /// The private keys under the master key.
    pub encrypted_private_key: WrappedKey,
    /// The X25519 key others encrypt to.
    pub public_key: EncryptionPublicKey,
    /// The Ed25519 key others verify with.
    pub signing_key: SigningPublicKey,
}

/// The authenticator of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enrolment {
    /// The TOTP secret under the server's sealing key.
    pub sealed_secret: SealedSecret,
    /// The newest step whose code was used; codes of it and of earlier steps are spent (RFC 6238, section 5.2).
    pub last_step: Option<OtpStep>,
    /// Failed codes since the last one that was right.
    pub consecutive_failures: u32,
    /// A new secret that its owner has asked for and not confirmed yet.
    pub proposed: Option<ProposedTotp>,
}

/// A TOTP secret that takes over once a code of it has been seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProposedTotp {
    /// The secret under the server's sealing key.
    pub sealed_secret: SealedSecret,
    /// When it was proposed.
    pub proposed_at: Timestamp,
}

impl ProposedTotp {
    /// How long a proposed secret may wait to be confirmed.
    pub const CONFIRM_WITHIN: Duration = Duration::from_secs(15 * 60);

    /// Whether it can still be confirmed at `now`.
    #[must_use]
    pub fn is_open_at(&self, now: Timestamp) -> bool {
        now < self.proposed_at.saturating_add(Self::CONFIRM_WITHIN)
    }
}

/// A second way to the master key, for someone who has lost the password: the master key wrapped under a key that only
/// the owner's recovery key leads to, and the hash of what proves possession of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecoveryKey {
    /// The server's hash of the `recovery_auth_key`.
    pub auth_key_hash: AuthKeyHash,
    /// The master key, wrapped a second time.
    pub encrypted_mek: WrappedKey,
}

impl Enrolment {
    /// Failed codes in a row after which codes are held until a recovery code comes with the right key. With three
    /// acceptable codes in a million, a hundred guesses succeed once in 3,333 (NIST SP 800-63B-4, section 3.2.2, allows
    /// no more than a hundred).
    pub const FAILURES_MAX: u32 = 100;

    /// Whether codes are not looked at any more.
    #[must_use]
    pub const fn codes_are_held(&self) -> bool {
        self.consecutive_failures >= Self::FAILURES_MAX
    }
}

/// How much an account may store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StorageQuota {
    /// The most, in bytes. What is stored now is kept beside the account, as [`Usage`](crate::file::Usage).
    pub limit_bytes: u64,
}

/// An account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Its name for its whole life inside the server.
    pub id: UserId,
    /// The name it signs in with.
    pub username: Username,
    /// What proves the password.
    pub credentials: Credentials,
    /// The keys kept for the client.
    pub keys: KeyMaterial,
    /// The second factor.
    pub enrolment: Enrolment,
    /// The second way to the master key, if its owner has set one up.
    pub recovery_key: Option<RecoveryKey>,
    /// Where it is in its life.
    pub status: Status,
    /// How much it may store.
    pub quota: StorageQuota,
    /// Counts changes.
    pub version: Version,
    /// When it was first registered.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

impl User {
    /// Whether a registration that began at `started_at` lost a race for the name to this account: the account was
    /// written after that request began, so the request is a rival of it and not a retry.
    #[must_use]
    pub fn was_written_after(&self, started_at: Timestamp) -> bool {
        self.updated_at > started_at
    }
}
