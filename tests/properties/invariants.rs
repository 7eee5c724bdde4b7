//! What must hold after every step, whatever the model says: told from the answers alone where that can be done.

use crate::model::{Effect, Expected, Named, Plan};
use crate::request::{Errand, Outcome, Reply, Request, label, name_of};
use crate::story::Story;
use crate::system::{CLIENT, quotas};
use epic_domain::Monotonic;
use epic_domain::audit::{Link, verify};
use epic_domain::id::SessionId;
use epic_domain::network::IpPrefix;
use epic_domain::rate_limit::{Action, Attempt, Subject};
use epic_domain::session::TokenKind;
use epic_domain::user::SecondFactor;
use std::collections::{BTreeSet, HashMap, HashSet};

/// What was counted and accepted so far, kept apart from the model.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    attempts: HashMap<Attempt, Vec<u64>>,
    spent: HashSet<Vec<u8>>,
    /// Sessions of which an end was ever known in memory.
    ended: BTreeSet<SessionId>,
    /// Whether the wall clock was ever set. A session swept while it was ahead may have a token that is good again once
    /// it is back; the store cannot end what it has forgotten.
    has_wall_moved: bool,
    /// Which requests got which answers.
    pub(crate) answers: BTreeSet<(String, String)>,
}

impl Ledger {
    /// A restart forgets limits.
    pub(crate) fn forget_limits(&mut self) {
        self.attempts.clear();
    }

    /// The wall clock was set.
    pub(crate) const fn note_wall_moved(&mut self) {
        self.has_wall_moved = true;
    }

    /// Counts what a request was let through with.
    pub(crate) fn count(&mut self, request: &Request, outcome: &Outcome, plan: &Plan, now: Monotonic) {
        self.answers.insert((request.label(), label(&outcome.reply)));
        let is_let_in = !matches!(outcome.reply, Reply::Limited(_));
        match request {
            Request::Register { origin, .. } if is_let_in => {
                self.take(&Attempt::new(Action::Register, Subject::Address(*origin)), now);
            }
            Request::SignIn { who, origin, .. } | Request::StartRecovery { who, origin, .. } if is_let_in => {
                self.take(&Attempt::new(Action::Login, Subject::Address(*origin)), now);
                self.take(&Attempt::new(Action::Login, Subject::NameFrom(name_of(*who), *origin)), now);
            }
            _ => {}
        }
        let is_accepted = matches!(
            outcome.reply,
            Reply::SignedIn | Reply::SteppedUp | Reply::RecoveryStarted | Reply::Done
        );
        if is_accepted {
            self.spend(request, plan);
        }
    }

    fn take(&mut self, attempt: &Attempt, now: Monotonic) {
        let quota = quotas().of(attempt.action).unwrap();
        let now = now.as_millis();
        let times = self.attempts.entry(attempt.clone()).or_default();
        times.push(now);
        let within = times.iter().filter(|time| now - **time < u64::from(quota.window_ms())).count();
        assert!(within <= usize::try_from(quota.limit()).unwrap(), "{attempt:?} passed {within} times");
    }

    /// No code is accepted twice.
    fn spend(&mut self, request: &Request, plan: &Plan) {
        let factor = match request {
            Request::SignIn { factor, .. }
            | Request::StartRecovery { factor, .. }
            | Request::Call(_, Errand::StepUp { factor, .. }) => factor.clone(),
            Request::Call(_, Errand::ConfirmTotp(code)) => SecondFactor::Code(code.clone()),
            _ => return,
        };
        let spent = plan.effects.iter().find_map(|effect| match effect {
            Effect::SpendStep { user_id, step } => Some((*user_id, step.to_be_bytes().to_vec())),
            Effect::ConfirmTotp { user_id, step, .. } => Some((*user_id, step.to_be_bytes().to_vec())),
            Effect::SpendRecoveryCode { user_id, .. } => Some((*user_id, Vec::new())),
            _ => None,
        });
        let (user_id, step) = spent.unwrap();
        let shown = match &factor {
            SecondFactor::Code(code) => code.expose().to_vec(),
            SecondFactor::Recovery(code) => code.expose().to_vec(),
        };
        let once = [user_id.as_bytes().as_slice(), &step, &shown].concat();
        assert!(self.spent.insert(once), "a code was accepted twice: {request:?}");
    }
}

impl Story {
    /// Checks what must always hold.
    ///
    /// # Panics
    /// When it does not.
    pub(crate) fn check(&mut self) {
        self.check_audit();
        self.ledger.ended.extend(self.model.known_ends.keys());
        self.check_memory();
        self.check_tokens();
    }

