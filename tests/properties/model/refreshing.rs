//! Refreshing: one live token a session, its predecessor for ten seconds more, and an end to whoever shows an older one.

use super::{Account, Effect, Expected, Model, Plan};
use crate::request::{Held, Reply};
use crate::system::policy;
use epic_domain::audit::EventKind;
use epic_domain::network::IpPrefix;
use epic_domain::session::{Claims, TokenKind};
use std::time::Duration;

const GRACE: Duration = Duration::from_secs(10);

impl Model {
    pub(super) fn plan_refresh(&mut self, token: &Held, origin: IpPrefix) -> Plan {
        match self.admit_address(origin) {
            Ok(standing) => self.plan_admitted_refresh(token, origin).at(standing),
            Err(plan) => plan,
        }
    }

    fn plan_admitted_refresh(&self, token: &Held, origin: IpPrefix) -> Plan {
        let usable = |claims: &&Claims| {
            claims.kind == TokenKind::Refresh
                && self.now < claims.expires_at
                && !self.known_ends.contains_key(&claims.session_id)
                && self.accounts.get(&claims.user_id).is_some_and(Account::is_active)
        };
        let Some(claims) = token.claims.as_ref().filter(usable) else { return Plan::of(Reply::Refused) };
        let session_id = claims.session_id;
        let until = policy().revoked_until(self.now);
        let over = Plan::of(Reply::Refused).announcing(&[session_id], until);
        let Some(session) = self.sessions.get(&session_id) else { return over };
        if self.now >= session.ends_at {
            return over;
        }
        let event = |kind| Expected::new(kind, self.now, origin).of(session.user_id).within(session_id);
        if claims.token_id == session.current.refresh_id {
            return Plan::of(Reply::Refreshed)
                .with(Effect::Rotate { session_id })
                .recording(event(EventKind::Refresh));
        }
        match session.superseded {
            Some(old)
                if old.refresh_id == claims.token_id && self.now < old.replaced_at.saturating_add(GRACE) =>
            {
                Plan::of(Reply::Refreshed)
            }
            _ => over
                .with(Effect::End { ended: vec![session_id], until })
                .recording(event(EventKind::RefreshReuse)),
        }
    }
}
