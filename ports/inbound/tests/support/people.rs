//! What the people of a world do once they are signed in.

use super::{World, admission, auth_key, name_of, new_credentials, origin};
use epic_domain::user::{OtpCode, OtpStep, RecoveryCode, SecondFactor, Version};
use epic_inbound::TokenPair;
use epic_inbound::authenticate::Authenticated;
use epic_inbound::change_credentials::ChangeError;
use epic_inbound::fresh::Fresh;
use epic_inbound::recover::{RecoverError, RecoveryRequest, RecoveryStarted};
use epic_inbound::replace_totp::ReplaceTotpError;
use epic_inbound::sign_in::SignedIn;
use epic_inbound::step_up::{StepUpError, StepUpRequest, SteppedUp};
use epic_outbound::clock::Clock;
use epic_outbound::otp::Otp;
use epic_outbound::sealer::Sealer;
use epic_tests::builders;
use epic_tests::fakes::FakeOtp;

/// The seed of the recovery key of a person.
pub(crate) const fn recovery_seed(seed: u64) -> u64 {
    seed + 1_000
}

impl World {
    /// A person who is registered, confirmed and signed in once, as the server knows them.
    pub(crate) async fn caller(&self, seed: u64) -> Authenticated {
        let (signed_in, _) = self.confirmed(seed).await;
        self.authenticate(&signed_in.tokens).await.unwrap()
    }

    /// The same, fresh from the sign-in.
    pub(crate) async fn fresh_caller(&self, seed: u64) -> Fresh {
        let (signed_in, _) = self.confirmed(seed).await;
        self.fresh(&signed_in.tokens).await
    }

    /// Someone who has signed in lately.
    pub(crate) async fn fresh(&self, tokens: &TokenPair) -> Fresh {
        let caller = self.authenticate(tokens).await.unwrap();
        self.ports().freshness().require(caller).unwrap()
    }

    /// Steps up with the key of a seed.
    pub(crate) async fn step_up(
        &self,
        caller: &Authenticated,
        key_of: u64,
        factor: SecondFactor,
    ) -> Result<SteppedUp, StepUpError> {
        let request = StepUpRequest { auth_key: auth_key(key_of), factor, origin: origin() };
        self.ports().step_up().step_up(caller, &request).await
    }

    /// Changes to the credentials of another seed.
    pub(crate) async fn change_credentials(
        &self,
        fresh: &Fresh,
        expected: Version,
        to: u64,
    ) -> Result<(), ChangeError> {
        self.ports().change_credentials().change(fresh, expected, new_credentials(to), origin()).await
    }

    /// Signs in with the key of another seed and the right code; afterwards the next code is ready.
    pub(crate) async fn signed_in_with_key_of(&self, other: u64, seed: u64) -> SignedIn {
        let signed_in = self.sign_in_with_key_of(other, seed).await.unwrap();
        self.next_step();
        signed_in
    }

    /// Asks for a new authenticator.
    pub(crate) async fn propose_totp(&self, fresh: &Fresh) -> Result<(), ReplaceTotpError> {
        self.ports().replace_totp().propose(fresh, origin()).await.map(drop)
    }

    /// What the authenticator that a person has asked for shows now.
    pub(crate) fn proposed_code(&self, seed: u64) -> OtpCode {
        let user = self.user(seed);
        let proposed = user.enrolment.proposed.unwrap();
        let secret = self.sealer.open_totp(user.id, &proposed.sealed_secret).unwrap();
        FakeOtp::default().code_at(&secret, OtpStep::at(self.clock.now())).unwrap()
    }

    /// Lets the authenticator that was asked for take over.
    pub(crate) async fn confirm_totp(&self, fresh: &Fresh, code: &OtpCode) -> Result<(), ReplaceTotpError> {
        self.ports().replace_totp().confirm(fresh, code, origin()).await
    }

    /// Renews the recovery codes.
    pub(crate) async fn renewed_codes(&self, fresh: &Fresh) -> Vec<RecoveryCode> {
        self.ports().renew_recovery_codes().renew(fresh, origin()).await.unwrap()
    }

    /// Registers and confirms a person who has a recovery key: that of [`recovery_seed`].
    pub(crate) async fn confirmed_with_recovery_key(&self, seed: u64) -> (SignedIn, Vec<RecoveryCode>) {
        let (signed_in, codes) = self.confirmed(seed).await;
        let fresh = self.fresh(&signed_in.tokens).await;
        self.set_recovery_key(&fresh, recovery_seed(seed)).await.unwrap();
        (signed_in, codes)
    }

    /// Sets up the recovery key of a seed, against the version that the caller has seen.
    pub(crate) async fn set_recovery_key(&self, fresh: &Fresh, key_of: u64) -> Result<(), ChangeError> {
        let expected = fresh.caller().user().version;
        let (key, wrapped) = (auth_key(key_of), builders::wrapped_key(key_of));
        self.ports().set_recovery_key().set(fresh, expected, &key, wrapped, origin()).await
    }

    /// Starts a recovery of a person with the recovery key of a seed.
    pub(crate) async fn start_recovery(
        &self,
        seed: u64,
        key_of: u64,
        factor: SecondFactor,
    ) -> Result<RecoveryStarted, RecoverError> {
        let request = recovery_request(seed, key_of, factor);
        self.ports().recover().start(&request).await.result
    }

    /// Completes a recovery with the credentials of a seed.
    pub(crate) async fn complete_recovery(&self, token: &str, to: u64) -> Result<(), RecoverError> {
        self.ports().recover().complete(&admission(), token, new_credentials(to), origin()).await
    }
}

/// What a person sends to recover with the recovery key of a seed.
pub(crate) fn recovery_request(seed: u64, key_of: u64, factor: SecondFactor) -> RecoveryRequest {
    RecoveryRequest { username: name_of(seed), recovery_auth_key: auth_key(key_of), factor, origin: origin() }
}
