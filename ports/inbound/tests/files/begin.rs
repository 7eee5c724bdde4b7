//! Beginning uploads: limits, sizes, quotas, and requests that come twice.

use crate::support::{FILE_POLICY, World, content_of, digest_of, key, length_of, new_file, origin, sent};
use epic_domain::audit::EventKind;
use epic_domain::file::{IdempotencyKey, OverQuota, Usage};
use epic_inbound::begin_upload::BeginRefused;
use epic_outbound::clock::Clock;
use epic_tests::fakes::Fault::{AfterWrite, BeforeWrite};
use std::time::Duration;

#[tokio::test]
async fn an_upload_that_has_begun_has_its_bytes_set_aside_for_a_day() {
    let world = World::unlimited();
    let alice = world.caller(1).await;
    let begun = world.begin(&alice, new_file(1, 1_000), None).await.unwrap();
    assert_eq!(begun.expires_at, world.clock.now().saturating_add(FILE_POLICY.upload_kept));
    assert_eq!(world.usage(&alice).await, Usage { used_bytes: 0, reserved_bytes: 1_000 });
    assert_eq!(world.status(&alice, begun.upload_id).await.unwrap().offset_bytes, 0);
    assert!(world.store.all_files().is_empty(), "no file before its bytes have come");
}

#[tokio::test]
async fn ten_uploads_begin_in_fifteen_minutes_and_no_more() {
    let world = World::limited();
    let alice = world.caller(1).await;
    for _ in 0..10 {
        world.begin(&alice, new_file(1, 10), None).await.unwrap();
    }
    assert!(matches!(world.begin(&alice, new_file(1, 10), None).await, Err(BeginRefused::Limited(_))));
    world.clock.advance(Duration::from_secs(15 * 60));
    assert!(world.begin(&alice, new_file(1, 10), None).await.is_ok());
}

#[tokio::test]
async fn pieces_do_not_count_against_the_limit() {
    let world = World::limited();
    let alice = world.caller(1).await;
    let content = content_of(1, 30);
    let begun = world.begin(&alice, new_file(1, 30), None).await.unwrap();
    for (at, byte) in content.iter().enumerate() {
        let offset = u64::try_from(at).unwrap();
        world.receive(&alice, begun.upload_id, offset, &mut sent(&[*byte])).await.unwrap();
    }
    assert_eq!(world.file(begun.file_id).content.digest, digest_of(&content));
}

#[tokio::test]
async fn requests_that_come_again_do_not_count_against_the_limit() {
    let world = World::limited();
    let alice = world.caller(1).await;
    let key = key("again");
    let first = world.begin(&alice, new_file(1, 10), Some(&key)).await.unwrap();
    for _ in 0..30 {
        assert_eq!(world.begin(&alice, new_file(1, 10), Some(&key)).await.unwrap(), first);
    }
    for _ in 0..9 {
        world.begin(&alice, new_file(1, 10), None).await.unwrap();
    }
    assert!(matches!(world.begin(&alice, new_file(1, 10), None).await, Err(BeginRefused::Limited(_))));
}

#[tokio::test]
async fn a_request_that_comes_again_sets_nothing_more_aside() {
    let world = World::unlimited();
    let alice = world.caller_with_quota(1, 10).await;
    let key = key("again");
    let first = world.begin(&alice, new_file(1, 10), Some(&key)).await.unwrap();
    world.clock.advance(Duration::from_secs(60));
    assert_eq!(world.begin(&alice, new_file(1, 10), Some(&key)).await.unwrap(), first);
    assert_eq!(world.store.all_uploads().len(), 1);
}

#[tokio::test]
async fn a_request_whose_answer_was_lost_is_answered_when_it_comes_again() {
    let world = World::unlimited();
    let alice = world.caller(1).await;
    let key = key("lost");
    for fault in [BeforeWrite, AfterWrite] {
        world.store.faults().fail_next(fault);
        let cut_off = world.begin(&alice, new_file(1, 10), Some(&key)).await;
        assert!(matches!(cut_off, Err(BeginRefused::Fault(_))));
    }
    let begun = world.begin(&alice, new_file(1, 10), Some(&key)).await.unwrap();
    assert_eq!(world.store.all_uploads()[0].id, begun.upload_id);
    assert_eq!(world.usage(&alice).await.reserved_bytes, 10);
}

#[tokio::test]
async fn a_key_that_comes_with_another_request_is_refused() {
    let world = World::unlimited();
    let alice = world.caller(1).await;
    let key = key("one");
    world.begin(&alice, new_file(1, 10), Some(&key)).await.unwrap();
    let mut told_digest = new_file(1, 10);
    told_digest.expected_digest = Some(digest_of(b"x"));
    for other in [new_file(2, 10), new_file(1, 11), told_digest] {
        assert!(matches!(world.begin(&alice, other, Some(&key)).await, Err(BeginRefused::KeyReused)));
    }
    assert_eq!(world.store.all_uploads().len(), 1);
}

#[tokio::test]
async fn keys_of_different_people_are_different_keys() {
    let world = World::unlimited();
    let (alice, bob) = (world.caller(1).await, world.caller(2).await);
    let key = key("same");
    let one = world.begin(&alice, new_file(1, 10), Some(&key)).await.unwrap();
    let other = world.begin(&bob, new_file(1, 10), Some(&key)).await.unwrap();
    assert_ne!(one.upload_id, other.upload_id);
}