    /// Checks the audit log on: every event that is due and no other, in an unbroken chain.
    fn check_audit(&mut self) {
        let due = core::mem::take(&mut self.model.due_events);
        let after = self.model.anchor.length;
        let audit = &self.process.ports.plain_audit;
        let links = self.runtime.block_on(audit.read(after, 1_000)).unwrap();
        self.model.anchor = verify(self.model.anchor, links.clone()).unwrap();
        assert_eq!(self.runtime.block_on(audit.anchor()).unwrap(), self.model.anchor);
        let mut kept: Vec<_> = links.iter().map(as_expected).collect();
        let mut due: Vec<_> = due;
        // Uses are summed up in no order, and of several addresses one is told.
        let is_use = |event: &Expected| event.kind == epic_domain::audit::EventKind::Access;
        if due.iter().all(is_use) {
            kept.iter_mut().for_each(|event| event.origin = None);
            kept.sort_by_key(|event| format!("{:?}", event.session));
            due.sort_by_key(|event| format!("{:?}", event.session));
        }
        assert_eq!(kept, due, "the audit log");
    }

    fn check_memory(&self) {
        let revocations = &self.process.ports.revocations;
        let ended = self.model.known_ends.keys().chain(self.model.durable_ends.keys());
        for session_id in ended.chain(self.model.sessions.keys()) {
            let is_known = self.model.known_ends.contains_key(session_id);
            assert_eq!(revocations.is_revoked(*session_id), is_known, "the end of {session_id}");
        }
        use epic_outbound::limiter::Limiter;
        let now = self.model.monotonic;
        for attempt in self.attempts() {
            let attempt = core::slice::from_ref(&attempt);
            let limiter = &self.process.ports.limiter;
            assert_eq!(limiter.peek(attempt, now), self.model.limits.peek(attempt, now), "{attempt:?}");
        }
    }

    /// What is limited in these stories, in one way or another.
    fn attempts(&self) -> Vec<Attempt> {
        let addresses = (0..2).map(|number| Subject::Address(IpPrefix::of([192, 0, 2, number].into())));
        let accounts = self.model.accounts.keys().map(|user_id| Subject::Account(*user_id));
        let names = (0..4).map(|who| Attempt::new(Action::LoginAccount, Subject::Name(name_of(who))));
        let by_address = addresses.flat_map(|subject| {
            [Action::Login, Action::Register, Action::Api].map(|action| Attempt::new(action, subject.clone()))
        });
        let by_account = accounts.flat_map(|subject| {
            [Action::Totp, Action::Api].map(|action| Attempt::new(action, subject.clone()))
        });
        by_address.chain(by_account).chain(names).collect()
    }

    /// Asks of every token ever handed out whether it is good.
    fn check_tokens(&self) {
        for held in &self.wallet.sessions {
            let mut live_refresh_tokens = 0;
            for token in held.access.iter().chain(&held.refresh) {
                let is_good = self.model.is_good(token);
                assert_eq!(self.introspect(&token.text), is_good, "{:?}", token.claims);
                let is_refresh =
                    token.claims.as_ref().is_some_and(|claims| claims.kind == TokenKind::Refresh);
                live_refresh_tokens += u32::from(is_good && is_refresh);
                let (can_end, has_ended) = (self.can_end(held.id), self.ledger.ended.contains(&held.id));
                assert!(!(is_good && has_ended), "good, of an ended session: {:?}", token.claims);
                let is_known = can_end || self.ledger.has_wall_moved;
                assert!(!is_good || is_known, "good, of a session that cannot be ended: {:?}", token.claims);
            }
            assert!(live_refresh_tokens <= 1, "two live refresh tokens of {}", held.id);
        }
    }

    /// Whether the store knows the session, or knows that it has ended when the answer that said so was lost.
    fn can_end(&self, session_id: SessionId) -> bool {
        self.model.sessions.contains_key(&session_id) || self.model.durable_ends.contains_key(&session_id)
    }

    fn introspect(&self, token: &str) -> bool {
        let (id, secret) = CLIENT;
        let asked = self.process.use_cases.introspect.introspect(id, secret, token, IpPrefix::unspecified());
        self.runtime.block_on(asked).unwrap().is_some()
    }
}

fn as_expected(link: &Link) -> Expected {
    let event = &link.event;
    Expected {
        kind: event.kind,
        at: event.at,
        user: event.user_id.map_or(Named::None, Named::Known),
        session: event.session_id.map_or(Named::None, Named::Known),
        origin: event.origin,
        reason: event.reason,
        count: event.count,
    }
}
