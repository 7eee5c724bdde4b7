//! Register an account.

use crate::recorder::Happening;
use crate::rivals::{Rivals, Ticket};
use crate::{Answer, Fault, Minting, Recorder};
use epic_domain::Timestamp;
use epic_domain::audit::EventKind;
use epic_domain::id::UserId;
use epic_domain::network::IpPrefix;
use epic_domain::rate_limit::{Action, Attempt, Decision, Denial, Subject};
use epic_domain::secret::SecretText;
use epic_domain::user::{
    AuthKey, AuthKeyHash, Credentials, Enrolment, KdfParameters, KeyMaterial, Salts, Status, StorageQuota,
    User, Username, Version,
};
use epic_outbound::clock::Clock;
use epic_outbound::entry_limiter::EntryLimiter;
use epic_outbound::hasher::{Hasher, Verification};
use epic_outbound::otp::Otp;
use epic_outbound::sealer::Sealer;
use epic_outbound::users::{Insertion, Replacement, Users};
use std::sync::Arc;

/// What a client sends to register.
#[derive(Debug)]
pub struct Registration {
    /// The name.
    pub username: Username,
    /// The public salts.
    pub salts: Salts,
    /// The derivation parameters.
    pub kdf: KdfParameters,
    /// The key that will prove the password.
    pub auth_key: AuthKey,
    /// The keys to keep.
    pub keys: KeyMaterial,
    /// Where the request came from.
    pub origin: IpPrefix,
}

/// A registered account, still to be confirmed by a first login.
#[derive(Debug)]
pub struct Registered {
    /// The account.
    pub user_id: UserId,
    /// The URI by which the authenticator takes its secret over. It is shown here and never again.
    pub otpauth_uri: SecretText,
}

/// Why an account was not registered.
#[derive(Debug, thiserror::Error)]
pub enum RegisterError {
    /// The address has registered enough.
    #[error("too many registrations")]
    Limited(Denial),
    /// Someone has the name.
    #[error("the name is taken")]
    NameTaken,
    /// The server could not answer.
    #[error(transparent)]
    Fault(#[from] Fault),
}

/// The ports that registering needs.
#[derive(Clone)]
pub struct RegisterPorts {
    /// Accounts.
    pub users: Arc<dyn Users>,
    /// The limiter of the ways in.
    pub entry_limiter: Arc<dyn EntryLimiter>,
    /// Slow hashes.
    pub hasher: Arc<dyn Hasher>,
    /// Sealing of the TOTP secret.
    pub sealer: Arc<dyn Sealer>,
    /// One-time codes.
    pub otp: Arc<dyn Otp>,
    /// Time.
    pub clock: Arc<dyn Clock>,
}

/// Registers accounts.
#[derive(Clone)]
pub struct Register {
    ports: RegisterPorts,
    minting: Minting,
    recorder: Recorder,
    rivals: Rivals,
    quota_limit_bytes: u64,
}

fn attempt_from(origin: IpPrefix) -> Attempt {
    Attempt::new(Action::Register, Subject::Address(origin))
}

/// A fresh authenticator: what is stored of it, and what is shown once.
struct FreshEnrolment {
    enrolment: Enrolment,
    otpauth_uri: SecretText,
}

impl Register {
    /// Registers accounts that may store `quota_limit_bytes` each.
    #[must_use]
    pub fn new(ports: RegisterPorts, minting: Minting, recorder: Recorder, quota_limit_bytes: u64) -> Self {
        Self { ports, minting, recorder, rivals: Rivals::default(), quota_limit_bytes }
    }

    /// Registers an account. While it is unconfirmed, the holder of its `auth_key` may register it again and gets a
    /// fresh secret: a lost reply blocks no name.
    pub async fn register(&self, registration: Registration) -> Answer<Registered, RegisterError> {
        match self.ports.entry_limiter.check(&[attempt_from(registration.origin)]).await {
            Err(error) => Answer { standing: None, result: Err(Fault::from(error).into()) },
            Ok(Decision::Denied(denial)) => {
                Answer { standing: None, result: Err(RegisterError::Limited(denial)) }
            }
            Ok(Decision::Allowed(standing)) => {
                Answer { standing, result: self.admitted(&registration).await }
            }
        }
    }

    /// Whether it is known that a registration from this address is refused whatever it holds, so that it need not be
    /// read. Counts nothing.
    #[must_use]
    pub fn refuses_address(&self, origin: IpPrefix) -> Option<Denial> {
        self.ports.entry_limiter.known_denial(&[attempt_from(origin)])
    }

