//! Find the keys that others encrypt to and verify with.

use crate::Fault;
use crate::authenticate::Authenticated;
use epic_domain::user::{EncryptionPublicKey, SigningPublicKey, Status, Username};
use epic_outbound::users::Users;
use std::sync::Arc;

/// A person's public keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PublicKeys {
    /// To encrypt to.
    pub public_key: EncryptionPublicKey,
    /// To verify with.
    pub signing_key: SigningPublicKey,
}

impl PublicKeys {
    /// Names this pair of keys: it changes when either does, so that a share made for older keys is noticed.
    #[must_use]
    pub fn key_id(&self) -> [u8; 16] {
        epic_domain::user::key_pair_id(&self.public_key, &self.signing_key)
    }
}

/// Looks public keys up.
#[derive(Clone)]
pub struct LookUpPublicKeys {
    users: Arc<dyn Users>,
}

impl LookUpPublicKeys {
    /// Looks up in `users`.
    #[must_use]
    pub fn new(users: Arc<dyn Users>) -> Self {
        Self { users }
    }

    /// The keys of an active account, for someone who is signed in.
    ///
    /// # Errors
    /// [`Fault`] when the store does not answer.
    pub async fn look_up(
        &self,
        _caller: &Authenticated,
        username: &Username,
    ) -> Result<Option<PublicKeys>, Fault> {
        let user = self.users.find_by_username(username).await?;
        Ok(user
            .filter(|user| user.status == Status::Active)
            .map(|user| PublicKeys { public_key: user.keys.public_key, signing_key: user.keys.signing_key }))
    }
}
