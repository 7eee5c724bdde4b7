//! What people and devices hold: tokens, passes and the numbers of keys; and how they answer a command with it.

use crate::commands::{Bearer, Command, FactorChoice, KeyChoice, TokenChoice, VersionChoice};
use crate::model::{Account, Model};
use crate::request::{Calling, Errand, Held, HeldPass, Request};
use epic_domain::id::{SessionId, UserId};
use epic_domain::network::IpPrefix;
use epic_domain::user::{OtpCode, RecoveryCode, SecondFactor, Version};
use std::collections::BTreeMap;

/// The tokens of a session, the newest last.
#[derive(Debug)]
pub(crate) struct HeldSession {
    pub(crate) id: SessionId,
    pub(crate) user_id: UserId,
    pub(crate) access: Vec<Held>,
    pub(crate) refresh: Vec<Held>,
}

/// Everything that was ever handed out.
#[derive(Debug, Default)]
pub(crate) struct Wallet {
    /// In the order in which they were opened.
    pub(crate) sessions: Vec<HeldSession>,
    pub(crate) device_passes: BTreeMap<u8, HeldPass>,
    pub(crate) recoveries: Vec<HeldPass>,
    keys_made: u64,
}

/// Keys that nobody has.
const NO_KEY: u64 = 999;

impl Wallet {
    /// What `command` asks of the system; `None` when it asks nothing.
    pub(crate) fn request(&mut self, command: Command, model: &Model) -> Option<Request> {
        self.keys_made += 1;
        let origin = address(command);
        Some(match command {
            Command::Register { who, key, .. } => {
                Request::Register { who, key: login_key(model, who, key), origin }
            }
            Command::SignIn { who, proof, is_known_device, .. } => Request::SignIn {
                who,
                key: login_key(model, who, proof.key),
                factor: factor(model, model.named(who).map(|(_, account)| account), proof.factor),
                pass: self.device_pass(who, is_known_device),
                origin,
            },
            Command::LookUpSalts { who, .. } => Request::LookUpSalts { who, origin },
            Command::Refresh(bearer) => {
                let token = self.token(bearer, |session| (&session.refresh, &session.access));
                Request::Refresh { token: token.unwrap_or_else(garbage), origin }
            }
            Command::StartRecovery { who, proof, .. } => {
                let account = model.named(who).map(|(_, account)| account);
                let key = recovery_key(account, proof.key);
                Request::StartRecovery { who, key, factor: factor(model, account, proof.factor), origin }
            }
            Command::CompleteRecovery { token_back, is_garbage, .. } => {
                let pass = back(&self.recoveries, token_back).filter(|_| !is_garbage).cloned();
                let pass = pass.unwrap_or(HeldPass { text: "no-pass".into(), pass: None });
                Request::CompleteRecovery { pass, key: self.new_key(), origin }
            }
            Command::KeepHouse(round) => Request::KeepHouse(round),
            Command::Advance(_) | Command::MoveWall { .. } | Command::Restart => return None,
            other => self.call(other, origin, model),
        })
    }

