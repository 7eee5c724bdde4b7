//! Chooses what happens next, so that long stories come about.

use crate::commands::{
    ADDRESSES, Bearer, Command, FactorChoice, KeyChoice, PEOPLE, Proof, Round, Step, TokenChoice,
    VersionChoice,
};
use crate::faults::{FaultPlan, Moment};
use core::time::Duration;
use epic_inbound::sign_out::SignOutScope;
use proptest::prelude::*;
use proptest::sample::select;
use proptest_state_machine::ReferenceStateMachine;

/// How far people are, as far as that can be foreseen: what is worth doing next follows from it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sketch {
    registered: [bool; PEOPLE as usize],
    /// Sessions that are likely to be live.
    sessions: u8,
    /// Since tokens were last handed out.
    age: Duration,
    /// A code was used, and the next has not come yet.
    is_code_spent: bool,
    /// What met a fault, if nothing but time has passed since.
    cut_short: Option<Command>,
    /// Minutes have passed a moment ago.
    has_idled: bool,
    /// Nothing but time has passed since tokens were renewed.
    is_within_grace: bool,
    is_proposed: bool,
    has_recovery_key: bool,
    is_recovering: bool,
}

/// Chooses stories.
pub(crate) struct Stories;

impl ReferenceStateMachine for Stories {
    type State = Sketch;
    type Transition = Step;

    fn init_state() -> BoxedStrategy<Sketch> {
        Just(Sketch::default()).boxed()
    }

    fn transitions(sketch: &Sketch) -> BoxedStrategy<Step> {
        let fault = prop_oneof![9 => Just(None), 1 => fault().prop_map(Some)];
        (command(sketch), fault).prop_map(|(command, fault)| Step { command, fault }).boxed()
    }

    fn apply(mut sketch: Sketch, step: &Step) -> Sketch {
        let is_pause = matches!(step.command, Command::Advance(_));
        if step.fault.is_some() || !is_pause {
            sketch.cut_short = step.fault.map(|_| step.command);
        }
        sketch.follow(step.command);
        sketch
    }
}

impl Sketch {
    fn follow(&mut self, command: Command) {
        self.has_idled = matches!(command, Command::Advance(span) if span >= Duration::from_secs(60));
        self.is_within_grace = match command {
            Command::Refresh(_) => true,
            Command::Advance(_) => self.is_within_grace,
            _ => false,
        };
        match command {
            Command::Register { who, key: KeyChoice::Right, .. } => {
                if let Some(registered) = self.registered.get_mut(usize::from(who)) {
                    *registered = true;
                }
            }
            Command::SignIn { who, proof, .. } if proof.is_good() && self.is_registered(who) => {
                self.sessions = self.sessions.saturating_add(1);
                self.age = Duration::ZERO;
                self.is_code_spent = true;
            }
            Command::Refresh(_) => self.age = Duration::ZERO,
            Command::StepUp { .. } => self.is_code_spent = true,
            Command::SignOut { scope: SignOutScope::All, .. } => self.sessions = 0,
            Command::SignOut { .. } | Command::EndSession { .. } | Command::DeleteAccount(_) => {
                self.sessions = self.sessions.saturating_sub(1);
            }
            Command::Advance(span) => {
                self.age += span;
                self.is_code_spent &= span < Duration::from_secs(30);
            }
            Command::ProposeTotp(_) => self.is_proposed = true,
            Command::ConfirmTotp { .. } => self.is_proposed = false,
            Command::SetRecoveryKey { .. } => self.has_recovery_key = true,
            Command::StartRecovery { .. } => (self.is_recovering, self.is_code_spent) = (true, true),
            Command::CompleteRecovery { .. } => self.is_recovering = false,
            _ => {}
        }
    }

    fn is_registered(&self, who: u8) -> bool {
        self.registered.get(usize::from(who)).is_some_and(|registered| *registered)
    }

    /// Whether anyone is likely to hold an access token that is good.
    fn is_signed_in(&self) -> bool {
        self.sessions > 0 && self.age < Duration::from_secs(600)
    }
}

impl Proof {
    fn is_good(self) -> bool {
        self.key == KeyChoice::Right && matches!(self.factor, FactorChoice::Step(0) | FactorChoice::Recovery)
    }
}

/// One of two weights.
const fn weight(is_so: bool, then: u32, otherwise: u32) -> u32 {
    if is_so { then } else { otherwise }
}

