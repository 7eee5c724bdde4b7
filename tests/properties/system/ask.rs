//! Carries a request out and says what came of it in the terms of the model.

use super::UseCases;
use crate::commands::Round;
use crate::request::{Calling, Errand, Gain, Outcome, Reply, Request, auth_key, name_of};
use epic_domain::network::IpPrefix;
use epic_domain::rate_limit::Standing;
use epic_domain::secret::SecretText;
use epic_inbound::authenticate::{AuthenticateError, Authenticated};
use epic_inbound::change_credentials::{ChangeError, NewCredentials};
use epic_inbound::fresh::Fresh;
use epic_inbound::recover::{RecoverError, RecoveryRequest};
use epic_inbound::recovery_codes::RenewCodesError;
use epic_inbound::refresh::RefreshError;
use epic_inbound::register::{RegisterError, Registration};
use epic_inbound::replace_totp::ReplaceTotpError;
use epic_inbound::sessions::EndOutcome;
use epic_inbound::sign_in::{SignInError, SignInRequest};
use epic_inbound::step_up::{StepUpError, StepUpRequest};
use epic_inbound::{Answer, Fault};
use epic_tests::builders;

impl Outcome {
    fn of(reply: Reply) -> Self {
        Self { reply, standing: None, gain: Gain::Nothing, is_recognised: false }
    }

    fn gaining(reply: Reply, gain: Gain) -> Self {
        Self { gain, ..Self::of(reply) }
    }

    fn at(self, standing: Option<Standing>) -> Self {
        Self { standing, ..self }
    }
}

/// The answers that are no success, by the errors they come from.
macro_rules! failures {
    ($($error:ident { $($pattern:pat => $reply:expr),+ $(,)? })+) => {$(
        impl From<$error> for Outcome {
            fn from(error: $error) -> Self {
                use $error::*;
                Self::of(match error { $($pattern => $reply,)+ Fault(_) => Reply::Fault })
            }
        }
    )+};
}

mod failures {
    use super::*;

    failures! {
        RegisterError { Limited(denial) => Reply::Limited(denial), NameTaken => Reply::NameTaken }
        SignInError { Limited(denial) => Reply::Limited(denial), Refused => Reply::Refused }
        RecoverError { Limited(denial) => Reply::Limited(denial), Refused => Reply::Refused }
        RefreshError { Refused => Reply::Refused }
        StepUpError { Limited(denial) => Reply::Limited(denial), Refused => Reply::Refused }
        ReplaceTotpError { Limited(denial) => Reply::Limited(denial), Refused => Reply::Refused }
        ChangeError { Stale => Reply::Stale }
        RenewCodesError { NotAllowed => Reply::Refused }
    }
}

impl From<Fault> for Outcome {
    fn from(_: Fault) -> Self {
        Self::of(Reply::Fault)
    }
}

fn told<T, E: Into<Outcome>>(result: Result<T, E>, success: impl FnOnce(T) -> Outcome) -> Outcome {
    result.map_or_else(Into::into, success)
}

fn done<E: Into<Outcome>>(result: Result<(), E>) -> Outcome {
    told(result, |()| Outcome::of(Reply::Done))
}

fn answered<T, E: Into<Outcome>>(answer: Answer<T, E>, success: impl FnOnce(T) -> Outcome) -> Outcome {
    told(answer.result, success).at(answer.standing)
}

/// Carries `request` out.
pub(crate) async fn ask(use_cases: &UseCases, request: &Request) -> Outcome {
    match request {
        Request::Register { who, key, origin } => {
            answered(use_cases.register.register(registration(*who, *key, *origin)).await, |registered| {
                Outcome::gaining(Reply::Registered, Gain::Uri(registered.otpauth_uri))
            })
        }
        Request::SignIn { who, key, factor, pass, origin } => {
            let request = SignInRequest {
                username: name_of(*who),
                auth_key: auth_key(*key),
                factor: factor.clone(),
                device_name: None,
                origin: *origin,
                device_pass: pass.as_ref().map(|pass| SecretText::new(pass.text.clone())),
            };
            answered(use_cases.sign_in.sign_in(request).await, |signed_in| {
                Outcome::gaining(Reply::SignedIn, Gain::SignedIn(Box::new(signed_in)))
            })
        }
        Request::StartRecovery { who, key, factor, origin } => {
            let request = RecoveryRequest {
                username: name_of(*who),
                recovery_auth_key: auth_key(*key),
                factor: factor.clone(),
                origin: *origin,
            };
            answered(use_cases.recover.start(&request).await, |started| {
                Outcome::gaining(Reply::RecoveryStarted, Gain::Recovery(started))
            })
        }
        Request::Call(calling, errand) => call(use_cases, calling, errand).await,
        Request::KeepHouse(round) => keep_house(use_cases, *round).await,
        Request::LookUpSalts { origin, .. }
        | Request::Refresh { origin, .. }
        | Request::CompleteRecovery { origin, .. } => admitted(use_cases, request, *origin).await,
    }
}

/// What needs no caller, but counts against an address.
async fn admitted(use_cases: &UseCases, request: &Request, origin: IpPrefix) -> Outcome {
    let admission = match use_cases.gate.admit_address(origin) {
        Ok(admission) => admission,
        Err(denial) => return Outcome::of(Reply::Limited(denial)),
    };
    let outcome = match request {
        Request::LookUpSalts { who, .. } => {
            told(use_cases.salts.look_up(&admission, &name_of(*who)).await, |salts| {
                Outcome::of(Reply::Salts(salts))
            })
        }
        Request::Refresh { token, .. } => {
            told(use_cases.refresh.refresh(&admission, &token.text, origin).await, |pair| {
                Outcome::gaining(Reply::Refreshed, Gain::Pair(pair))
            })
        }
        Request::CompleteRecovery { pass, key, .. } => {
            done(use_cases.recover.complete(&admission, &pass.text, credentials(*key), origin).await)
        }
        other => panic!("{other:?} is not admitted by address"),
    };
    outcome.at(admission.standing())
}

