//! Shows that chance gets everywhere: a rule that no story meets would be held by nothing.

use crate::stories::Stories;
use crate::story::Story;
use crate::system::Lasting;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use proptest_state_machine::ReferenceStateMachine;
use std::collections::BTreeSet;

/// Answers that must come about, by request. Calls with an access token share those of being recognised.
const ANSWERS: &[(&str, &[&str])] = &[
    ("Register", &["Registered", "NameTaken", "Limited", "Fault"]),
    ("SignIn", &["SignedIn", "Refused", "Limited", "Fault"]),
    ("LookUpSalts", &["Salts", "Fault"]),
    ("Refresh", &["Refreshed", "Refused", "Limited", "Fault"]),
    ("Call", &["Done", "Missing", "Refused", "Limited", "Fault"]),
    ("ListSessions", &["Sessions", "Fault"]),
    ("SignOut", &["Done", "Fault"]),
    ("EndSession", &["Done", "NotFound", "Fault"]),
    ("StepUp", &["SteppedUp", "Refused", "Limited", "Fault"]),
    ("ChangeCredentials", &["Done", "Stale", "StepUpRequired", "Fault"]),
    ("ProposeTotp", &["Proposed", "StepUpRequired", "Fault"]),
    ("ConfirmTotp", &["Done", "Refused", "StepUpRequired", "Fault"]),
    ("RenewRecoveryCodes", &["Codes", "StepUpRequired", "Fault"]),
    ("SetRecoveryKey", &["Done", "Stale", "StepUpRequired", "Fault"]),
    ("DeleteAccount", &["Done", "StepUpRequired", "Fault"]),
    ("StartRecovery", &["RecoveryStarted", "Refused", "Limited", "Fault"]),
    ("CompleteRecovery", &["Done", "Refused", "Fault"]),
    ("KeepHouse", &["Done", "HeadSigned", "Fault"]),
];
const STORIES: usize = 250;

#[test]
fn every_request_meets_every_answer() {
    let mut runner = TestRunner::deterministic();
    let stories = Stories::sequential_strategy(1..100);
    let mut met = BTreeSet::new();
    for _ in 0..STORIES {
        let (_, steps, _) = stories.new_tree(&mut runner).unwrap().current();
        let mut story = Story::begin(Lasting::fakes());
        for step in steps {
            story.step(step);
            story.check();
        }
        met.append(&mut story.ledger.answers);
    }
    let expected =
        ANSWERS.iter().flat_map(|(request, answers)| answers.iter().map(move |answer| (request, answer)));
    let missed: Vec<_> = expected
        .filter(|(request, answer)| !met.contains(&((**request).into(), (**answer).into())))
        .collect();
    assert!(missed.is_empty(), "no story got these answers: {missed:?}");
}