fn command(sketch: &Sketch) -> BoxedStrategy<Command> {
    if !sketch.registered.contains(&true) {
        return prop_oneof![8 => register(), 1 => sign_in(sketch), 1 => passing_time()].boxed();
    }
    if let Some(command) = sketch.cut_short {
        return prop_oneof![
            3 => Just(command),
            1 => Just(Command::KeepHouse(Round::CatchUp)),
            1 => select(vec![1, 20]).prop_map(|seconds| Command::Advance(Duration::from_secs(seconds))),
            1 => usual(sketch),
        ]
        .boxed();
    }
    if sketch.is_within_grace {
        return prop_oneof![1 => around_grace(), 2 => usual(sketch)].boxed();
    }
    usual(sketch)
}

/// What comes at the edge of the time in which a token just replaced still counts.
fn around_grace() -> BoxedStrategy<Command> {
    let edge = select(vec![9_999_u64, 10_000, 12_000]);
    let replaced = Bearer { session_back: 0, token: TokenChoice::Back(1), address: 0 };
    prop_oneof![
        1 => edge.prop_map(|millis| Command::Advance(Duration::from_millis(millis))),
        1 => Just(Command::Refresh(replaced)),
    ]
    .boxed()
}

fn usual(sketch: &Sketch) -> BoxedStrategy<Command> {
    let Sketch { is_code_spent, is_proposed, has_recovery_key, is_recovering, .. } = sketch;
    let is_signed_in = sketch.is_signed_in();
    let sign_ins = weight(*is_code_spent, 4, weight(is_signed_in, 10, 30));
    let pauses = weight(*is_code_spent, 16, 8);
    let operations = weight(sketch.has_idled, 20, 4);
    let refreshes = weight(sketch.sessions > 0, 14, 1);
    let recoveries = weight(*has_recovery_key, 6, 1);
    let completions = weight(*is_recovering, 16, 1);
    let confirmations = weight(*is_proposed && is_signed_in, 8, 1);
    let (calls, guarded_calls) = (weight(is_signed_in, 5, 1), weight(is_signed_in, 26, 2));
    let bearing = prop_oneof![
        refreshes => bearer().prop_map(Command::Refresh),
        calls => bearer().prop_map(Command::Call),
        guarded_calls => guarded(),
        confirmations => (bearer(), factor()).prop_map(|(bearer, code)| Command::ConfirmTotp { bearer, code }),
    ];
    let bearing = bearing.boxed();
    prop_oneof![
        4 => register(),
        sign_ins => sign_in(sketch),
        pauses => passing_time(),
        1 => salts(),
        refreshes + calls + guarded_calls + confirmations => bearing,
        recoveries => start_recovery(sketch),
        completions => complete_recovery(),
        operations => operation(),
    ]
    .boxed()
}

/// One of the people, most often the first.
fn person() -> BoxedStrategy<u8> {
    prop_oneof![14 => Just(0_u8), 7 => Just(1), 2 => Just(2)].boxed()
}

/// Most often one of those who have registered; sometimes nobody.
fn registered(sketch: &Sketch) -> BoxedStrategy<u8> {
    let weight_of = |who| weight(sketch.is_registered(who), 16 - 4 * u32::from(who), 1);
    prop_oneof![
        weight_of(0) => Just(0_u8),
        weight_of(1) => Just(1),
        weight_of(2) => Just(2),
        1 => Just(PEOPLE),
    ]
    .boxed()
}

fn fault() -> BoxedStrategy<FaultPlan> {
    let moment = prop_oneof![1 => Just(Moment::Before), 2 => Just(Moment::After)];
    (0..5_u32, moment).prop_map(|(call, moment)| FaultPlan { call, moment }).boxed()
}

fn key() -> BoxedStrategy<KeyChoice> {
    prop_oneof![12 => Just(KeyChoice::Right), 1 => Just(KeyChoice::Wrong), 1 => Just(KeyChoice::Former)]
        .boxed()
}

fn factor() -> BoxedStrategy<FactorChoice> {
    prop_oneof![
        14 => Just(FactorChoice::Step(0)),
        3 => Just(FactorChoice::Step(-1)),
        1 => Just(FactorChoice::Step(-2)),
        1 => Just(FactorChoice::Step(1)),
        2 => Just(FactorChoice::WrongCode),
        2 => Just(FactorChoice::SpentCode),
        1 => Just(FactorChoice::FormerSecret),
        3 => Just(FactorChoice::Recovery),
        1 => Just(FactorChoice::SpentRecovery),
        1 => Just(FactorChoice::WrongRecovery),
    ]
    .boxed()
}

fn proof() -> BoxedStrategy<Proof> {
    (key(), factor()).prop_map(|(key, factor)| Proof { key, factor }).boxed()
}

fn address() -> std::ops::Range<u8> {
    0..ADDRESSES
}

