//! Deleting the account: nothing of it answers afterwards, and whoever takes the name next inherits nothing.

use crate::support::{
    Ports, World, announcing, elsewhere, full, origin, recovery_seed, sign_in_request, unanswered,
};
use epic_domain::audit::EventKind;
use epic_domain::rate_limit::{Action, Quota, Quotas};
use epic_domain::session::SessionPolicy;
use epic_domain::user::SecondFactor;
use epic_inbound::Fault;
use epic_inbound::authenticate::AuthenticateError;
use epic_inbound::fresh::Fresh;
use epic_inbound::recover::RecoverError;
use epic_inbound::refresh::RefreshError;
use epic_inbound::sign_in::SignInError;
use epic_outbound::audit::MockAudit;
use epic_outbound::clock::Clock;
use epic_outbound::users::{MockUsers, Users};
use epic_tests::builders;
use epic_tests::fakes::Fault::{AfterWrite, BeforeWrite};
use mockall::Sequence;
use std::sync::Arc;
use std::time::Duration;

async fn delete(world: &World, fresh: &Fresh) -> Result<(), Fault> {
    world.ports().delete_account().delete(fresh, origin()).await
}

/// Authenticates a thousand times at once and counts who was let in.
async fn let_in(ports: &Ports, access_token: &str) -> usize {
    let calls: Vec<_> = (0..1_000)
        .map(|_| {
            let (authenticate, token) = (ports.clone().authenticate(), access_token.to_owned());
            tokio::spawn(async move {
                match authenticate.authenticate(Some(&token), origin()).await {
                    Ok(_) => true,
                    Err(AuthenticateError::Refused(_)) => false,
                    Err(other) => panic!("neither in nor out: {other}"),
                }
            })
        })
        .collect();
    let mut let_in = 0;
    for call in calls {
        let_in += usize::from(call.await.unwrap());
    }
    let_in
}

#[tokio::test(flavor = "multi_thread")]
async fn a12_after_a_deletion_no_call_passes_even_on_a_cache_that_never_hears_of_it() {
    let world = World::unlimited();
    let (here, _) = world.confirmed(1).await;
    let there = world.signed_in(1).await;
    // The worst of caches: it was warm before, and nothing ever leaves it.
    let warm = world.store.find_by_id(world.user(1).id).await.unwrap().unwrap();
    let mut users = MockUsers::new();
    users.expect_find_by_id().returning(move |_| Ok(Some(Arc::clone(&warm))));
    let cached = Ports { users: Arc::new(users), ..world.ports() };
    let token = there.tokens.access_token.expose();
    assert_eq!(let_in(&cached, token).await, 1_000);
    let fresh = world.fresh(&here.tokens).await;
    delete(&world, &fresh).await.unwrap();
    assert_eq!(let_in(&cached, token).await, 0);
    assert_eq!(let_in(&world.ports(), token).await, 0);
    assert_eq!(let_in(&cached, here.tokens.access_token.expose()).await, 0);
}

#[tokio::test]
async fn nothing_of_the_account_answers_and_other_people_notice_nothing() {
    let world = World::unlimited();
    let (here, recovery_codes) = world.confirmed_with_recovery_key(1).await;
    let there = world.signed_in(1).await;
    let (other, _) = world.confirmed(2).await;
    let recovery_token = {
        let started = world.start_recovery(1, recovery_seed(1), world.code(1)).await.unwrap();
        world.next_step();
        started.recovery_token
    };
    let code = world.code(1);
    let fresh = world.fresh(&here.tokens).await;
    delete(&world, &fresh).await.unwrap();

    for tokens in [&here.tokens, &there.tokens] {
        assert!(!world.lets_in(tokens).await);
        assert!(matches!(world.refresh(tokens).await, Err(RefreshError::Refused)));
    }
    for factor in [code.clone(), SecondFactor::Recovery(recovery_codes[0].clone())] {
        assert!(matches!(world.sign_in(1, factor).await, Err(SignInError::Refused)));
    }
    let restarted = world.start_recovery(1, recovery_seed(1), code).await;
    assert!(matches!(restarted, Err(RecoverError::Refused)));
    let completed = world.complete_recovery(recovery_token.expose(), 9).await;
    assert!(matches!(completed, Err(RecoverError::Refused)));
    assert_eq!(world.store.all_users(), [world.user(2)]);
    assert_eq!(world.store.all_sessions().len(), 1);
    assert!(world.lets_in(&other.tokens).await);
}

