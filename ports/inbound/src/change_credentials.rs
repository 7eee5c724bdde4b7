//! Change the password: new salts, key and wrapped keys, in one write, and an end to every other session.

use crate::fresh::Fresh;
use crate::recorder::Happening;
use crate::{Fault, Recorder, TokenIssuer, ending};
use epic_domain::audit::EventKind;
use epic_domain::network::IpPrefix;
use epic_domain::user::{AuthKey, AuthKeyHash, Credentials, KdfParameters, Salts, Version, WrappedKey};
use epic_outbound::clock::Clock;
use epic_outbound::hasher::Hasher;
use epic_outbound::revocations::Revocations;
use epic_outbound::users::{Change, CredentialChange, Users};
use std::sync::Arc;

/// What a client sends in place of what it sent when it registered.
#[derive(Debug)]
pub struct NewCredentials {
    /// The public salts.
    pub salts: Salts,
    /// The derivation parameters.
    pub kdf: KdfParameters,
    /// The key that will prove the new password.
    pub auth_key: AuthKey,
    /// The master key under the new key-encryption key.
    pub encrypted_mek: WrappedKey,
    /// The private keys under the master key.
    pub encrypted_private_key: WrappedKey,
}

impl NewCredentials {
    /// The change to store, with the hash of the key in its place.
    pub(crate) fn into_change(
        self,
        auth_key_hash: AuthKeyHash,
        user_id: epic_domain::id::UserId,
        expected: Version,
        ending: epic_outbound::users::Ending,
    ) -> CredentialChange {
        CredentialChange {
            user_id,
            expected,
            credentials: Credentials { salts: self.salts, kdf: self.kdf, auth_key_hash },
            encrypted_mek: self.encrypted_mek,
            encrypted_private_key: self.encrypted_private_key,
            ending,
        }
    }
}

/// Why credentials were not changed.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    /// The account has changed since the client looked.
    #[error("the account has changed meanwhile")]
    Stale,
    /// The server could not answer.
    #[error(transparent)]
    Fault(#[from] Fault),
}

/// The ports that changing credentials needs.
#[derive(Clone)]
pub struct ChangeCredentialsPorts {
    /// Accounts.
    pub users: Arc<dyn Users>,
    /// Slow hashes.
    pub hasher: Arc<dyn Hasher>,
    /// The index of ended sessions.
    pub revocations: Arc<dyn Revocations>,
    /// Time.
    pub clock: Arc<dyn Clock>,
}

/// Changes credentials.
#[derive(Clone)]
pub struct ChangeCredentials {
    ports: ChangeCredentialsPorts,
    recorder: Recorder,
    issuer: TokenIssuer,
}

impl ChangeCredentials {
    /// Changes them through these ports.
    #[must_use]
    pub fn new(ports: ChangeCredentialsPorts, recorder: Recorder, issuer: TokenIssuer) -> Self {
        Self { ports, recorder, issuer }
    }

    /// Sets new credentials if the account still has version `expected`. The caller's session goes on; every other has
    /// ended when this returns.
    ///
    /// # Errors
    /// [`ChangeError`].
    pub async fn change(
        &self,
        fresh: &Fresh,
        expected: Version,
        new: NewCredentials,
        origin: IpPrefix,
    ) -> Result<(), ChangeError> {
        let caller = fresh.caller();
        let user_id = caller.user().id;
        let auth_key_hash = self.ports.hasher.hash(&new.auth_key).await.map_err(Fault::from)?;
        let now = self.ports.clock.now();
        let ending = ending::all_but(caller, self.issuer.policy(), now);
        let change = new.into_change(auth_key_hash, user_id, expected, ending);
        let Change::Made { ended } =
            self.ports.users.change_credentials(&change).await.map_err(Fault::from)?
        else {
            return Err(ChangeError::Stale);
        };
        ending::announce(self.ports.revocations.as_ref(), &ended, ending.revoked_until);
        let happening = Happening::new(EventKind::CredentialsChanged, now, origin)
            .of_user(user_id)
            .in_session(caller.claims().session_id);
        Ok(self.recorder.record(&[happening]).await?)
    }
}
