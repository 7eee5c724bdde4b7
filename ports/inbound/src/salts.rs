//! Look up the public salts of a name.

use crate::Fault;
use crate::gate::Admission;
use epic_domain::decoy::DecoySalts;
use epic_domain::user::{KdfParameters, Salts, Username};
use epic_outbound::clock::Clock;
use epic_outbound::users::Users;
use std::sync::Arc;

/// What a client needs to derive its keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicSalts {
    /// The two salts.
    pub salts: Salts,
    /// The derivation parameters.
    pub kdf: KdfParameters,
}

/// Looks salts up. A name nobody has gets a decoy that never changes, so that the answer does not tell who exists.
#[derive(Clone)]
pub struct LookUpSalts {
    users: Arc<dyn Users>,
    clock: Arc<dyn Clock>,
    decoys: DecoySalts,
}

impl LookUpSalts {
    /// Looks up in `users`.
    #[must_use]
    pub fn new(users: Arc<dyn Users>, clock: Arc<dyn Clock>, decoys: DecoySalts) -> Self {
        Self { users, clock, decoys }
    }

    /// The salts of `username`, or its decoy.
    ///
    /// # Errors
    /// [`Fault`] when the store does not answer.
    pub async fn look_up(&self, _admission: &Admission, username: &Username) -> Result<PublicSalts, Fault> {
        // Made for every name, so that a known one takes as long as an unknown one.
        let (salts, kdf) = self.decoys.salts_for(username);
        let decoy = PublicSalts { salts, kdf };
        let user = self.users.find_by_username(username).await?;
        let now = self.clock.now();
        Ok(match user.filter(|user| user.status.exists_at(now)) {
            Some(user) => PublicSalts { salts: user.credentials.salts.clone(), kdf: user.credentials.kdf },
            None => decoy,
        })
    }
}