#[tokio::test]
async fn whoever_takes_the_name_next_inherits_nothing() {
    let limited = Quota::new(1, Duration::from_secs(60)).unwrap();
    let quotas = Quotas::DEFAULT.with(Action::LoginAccount, Some(limited)).with(Action::Login, None);
    let world = World::with_quotas(quotas.with(Action::Register, None).with(Action::Api, None));
    let (old, old_codes) = world.confirmed_with_recovery_key(1).await;
    let old_id = world.user(1).id;
    let fresh = world.fresh(&old.tokens).await;
    delete(&world, &fresh).await.unwrap();
    world.clock.advance(Duration::from_secs(60));

    let (new, _) = world.confirmed(1).await;
    let user = world.user(1);
    assert_ne!(user.id, old_id);
    assert_eq!(user.recovery_key, None);
    assert_eq!(user.enrolment.consecutive_failures, 0);
    assert!(!world.lets_in(&old.tokens).await && world.lets_in(&new.tokens).await);
    assert!(matches!(world.refresh(&old.tokens).await, Err(RefreshError::Refused)));
    let caller = world.authenticate(&new.tokens).await.unwrap();
    let sessions = world.ports().own_sessions().list(&caller, None, 10).await.unwrap().sessions;
    assert_eq!(sessions.iter().map(|session| session.id).collect::<Vec<_>>(), [new.tokens.session_id]);
    let trail = world.ports().audit_trail().list(&caller, None, None, 100).await.unwrap().links;
    assert!(trail.iter().all(|link| link.event.user_id == Some(user.id)));

    world.clock.advance(Duration::from_secs(60));
    for code in &old_codes {
        world.clock.advance(Duration::from_secs(60));
        let refused = world.sign_in(1, SecondFactor::Recovery(code.clone())).await;
        assert!(matches!(refused, Err(SignInError::Refused)), "{refused:?}");
    }
    let mut request = sign_in_request(1, world.code(1));
    request.device_pass = Some(old.device_pass);
    let answer = world.ports().sign_in().sign_in(request).await;
    assert!(
        matches!(&answer.result, Err(SignInError::Limited(denial)) if denial.action == Action::LoginAccount),
        "the old owner's device is a stranger's: {:?}",
        answer.result
    );
}

#[tokio::test]
async fn the_account_is_removed_then_its_sessions_announced_then_it_is_recorded() {
    let world = World::unlimited();
    let fresh = world.fresh_caller(1).await;
    let (user_id, session_id) = (fresh.caller().user().id, fresh.caller().claims().session_id);
    let now = world.clock.now();
    let ended = [session_id, builders::session_id(6)];
    let mut order = Sequence::new();
    let mut users = MockUsers::new();
    users
        .expect_remove()
        .withf(move |id, until| *id == user_id && *until == SessionPolicy::DEFAULT.revoked_until(now))
        .times(1)
        .in_sequence(&mut order)
        .returning(move |_, _| Ok(Some(ended.to_vec())));
    let revocations = announcing(&mut order, &ended, now);
    let mut audit = MockAudit::new();
    audit
        .expect_append()
        .withf(move |events| {
            events.len() == 1
                && events[0].kind == EventKind::AccountDeleted
                && (events[0].user_id, events[0].session_id) == (Some(user_id), Some(session_id))
                && events[0].origin == Some(elsewhere())
        })
        .times(1)
        .in_sequence(&mut order)
        .returning(|_| Err(full()));
    let ports = Ports {
        users: Arc::new(users),
        revocations: Arc::new(revocations),
        audit: Arc::new(audit),
        clock: Arc::clone(&world.clock) as _,
        ..Ports::untouched()
    };
    let unrecorded = ports.delete_account().delete(&fresh, elsewhere()).await;
    assert!(matches!(unrecorded, Err(Fault::Full(_))), "{unrecorded:?}");
}

#[tokio::test]
async fn an_account_that_is_gone_already_is_deleted_all_the_same() {
    let world = World::unlimited();
    let fresh = world.fresh_caller(1).await;
    delete(&world, &fresh).await.unwrap();
    let events = world.audit.events().len();
    delete(&world, &fresh).await.unwrap();
    assert_eq!(world.audit.events().len(), events, "it is deleted once");
}

#[tokio::test]
async fn a_deletion_that_fails_leaves_everything_and_one_whose_answer_is_lost_nothing() {
    let world = World::unlimited();
    let (here, _) = world.confirmed(1).await;
    let fresh = world.fresh(&here.tokens).await;
    world.store.faults().fail_next(BeforeWrite);
    assert!(delete(&world, &fresh).await.is_err());
    assert!(world.lets_in(&here.tokens).await);
    world.store.faults().fail_next(AfterWrite);
    assert!(delete(&world, &fresh).await.is_err());
    assert!(!world.lets_in(&here.tokens).await);
    assert!(world.store.all_users().is_empty() && world.store.all_sessions().is_empty());

    let mut users = MockUsers::new();
    users.expect_remove().times(1).returning(|_, _| Err(unanswered()));
    let ports = Ports { users: Arc::new(users), ..Ports::untouched() };
    assert!(matches!(ports.delete_account().delete(&fresh, origin()).await, Err(Fault::Unavailable(_))));
}
