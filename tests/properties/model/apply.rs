//! Carries the foreseen changes over into the model, once they are seen to have been made.

use super::plan::Named;
use super::{Account, Effect, Expected, Model, Note};
use crate::faults::Write;
use crate::request::name_of;
use epic_domain::Timestamp;
use epic_domain::id::{SessionId, UserId};
use epic_domain::network::IpPrefix;
use epic_domain::session::{Grant, Session, Superseded};
use epic_domain::user::{Status, TotpSecret, User};
use std::collections::BTreeMap;
use std::time::Duration;

/// What is stored, as read past all faults.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    pub(crate) users: BTreeMap<UserId, Stored>,
    pub(crate) sessions: BTreeMap<SessionId, Session>,
}

/// A stored account with its secrets opened.
#[derive(Debug)]
pub(crate) struct Stored {
    pub(crate) user: User,
    pub(crate) secret: TotpSecret,
    pub(crate) proposed: Option<TotpSecret>,
}

impl Model {
    /// Applies an effect that showed as `write`; random values are taken from what is stored.
    pub(crate) fn apply(&mut self, effect: Effect, write: Write, seen: &Seen) {
        match (effect, write) {
            (Effect::Insert { who, key }, Write::Inserted(user_id)) => {
                self.insert(who, key, user_id, seen.users[&user_id].secret.clone());
            }
            (Effect::Open { user_id, origin, evicted, until }, Write::Opened(session_id)) => {
                self.end(&evicted, until);
                self.open(user_id, origin, &seen.sessions[&session_id]);
            }
            (Effect::Rotate { session_id }, _) => {
                self.rotate(session_id, &seen.sessions[&session_id].current);
            }
            (Effect::End { ended, until }, _) => self.end(&ended, until),
            (Effect::Touch(touched), _) => self.touch(&touched),
            (Effect::SweepAccounts, _) => {
                let now = self.now;
                self.accounts.retain(|_, account| account.exists_at(now));
            }
            (Effect::SweepSessions, _) => self.sweep_sessions(),
            (Effect::Append(events), _) => {
                let events = events.into_iter().map(|event| self.resolved(event));
                let events: Vec<_> = events.collect();
                self.due_events.extend(events);
            }
            (Effect::KeepHead, _) => self.signed_length = self.anchor.length,
            (Effect::Remove { user_id, ended, until }, _) => {
                self.end(&ended, until);
                self.accounts.remove(&user_id);
            }
            (effect, _) => self.change_account(effect, seen),
        }
    }

    /// Changes of one account.
    fn change_account(&mut self, effect: Effect, seen: &Seen) {
        let now = self.now;
        match effect {
            Effect::Renew { user_id } => {
                let secret = seen.users[&user_id].secret.clone();
                let account = self.account(user_id);
                account.replace_secret(secret);
                (account.last_step, account.failures) = (None, 0);
                account.status = pending_from(now);
                account.moved_on(now);
            }
            Effect::SpendStep { user_id, step } => {
                let account = self.account(user_id);
                (account.last_step, account.failures) = (Some(step), 0);
                if !account.is_active() {
                    (account.status, account.updated_at) = (Status::Active, now);
                }
            }
            Effect::SpendRecoveryCode { user_id, code } => {
                let account = self.account(user_id);
                account.codes.retain(|unspent| *unspent != code);
                account.spent_codes.push(code);
                account.failures = 0;
            }
            Effect::CountFailure { user_id } => self.account(user_id).failures += 1,
            Effect::ChangeCredentials { user_id, key, ended, until } => {
                self.end(&ended, until);
                let account = self.account(user_id);
                account.former_key = Some(account.key);
                account.key = key;
                account.moved_on(now);
            }
            Effect::ProposeTotp { user_id } => {
                let proposed = seen.users[&user_id].proposed.clone().unwrap();
                self.account(user_id).proposed = Some((proposed, now));
            }
            Effect::ConfirmTotp { user_id, step, ended, until } => {
                self.end(&ended, until);
                let account = self.account(user_id);
                let (secret, _) = account.proposed.take().unwrap();
                account.replace_secret(secret);
                (account.last_step, account.failures) = (Some(step), 0);
                account.moved_on(now);
            }
            Effect::RenewRecoveryCodes { user_id } => {
                let account = self.account(user_id);
                let revoked = core::mem::take(&mut account.codes);
                account.spent_codes.extend(revoked);
            }
            Effect::SetRecoveryKey { user_id, key } => {
                let account = self.account(user_id);
                account.recovery_key = Some(key);
                account.moved_on(now);
            }
            other => panic!("{other:?} did not show as it should"),
        }
    }

    fn account(&mut self, user_id: UserId) -> &mut Account {
        self.accounts.get_mut(&user_id).unwrap()
    }

    fn insert(&mut self, who: u8, key: u64, user_id: UserId, secret: TotpSecret) {
        // A pending account past its end gives way, with all that belongs to it.
        self.accounts.retain(|_, account| account.who != who);
        self.last_inserted = Some(user_id);
        let account = Account {
            who,
            key,
            former_key: None,
            status: pending_from(self.now),
            secret,
            former_secret: None,
            last_step: None,
            failures: 0,
            proposed: None,
            codes: Vec::new(),
            spent_codes: Vec::new(),
            recovery_key: None,
            version: 1,
            updated_at: self.now,
        };
        self.accounts.insert(user_id, account);
    }