#[tokio::test]
async fn a_key_is_forgotten_after_a_day_and_not_before() {
    let world = World::unlimited();
    let alice = world.caller(1).await;
    let key = key("day");
    let first = world.begin(&alice, new_file(1, 10), Some(&key)).await.unwrap();
    world.clock.advance(IdempotencyKey::REMEMBERED_FOR - Duration::from_millis(1));
    assert_eq!(world.begin(&alice, new_file(1, 10), Some(&key)).await.unwrap(), first);
    world.clock.advance(Duration::from_millis(1));
    let later = world.begin(&alice, new_file(1, 10), Some(&key)).await.unwrap();
    assert_ne!(later.upload_id, first.upload_id);
}

#[tokio::test]
async fn a_content_larger_than_any_may_be_is_refused_and_does_not_count() {
    let world = World::limited();
    let alice = world.caller(1).await;
    let most = FILE_POLICY.content_bytes_max;
    for _ in 0..20 {
        let refused = world.begin(&alice, new_file(1, most + 1), None).await;
        assert!(matches!(refused, Err(BeginRefused::TooLarge { bytes_max }) if bytes_max == most));
    }
    assert!(world.begin(&alice, new_file(1, most), None).await.is_ok());
}

#[tokio::test]
async fn what_is_set_aside_and_what_is_stored_count_against_the_quota() {
    let world = World::unlimited();
    let alice = world.caller_with_quota(1, 100).await;
    world.uploaded(&alice, &content_of(1, 60)).await;
    let begun = world.begin(&alice, new_file(2, 30), None).await.unwrap();
    let refused = world.begin(&alice, new_file(3, 11), None).await;
    assert!(matches!(refused, Err(BeginRefused::OverQuota(OverQuota { available_bytes: 10 }))));
    world.ports().receive_upload().terminate(&alice, begun.upload_id).await.unwrap();
    assert!(world.begin(&alice, new_file(3, 40), None).await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn f08_of_uploads_that_race_for_the_last_bytes_as_many_begin_as_there_is_room_for() {
    let world = World::unlimited();
    let alice = std::sync::Arc::new(world.caller_with_quota(1, 35).await);
    let begin = world.ports().begin_upload();
    let calls: Vec<_> = (0..32)
        .map(|_| {
            let (begin, alice) = (begin.clone(), std::sync::Arc::clone(&alice));
            tokio::spawn(
                async move { begin.begin_file(&alice, new_file(1, 10), None, origin()).await.result },
            )
        })
        .collect();
    let mut begun = 0;
    for call in calls {
        match call.await.unwrap() {
            Ok(_) => begun += 1,
            Err(refused) => assert!(matches!(refused, BeginRefused::OverQuota(_)), "{refused}"),
        }
    }
    assert_eq!(begun, 3);
}

#[tokio::test]
async fn an_empty_file_is_there_when_its_upload_has_begun() {
    let world = World::unlimited();
    let alice = world.caller(1).await;
    let mut empty = new_file(1, 0);
    empty.expected_digest = Some(digest_of(&[]));
    let begun = world.begin(&alice, empty, None).await.unwrap();
    assert_eq!(world.fetched(&alice, begun.file_id).await, Some(Vec::new()));
    assert_eq!(world.file_kinds(), [EventKind::FileUploaded, EventKind::FileFetched]);
    assert!(world.store.all_uploads().is_empty());
    let status = world.status(&alice, begun.upload_id).await.unwrap();
    assert_eq!((status.offset_bytes, status.size_bytes), (0, 0));
}

#[tokio::test]
async fn an_empty_file_with_the_digest_of_another_is_refused_and_leaves_nothing() {
    let world = World::unlimited();
    let alice = world.caller(1).await;
    let mut empty = new_file(1, 0);
    empty.expected_digest = Some(digest_of(b"something"));
    for _ in 0..2 {
        let refused = world.begin(&alice, empty.clone(), Some(&key("empty"))).await;
        assert!(matches!(refused, Err(BeginRefused::DigestMismatch)));
    }
    assert!(world.store.all_uploads().is_empty() && world.store.all_files().is_empty());
    assert!(world.blobs.held().is_empty());
}

#[tokio::test]
async fn an_empty_file_whose_end_was_cut_off_is_there_once_its_request_has_come_again() {
    // The store is asked to begin and to complete, the blob store to publish.
    for (store, blob) in [(Some(1), None), (None, Some(0))] {
        for fault in [BeforeWrite, AfterWrite] {
            let world = World::unlimited();
            let alice = world.caller(1).await;
            let key = key("empty");
            store.into_iter().for_each(|passing| world.store.faults().fail_after(passing, fault));
            blob.into_iter().for_each(|passing| world.blobs.faults().fail_after(passing, fault));
            let cut_off = world.begin(&alice, new_file(1, 0), Some(&key)).await;
            assert!(matches!(cut_off, Err(BeginRefused::Fault(_))), "{store:?} {blob:?}");
            let begun = world.begin(&alice, new_file(1, 0), Some(&key)).await.unwrap();
            assert_eq!(world.file(begun.file_id).content.size_bytes, 0, "{store:?} {blob:?} {fault:?}");
            assert_eq!(world.store.all_files().len(), 1);
        }
    }
}

#[tokio::test]
async fn without_randomness_nothing_begins() {
    let world = World::unlimited();
    let alice = world.caller(1).await;
    world.entropy.set_failing(true);
    let refused = world.begin(&alice, new_file(1, length_of(b"x")), None).await;
    assert!(matches!(refused, Err(BeginRefused::Fault(_))));
    assert!(world.store.all_uploads().is_empty());
}
