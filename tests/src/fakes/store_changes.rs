//! Steps on the store in memory that change what guards an account or how many sessions it has.

use super::memory_store::State;
use epic_domain::Timestamp;
use epic_domain::id::{SessionId, UserId};
use epic_domain::user::{Status, User, Version};
use epic_outbound::sessions::{EndScope, Opening, OpeningOutcome};
use epic_outbound::users::{Change, CredentialChange, Ending, TotpChange};

impl State {
    /// The account, if it is active.
    pub(super) fn active(&mut self, user_id: UserId) -> Option<&mut User> {
        self.users.get_mut(&user_id).filter(|user| user.status == Status::Active)
    }

    /// The account, if it is active and has this version.
    pub(super) fn active_at(&mut self, user_id: UserId, expected: Version) -> Option<&mut User> {
        self.active(user_id).filter(|user| user.version == expected)
    }

    pub(super) fn change_credentials(&mut self, change: &CredentialChange) -> Change {
        let Some(user) = self.active_at(change.user_id, change.expected) else { return Change::Stale };
        user.credentials = change.credentials.clone();
        user.keys.encrypted_mek = change.encrypted_mek.clone();
        user.keys.encrypted_private_key = change.encrypted_private_key.clone();
        self.finish(change.user_id, change.ending)
    }

    pub(super) fn confirm_totp(&mut self, change: &TotpChange) -> Change {
        let Some(user) = self.active(change.user_id) else { return Change::Stale };
        if user.enrolment.proposed.as_ref().map(|proposed| &proposed.sealed_secret)
            != Some(&change.sealed_secret)
        {
            return Change::Stale;
        }
        user.enrolment.proposed = None;
        user.enrolment.sealed_secret = change.sealed_secret.clone();
        user.enrolment.last_step = Some(change.step);
        user.enrolment.consecutive_failures = 0;
        self.finish(change.user_id, change.ending)
    }

    /// Makes the account its next version and ends its other sessions.
    fn finish(&mut self, user_id: UserId, ending: Ending) -> Change {
        let user = self.users.get_mut(&user_id).unwrap();
        user.version = user.version.next();
        user.updated_at = ending.now;
        let scope = ending.keep.map_or(EndScope::All, EndScope::AllExcept);
        Change::Made { ended: self.end_sessions(user_id, scope, ending.revoked_until) }
    }

    /// Ends several of a user's sessions; returns those that ended.
    pub(super) fn end_sessions(
        &mut self,
        user_id: UserId,
        scope: EndScope,
        until: Timestamp,
    ) -> Vec<SessionId> {
        let mut ended = self.sessions_of(user_id);
        ended.retain(|session_id| scope != EndScope::AllExcept(*session_id));
        for session_id in &ended {
            self.end_session(*session_id, until);
        }
        ended
    }

    fn sessions_of(&self, user_id: UserId) -> Vec<SessionId> {
        self.sessions
            .values()
            .filter(|session| session.user_id == user_id)
            .map(|session| session.id)
            .collect()
    }

    pub(super) fn open(&mut self, opening: &Opening) -> OpeningOutcome {
        let Opening { session, user_version, sessions_max, revoked_until } = opening;
        if self.active_at(session.user_id, *user_version).is_none() {
            return OpeningOutcome::Stale;
        }
        let mut ended = self.sessions_of(session.user_id);
        ended.sort_by_key(|session_id| (self.sessions[session_id].last_seen_at, *session_id));
        let room = usize::try_from(sessions_max.saturating_sub(1)).unwrap();
        ended.truncate(ended.len().saturating_sub(room));
        for session_id in &ended {
            self.end_session(*session_id, *revoked_until);
        }
        self.sessions.insert(session.id, session.clone());
        OpeningOutcome::Opened { ended }
    }
}