    async fn admitted(&self, registration: &Registration) -> Result<Registered, RegisterError> {
        let ticket = self.rivals.enter(&registration.username);
        let started_at = self.ports.clock.now();
        let existing =
            self.ports.users.find_by_username(&registration.username).await.map_err(Fault::from)?;
        match existing.filter(|user| user.status.exists_at(started_at)) {
            None => self.create(registration).await,
            Some(user) => self.renew(registration, &user, &ticket, started_at).await,
        }
    }

    async fn create(&self, registration: &Registration) -> Result<Registered, RegisterError> {
        let auth_key_hash = self.ports.hasher.hash(&registration.auth_key).await.map_err(Fault::from)?;
        let now = self.ports.clock.now();
        let user_id = self.minting.user_id(now)?;
        let fresh = self.fresh_enrolment(user_id, &registration.username)?;
        let user = User {
            id: user_id,
            username: registration.username.clone(),
            credentials: credentials(registration, auth_key_hash),
            keys: registration.keys.clone(),
            enrolment: fresh.enrolment,
            recovery_key: None,
            status: Status::registered(now),
            quota: StorageQuota { limit_bytes: self.quota_limit_bytes },
            version: Version::FIRST,
            created_at: now,
            updated_at: now,
        };
        match self.ports.users.insert_if_absent(&user, now).await.map_err(Fault::from)? {
            Insertion::NameTaken => Err(RegisterError::NameTaken),
            Insertion::Inserted => {
                self.record(EventKind::Registered, user_id, registration.origin, now).await?;
                Ok(Registered { user_id, otpauth_uri: fresh.otpauth_uri })
            }
        }
    }

    /// Answers for a name that is taken. The key is verified in every case, so that the answer takes as long as a
    /// registration does.
    async fn renew(
        &self,
        registration: &Registration,
        existing: &User,
        ticket: &Ticket,
        started_at: Timestamp,
    ) -> Result<Registered, RegisterError> {
        let stored = existing.credentials.auth_key_hash.clone();
        let verification = self
            .ports
            .hasher
            .verify(&registration.auth_key, Some(stored.clone()))
            .await
            .map_err(Fault::from)?;
        let is_holder = matches!(verification, Verification::Match { .. });
        let is_pending = matches!(existing.status, Status::Pending { .. });
        // A copy of a registration that is still under way is its rival; one that comes after its end is a retry.
        let is_rival = !ticket.is_alone() || existing.was_written_after(started_at);
        if !is_holder || !is_pending || is_rival {
            return Err(RegisterError::NameTaken);
        }
        let now = self.ports.clock.now();
        let fresh = self.fresh_enrolment(existing.id, &existing.username)?;
        let renewed = User {
            credentials: credentials(registration, stored),
            keys: registration.keys.clone(),
            enrolment: fresh.enrolment,
            status: Status::registered(now),
            version: existing.version.next(),
            updated_at: now,
            ..existing.clone()
        };
        match self.ports.users.replace_pending(&renewed, existing.version, now).await.map_err(Fault::from)? {
            Replacement::Stale => Err(RegisterError::NameTaken),
            Replacement::Replaced => {
                self.record(EventKind::RegistrationRenewed, existing.id, registration.origin, now).await?;
                Ok(Registered { user_id: existing.id, otpauth_uri: fresh.otpauth_uri })
            }
        }
    }

    fn fresh_enrolment(&self, user_id: UserId, username: &Username) -> Result<FreshEnrolment, Fault> {
        let secret = self.minting.totp_secret()?;
        let sealed_secret = self.ports.sealer.seal_totp(user_id, &secret)?;
        let otpauth_uri = self.ports.otp.enrolment_uri(&secret, username)?;
        let enrolment = Enrolment { sealed_secret, last_step: None, consecutive_failures: 0, proposed: None };
        Ok(FreshEnrolment { enrolment, otpauth_uri })
    }

    async fn record(
        &self,
        kind: EventKind,
        user_id: UserId,
        origin: IpPrefix,
        now: Timestamp,
    ) -> Result<(), Fault> {
        self.recorder.record(&[Happening::new(kind, now, origin).of_user(user_id)]).await
    }
}

fn credentials(registration: &Registration, auth_key_hash: AuthKeyHash) -> Credentials {
    Credentials { salts: registration.salts.clone(), kdf: registration.kdf, auth_key_hash }
}
