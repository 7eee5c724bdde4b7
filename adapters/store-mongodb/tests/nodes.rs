//! Several nodes share one database: what one decides, the others keep to.

use crate::support::FreshDatabase;
use crate::support::nodes::{RACERS, nodes, race};
use epic_domain::audit::{Anchor, verify};
use epic_domain::user::{OtpStep, User, Version};
use epic_outbound::audit::Audit;
use epic_outbound::sessions::{Opening, OpeningOutcome, Sessions};
use epic_outbound::users::{Change, Consumption, CredentialChange, Ending, Insertion, Users};
use epic_tests::builders::{T0, event, opening, seconds_after_t0, session, user, user_id};

#[tokio::test(flavor = "multi_thread")]
async fn racing_appends_of_several_nodes_leave_one_unbroken_chain() {
    let database = FreshDatabase::new();
    let nodes = nodes(&database).await;
    for round in 0..3 {
        let appended = race(&nodes, |node, seed| async move {
            node.append(&[event(round * 1_000 + seed * 2), event(round * 1_000 + seed * 2 + 1)]).await
        })
        .await;
        assert!(appended.iter().all(Result::is_ok), "{appended:?}");
    }
    let links = Audit::read(&nodes[0], 0, u32::MAX).await.unwrap();
    let end = verify(Anchor::empty(), links.iter().cloned()).unwrap();
    nodes[1].anchor().await.unwrap().matches(end).unwrap();
    assert_eq!(end.length, 3 * 2 * RACERS);
    for round in 0..3 {
        for seed in 0..RACERS {
            let first = event(round * 1_000 + seed * 2);
            let place = links.iter().position(|link| link.event == first).unwrap();
            assert_eq!(links[place + 1].event, event(round * 1_000 + seed * 2 + 1), "a batch stays together");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn racing_sign_ins_at_several_nodes_keep_the_cap() {
    let database = FreshDatabase::new();
    let nodes = nodes(&database).await;
    nodes[0].insert_if_absent(&user(1).build(), T0).await.unwrap();
    let ended: Vec<_> = race(&nodes, |node, seed| async move {
        let session = session(seed, user_id(1)).build();
        let opening = Opening { sessions_max: 8, ..opening(&session, Version::FIRST) };
        match node.open(&opening).await.unwrap() {
            OpeningOutcome::Opened { ended } => ended,
            OpeningOutcome::Stale => panic!("nothing was opened"),
        }
    })
    .await
    .concat();
    assert_eq!(ended.len(), 64 - 8);
    assert_eq!(nodes[1].live_revocations(T0).await.unwrap().len(), 64 - 8);
    assert_eq!(Sessions::list(&nodes[2], user_id(1), None, 100, T0).await.unwrap().len(), 8);
}

/// Whichever comes first: what was opened before the change has ended, what comes after it opens nothing.
#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_that_races_a_change_at_another_node_leaves_no_session() {
    let database = FreshDatabase::new();
    let nodes = nodes(&database).await;
    for account in 0..4 {
        nodes[0].insert_if_absent(&user(account).build(), T0).await.unwrap();
        let opened = race(&nodes, |node, seed| async move {
            if seed == RACERS / 2 {
                assert_ne!(node.change_credentials(&new_credentials(account)).await.unwrap(), Change::Stale);
                return false;
            }
            let session = session(account * 100 + seed, user_id(account)).build();
            node.open(&opening(&session, Version::FIRST)).await.unwrap() != OpeningOutcome::Stale
        })
        .await;
        assert_eq!(Sessions::list(&nodes[1], user_id(account), None, 100, T0).await.unwrap(), []);
        let opened = opened.into_iter().filter(|opened| *opened).count();
        let revoked = nodes[2].live_revocations(T0).await.unwrap().len();
        assert!(revoked >= opened, "whatever was opened is revoked: {revoked} of {opened}");
    }
}

fn new_credentials(account: u64) -> CredentialChange {
    let User { credentials, keys, .. } = user(account + 1_000).build();
    CredentialChange {
        user_id: user_id(account),
        expected: Version::FIRST,
        credentials,
        encrypted_mek: keys.encrypted_mek,
        encrypted_private_key: keys.encrypted_private_key,
        ending: Ending { keep: None, revoked_until: seconds_after_t0(60), now: T0 },
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_racing_registrations_at_several_nodes_one_wins() {
    let database = FreshDatabase::new();
    let nodes = nodes(&database).await;
    let expired = user(100).named("alice").pending_until(T0).build();
    nodes[0].insert_if_absent(&expired, T0).await.unwrap();
    let insertions = race(&nodes, |node, seed| async move {
        node.insert_if_absent(&user(seed).named("alice").build(), T0).await.unwrap()
    })
    .await;
    let winners = insertions.iter().filter(|insertion| **insertion == Insertion::Inserted).count();
    assert_eq!(winners, 1, "of those who take over an expired name");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_is_spent_at_one_node_alone() {
    let database = FreshDatabase::new();
    let nodes = nodes(&database).await;
    nodes[0].insert_if_absent(&user(1).build(), T0).await.unwrap();
    let consumptions = race(&nodes, |node, _| async move {
        node.consume_otp_step(user_id(1), OtpStep::from_number(100), &[], T0).await.unwrap()
    })
    .await;
    let spent = |consumption: &&Consumption| matches!(consumption, Consumption::Consumed { .. });
    assert_eq!(consumptions.iter().filter(spent).count(), 1);
}
