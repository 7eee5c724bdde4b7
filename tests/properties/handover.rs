//! What an answer hands over: checked against the model, and kept in the wallet.

use crate::model::{Effect, Expected, Model, Plan};
use crate::request::{Gain, Held, HeldPass, Outcome, Request, name_of};
use crate::system::{Process, policy};
use crate::wallet::Wallet;
use data_encoding::BASE32_NOPAD;
use epic_domain::audit::EventKind;
use epic_domain::id::UserId;
use epic_domain::secret::{Secret, SecretText};
use epic_domain::session::{Claims, Session};
use epic_domain::user::{RecoveryCode, TotpSecret, Version};
use epic_inbound::TokenPair;
use epic_inbound::recover::RecoveryStarted;
use epic_inbound::sign_in::SignedIn;
use epic_inbound::step_up::SteppedUp;
use epic_outbound::passes::{Pass, PassKind};
use epic_tests::builders;
use std::time::Duration;

/// The parties to an answer.
pub(crate) struct Handover<'a> {
    pub(crate) process: &'a Process,
    pub(crate) model: &'a mut Model,
    pub(crate) wallet: &'a mut Wallet,
}

impl Handover<'_> {
    /// Takes what an answer hands over.
    ///
    /// # Panics
    /// When it is not what it should be.
    pub(crate) fn receive(&mut self, request: &Request, plan: &Plan, outcome: Outcome) {
        match (outcome.gain, request) {
            (Gain::Nothing, _) => {}
            (Gain::Uri(uri), Request::Register { who, .. }) => {
                let (_, account) = self.model.named(*who).unwrap();
                assert_eq!(secret_in(&uri), account.secret, "the registered authenticator");
            }
            (Gain::Uri(uri), _) => {
                let account = &self.model.accounts[&caller(plan)];
                let (proposed, _) = account.proposed.as_ref().unwrap();
                assert_eq!(secret_in(&uri), *proposed, "the proposed authenticator");
            }
            (Gain::SignedIn(signed_in), Request::SignIn { who, .. }) => {
                self.receive_session(*who, plan, *signed_in);
            }
            (Gain::Pair(pair), _) => self.receive_pair(&pair),
            (Gain::SteppedUp(stepped_up), _) => self.receive_step_up(plan, &stepped_up),
            (Gain::Codes(codes), _) => self.receive_codes(caller(plan), codes),
            (Gain::Recovery(started), Request::StartRecovery { who, .. }) => {
                self.receive_recovery(*who, &started);
            }
            (gain, request) => panic!("{request:?} handed over {gain:?}"),
        }
    }

    fn receive_session(&mut self, who: u8, plan: &Plan, signed_in: SignedIn) {
        let (user_id, account) = self.model.named(who).unwrap();
        let key = account.key;
        let version = account.version;
        assert_eq!(signed_in.encrypted_mek, builders::user(key).build().keys.encrypted_mek);
        assert_eq!(signed_in.encrypted_private_key, builders::user(key).build().keys.encrypted_private_key);
        let confirms = plan.effects.iter().any(|effect| match effect {
            Effect::Append(events) => {
                events.iter().any(|event: &Expected| event.kind == EventKind::Confirmed)
            }
            _ => false,
        });
        assert_eq!(signed_in.recovery_codes.is_some(), confirms, "codes come with the first login alone");
        if let Some(codes) = signed_in.recovery_codes {
            self.receive_codes(user_id, codes);
        }
        let expires_at = self.model.now.saturating_add(Duration::from_secs(90 * 24 * 3_600));
        let pass = self.pass(&signed_in.device_pass, PassKind::KnownDevice);
        let version = Version::from_number(version);
        assert_eq!(pass.pass, Some(Pass { kind: PassKind::KnownDevice, user_id, version, expires_at }));
        self.wallet.device_passes.insert(who, pass);
        self.receive_pair(&signed_in.tokens);
    }

    fn receive_codes(&mut self, user_id: UserId, codes: Vec<RecoveryCode>) {
        assert_eq!(codes.len(), 10);
        self.model.accounts.get_mut(&user_id).unwrap().codes = codes;
    }

    /// Tokens say what the session says; a repeated answer is the same, byte for byte.
    fn receive_pair(&mut self, pair: &TokenPair) {
        let session: &Session = &self.model.sessions[&pair.session_id];
        let username = name_of(self.model.accounts[&session.user_id].who);
        let (access, refresh) = (self.held(&pair.access_token), self.held(&pair.refresh_token));
        assert_eq!(access.claims, Some(session.access_claims(&username)));
        assert_eq!(refresh.claims, Some(session.refresh_claims(&username)));
        let lives = |end: epic_domain::Timestamp| end.since(session.current.issued_at).as_secs();
        assert_eq!(pair.expires_in_seconds, lives(session.current.access_expires_at));
        assert_eq!(pair.refresh_expires_in_seconds, lives(session.current.refresh_expires_at));
        for held in
            self.wallet.sessions.iter().flat_map(|session| session.access.iter().chain(&session.refresh))
        {
            for token in [&access, &refresh] {
                assert!(
                    held.claims != token.claims || held.text == token.text,
                    "the same token twice differs"
                );
            }
        }
        self.wallet.keep(session.id, session.user_id, access, Some(refresh));
    }

    fn receive_step_up(&mut self, plan: &Plan, stepped_up: &SteppedUp) {
        let (user_id, session_id) = plan.caller.unwrap();
        let session = &self.model.sessions[&session_id];
        let token = self.held(&stepped_up.access_token);
        let now = self.model.now.floor_to_second();
        let claims = token.claims.clone().unwrap();
        let expected = Claims {
            token_id: claims.token_id,
            issued_at: now,
            // A session that can no longer be refreshed is swept.
            expires_at: policy().access_end(session.ends_at.min(session.current.refresh_expires_at), now),
            auth_time: now,
            ..session.access_claims(&name_of(self.model.accounts[&user_id].who))
        };
        assert_eq!(claims, expected);
        assert_eq!(stepped_up.expires_in_seconds, claims.expires_at.since(now).as_secs());
        self.wallet.keep(session_id, user_id, token, None);
    }

    fn receive_recovery(&mut self, who: u8, started: &RecoveryStarted) {
        let (user_id, account) = self.model.named(who).unwrap();
        let recovery_key = account.recovery_key.unwrap();
        assert_eq!(started.encrypted_mek, builders::wrapped_key(recovery_key));
        let pass = self.pass(&started.recovery_token, PassKind::Recovery);
        let version = Version::from_number(account.version);
        let expires_at = self.model.now.saturating_add(Duration::from_secs(600));
        assert_eq!(pass.pass, Some(Pass { kind: PassKind::Recovery, user_id, version, expires_at }));
        self.wallet.recoveries.push(pass);
    }

    fn held(&self, token: &SecretText) -> Held {
        let claims = self.process.ports.tokens.read(token.expose()).unwrap();
        Held { text: token.expose().to_owned(), claims: Some(Claims::clone(&claims)) }
    }

    fn pass(&self, text: &SecretText, kind: PassKind) -> HeldPass {
        let other = match kind {
            PassKind::KnownDevice => PassKind::Recovery,
            PassKind::Recovery => PassKind::KnownDevice,
        };
        assert_eq!(self.process.ports.passes.read(other, text.expose()), None, "one kind is not the other");
        let pass = self.process.ports.passes.read(kind, text.expose());
        HeldPass { text: text.expose().to_owned(), pass }
    }
}

fn caller(plan: &Plan) -> UserId {
    plan.caller.unwrap().0
}

/// The secret that an authenticator takes from a URI.
fn secret_in(uri: &SecretText) -> TotpSecret {
    let (_, rest) = uri.expose().split_once("secret=").unwrap();
    let text = rest.split('&').next().unwrap();
    let bytes = BASE32_NOPAD.decode(text.as_bytes()).unwrap();
    TotpSecret::new(Secret::from_slice(&bytes).unwrap())
}
