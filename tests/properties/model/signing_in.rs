//! Signing in: limits first, then key, then factor, then a session under the cap.

use super::factor::Judged;
use super::plan::Named;
use super::{Effect, Expected, Model, Plan};
use crate::request::{HeldPass, Reply, Request};
use crate::system::policy;
use epic_domain::audit::{EventKind, FailureReason};
use epic_domain::id::{SessionId, UserId};
use epic_domain::network::IpPrefix;
use epic_domain::rate_limit::{Action, Attempt, Subject};
use epic_domain::user::SecondFactor;

/// What an attempt from an address at a name counts as, whoever makes it.
pub(super) fn from_address(who: u8, origin: IpPrefix) -> Vec<Attempt> {
    let name = crate::request::name_of(who);
    vec![
        Attempt::new(Action::Login, Subject::Address(origin)),
        Attempt::new(Action::Login, Subject::NameFrom(name, origin)),
    ]
}

/// What it counts as beyond that, from a device that is not known.
pub(super) fn from_anywhere(who: u8) -> Attempt {
    Attempt::new(Action::LoginAccount, Subject::Name(crate::request::name_of(who)))
}

impl Model {
    pub(super) fn plan_sign_in(&mut self, request: &Request) -> Plan {
        let Request::SignIn { who, key, factor, pass, origin } = request else { panic!("{request:?}") };
        let known = self.known_device(pass.as_ref());
        let mut attempts = from_address(*who, *origin);
        if known.is_none() {
            attempts.push(from_anywhere(*who));
        }
        let standing = match self.check(&attempts) {
            Ok(standing) => standing,
            Err(denial) => return Plan::limited(denial),
        };
        let found = self.named(*who).map(|(user_id, _)| user_id);
        let is_strange = known.is_some() && known != found;
        if is_strange && let Err(denial) = self.peek(&from_anywhere(*who)) {
            return Plan::limited(denial).at(standing);
        }
        let mut plan = self.plan_admitted(found, *key, factor, *origin).at(standing);
        if is_strange {
            plan.counted.push(from_anywhere(*who));
            plan.doubtful.push(from_anywhere(*who));
        }
        plan
    }

    /// The account that the pass of a device names, if it is one and has not run out.
    fn known_device(&self, pass: Option<&HeldPass>) -> Option<UserId> {
        let pass = pass?.pass?;
        (self.now < pass.expires_at).then_some(pass.user_id)
    }

    fn plan_admitted(
        &self,
        found: Option<UserId>,
        key: u64,
        factor: &SecondFactor,
        origin: IpPrefix,
    ) -> Plan {
        let refused = |reason, user_id: Option<UserId>| {
            let kind = match reason {
                FailureReason::SpentCode => EventKind::OtpReplay,
                _ => EventKind::LoginFailed,
            };
            let expected = Expected::new(kind, self.now, origin).because(reason);
            let expected = user_id.map_or(expected, |user_id| expected.of(user_id));
            Plan::of(Reply::Refused).recording(expected)
        };
        let Some(user_id) = found else { return refused(FailureReason::UnknownUser, None) };
        let account = &self.accounts[&user_id];
        if !account.exists_at(self.now) {
            return refused(FailureReason::NotAllowed, found);
        }
        if account.key != key {
            return refused(FailureReason::WrongKey, found);
        }
        let verdict = self.judge(user_id, factor);
        let after = match verdict.judged {
            // To tell of the limit would tell that the key was right.
            Judged::Limited(_) => refused(FailureReason::CodesHeld, found),
            Judged::Failed(reason) => refused(reason, found),
            Judged::Passed { confirms } => {
                self.plan_opening(user_id, origin, confirms.then_some(EventKind::Confirmed))
            }
            Judged::Recovered => self.plan_opening(user_id, origin, Some(EventKind::RecoveryCodeUsed)),
        };
        Plan {
            effects: verdict.effect.into_iter().chain(after.effects).collect(),
            counted: verdict.counted.into_iter().collect(),
            doubtful: verdict.doubtful.into_iter().collect(),
            ..Plan { effects: Vec::new(), ..after }
        }
    }

    fn plan_opening(&self, user_id: UserId, origin: IpPrefix, before: Option<EventKind>) -> Plan {
        let evicted = self.evicted_by_one_more(user_id);
        let until = policy().revoked_until(self.now);
        let event = |kind| Expected::new(kind, self.now, origin).of(user_id);
        let mut events: Vec<_> = before.into_iter().map(event).collect();
        events.push(Expected { session: Named::New, ..event(EventKind::Login) });
        events.extend(evicted.iter().map(|ended| event(EventKind::SessionEvicted).within(*ended)));
        Plan::of(Reply::SignedIn)
            .announcing(&evicted, until)
            .with(Effect::Open { user_id, origin, evicted, until })
            .with(Effect::Append(events))
    }

    /// One more session than the cap ends those not seen for the longest.
    fn evicted_by_one_more(&self, user_id: UserId) -> Vec<SessionId> {
        let mut held = self.sessions_of(user_id);
        held.sort_by_key(|session_id| (self.sessions[session_id].last_seen_at, *session_id));
        let cap = usize::try_from(policy().sessions_max()).unwrap();
        held.truncate((held.len() + 1).saturating_sub(cap));
        held
    }
}
