//! What the account cache keeps, what it forgets, and that no race makes it keep what is out of date.

mod changes;
mod probe;

use core::sync::atomic::{AtomicBool, Ordering};
use epic_cache_memory::CachedUsers;
use epic_domain::id::UserId;
use epic_domain::user::{OtpStep, Status, User, Version};
use epic_outbound::changes::{AccountMemory, MockUpToDate};
use epic_outbound::users::{Consumption, Insertion, Replacement, Users};
use epic_tests::builders::{T0, recovery_code_digest, seconds_after_t0, user, user_id};
use epic_tests::fakes::Fault;
use probe::Probe;
use std::sync::Arc;

async fn cached(users: impl IntoIterator<Item = User>) -> (Arc<Probe>, Arc<CachedUsers>) {
    let probe = Probe::holding(users).await;
    let cached = Arc::new(CachedUsers::new(probe.clone(), 1_000));
    (probe, cached)
}

#[expect(clippy::unwrap_used, reason = "the account is there")]
async fn failures(users: &CachedUsers, user_id: UserId) -> u32 {
    users.find_by_id(user_id).await.unwrap().unwrap().enrolment.consecutive_failures
}

#[tokio::test]
async fn an_account_is_read_from_the_store_once() {
    let (probe, users) = cached([user(1).build()]).await;
    for _ in 0..100 {
        assert_eq!(users.find_by_id(user_id(1)).await.unwrap().as_deref(), Some(&user(1).build()));
    }
    assert_eq!(probe.reads(), 1);
}

#[tokio::test]
async fn absence_is_not_kept() {
    let (probe, users) = cached([]).await;
    assert_eq!(users.find_by_id(user_id(1)).await.unwrap(), None);
    assert_eq!(users.insert_if_absent(&user(1).build(), T0).await.unwrap(), Insertion::Inserted);
    assert!(users.find_by_id(user_id(1)).await.unwrap().is_some());
    assert_eq!(probe.reads(), 2);
}

#[tokio::test]
async fn a_pending_account_is_not_kept_since_others_may_remove_it() {
    let pending = user(1).pending_until(seconds_after_t0(10)).build();
    let (_, users) = cached([pending.clone()]).await;
    assert!(users.find_by_id(pending.id).await.unwrap().is_some());
    assert!(users.is_empty());
    let heir = user(2).named(pending.username.as_str()).build();
    assert_eq!(users.insert_if_absent(&heir, seconds_after_t0(10)).await.unwrap(), Insertion::Inserted);
    assert_eq!(users.find_by_id(pending.id).await.unwrap(), None);
}

#[tokio::test]
async fn a_failed_read_is_not_kept() {
    let (probe, users) = cached([user(1).build()]).await;
    probe.store.faults().fail_next(Fault::BeforeWrite);
    assert!(users.find_by_id(user_id(1)).await.is_err());
    assert!(users.find_by_id(user_id(1)).await.unwrap().is_some());
}

#[tokio::test]
async fn every_change_is_seen_by_the_next_read() {
    let (_, users) = cached([user(1).build()]).await;
    let id = user_id(1);
    for count in 1..=3 {
        assert_eq!(users.record_code_failure(id).await.unwrap(), count);
        assert_eq!(failures(&users, id).await, count);
    }
    let step = OtpStep::at(T0);
    let consumed = users.consume_otp_step(id, step, &[], T0).await.unwrap();
    assert_eq!(consumed, Consumption::Consumed { confirmed: false });
    let found = users.find_by_id(id).await.unwrap().unwrap();
    assert_eq!((found.enrolment.last_step, found.enrolment.consecutive_failures), (Some(step), 0));
}

