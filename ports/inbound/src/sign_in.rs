//! Sign in: name, key and one-time code for a session.

use crate::recorder::Happening;
use crate::second_factor::{Judgement, SecondFactorJudge};
use crate::{Answer, Fault, Minting, Recorder, TokenIssuer, TokenPair, ending};
use core::time::Duration;
use epic_domain::Timestamp;
use epic_domain::audit::{EventKind, FailureReason};
use epic_domain::id::UserId;
use epic_domain::network::IpPrefix;
use epic_domain::rate_limit::{Action, Attempt, Decision, Denial, Subject};
use epic_domain::secret::SecretText;
use epic_domain::session::{DeviceName, Session};
use epic_domain::user::{AuthKey, RecoveryCode, SecondFactor, User, Username, WrappedKey};
use epic_outbound::clock::Clock;
use epic_outbound::entry_limiter::EntryLimiter;
use epic_outbound::hasher::{Hasher, Verification};
use epic_outbound::otp::Otp;
use epic_outbound::passes::{Pass, PassKind, Passes};
use epic_outbound::revocations::Revocations;
use epic_outbound::sealer::Sealer;
use epic_outbound::sessions::{Opening, OpeningOutcome, Sessions};
use epic_outbound::users::Users;
use std::sync::Arc;

/// What a client sends to sign in.
#[derive(Debug)]
pub struct SignInRequest {
    /// The name.
    pub username: Username,
    /// The key that proves the password.
    pub auth_key: AuthKey,
    /// The second factor.
    pub factor: SecondFactor,
    /// What the person calls the device.
    pub device_name: Option<DeviceName>,
    /// Where the request came from.
    pub origin: IpPrefix,
    /// What the device was given when its user last signed in on it.
    pub device_pass: Option<SecretText>,
}

/// A session just opened, and what the client needs to read its data.
#[derive(Debug)]
pub struct SignedIn {
    /// The tokens.
    pub tokens: TokenPair,
    /// The wrapped master key.
    pub encrypted_mek: WrappedKey,
    /// The wrapped private keys.
    pub encrypted_private_key: WrappedKey,
    /// The recovery codes, at the first login alone.
    pub recovery_codes: Option<Vec<RecoveryCode>>,
    /// By which the device is known from now on; see [`SignIn`].
    pub device_pass: SecretText,
}

/// Why nobody was signed in.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// Too many attempts.
    #[error("too many attempts to sign in")]
    Limited(Denial),
    /// Name, key or code did not fit. Which of them, the audit log alone says.
    #[error("the sign-in was refused")]
    Refused,
    /// The server could not answer.
    #[error(transparent)]
    Fault(#[from] Fault),
}

/// The ports that signing in needs.
#[derive(Clone)]
pub struct SignInPorts {
    /// Accounts.
    pub users: Arc<dyn Users>,
    /// Sessions.
    pub sessions: Arc<dyn Sessions>,
    /// The index of ended sessions.
    pub revocations: Arc<dyn Revocations>,
    /// The limiter of the ways in.
    pub entry_limiter: Arc<dyn EntryLimiter>,
    /// Slow hashes.
    pub hasher: Arc<dyn Hasher>,
    /// Opening of the TOTP secret.
    pub sealer: Arc<dyn Sealer>,
    /// One-time codes.
    pub otp: Arc<dyn Otp>,
    /// Time.
    pub clock: Arc<dyn Clock>,
}

/// How long a device is known after a sign-in on it.
const DEVICE_KNOWN_FOR: Duration = Duration::from_secs(90 * 24 * 3_600);

/// What an attempt to sign in to a name from an address counts as. A known device does not count against the name as
/// such, so that someone who uses that budget up cannot lock its owner out.
pub(crate) fn login_attempts(username: &Username, origin: IpPrefix, is_known_device: bool) -> Vec<Attempt> {
    let mut attempts = vec![
        login_attempt_from(origin),
        Attempt::new(Action::Login, Subject::NameFrom(username.clone(), origin)),
    ];
    if !is_known_device {
        attempts.push(Attempt::new(Action::LoginAccount, Subject::Name(username.clone())));
    }
    attempts
}

/// What an attempt to sign in from an address counts as in any case.
pub(crate) const fn login_attempt_from(origin: IpPrefix) -> Attempt {
    Attempt::new(Action::Login, Subject::Address(origin))
}

/// Signs people in.
///
/// A device on which someone has signed in gets a pass. Shown at the next sign-in, it lets the device past the budget that
/// all attempts at the account share; it says nothing to its holder and proves nothing else.
#[derive(Clone)]
pub struct SignIn {
    ports: SignInPorts,
    passes: Arc<dyn Passes>,
    judge: SecondFactorJudge,
    minting: Minting,
    recorder: Recorder,
    issuer: TokenIssuer,
}

