//! Long stories of registering, signing in, changing and recovering accounts, with lost answers, restarts and clocks
//! that jump, told to the service and to a model of its rules side by side.
//!
//! A story that fails is shrunk to its essence and kept in `proptest-regressions`. `PROPTEST_CASES` asks for more.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::expect_used,
    clippy::panic,
    clippy::result_large_err,
    reason = "test code"
)]

mod commands;
mod faults;
mod handover;
mod invariants;
mod look;
mod model;
#[allow(dead_code, reason = "other tests use more of it")]
#[path = "../support/mongodb.rs"]
mod mongodb;
mod reach;
mod request;
mod stories;
mod story;
mod system;
mod tales;
mod wallet;

use commands::Step;
use proptest::test_runner::Config;
use proptest_state_machine::{StateMachineTest, prop_state_machine};
use stories::{Sketch, Stories};
use story::Story;
use system::Lasting;

/// The use cases over fakes.
struct OverFakes;
/// The use cases over the adapters that are released, SQLite among them.
struct OverSqlite;
/// The same over MongoDB.
struct OverMongodb;

macro_rules! told_to {
    ($test:ty, $lasting:expr) => {
        impl StateMachineTest for $test {
            type SystemUnderTest = Story;
            type Reference = Stories;

            fn init_test(_: &Sketch) -> Story {
                Story::begin($lasting)
            }

            fn apply(mut story: Story, _: &Sketch, step: Step) -> Story {
                story.step(step);
                story.check();
                story
            }

            fn teardown(story: Story, _: Sketch) {
                story.end();
            }
        }
    };
}

told_to!(OverFakes, Lasting::fakes());
told_to!(OverSqlite, Lasting::sqlite());
told_to!(OverMongodb, Lasting::mongodb());

/// So many cases, unless the environment asks for another number.
fn cases(usual: u32) -> Config {
    let asked_for = std::env::var_os("PROPTEST_CASES").is_some();
    let config = Config::default();
    Config { cases: if asked_for { config.cases } else { usual }, ..config }
}

prop_state_machine! {
    #![proptest_config(cases(192))]
    #[test]
    fn the_service_over_fakes_keeps_its_rules(sequential 1..100 => OverFakes);
}

prop_state_machine! {
    #![proptest_config(cases(40))]
    #[test]
    fn the_service_over_sqlite_keeps_its_rules(sequential 1..60 => OverSqlite);
}

prop_state_machine! {
    #![proptest_config(cases(16))]
    #[test]
    fn the_service_over_mongodb_keeps_its_rules_heavy(sequential 1..60 => OverMongodb);
}