#[tokio::test]
async fn a_confirmation_and_a_spent_recovery_code_are_seen_by_the_next_read() {
    let (_, users) = cached([user(1).pending_until(seconds_after_t0(10)).build()]).await;
    let id = user_id(1);
    let renewed = user(1).pending_until(seconds_after_t0(20)).version(Version::FIRST.next()).build();
    assert_eq!(users.replace_pending(&renewed, Version::FIRST, T0).await.unwrap(), Replacement::Replaced);
    assert_eq!(users.find_by_id(id).await.unwrap().as_deref(), Some(&renewed));
    let codes = [recovery_code_digest(1)];
    let consumed = users.consume_otp_step(id, OtpStep::at(T0), &codes, T0).await.unwrap();
    assert_eq!(consumed, Consumption::Consumed { confirmed: true });
    assert_eq!(users.find_by_id(id).await.unwrap().unwrap().status, Status::Active);
    users.record_code_failure(id).await.unwrap();
    assert_eq!(failures(&users, id).await, 1);
    assert!(users.consume_recovery_code(id, &codes[0], T0).await.unwrap());
    assert_eq!(failures(&users, id).await, 0);
}

#[tokio::test]
async fn a_change_whose_answer_was_lost_is_seen_by_the_next_read() {
    let (probe, users) = cached([user(1).build()]).await;
    assert_eq!(failures(&users, user_id(1)).await, 0);
    probe.store.faults().fail_next(Fault::AfterWrite);
    assert!(users.record_code_failure(user_id(1)).await.is_err());
    assert_eq!(failures(&users, user_id(1)).await, 1);
}

#[tokio::test]
async fn a_change_made_elsewhere_is_seen_once_it_is_told() {
    let (probe, users) = cached([user(1).build()]).await;
    let id = user_id(1);
    assert!(users.find_by_id(id).await.unwrap().is_some());
    probe.store.edit_user(id, |user| user.status = Status::Disabled);
    users.forget(id);
    assert_eq!(users.find_by_id(id).await.unwrap().unwrap().status, Status::Disabled);
}

#[tokio::test]
async fn a12_a_read_that_began_before_a_change_does_not_put_the_old_account_back() {
    let (probe, users) = cached([user(1).build()]).await;
    let id = user_id(1);
    probe.after_read.arm();
    let early_read = tokio::spawn({
        let users = Arc::clone(&users);
        async move { failures(&users, id).await }
    });
    probe.after_read.reached().await;
    assert_eq!(users.record_code_failure(id).await.unwrap(), 1);
    assert_eq!(failures(&users, id).await, 1, "seen while the early read is still out");
    probe.after_read.open();
    assert_eq!(early_read.await.unwrap(), 0, "it began before the change");
    for _ in 0..3 {
        assert_eq!(failures(&users, id).await, 1);
    }
}

#[tokio::test]
async fn a12_a_read_that_began_before_the_account_was_forgotten_does_not_put_it_back() {
    let forget_one: fn(&CachedUsers) = |users| users.forget(user_id(1));
    for forget in [forget_one, CachedUsers::forget_all] {
        let (probe, users) = cached([user(1).build()]).await;
        let id = user_id(1);
        probe.after_read.arm();
        let early_read = tokio::spawn({
            let users = Arc::clone(&users);
            async move { users.find_by_id(id).await.map(|found| found.map(|user| user.status)) }
        });
        probe.after_read.reached().await;
        probe.store.edit_user(id, |user| user.status = Status::Disabled);
        forget(&users);
        probe.after_read.open();
        assert_eq!(early_read.await.unwrap().unwrap(), Some(Status::Active));
        assert_eq!(users.find_by_id(id).await.unwrap().unwrap().status, Status::Disabled);
    }
}

#[tokio::test]
async fn a_read_that_hangs_holds_no_other_read_up() {
    let (probe, users) = cached([user(1).build()]).await;
    let id = user_id(1);
    probe.after_read.arm();
    let hanging_read = tokio::spawn({
        let users = Arc::clone(&users);
        async move { failures(&users, id).await }
    });
    probe.after_read.reached().await;
    assert_eq!(failures(&users, id).await, 0);
    hanging_read.abort();
    assert!(hanging_read.await.is_err());
    let reads = probe.reads();
    assert_eq!((failures(&users, id).await, failures(&users, id).await), (0, 0));
    assert_eq!(probe.reads(), reads + 1, "what the hanging read had reserved is free again");
}

