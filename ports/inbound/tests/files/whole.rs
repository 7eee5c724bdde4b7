//! Files sent whole, in one request: there when the answer comes, or never.

use crate::support::{FILE_POLICY, World, content_of, digest_of, key, new_file, sent, sent_in_pieces};
use epic_domain::audit::EventKind;
use epic_domain::file::{UploadSize, Usage};
use epic_inbound::authenticate::Authenticated;
use epic_inbound::begin_upload::{BeginRefused, NewFile};
use epic_inbound::byte_source::SourceFault;
use epic_inbound::send_whole::{SendRefused, WHOLE_UPLOAD_KEPT};
use std::time::Duration;

fn at_most(seed: u64, bytes_max: u64) -> NewFile {
    NewFile { size: UploadSize::AtMost(bytes_max), ..new_file(seed, 0) }
}

/// Nothing of a file is there, and nothing is set aside.
async fn assert_nothing(world: &World, caller: &Authenticated, what: &str) {
    assert!(world.store.all_files().is_empty(), "{what}");
    assert!(world.store.all_uploads().is_empty(), "{what}");
    assert_eq!(world.usage(caller).await, Usage::default(), "{what}");
    world.remove_blobs().await;
    assert!(world.blobs.held().is_empty(), "{what}");
}

#[tokio::test]
async fn a_file_sent_whole_is_there_when_the_answer_comes() {
    for new_file in [new_file(1, 100), at_most(1, 100), at_most(1, 1_000)] {
        let world = World::unlimited();
        let alice = world.caller(1).await;
        let content = content_of(1, 100);
        let file = world.send_whole(&alice, new_file, &mut sent_in_pieces(&content, 9), None).await.unwrap();
        assert_eq!(world.fetched(&alice, file.id).await.unwrap(), content);
        assert_eq!(file.content.digest, digest_of(&content));
        assert_eq!(world.usage(&alice).await, Usage { used_bytes: 100, reserved_bytes: 0 });
        assert_eq!(world.file_kinds(), [EventKind::FileUploaded, EventKind::FileFetched]);
    }
}

#[tokio::test]
async fn a_file_of_no_bytes_is_a_file() {
    for new_file in [new_file(1, 0), at_most(1, 10)] {
        let world = World::unlimited();
        let alice = world.caller(1).await;
        let file = world.send_whole(&alice, new_file, &mut sent(&[]), None).await.unwrap();
        assert_eq!(world.fetched(&alice, file.id).await, Some(Vec::new()));
        assert_eq!(world.usage(&alice).await, Usage::default());
    }
}

#[tokio::test]
async fn of_a_file_that_broke_off_nothing_is_kept() {
    for fault in [SourceFault::BrokenOff, SourceFault::TooSlow, SourceFault::ChecksumMismatch] {
        for sent_bytes in [0, 50, 100] {
            let world = World::unlimited();
            let alice = world.caller(1).await;
            let mut source = sent_in_pieces(&content_of(1, sent_bytes), 9).then(fault);
            let refused = world.send_whole(&alice, new_file(1, 100), &mut source, None).await;
            assert!(matches!(refused, Err(SendRefused::Broken(broken)) if broken == fault));
            assert_nothing(&world, &alice, &format!("{fault} after {sent_bytes}")).await;
        }
    }
}

#[tokio::test]
async fn of_a_file_of_another_size_or_content_nothing_is_kept() {
    let content = content_of(1, 100);
    for (wanted, what) in
        [(new_file(1, 99), "longer"), (new_file(1, 101), "shorter"), (at_most(1, 99), "over")]
    {
        let world = World::unlimited();
        let alice = world.caller(1).await;
        let refused = world.send_whole(&alice, wanted, &mut sent(&content), None).await;
        assert!(matches!(refused, Err(SendRefused::WrongSize)), "{what}");
        assert_nothing(&world, &alice, what).await;
    }
    let world = World::unlimited();
    let alice = world.caller(1).await;
    let wanted = NewFile { expected_digest: Some(digest_of(b"other")), ..new_file(1, 100) };
    let refused = world.send_whole(&alice, wanted, &mut sent(&content), None).await;
    assert!(matches!(refused, Err(SendRefused::DigestMismatch)));
    assert_nothing(&world, &alice, "another digest").await;
}

#[tokio::test]
async fn limits_sizes_and_quotas_hold_as_for_every_upload() {
    let world = World::limited();
    let alice = world.caller_with_quota(1, 100).await;
    let too_large = new_file(1, FILE_POLICY.content_bytes_max + 1);
    let refused = world.send_whole(&alice, too_large, &mut sent(&[]), None).await;
    assert!(matches!(refused, Err(SendRefused::Begin(BeginRefused::TooLarge { .. }))));
    let refused = world.send_whole(&alice, new_file(1, 101), &mut sent(&[]), None).await;
    assert!(matches!(refused, Err(SendRefused::Begin(BeginRefused::OverQuota(_)))));
    for _ in 0..9 {
        world.send_whole(&alice, new_file(1, 1), &mut sent(b"x"), None).await.unwrap();
    }
    let refused = world.send_whole(&alice, new_file(1, 1), &mut sent(b"x"), None).await;
    assert!(matches!(refused, Err(SendRefused::Begin(BeginRefused::Limited(_)))));
}

