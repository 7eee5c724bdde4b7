//! Recovering an account: the recovery key and a factor buy leave to set new credentials, once.

use super::factor::Judged;
use super::signing_in::{from_address, from_anywhere};
use super::{Account, Effect, Expected, Model, Plan};
use crate::request::{HeldPass, Reply};
use crate::system::policy;
use epic_domain::audit::{EventKind, FailureReason};
use epic_domain::id::UserId;
use epic_domain::network::IpPrefix;
use epic_domain::user::SecondFactor;

impl Model {
    pub(super) fn plan_recovery(
        &mut self,
        who: u8,
        key: u64,
        factor: &SecondFactor,
        origin: IpPrefix,
    ) -> Plan {
        let mut attempts = from_address(who, origin);
        attempts.push(from_anywhere(who));
        match self.check(&attempts) {
            Ok(standing) => self.plan_admitted_recovery(who, key, factor, origin).at(standing),
            Err(denial) => Plan::limited(denial),
        }
    }

    fn plan_admitted_recovery(&self, who: u8, key: u64, factor: &SecondFactor, origin: IpPrefix) -> Plan {
        let event = |kind| Expected::new(kind, self.now, origin);
        let refused = |reason, user_id: Option<UserId>| {
            let expected = event(EventKind::RecoveryFailed).because(reason);
            let expected = user_id.map_or(expected, |user_id| expected.of(user_id));
            Plan::of(Reply::Refused).recording(expected)
        };
        let Some((user_id, account)) = self.named(who) else {
            return refused(FailureReason::UnknownUser, None);
        };
        if !account.exists_at(self.now) {
            return refused(FailureReason::NotAllowed, Some(user_id));
        }
        if account.recovery_key != Some(key) {
            return refused(FailureReason::WrongKey, Some(user_id));
        }
        let verdict = self.judge(user_id, factor);
        let started = event(EventKind::RecoveryStarted).of(user_id);
        let after = match verdict.judged {
            Judged::Limited(_) => refused(FailureReason::CodesHeld, Some(user_id)),
            Judged::Failed(reason) => refused(reason, Some(user_id)),
            Judged::Passed { .. } => Plan::of(Reply::RecoveryStarted).recording(started),
            Judged::Recovered => {
                let used = event(EventKind::RecoveryCodeUsed).of(user_id);
                Plan::of(Reply::RecoveryStarted).with(Effect::Append(vec![used, started]))
            }
        };
        Plan {
            effects: verdict.effect.into_iter().chain(after.effects).collect(),
            counted: verdict.counted.into_iter().collect(),
            doubtful: verdict.doubtful.into_iter().collect(),
            ..Plan::of(after.reply)
        }
    }

    pub(super) fn plan_completion(&mut self, pass: &HeldPass, key: u64, origin: IpPrefix) -> Plan {
        let standing = match self.admit_address(origin) {
            Ok(standing) => standing,
            Err(plan) => return plan,
        };
        let is_good = |account: &Account, version| account.is_active() && account.version == version;
        let good = pass.pass.filter(|pass| {
            self.now < pass.expires_at
                && self
                    .accounts
                    .get(&pass.user_id)
                    .is_some_and(|account| is_good(account, pass.version.number()))
        });
        let Some(pass) = good else { return Plan::of(Reply::Refused).at(standing) };
        let user_id = pass.user_id;
        let ended = self.sessions_of(user_id);
        let until = policy().revoked_until(self.now);
        Plan::of(Reply::Done)
            .at(standing)
            .announcing(&ended, until)
            .with(Effect::ChangeCredentials { user_id, key, ended, until })
            .recording(Expected::new(EventKind::Recovered, self.now, origin).of(user_id))
    }
}
