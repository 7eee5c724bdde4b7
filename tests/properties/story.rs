//! A story: the system and the model side by side, step by step.

use crate::commands::{Command, Step};
use crate::faults::{FaultPlan, Trace};
use crate::handover::Handover;
use crate::invariants::Ledger;
use crate::model::{Model, Plan, Seen};
use crate::request::{Outcome, Reply, Request};
use crate::system::{Lasting, Process, ask};
use crate::wallet::Wallet;
use epic_outbound::clock::Clock;
use epic_outbound::limiter::Limiter;
use std::time::Duration;
use tokio::runtime::Runtime;

/// The system, what people hold, and what should be so. What a store does ends with the runtime, before what lasts goes.
pub(crate) struct Story {
    pub(crate) process: Process,
    pub(crate) runtime: Runtime,
    pub(crate) lasting: Lasting,
    pub(crate) model: Model,
    pub(crate) wallet: Wallet,
    pub(crate) ledger: Ledger,
}

impl Story {
    pub(crate) fn begin(lasting: Lasting) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let process = runtime.block_on(Process::start(&lasting));
        let model = Model::new(process.ports.otp.clone());
        let mut story =
            Self { process, runtime, lasting, model, wallet: Wallet::default(), ledger: Ledger::default() };
        story.read_clocks();
        story
    }

    fn read_clocks(&mut self) {
        self.model.now = self.lasting.clock.now();
        self.model.monotonic = self.lasting.clock.monotonic();
    }

    /// Carries a step out on both sides.
    ///
    /// # Panics
    /// When they differ.
    pub(crate) fn step(&mut self, Step { command, fault }: Step) {
        match command {
            Command::Advance(span) => self.lasting.clock.advance(span),
            Command::MoveWall { seconds } => self.move_wall(seconds),
            Command::Restart => self.restart(),
            command => {
                let request = self.wallet.request(command, &self.model).unwrap();
                self.carry_out(&request, fault);
            }
        }
        self.read_clocks();
    }

    fn move_wall(&mut self, seconds: i32) {
        self.ledger.note_wall_moved();
        let (clock, span) = (&self.lasting.clock, Duration::from_secs(seconds.unsigned_abs().into()));
        let now = clock.now();
        let moved = if seconds < 0 { now.saturating_sub(span) } else { now.saturating_add(span) };
        clock.set_wall(moved);
    }

    fn restart(&mut self) {
        self.end();
        self.process = self.runtime.block_on(Process::start(&self.lasting));
        self.model.restart();
        self.ledger.forget_limits();
    }

    /// Lets the process end in order.
    pub(crate) fn end(&self) {
        self.runtime.block_on(self.process.ports.close());
    }

    fn carry_out(&mut self, request: &Request, fault: Option<FaultPlan>) {
        let plan = self.model.plan(request);
        let faults = self.process.ports.faults.clone();
        faults.begin(fault);
        let outcome = self.runtime.block_on(Box::pin(ask(&self.process.use_cases, request)));
        let trace = faults.finish();
        assert_as_foreseen(request, &plan, &outcome, &trace);

        self.ledger.count(request, &outcome, &plan, self.model.monotonic);
        let seen = self.look();
        for (effect, write) in plan.shown_by(&trace.writes).unwrap().into_iter().zip(&trace.writes) {
            self.model.apply(effect, *write, &seen);
        }
        seen.assert_matches(&self.model);
        self.take_in_memory(&plan, &outcome, trace.has_failed);
        Handover { process: &self.process, model: &mut self.model, wallet: &mut self.wallet }
            .receive(request, &plan, outcome);
    }

    /// What only memory holds. When an answer was lost, that is found by asking.
    fn take_in_memory(&mut self, plan: &Plan, outcome: &Outcome, has_failed: bool) {
        let ports = &self.process.ports;
        if outcome.is_recognised {
            self.model.note(plan.caller.unwrap());
        }
        for (session_id, until) in &plan.announced {
            if !has_failed || ports.revocations.is_revoked(*session_id) {
                self.model.announce(*session_id, *until);
            }
        }
        let now = self.model.monotonic;
        let certain = if has_failed { &[][..] } else { &plan.counted };
        for attempt in certain {
            let _ = self.model.limits.check(core::slice::from_ref(attempt), now);
        }
        for attempt in plan.doubtful.iter().filter(|_| has_failed).map(core::slice::from_ref) {
            if ports.limiter.peek(attempt, now) != self.model.limits.peek(attempt, now) {
                let _ = self.model.limits.check(attempt, now);
            }
            assert_eq!(ports.limiter.peek(attempt, now), self.model.limits.peek(attempt, now), "{attempt:?}");
        }
    }

    /// Everything stored, read past faults and caches.
    pub(crate) fn look(&self) -> Seen {
        self.runtime.block_on(crate::look::look(&self.process.ports, &self.model))
    }
}

fn assert_as_foreseen(request: &Request, plan: &Plan, outcome: &Outcome, trace: &Trace) {
    if trace.has_failed {
        assert_eq!(outcome.reply, Reply::Fault, "{request:?} met a fault");
    } else {
        assert_eq!(outcome.reply, plan.reply, "the answer to {request:?}");
        assert_eq!(outcome.standing, plan.standing, "the standing after {request:?}");
        assert_eq!(outcome.is_recognised, plan.caller.is_some(), "{request:?}");
        assert_eq!(trace.writes.len(), plan.effects.len(), "the writes of {request:?}: {trace:?}");
    }
    let is_foreseen = plan.shown_by(&trace.writes).is_some();
    assert!(is_foreseen, "{request:?} wrote {:?}, not {:?}", trace.writes, plan.effects);
}