/// Someone whose key was right, the session about to be opened, and what they get with it.
struct Admitted<'a> {
    user: &'a User,
    session: Session,
    tokens: TokenPair,
    device_pass: SecretText,
}

impl SignIn {
    /// Signs in through these ports.
    #[must_use]
    pub fn new(
        ports: SignInPorts,
        passes: Arc<dyn Passes>,
        minting: Minting,
        recorder: Recorder,
        issuer: TokenIssuer,
    ) -> Self {
        let judge = SecondFactorJudge::new(&ports, minting.clone());
        Self { ports, passes, judge, minting, recorder, issuer }
    }

    /// Signs a person in. Unknown name, wrong key, wrong or spent code, and an account that may not sign in all get the
    /// same answer after the same work.
    pub async fn sign_in(&self, request: SignInRequest) -> Answer<SignedIn, SignInError> {
        let known_device = self.known_device(&request);
        let attempts = login_attempts(&request.username, request.origin, known_device.is_some());
        match self.ports.entry_limiter.check(&attempts).await {
            Err(error) => Answer { standing: None, result: Err(Fault::from(error).into()) },
            Ok(Decision::Denied(denial)) => {
                Answer { standing: None, result: Err(SignInError::Limited(denial)) }
            }
            Ok(Decision::Allowed(standing)) => {
                Answer { standing, result: self.admitted(&request, known_device).await }
            }
        }
    }

    /// Whether it is known that a sign-in from this address is refused whatever it holds, so that it need not be read.
    /// Counts nothing.
    #[must_use]
    pub fn refuses_address(&self, origin: IpPrefix) -> Option<Denial> {
        self.ports.entry_limiter.known_denial(&[login_attempt_from(origin)])
    }

    /// Whose known device the request comes from, if from one.
    fn known_device(&self, request: &SignInRequest) -> Option<UserId> {
        let text = request.device_pass.as_ref()?;
        let pass = self.passes.read(PassKind::KnownDevice, text.expose())?;
        (self.ports.clock.now() < pass.expires_at).then_some(pass.user_id)
    }

    async fn admitted(
        &self,
        request: &SignInRequest,
        known_device: Option<UserId>,
    ) -> Result<SignedIn, SignInError> {
        let found = self.ports.users.find_by_username(&request.username).await.map_err(Fault::from)?;
        self.count_a_stranger(request, known_device, found.as_deref()).await?;
        let asked_at = self.ports.clock.now();
        let candidate = found.as_ref().filter(|user| user.status.may_sign_in(asked_at));
        let stored = candidate.map(|user| user.credentials.auth_key_hash.clone());
        let verification = self.ports.hasher.verify(&request.auth_key, stored).await.map_err(Fault::from)?;
        // Read after the hash, which may have waited: a code is judged at the moment it is looked at.
        let now = self.ports.clock.now();
        match (candidate, verification) {
            (Some(user), Verification::Match { outdated }) => {
                let signed_in = self.judge_factor(request, user, now).await?;
                if outdated {
                    self.rehash(request, user).await;
                }
                Ok(signed_in)
            }
            (Some(user), Verification::Mismatch) => {
                self.refuse(request, Some(user), FailureReason::WrongKey, now).await
            }
            (None, _) => {
                let reason =
                    if found.is_some() { FailureReason::NotAllowed } else { FailureReason::UnknownUser };
                self.refuse(request, found.as_deref(), reason, now).await
            }
        }
    }

    /// Counts an attempt against the name after all when the known device is someone else's. Only the store knows that, and
    /// it is not asked before the other limits were.
    async fn count_a_stranger(
        &self,
        request: &SignInRequest,
        known_device: Option<UserId>,
        found: Option<&User>,
    ) -> Result<(), SignInError> {
        if known_device.is_none() || known_device == found.map(|user| user.id) {
            return Ok(());
        }
        let attempt = Attempt::new(Action::LoginAccount, Subject::Name(request.username.clone()));
        match self.ports.entry_limiter.check(&[attempt]).await.map_err(Fault::from)? {
            Decision::Denied(denial) => Err(SignInError::Limited(denial)),
            Decision::Allowed(_) => Ok(()),
        }
    }

    /// Hashes the key anew under the parameters of today. The login does not depend on it: next time is as good.
    async fn rehash(&self, request: &SignInRequest, user: &User) {
        let old = &user.credentials.auth_key_hash;
        let replaced = async {
            let new = self.ports.hasher.hash(&request.auth_key).await?;
            Ok::<_, Fault>(self.ports.users.replace_hash(user.id, old, &new).await?)
        };
        if let Err(error) = replaced.await {
            tracing::warn!(%error, user_id = %user.id, "a hash with old parameters could not be replaced");
        }
    }

