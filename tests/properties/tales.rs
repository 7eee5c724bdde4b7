//! Short stories told on purpose: what chance seldom hits upon, or once did.

use crate::commands::{Bearer, Command, FactorChoice, KeyChoice, Proof, Round, Step, TokenChoice};
use crate::story::Story;
use crate::system::Lasting;
use std::time::Duration;

const RIGHT: Proof = Proof { key: KeyChoice::Right, factor: FactorChoice::Step(0) };
const NEWEST: Bearer = Bearer { session_back: 0, token: TokenChoice::Back(0), address: 0 };
const REGISTER: Command = Command::Register { who: 0, key: KeyChoice::Right, address: 0 };
const SIGN_IN: Command = Command::SignIn { who: 0, proof: RIGHT, is_known_device: false, address: 0 };

const fn wait(seconds: u64) -> Command {
    Command::Advance(Duration::from_secs(seconds))
}

fn tell(commands: &[Command]) {
    for lasting in [Lasting::fakes(), Lasting::sqlite()] {
        let mut story = Story::begin(lasting);
        for command in commands {
            story.step(Step { command: *command, fault: None });
            story.check();
        }
    }
}

#[test]
fn a_step_up_gives_no_token_that_outlives_what_the_store_knows_of_its_session() {
    tell(&[
        REGISTER,
        SIGN_IN,
        wait(590),
        Command::StepUp { bearer: NEWEST, proof: RIGHT },
        wait(320),
        Command::KeepHouse(Round::Sweep),
        Command::Call(NEWEST),
    ]);
}