#[tokio::test]
async fn a_change_that_finishes_after_its_caller_went_away_is_seen_nonetheless() {
    let (probe, users) = cached([user(1).build()]).await;
    let id = user_id(1);
    assert_eq!(failures(&users, id).await, 0);
    probe.before_change.arm();
    let abandoned = tokio::spawn({
        let users = Arc::clone(&users);
        async move { users.record_code_failure(id).await }
    });
    probe.before_change.reached().await;
    abandoned.abort();
    assert!(abandoned.await.is_err());
    // The caller is gone; the store is not done. What is read now must not be kept.
    assert_eq!(failures(&users, id).await, 0);
    probe.store.edit_user(id, |user| user.enrolment.consecutive_failures = 1);
    assert_eq!(failures(&users, id).await, 1);
}

#[tokio::test]
async fn memory_is_bounded_and_every_account_stays_readable() {
    let capacity = 128;
    let probe = Probe::holding((0..5_000).map(|seed| user(seed).build())).await;
    let users = CachedUsers::new(probe, capacity);
    for seed in (0..5_000).chain(0..5_000) {
        assert_eq!(users.find_by_id(user_id(seed)).await.unwrap().unwrap().id, user_id(seed));
        assert!(users.len() <= capacity);
    }
    assert!(users.len() > capacity / 2, "it keeps {}", users.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn racing_reads_never_see_less_than_the_last_answered_change() {
    let (_, users) = cached([user(1).build()]).await;
    let id = user_id(1);
    let answered = Arc::new(core::sync::atomic::AtomicU32::new(0));
    let readers: Vec<_> = (0..3)
        .map(|_| {
            let (users, answered) = (Arc::clone(&users), Arc::clone(&answered));
            tokio::spawn(async move {
                for _ in 0..5_000 {
                    let before = answered.load(Ordering::SeqCst);
                    assert!(failures(&users, id).await >= before);
                    tokio::task::yield_now().await;
                }
            })
        })
        .collect();
    for _ in 0..2_000 {
        let count = users.record_code_failure(id).await.unwrap();
        answered.store(count, Ordering::SeqCst);
        tokio::task::yield_now().await;
    }
    for reader in readers {
        reader.await.unwrap();
    }
    assert_eq!(failures(&users, id).await, 2_000);
}

#[tokio::test]
async fn memory_is_used_only_while_it_knows_what_other_nodes_did() {
    let probe = Probe::holding([user(1).build()]).await;
    let is_up_to_date = Arc::new(AtomicBool::new(true));
    let mut node = MockUpToDate::new();
    let trusted = Arc::clone(&is_up_to_date);
    node.expect_is_up_to_date().returning(move || trusted.load(Ordering::SeqCst));
    let users = CachedUsers::new(probe.clone(), 1_000).trusted_while(Arc::new(node));
    for _ in 0..3 {
        users.find_by_id(user_id(1)).await.unwrap();
    }
    assert_eq!(probe.reads(), 1);
    is_up_to_date.store(false, Ordering::SeqCst);
    for _ in 0..3 {
        users.find_by_id(user_id(1)).await.unwrap();
    }
    assert_eq!(probe.reads(), 4, "the store is asked each time");
    is_up_to_date.store(true, Ordering::SeqCst);
    users.find_by_id(user_id(1)).await.unwrap();
    assert_eq!(probe.reads(), 4, "what was kept is there");
    users.forget_all();
    assert!(users.is_empty());
    users.find_by_id(user_id(1)).await.unwrap();
    assert_eq!(probe.reads(), 5);
}