/// One of few, the first ones most often.
fn near() -> BoxedStrategy<u8> {
    prop_oneof![8 => Just(0_u8), 3 => Just(1), 2 => Just(2), 1 => 3..8_u8].boxed()
}

fn bearer() -> BoxedStrategy<Bearer> {
    let token = prop_oneof![
        16 => Just(TokenChoice::Back(0)),
        3 => Just(TokenChoice::Back(1)),
        2 => Just(TokenChoice::Back(2)),
        1 => Just(TokenChoice::OtherKind),
        1 => Just(TokenChoice::Garbage),
        1 => Just(TokenChoice::None),
    ];
    (near(), token, address())
        .prop_map(|(session_back, token, address)| Bearer { session_back, token, address })
        .boxed()
}

fn version() -> BoxedStrategy<VersionChoice> {
    prop_oneof![4 => Just(VersionChoice::Current), 1 => Just(VersionChoice::Stale)].boxed()
}

fn span() -> BoxedStrategy<Duration> {
    let millis = Duration::from_millis;
    prop_oneof![
        2 => (1..2_000_u64).prop_map(millis),
        2 => select(vec![millis(9_999), millis(10_000), millis(10_001)]),
        16 => Just(millis(30_000)),
        1 => select(vec![millis(180_000), millis(600_000)]),
        3 => (60_000..600_000_u64).prop_map(millis),
        1 => (600_000..1_000_000_u64).prop_map(millis),
        1 => select(vec![millis(3_600_000), millis(1_800_000), millis(86_400_000)]),
    ]
    .boxed()
}

fn register() -> BoxedStrategy<Command> {
    (person(), key(), address())
        .prop_map(|(who, key, address)| Command::Register { who, key, address })
        .boxed()
}

fn salts() -> BoxedStrategy<Command> {
    (0..=PEOPLE, address()).prop_map(|(who, address)| Command::LookUpSalts { who, address }).boxed()
}

fn sign_in(sketch: &Sketch) -> BoxedStrategy<Command> {
    (registered(sketch), proof(), proptest::bool::weighted(0.3), address())
        .prop_map(|(who, proof, is_known_device, address)| Command::SignIn {
            who,
            proof,
            is_known_device,
            address,
        })
        .boxed()
}

fn passing_time() -> BoxedStrategy<Command> {
    prop_oneof![
        14 => span().prop_map(Command::Advance),
        1 => select(vec![-3_600, -400, -31, -11, -1, 1, 11, 31, 400, 3_600])
            .prop_map(|seconds| Command::MoveWall { seconds }),
    ]
    .boxed()
}

fn guarded() -> BoxedStrategy<Command> {
    let scope = select(vec![SignOutScope::Session, SignOutScope::Others, SignOutScope::All]);
    prop_oneof![
        2 => bearer().prop_map(Command::ListSessions),
        4 => (bearer(), scope).prop_map(|(bearer, scope)| Command::SignOut { bearer, scope }),
        3 => (bearer(), near())
            .prop_map(|(bearer, target_back)| Command::EndSession { bearer, target_back }),
        5 => (bearer(), proof()).prop_map(|(bearer, proof)| Command::StepUp { bearer, proof }),
        4 => (bearer(), version())
            .prop_map(|(bearer, version)| Command::ChangeCredentials { bearer, version }),
        4 => bearer().prop_map(Command::ProposeTotp),
        2 => bearer().prop_map(Command::RenewRecoveryCodes),
        4 => (bearer(), version()).prop_map(|(bearer, version)| Command::SetRecoveryKey { bearer, version }),
        1 => bearer().prop_map(Command::DeleteAccount),
    ]
    .boxed()
}

fn start_recovery(sketch: &Sketch) -> BoxedStrategy<Command> {
    (registered(sketch), proof(), address())
        .prop_map(|(who, proof, address)| Command::StartRecovery { who, proof, address })
        .boxed()
}

fn complete_recovery() -> BoxedStrategy<Command> {
    (near(), proptest::bool::weighted(0.1), address())
        .prop_map(|(token_back, is_garbage, address)| Command::CompleteRecovery {
            token_back,
            is_garbage,
            address,
        })
        .boxed()
}

fn operation() -> BoxedStrategy<Command> {
    let round = prop_oneof![
        3 => Just(Round::Sweep),
        2 => Just(Round::Prune),
        2 => Just(Round::CatchUp),
        2 => Just(Round::RecordAccesses),
        1 => Just(Round::SignHead),
    ];
    prop_oneof![8 => round.prop_map(Command::KeepHouse), 1 => Just(Command::Restart)].boxed()
}