    fn open(&mut self, user_id: UserId, origin: IpPrefix, seen: &Session) {
        let ends_at = whole_seconds(self.now).saturating_add(Duration::from_secs(3_600));
        let session = Session {
            id: seen.id,
            user_id,
            device_name: None,
            origin,
            created_at: self.now,
            auth_time: whole_seconds(self.now),
            last_seen_at: self.now,
            ends_at,
            current: self.grant(&seen.current, ends_at),
            superseded: None,
        };
        self.last_opened = Some(seen.id);
        self.sessions.insert(seen.id, session);
    }

    /// The grant made now; its random ids are those seen.
    fn grant(&self, seen: &Grant, ends_at: Timestamp) -> Grant {
        let made_at = whole_seconds(self.now);
        let end = |seconds| made_at.saturating_add(Duration::from_secs(seconds)).min(ends_at);
        Grant {
            issued_at: made_at,
            access_expires_at: end(600),
            refresh_expires_at: end(900),
            ..seen.clone()
        }
    }

    fn rotate(&mut self, session_id: SessionId, seen: &Grant) {
        let now = self.now;
        let mut session = self.sessions[&session_id].clone();
        assert_ne!(session.current.refresh_id, seen.refresh_id, "a rotation gives another token");
        session.superseded = Some(Superseded { refresh_id: session.current.refresh_id, replaced_at: now });
        session.current = self.grant(seen, session.ends_at);
        session.last_seen_at = session.last_seen_at.max(now);
        self.sessions.insert(session_id, session);
    }

    fn end(&mut self, ended: &[SessionId], until: Timestamp) {
        for session_id in ended {
            assert!(self.sessions.remove(session_id).is_some(), "{session_id} ends once");
            remember(&mut self.durable_ends, *session_id, until);
        }
    }

    fn touch(&mut self, touched: &[(SessionId, Timestamp)]) {
        for (session_id, at) in touched {
            if let Some(session) = self.sessions.get_mut(session_id) {
                session.last_seen_at = session.last_seen_at.max(*at);
            }
        }
    }

    fn sweep_sessions(&mut self) {
        let now = self.now;
        let over: Vec<_> = self
            .sessions
            .values()
            .filter(|session| self.is_over(session))
            .map(|session| session.id)
            .collect();
        over.iter().for_each(|session_id| drop(self.sessions.remove(session_id)));
        self.durable_ends.retain(|_, until| now < *until);
    }

    fn resolved(&self, event: Expected) -> Expected {
        let user = match event.user {
            Named::New => Named::Known(self.last_inserted.unwrap()),
            named => named,
        };
        let session = match event.session {
            Named::New => Named::Known(self.last_opened.unwrap()),
            named => named,
        };
        Expected { user, session, ..event }
    }

    /// Takes an end into memory.
    pub(crate) fn announce(&mut self, session_id: SessionId, until: Timestamp) {
        remember(&mut self.known_ends, session_id, until);
    }

    /// Notes that a caller was recognised.
    pub(crate) fn note(&mut self, (user_id, session_id): (UserId, SessionId)) {
        let at = self.now;
        let note = self.notes.entry(session_id).or_insert(Note { user_id, at, count: 0 });
        note.at = note.at.max(at);
        note.count += 1;
    }
}

impl Account {
    fn replace_secret(&mut self, secret: TotpSecret) {
        self.former_secret = Some(core::mem::replace(&mut self.secret, secret));
        self.proposed = None;
    }

    fn moved_on(&mut self, now: Timestamp) {
        self.version += 1;
        self.updated_at = now;
    }
}

impl Seen {
    /// Says where what is stored differs from the model.
    pub(crate) fn assert_matches(&self, model: &Model) {
        assert_eq!(self.sessions, model.sessions, "the stored sessions");
        let stored: Vec<_> = self.users.keys().collect();
        assert_eq!(stored, model.accounts.keys().collect::<Vec<_>>(), "the stored accounts");
        for (user_id, account) in &model.accounts {
            let Stored { user, secret, proposed } = &self.users[user_id];
            assert_eq!(user.username, name_of(account.who));
            assert_eq!(user.status, account.status, "{}", user.username);
            assert_eq!(*secret, account.secret, "the authenticator of {}", user.username);
            assert_eq!(
                user.enrolment.last_step.map(epic_domain::user::OtpStep::number),
                account.last_step,
                "the step spent last of {}",
                user.username
            );
            assert_eq!(user.enrolment.consecutive_failures, account.failures, "{}", user.username);
            let proposed_at = user.enrolment.proposed.as_ref().map(|proposed| proposed.proposed_at);
            let expected = account.proposed.clone().unzip();
            assert_eq!((proposed.clone(), proposed_at), expected, "what {} proposed", user.username);
            assert_eq!(user.recovery_key.is_some(), account.recovery_key.is_some(), "{}", user.username);
            assert_eq!(user.version.number(), account.version, "the version of {}", user.username);
            assert_eq!(user.updated_at, account.updated_at, "the last change of {}", user.username);
        }
    }
}

fn remember(ends: &mut BTreeMap<SessionId, Timestamp>, session_id: SessionId, until: Timestamp) {
    let kept = ends.entry(session_id).or_insert(until);
    *kept = until.max(*kept);
}

fn pending_from(now: Timestamp) -> Status {
    Status::Pending { expires_at: now.saturating_add(Duration::from_secs(24 * 3_600)) }
}

fn whole_seconds(at: Timestamp) -> Timestamp {
    Timestamp::from_seconds(at.as_millis() / 1_000)
}