    fn call(&self, command: Command, origin: IpPrefix, model: &Model) -> Request {
        let (bearer, errand) = match command {
            Command::Call(bearer) => (bearer, Errand::Call),
            Command::ListSessions(bearer) => (bearer, Errand::ListSessions),
            Command::SignOut { bearer, scope } => (bearer, Errand::SignOut(scope)),
            Command::EndSession { bearer, target_back } => {
                let target = back(&self.sessions, target_back).map(|session| session.id);
                (bearer, Errand::EndSession(target.unwrap_or(SessionId::from_bytes([7; 16]))))
            }
            Command::StepUp { bearer, proof } => {
                let account = self.account_of(bearer, model);
                let key = account.map_or(NO_KEY, |account| account_key(account, proof.key));
                (bearer, Errand::StepUp { key, factor: factor(model, account, proof.factor) })
            }
            Command::ChangeCredentials { bearer, version } => {
                let expected = self.version(bearer, version, model);
                (bearer, Errand::ChangeCredentials { expected, key: self.new_key() })
            }
            Command::ProposeTotp(bearer) => (bearer, Errand::ProposeTotp),
            Command::ConfirmTotp { bearer, code } => {
                (bearer, Errand::ConfirmTotp(confirmation(model, self.account_of(bearer, model), code)))
            }
            Command::RenewRecoveryCodes(bearer) => (bearer, Errand::RenewRecoveryCodes),
            Command::SetRecoveryKey { bearer, version } => {
                let expected = self.version(bearer, version, model);
                (bearer, Errand::SetRecoveryKey { expected, key: self.new_key() })
            }
            Command::DeleteAccount(bearer) => (bearer, Errand::DeleteAccount),
            other => panic!("{other:?} is no call"),
        };
        let token = self.token(bearer, |session| (&session.access, &session.refresh));
        Request::Call(Calling { token, origin }, errand)
    }

    fn new_key(&self) -> u64 {
        1_000 + self.keys_made
    }

    fn device_pass(&self, who: u8, is_known_device: bool) -> Option<HeldPass> {
        // On someone else's device now and then: the next person's.
        let own = self.device_passes.get(&who);
        let others = self.device_passes.values().next_back();
        is_known_device.then(|| own.or(others).cloned()).flatten()
    }

    fn token<'a>(
        &'a self,
        bearer: Bearer,
        kinds: impl FnOnce(&'a HeldSession) -> (&'a Vec<Held>, &'a Vec<Held>),
    ) -> Option<Held> {
        let Some(session) = back(&self.sessions, bearer.session_back) else { return Some(garbage()) };
        let (asked_for, other) = kinds(session);
        match bearer.token {
            TokenChoice::Back(count) => back(asked_for, count).cloned(),
            TokenChoice::OtherKind => other.last().cloned(),
            TokenChoice::Garbage => Some(garbage()),
            TokenChoice::None => None,
        }
    }

    fn account_of<'a>(&self, bearer: Bearer, model: &'a Model) -> Option<&'a Account> {
        let session = back(&self.sessions, bearer.session_back)?;
        model.accounts.get(&session.user_id)
    }

    fn version(&self, bearer: Bearer, choice: VersionChoice, model: &Model) -> Version {
        let current = self.account_of(bearer, model).map_or(1, |account| account.version);
        Version::from_number(match choice {
            VersionChoice::Current => current,
            VersionChoice::Stale => current - 1,
        })
    }

    /// Keeps the tokens of a session.
    pub(crate) fn keep(
        &mut self,
        session_id: SessionId,
        user_id: UserId,
        access: Held,
        refresh: Option<Held>,
    ) {
        let known = self.sessions.iter().position(|session| session.id == session_id);
        let place = known.unwrap_or(self.sessions.len());
        if known.is_none() {
            let (access, refresh) = (Vec::new(), Vec::new());
            self.sessions.push(HeldSession { id: session_id, user_id, access, refresh });
        }
        let session = &mut self.sessions[place];
        let is_new = |kept: &[Held], token: &Held| kept.iter().all(|held| held.text != token.text);
        if is_new(&session.access, &access) {
            session.access.push(access);
        }
        if let Some(refresh) = refresh.filter(|refresh| is_new(&session.refresh, refresh)) {
            session.refresh.push(refresh);
        }
    }
}

fn garbage() -> Held {
    Held { text: "no-token".into(), claims: None }
}

/// The element that many places before the last, or the first.
fn back<T>(all: &[T], places: u8) -> Option<&T> {
    let last = all.len().checked_sub(1)?;
    all.get(last.saturating_sub(usize::from(places)))
}