#[tokio::test]
async fn a_request_that_comes_again_gets_the_file_of_the_first_and_counts_no_more() {
    let world = World::limited();
    // There is room for the file once.
    let alice = world.caller_with_quota(1, 150).await;
    let (content, key) = (content_of(1, 100), key("once"));
    let first = world.send_whole(&alice, new_file(1, 100), &mut sent(&content), Some(&key)).await.unwrap();
    for wanted in std::iter::repeat_n(new_file(1, 100), 20).chain([at_most(1, 120)]) {
        let again = world.send_whole(&alice, wanted, &mut sent_in_pieces(&content, 7), Some(&key)).await;
        assert_eq!(again.unwrap(), first);
    }
    assert_eq!(world.store.all_files().len(), 1);
    assert_eq!(world.usage(&alice).await, Usage { used_bytes: 100, reserved_bytes: 0 });
    assert_eq!(world.file_kinds(), [EventKind::FileUploaded]);
}

#[tokio::test]
async fn a_key_that_comes_with_another_file_is_refused() {
    let world = World::unlimited();
    let alice = world.caller(1).await;
    let key = key("once");
    world.send_whole(&alice, new_file(1, 3), &mut sent(b"one"), Some(&key)).await.unwrap();
    for (wanted, content) in [(new_file(2, 3), b"one"), (new_file(1, 3), b"two")] {
        let refused = world.send_whole(&alice, wanted, &mut sent(content), Some(&key)).await;
        assert!(matches!(refused, Err(SendRefused::Begin(BeginRefused::KeyReused))));
    }
    let refused = world.begin(&alice, new_file(1, 3), Some(&key)).await;
    assert!(matches!(refused, Err(BeginRefused::KeyReused)), "nor with another kind of call");
    assert_eq!(world.store.all_files().len(), 1);
}

#[tokio::test]
async fn a_request_that_comes_again_and_breaks_off_or_brings_other_than_it_says_is_refused() {
    let world = World::unlimited();
    let alice = world.caller(1).await;
    let key = key("once");
    world.send_whole(&alice, new_file(1, 3), &mut sent(b"one"), Some(&key)).await.unwrap();
    let mut broken = sent(b"on").then(SourceFault::BrokenOff);
    let refused = world.send_whole(&alice, new_file(1, 3), &mut broken, Some(&key)).await;
    assert!(matches!(refused, Err(SendRefused::Broken(SourceFault::BrokenOff))));
    for content in [&b"on"[..], b"ones"] {
        let refused = world.send_whole(&alice, new_file(1, 3), &mut sent(content), Some(&key)).await;
        assert!(matches!(refused, Err(SendRefused::WrongSize)));
    }
    let wanted = NewFile { expected_digest: Some(digest_of(b"two")), ..new_file(1, 3) };
    let refused = world.send_whole(&alice, wanted, &mut sent(b"one"), Some(&key)).await;
    assert!(matches!(refused, Err(SendRefused::DigestMismatch)));
}

#[tokio::test]
async fn a_request_that_comes_again_after_its_file_was_removed_makes_no_other() {
    let world = World::unlimited();
    let alice = world.caller(1).await;
    let key = key("once");
    let file = world.send_whole(&alice, new_file(1, 3), &mut sent(b"one"), Some(&key)).await.unwrap();
    let trashed = world.trashed(&alice, &file).await;
    let again = world.send_whole(&alice, new_file(1, 3), &mut sent(b"one"), Some(&key)).await;
    assert_eq!(again.unwrap(), trashed);
    world.delete(&alice, file.id, trashed.version).await;
    let again = world.send_whole(&alice, new_file(1, 3), &mut sent(b"one"), Some(&key)).await;
    assert!(matches!(again, Err(SendRefused::Begin(BeginRefused::KeyReused))));
    assert!(world.store.all_files().is_empty());
}

#[tokio::test]
async fn a_slow_sender_shows_that_it_is_alive_and_is_not_given_up() {
    let world = World::unlimited();
    let alice = world.caller(1).await;
    let content = content_of(1, 100);
    // An hour and a half, in steps that are shorter than what an upload is kept for.
    let mut source = sent_in_pieces(&content, 1).pausing(&world, WHOLE_UPLOAD_KEPT / 2);
    let file = world.send_whole(&alice, new_file(1, 100), &mut source, None).await.unwrap();
    assert_eq!(world.file(file.id).content.digest, digest_of(&content));
}

/// What the sweeps see of a request that is under way.
#[tokio::test]
async fn a_request_that_is_alive_outlives_every_sweep_and_one_that_is_not_is_given_up() {
    for (pause, survives) in [(Duration::from_secs(90), true), (WHOLE_UPLOAD_KEPT, false)] {
        let world = World::unlimited();
        let alice = world.caller(1).await;
        let (tell, mut source) = crate::support::told();
        let sender = world.ports().send_whole();
        let sending = async {
            sender.send(&alice, new_file(1, 9), &mut source, None, crate::support::origin()).await.result
        };
        let sweeping = async {
            for _ in 0..9 {
                tell.send(bytes::Bytes::from_static(b"x")).unwrap();
                for _ in 0..10 {
                    tokio::task::yield_now().await;
                }
                world.clock.advance(pause);
                world.ports().file_housekeeping().sweep().await.unwrap();
            }
            drop(tell);
        };
        let (sent, ()) = tokio::join!(sending, sweeping);
        assert_eq!(sent.is_ok(), survives, "{pause:?}: {sent:?}");
        if !survives {
            assert!(matches!(sent, Err(SendRefused::Broken(SourceFault::TooSlow))));
            assert_nothing(&world, &alice, "a silent request").await;
        }
    }
}