async fn call(use_cases: &UseCases, calling: &Calling, errand: &Errand) -> Outcome {
    let token = calling.token.as_ref().map(|token| token.text.as_str());
    let caller = match use_cases.authenticate.authenticate(token, calling.origin).await {
        Ok(caller) => caller,
        Err(AuthenticateError::Limited(denial)) => return Outcome::of(Reply::Limited(denial)),
        Err(AuthenticateError::Missing(admission)) => {
            return Outcome::of(Reply::Missing).at(admission.standing());
        }
        Err(AuthenticateError::Refused(admission)) => {
            return Outcome::of(Reply::Refused).at(admission.standing());
        }
        Err(AuthenticateError::Fault(_)) => return Outcome::of(Reply::Fault),
    };
    let standing = caller.standing();
    let outcome = if errand.needs_freshness() {
        match use_cases.freshness.require(caller) {
            Ok(fresh) => guarded(use_cases, &fresh, errand, calling.origin).await,
            Err(_) => Outcome::of(Reply::StepUpRequired),
        }
    } else {
        ordinary(use_cases, &caller, errand, calling.origin).await
    };
    Outcome { is_recognised: true, ..outcome.at(standing) }
}

async fn ordinary(
    use_cases: &UseCases,
    caller: &Authenticated,
    errand: &Errand,
    origin: IpPrefix,
) -> Outcome {
    match errand {
        Errand::Call => Outcome::of(Reply::Done),
        Errand::ListSessions => told(use_cases.own_sessions.list(caller, None, 100).await, |page| {
            Outcome::of(Reply::Sessions(page.sessions.iter().map(|session| session.id).collect()))
        }),
        Errand::SignOut(scope) => done(use_cases.sign_out.sign_out(caller, *scope, origin).await),
        Errand::EndSession(target) => {
            told(use_cases.own_sessions.end(caller, *target, origin).await, |outcome| {
                Outcome::of(match outcome {
                    EndOutcome::Ended => Reply::Done,
                    EndOutcome::NotFound => Reply::NotFound,
                })
            })
        }
        Errand::StepUp { key, factor } => {
            let request = StepUpRequest { auth_key: auth_key(*key), factor: factor.clone(), origin };
            told(use_cases.step_up.step_up(caller, &request).await, |stepped_up| {
                Outcome::gaining(Reply::SteppedUp, Gain::SteppedUp(stepped_up))
            })
        }
        other => panic!("{other:?} needs a fresh caller"),
    }
}

async fn guarded(use_cases: &UseCases, fresh: &Fresh, errand: &Errand, origin: IpPrefix) -> Outcome {
    match errand {
        Errand::ChangeCredentials { expected, key } => {
            let change = use_cases.change_credentials.change(fresh, *expected, credentials(*key), origin);
            done(change.await)
        }
        Errand::ProposeTotp => told(use_cases.replace_totp.propose(fresh, origin).await, |uri| {
            Outcome::gaining(Reply::Proposed, Gain::Uri(uri))
        }),
        Errand::ConfirmTotp(code) => done(use_cases.replace_totp.confirm(fresh, code, origin).await),
        Errand::RenewRecoveryCodes => {
            told(use_cases.renew_recovery_codes.renew(fresh, origin).await, |codes| {
                Outcome::gaining(Reply::Codes, Gain::Codes(codes))
            })
        }
        Errand::SetRecoveryKey { expected, key } => {
            let (auth_key, mek) = (auth_key(*key), builders::wrapped_key(*key));
            done(use_cases.set_recovery_key.set(fresh, *expected, &auth_key, mek, origin).await)
        }
        Errand::DeleteAccount => done(use_cases.delete_account.delete(fresh, origin).await),
        other => panic!("{other:?} needs no fresh caller"),
    }
}

async fn keep_house(use_cases: &UseCases, round: Round) -> Outcome {
    let housekeeping = &use_cases.housekeeping;
    match round {
        Round::Sweep => done(housekeeping.sweep_store().await),
        Round::Prune => {
            housekeeping.prune_memory();
            Outcome::of(Reply::Done)
        }
        Round::CatchUp => done(housekeeping.catch_up().await),
        Round::RecordAccesses => done(housekeeping.record_accesses().await),
        Round::SignHead => {
            told(housekeeping.sign_audit_head().await, |head| Outcome::of(Reply::HeadSigned(head.is_some())))
        }
    }
}

/// What the person of a key sends to register: the salts and keys follow from the key.
fn registration(who: u8, key: u64, origin: IpPrefix) -> Registration {
    let sample = builders::user(key).build();
    Registration {
        username: name_of(who),
        salts: sample.credentials.salts,
        kdf: sample.credentials.kdf,
        auth_key: auth_key(key),
        keys: sample.keys,
        origin,
    }
}

fn credentials(key: u64) -> NewCredentials {
    let sample = builders::user(key).build();
    NewCredentials {
        salts: sample.credentials.salts,
        kdf: sample.credentials.kdf,
        auth_key: auth_key(key),
        encrypted_mek: sample.keys.encrypted_mek,
        encrypted_private_key: sample.keys.encrypted_private_key,
    }
}
