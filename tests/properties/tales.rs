//! Short stories told on purpose: what chance seldom hits upon, or once did.

use crate::commands::{Bearer, Command, FactorChoice, KeyChoice, Proof, Round, Step, TokenChoice};
use crate::faults::{FaultPlan, Moment};
use crate::story::Story;
use crate::system::Lasting;
use epic_inbound::sign_out::SignOutScope;
use std::time::Duration;

const RIGHT: Proof = Proof { key: KeyChoice::Right, factor: FactorChoice::Step(0) };
const NEWEST: Bearer = Bearer { session_back: 0, token: TokenChoice::Back(0), address: 0 };
const REGISTER: Command = Command::Register { who: 0, key: KeyChoice::Right, address: 0 };
const SIGN_IN: Command = Command::SignIn { who: 0, proof: RIGHT, is_known_device: false, address: 0 };

const fn wait(seconds: u64) -> Command {
    Command::Advance(Duration::from_secs(seconds))
}

const fn plain(command: Command) -> Step {
    Step { command, fault: None }
}

/// Tells a story to every make of the system; each step is checked against the model.
fn tell(steps: &(impl IntoIterator<Item = Step> + Clone)) {
    for lasting in [Lasting::fakes(), Lasting::sqlite(), Lasting::mongodb()] {
        let mut story = Story::begin(lasting);
        for step in steps.clone() {
            story.step(step);
            story.check();
        }
        story.end();
    }
}

#[test]
fn a_step_up_gives_no_token_that_outlives_what_the_store_knows_of_its_session() {
    let commands = [
        REGISTER,
        SIGN_IN,
        wait(590),
        Command::StepUp { bearer: NEWEST, proof: RIGHT },
        wait(320),
        Command::KeepHouse(Round::Sweep),
        Command::Call(NEWEST),
    ];
    tell(&commands.map(plain));
}

#[test]
fn one_session_too_many_ends_the_one_not_seen_for_the_longest() {
    let first = Bearer { session_back: 2, ..NEWEST };
    let three = [REGISTER, SIGN_IN, wait(30), SIGN_IN, wait(30), SIGN_IN, wait(30)];
    let fourth = [Command::Refresh(first), SIGN_IN, Command::Call(NEWEST), Command::ListSessions(NEWEST)];
    tell(&three.into_iter().chain(fourth).map(plain));
}

#[test]
fn a_logout_whose_answer_was_lost_is_made_up_for_by_a_retry_or_within_moments() {
    let scopes = [SignOutScope::Session, SignOutScope::Others, SignOutScope::All];
    let mending = [Command::KeepHouse(Round::CatchUp), Command::Restart];
    for scope in scopes {
        let logout = Command::SignOut { bearer: NEWEST, scope };
        for mended_by in mending.into_iter().chain([logout]) {
            // Which call it is depends on what is cached; the others lose an answer too.
            for call in 0..3 {
                let fault = Some(FaultPlan { call, moment: Moment::After });
                let before = [REGISTER, SIGN_IN, wait(30), SIGN_IN].map(plain);
                let after = [wait(20), mended_by, Command::Call(NEWEST)].map(plain);
                let lost = [Step { command: logout, fault }];
                tell(&before.into_iter().chain(lost).chain(after));
            }
        }
    }
}