fn address(command: Command) -> IpPrefix {
    let number = match command {
        Command::Register { address, .. }
        | Command::SignIn { address, .. }
        | Command::LookUpSalts { address, .. }
        | Command::StartRecovery { address, .. }
        | Command::CompleteRecovery { address, .. } => address,
        Command::Refresh(bearer)
        | Command::Call(bearer)
        | Command::ListSessions(bearer)
        | Command::SignOut { bearer, .. }
        | Command::EndSession { bearer, .. }
        | Command::StepUp { bearer, .. }
        | Command::ChangeCredentials { bearer, .. }
        | Command::ProposeTotp(bearer)
        | Command::ConfirmTotp { bearer, .. }
        | Command::RenewRecoveryCodes(bearer)
        | Command::SetRecoveryKey { bearer, .. }
        | Command::DeleteAccount(bearer) => bearer.address,
        Command::Advance(_) | Command::MoveWall { .. } | Command::KeepHouse(_) | Command::Restart => 0,
    };
    IpPrefix::of([192, 0, 2, number].into())
}

fn account_key(account: &Account, choice: KeyChoice) -> u64 {
    match choice {
        KeyChoice::Right => account.key,
        KeyChoice::Wrong => NO_KEY,
        KeyChoice::Former => account.former_key.unwrap_or(NO_KEY),
    }
}

fn login_key(model: &Model, who: u8, choice: KeyChoice) -> u64 {
    match (model.named(who), choice) {
        (Some((_, account)), choice) => account_key(account, choice),
        (None, KeyChoice::Right) => 100 + u64::from(who),
        (None, _) => NO_KEY,
    }
}

fn recovery_key(account: Option<&Account>, choice: KeyChoice) -> u64 {
    match (account, choice) {
        (Some(account), KeyChoice::Right) => account.recovery_key.unwrap_or(NO_KEY),
        // The key of the password is none for recovery.
        (Some(account), KeyChoice::Former) => account.key,
        _ => NO_KEY,
    }
}

fn present_step(model: &Model) -> u64 {
    model.now.as_seconds() / 30
}

fn unknown_recovery_code() -> SecondFactor {
    SecondFactor::Recovery(RecoveryCode::from_randomness(&[9; 12]))
}

fn factor(model: &Model, account: Option<&Account>, choice: FactorChoice) -> SecondFactor {
    let Some(account) = account else { return SecondFactor::parse("000000").unwrap() };
    let recovery = |codes: &[RecoveryCode]| {
        codes.last().map_or_else(unknown_recovery_code, |code| SecondFactor::Recovery(code.clone()))
    };
    match choice {
        FactorChoice::Recovery => recovery(&account.codes),
        FactorChoice::SpentRecovery => recovery(&account.spent_codes),
        FactorChoice::WrongRecovery => unknown_recovery_code(),
        code => SecondFactor::Code(one_time_code(model, account, code)),
    }
}

fn one_time_code(model: &Model, account: &Account, choice: FactorChoice) -> OtpCode {
    let present = present_step(model);
    match choice {
        FactorChoice::Step(ahead) => model.code(&account.secret, present.saturating_add_signed(ahead.into())),
        FactorChoice::SpentCode => model.code(&account.secret, account.last_step.unwrap_or(present)),
        FactorChoice::FormerSecret => {
            model.code(account.former_secret.as_ref().unwrap_or(&account.secret), present)
        }
        _ => model.code(&account.secret, present + 1_000),
    }
}

/// A code to confirm a proposed authenticator by: one of it, of the live one, or of none.
fn confirmation(model: &Model, account: Option<&Account>, choice: FactorChoice) -> OtpCode {
    let Some(account) = account else { return OtpCode::parse("000000").unwrap() };
    let present = present_step(model);
    match (choice, &account.proposed) {
        (FactorChoice::Step(ahead), Some((secret, _))) => {
            model.code(secret, present.saturating_add_signed(ahead.into()))
        }
        (choice, _) => one_time_code(model, account, choice),
    }
}
