//! Sign in: name, key and one-time code for a session.

use crate::recorder::Happening;
use crate::second_factor::{Judgement, SecondFactorJudge};
use crate::{Answer, Fault, Minting, Recorder, TokenIssuer, TokenPair};
use epic_domain::Timestamp;
use epic_domain::audit::{EventKind, FailureReason};
use epic_domain::network::IpPrefix;
use epic_domain::rate_limit::{Action, Attempt, Decision, Denial, Subject};
use epic_domain::session::{DeviceName, Session};
use epic_domain::user::{AuthKey, RecoveryCode, SecondFactor, User, Username, WrappedKey};
use epic_outbound::clock::Clock;
use epic_outbound::hasher::{Hasher, Verification};
use epic_outbound::limiter::Limiter;
use epic_outbound::otp::Otp;
use epic_outbound::sealer::Sealer;
use epic_outbound::sessions::Sessions;
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
    /// The limiter.
    pub limiter: Arc<dyn Limiter>,
    /// Slow hashes.
    pub hasher: Arc<dyn Hasher>,
    /// Opening of the TOTP secret.
    pub sealer: Arc<dyn Sealer>,
    /// One-time codes.
    pub otp: Arc<dyn Otp>,
    /// Time.
    pub clock: Arc<dyn Clock>,
}

/// Signs people in.
#[derive(Clone)]
pub struct SignIn {
    ports: SignInPorts,
    judge: SecondFactorJudge,
    minting: Minting,
    recorder: Recorder,
    issuer: TokenIssuer,
}

/// A session about to be opened, and its tokens.
struct Opening<'a> {
    user: &'a User,
    session: Session,
    tokens: TokenPair,
}

impl SignIn {
    /// Signs in through these ports.
    #[must_use]
    pub fn new(ports: SignInPorts, minting: Minting, recorder: Recorder, issuer: TokenIssuer) -> Self {
        let judge = SecondFactorJudge {
            users: Arc::clone(&ports.users),
            limiter: Arc::clone(&ports.limiter),
            hasher: Arc::clone(&ports.hasher),
            sealer: Arc::clone(&ports.sealer),
            otp: Arc::clone(&ports.otp),
            clock: Arc::clone(&ports.clock),
            minting: minting.clone(),
        };
        Self { ports, judge, minting, recorder, issuer }
    }

    /// Signs a person in. Unknown name, wrong key, wrong or spent code, and an account that may not sign in all get the
    /// same answer after the same work.
    pub async fn sign_in(&self, request: SignInRequest) -> Answer<SignedIn, SignInError> {
        let attempts = [
            Attempt::new(Action::Login, Subject::Address(request.origin)),
            Attempt::new(Action::Login, Subject::NameFrom(request.username.clone(), request.origin)),
        ];
        match self.ports.limiter.check(&attempts, self.ports.clock.monotonic()) {
            Decision::Denied(denial) => Answer { standing: None, result: Err(SignInError::Limited(denial)) },
            Decision::Allowed(standing) => Answer { standing, result: self.admitted(&request).await },
        }
    }

    async fn admitted(&self, request: &SignInRequest) -> Result<SignedIn, SignInError> {
        let found = self.ports.users.find_by_username(&request.username).await.map_err(Fault::from)?;
        let asked_at = self.ports.clock.now();
        let candidate = found.as_ref().filter(|user| user.status.may_sign_in(asked_at));
        let stored = candidate.map(|user| user.credentials.auth_key_hash.clone());
        let verification = self.ports.hasher.verify(&request.auth_key, stored).await.map_err(Fault::from)?;
        // Read after the hash, which may have waited: a code is judged at the moment it is looked at.
        let now = self.ports.clock.now();
        match (candidate, verification) {
            (Some(user), Verification::Match { .. }) => self.judge_factor(request, user, now).await,
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
        let opening = Opening { user, session, tokens };
        match self.judge.judge(user, &request.factor, now).await? {
            Judgement::Failed(reason) => self.refuse(request, Some(user), reason, now).await,
            Judgement::Recovered => {
                self.open_session(opening, None, &[happening(EventKind::RecoveryCodeUsed)]).await
            }
            Judgement::Passed { recovery_codes } => {
                let confirmed = recovery_codes.is_some().then(|| happening(EventKind::Confirmed));
                self.open_session(opening, recovery_codes, confirmed.as_slice()).await
            }
        }
    }

    async fn open_session(
        &self,
        Opening { user, session, tokens }: Opening<'_>,
        recovery_codes: Option<Vec<RecoveryCode>>,
        before: &[Happening],
    ) -> Result<SignedIn, SignInError> {
        self.ports.sessions.open(&session).await.map_err(Fault::from)?;
        let login = Happening::new(EventKind::Login, session.created_at, session.origin)
            .of_user(user.id)
            .in_session(session.id);
        let happenings: Vec<_> = before.iter().copied().chain([login]).collect();
        self.recorder.record(&happenings).await?;
        Ok(SignedIn {
            tokens,
            encrypted_mek: user.keys.encrypted_mek.clone(),
            encrypted_private_key: user.keys.encrypted_private_key.clone(),
            recovery_codes,
        })
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
        let kind = match reason {
            FailureReason::SpentCode => EventKind::OtpReplay,
            _ => EventKind::LoginFailed,
        };
        let happening = Happening::new(kind, now, request.origin).because(reason);
        let happening = user.map_or(happening, |user| happening.of_user(user.id));
        self.recorder.record(&[happening]).await?;
        Err(SignInError::Refused)
    }
}
