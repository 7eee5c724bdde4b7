//! What the server does by itself.

use super::plan::Named;
use super::{Effect, Expected, Model, Plan};
use crate::commands::Round;
use crate::request::Reply;
use crate::system::policy;
use epic_domain::audit::EventKind;
use epic_domain::session::Session;
use std::time::Duration;

/// How far back ends are caught up with.
const CATCH_UP_OVER: Duration = Duration::from_secs(30);

impl Model {
    pub(super) fn plan_round(&mut self, round: Round) -> Plan {
        match round {
            Round::Sweep => self.plan_sweep(),
            Round::Prune => {
                let now = self.now;
                self.known_ends.retain(|_, until| now < *until);
                Plan::of(Reply::Done)
            }
            Round::CatchUp => {
                let lately = policy().revoked_until(self.now).saturating_sub(CATCH_UP_OVER);
                let mut plan = Plan::of(Reply::Done);
                let ended = self.durable_ends.iter().filter(|(_, until)| lately < **until);
                plan.announced.extend(ended.map(|(session_id, until)| (*session_id, *until)));
                plan
            }
            Round::RecordAccesses => self.plan_record(),
            Round::SignHead => {
                let has_grown = self.anchor.length > self.signed_length;
                let plan = Plan::of(Reply::HeadSigned(has_grown));
                if has_grown { plan.with(Effect::KeepHead) } else { plan }
            }
        }
    }

    pub(super) fn is_over(&self, session: &Session) -> bool {
        self.now >= session.ends_at || self.now >= session.current.refresh_expires_at
    }

    fn plan_sweep(&self) -> Plan {
        let mut plan = Plan::of(Reply::Done);
        if self.accounts.values().any(|account| !account.exists_at(self.now)) {
            plan = plan.with(Effect::SweepAccounts);
        }
        let is_any_over = self.sessions.values().any(|session| self.is_over(session))
            || self.durable_ends.values().any(|until| *until <= self.now);
        if is_any_over { plan.with(Effect::SweepSessions) } else { plan }
    }

    /// What was noted is gone from memory, whether or not it could be written down.
    fn plan_record(&mut self) -> Plan {
        let notes = core::mem::take(&mut self.notes);
        if notes.is_empty() {
            return Plan::of(Reply::Done);
        }
        let seen = notes.iter().map(|(session_id, note)| (*session_id, note.at)).collect();
        let used = notes.iter().map(|(session_id, note)| Expected {
            kind: EventKind::Access,
            at: note.at,
            user: Named::Known(note.user_id),
            session: Named::Known(*session_id),
            origin: None,
            reason: None,
            count: note.count,
        });
        let used = used.collect();
        Plan::of(Reply::Done).with(Effect::Touch(seen)).with(Effect::Append(used))
    }
}