    async fn judge_factor(
        &self,
        request: &SignInRequest,
        user: &User,
        now: Timestamp,
    ) -> Result<SignedIn, SignInError> {
        let happening = |kind| Happening::new(kind, now, request.origin).of_user(user.id);
        // Made before the factor is spent: without randomness or a signing key no code is used up for nothing.
        let session = self.new_session(request, user, now)?;
        let tokens = self.issuer.pair(&session, &user.username)?;
        let device_pass = self.device_pass(user, now)?;
        let admission = Admitted { user, session, tokens, device_pass };
        match self.judge.judge(user, &request.factor, now).await? {
            // A 429 here would say that the key was right.
            Judgement::Limited(_) => self.refuse(request, Some(user), FailureReason::CodesHeld, now).await,
            Judgement::WrongCode => {
                let refusing = self.record_refusal(request, Some(user), FailureReason::WrongCode, now);
                self.judge.count_and_record(user.id, refusing).await?;
                Err(SignInError::Refused)
            }
            Judgement::Failed(reason) => self.refuse(request, Some(user), reason, now).await,
            Judgement::Recovered => {
                self.open_session(request, admission, None, &[happening(EventKind::RecoveryCodeUsed)]).await
            }
            Judgement::Passed { recovery_codes } => {
                let confirmed = recovery_codes.is_some().then(|| happening(EventKind::Confirmed));
                self.open_session(request, admission, recovery_codes, confirmed.as_slice()).await
            }
        }
    }

    async fn open_session(
        &self,
        request: &SignInRequest,
        Admitted { user, session, tokens, device_pass }: Admitted<'_>,
        recovery_codes: Option<Vec<RecoveryCode>>,
        before: &[Happening],
    ) -> Result<SignedIn, SignInError> {
        let policy = self.issuer.policy();
        let now = session.created_at;
        let happening = |kind, session_id| {
            Happening::new(kind, now, request.origin).of_user(user.id).in_session(session_id)
        };
        let login = happening(EventKind::Login, session.id);
        let opening = Opening {
            session,
            user_version: user.version,
            sessions_max: policy.sessions_max(),
            revoked_until: policy.revoked_until(now),
        };
        let OpeningOutcome::Opened { ended } =
            self.ports.sessions.open(&opening).await.map_err(Fault::from)?
        else {
            // The credentials were changed while they were being checked; what was spent on them is gone all the same.
            if !before.is_empty() {
                self.recorder.record(before).await?;
            }
            return self.refuse(request, Some(user), FailureReason::NotAllowed, now).await;
        };
        ending::announce(self.ports.revocations.as_ref(), &ended, opening.revoked_until);
        let evicted = ended.iter().map(|session_id| happening(EventKind::SessionEvicted, *session_id));
        let happenings: Vec<_> = before.iter().copied().chain([login]).chain(evicted).collect();
        self.recorder.record(&happenings).await?;
        Ok(SignedIn {
            tokens,
            encrypted_mek: user.keys.encrypted_mek.clone(),
            encrypted_private_key: user.keys.encrypted_private_key.clone(),
            recovery_codes,
            device_pass,
        })
    }

    fn device_pass(&self, user: &User, now: Timestamp) -> Result<SecretText, Fault> {
        let expires_at = now.saturating_add(DEVICE_KNOWN_FOR);
        let pass = Pass { kind: PassKind::KnownDevice, user_id: user.id, version: user.version, expires_at };
        self.passes.issue(&pass).map_err(|error| Fault::Unavailable(Box::new(error)))
    }

    fn new_session(&self, request: &SignInRequest, user: &User, now: Timestamp) -> Result<Session, Fault> {
        let ends_at = self.issuer.policy().session_end(now);
        Ok(Session {
            id: self.minting.session_id(now)?,
            user_id: user.id,
            device_name: request.device_name.clone(),
            origin: request.origin,
            created_at: now,
            auth_time: now.floor_to_second(),
            last_seen_at: now,
            ends_at,
            current: self.issuer.grant(ends_at, now)?,
            superseded: None,
        })
    }

    async fn refuse(
        &self,
        request: &SignInRequest,
        user: Option<&User>,
        reason: FailureReason,
        now: Timestamp,
    ) -> Result<SignedIn, SignInError> {
        self.record_refusal(request, user, reason, now).await?;
        Err(SignInError::Refused)
    }

    async fn record_refusal(
        &self,
        request: &SignInRequest,
        user: Option<&User>,
        reason: FailureReason,
        now: Timestamp,
    ) -> Result<(), Fault> {
        let kind = match reason {
            FailureReason::SpentCode => EventKind::OtpReplay,
            _ => EventKind::LoginFailed,
        };
        let happening = Happening::new(kind, now, request.origin).because(reason);
        let happening = user.map_or(happening, |user| happening.of_user(user.id));
        self.recorder.record(&[happening]).await
    }
}
