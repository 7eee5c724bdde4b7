//! Files sent whole while a part of the server fails: whichever call it is, before its write or after, the file is there with
//! the right bytes, or nothing is.

use crate::support::{World, content_of, digest_of, key, new_file, sent, sent_in_pieces};
use epic_domain::file::Usage;
use epic_inbound::authenticate::Authenticated;
use epic_inbound::begin_upload::BeginRefused;
use epic_inbound::byte_source::SourceFault;
use epic_inbound::send_whole::{SendRefused, WHOLE_UPLOAD_KEPT};
use epic_tests::fakes::Fault::{self, AfterWrite, BeforeWrite};

const FAULTS: [Fault; 2] = [BeforeWrite, AfterWrite];

/// What fails: a call of the store, of the blob store or of the log, after so many that pass.
#[derive(Debug, Clone, Copy)]
enum Cut {
    Store(u32),
    Blobs(u32),
    Log,
}

impl Cut {
    fn arm(self, world: &World, fault: Fault) {
        match self {
            Self::Store(passing) => world.store.faults().fail_after(passing, fault),
            Self::Blobs(passing) => world.blobs.faults().fail_after(passing, fault),
            Self::Log => world.audit.faults().fail_next(fault),
        }
    }

    fn disarm(world: &World) {
        world.store.faults().recover();
        world.blobs.faults().recover();
        world.audit.faults().recover();
    }
}

/// Every call that sending a file of no more than five pieces makes, and a few that it does not.
fn cuts() -> impl Iterator<Item = Cut> {
    (0..5).map(Cut::Store).chain((0..10).map(Cut::Blobs)).chain([Cut::Log])
}

/// After the server has put itself in order, the file is there with its bytes and nothing else, or nothing is.
async fn assert_whole_or_nothing(world: &World, caller: &Authenticated, content: &[u8], what: &str) -> bool {
    world.clock.advance(WHOLE_UPLOAD_KEPT);
    let housekeeping = world.ports().file_housekeeping();
    housekeeping.finish_cut_off().await.unwrap();
    housekeeping.sweep().await.unwrap();
    world.remove_blobs().await;
    assert!(world.store.all_uploads().is_empty(), "{what}");
    let files = world.store.all_files();
    let size_bytes = u64::try_from(content.len()).unwrap();
    let used_bytes = if files.is_empty() { 0 } else { size_bytes };
    assert_eq!(world.usage(caller).await, Usage { used_bytes, reserved_bytes: 0 }, "{what}");
    assert_eq!(world.blobs.held().len(), files.len(), "{what}");
    for file in &files {
        assert_eq!(file.content.digest, digest_of(content), "{what}");
        assert_eq!(world.fetched(caller, file.id).await.as_deref(), Some(content), "{what}");
    }
    assert!(files.len() <= 1, "{what}");
    !files.is_empty()
}

#[tokio::test]
async fn a_fault_at_any_call_leaves_the_file_whole_or_nothing() {
    for length in [0, 50] {
        let content = content_of(1, length);
        let (mut failed, mut passed) = (0, 0);
        for (cut, fault) in cuts().flat_map(|cut| FAULTS.map(|fault| (cut, fault))) {
            let what = format!("{length} bytes, {cut:?}, {fault:?}");
            let world = World::unlimited();
            let alice = world.caller(1).await;
            cut.arm(&world, fault);
            let size_bytes = u64::try_from(length).unwrap();
            let sent = world
                .send_whole(&alice, new_file(1, size_bytes), &mut sent_in_pieces(&content, 10), None)
                .await;
            Cut::disarm(&world);
            let is_there = assert_whole_or_nothing(&world, &alice, &content, &what).await;
            match sent {
                Ok(_) => {
                    passed += 1;
                    assert!(is_there, "{what}: what was promised must be there");
                }
                Err(refused) => {
                    failed += 1;
                    let is_fault =
                        matches!(refused, SendRefused::Fault(_) | SendRefused::Begin(BeginRefused::Fault(_)));
                    assert!(is_fault, "{what}: {refused}");
                }
            }
        }
        assert!(
            failed > 0 && passed > 0,
            "the sweep goes past the last call: {failed} failed, {passed} passed"
        );
    }
}

#[tokio::test]
async fn a_request_cut_off_at_any_call_makes_one_file_when_it_comes_again_with_its_key() {
    let content = content_of(1, 50);
    for (cut, fault) in cuts().flat_map(|cut| FAULTS.map(|fault| (cut, fault))) {
        let what = format!("{cut:?}, {fault:?}");
        let world = World::unlimited();
        // Room for the file and for the one that was cut off.
        let alice = world.caller_with_quota(1, 100).await;
        let key = key("again");
        cut.arm(&world, fault);
        let first = world.send_whole(&alice, new_file(1, 50), &mut sent(&content), Some(&key)).await;
        Cut::disarm(&world);
        let again = world.send_whole(&alice, new_file(1, 50), &mut sent(&content), Some(&key)).await.unwrap();
        if let Ok(first) = first {
            assert_eq!(first, again, "{what}");
        }
        assert!(assert_whole_or_nothing(&world, &alice, &content, &what).await, "{what}");
    }
}

#[tokio::test]
async fn a_broken_request_that_cannot_even_be_given_up_leaves_nothing_in_the_end() {
    for (size_bytes, fault) in [(50, BeforeWrite), (50, AfterWrite), (0, BeforeWrite), (0, AfterWrite)] {
        let world = World::unlimited();
        let alice = world.caller(1).await;
        world.store.faults().fail_after(1, fault);
        let mut source = sent(&[]).then(SourceFault::BrokenOff);
        let refused = world.send_whole(&alice, new_file(1, size_bytes), &mut source, None).await;
        assert!(matches!(refused, Err(SendRefused::Fault(_))));
        let what = format!("{size_bytes} bytes, {fault:?}");
        assert!(!assert_whole_or_nothing(&world, &alice, &[], &what).await, "{what}: it was never whole");
    }
}

#[tokio::test]
async fn a_start_gives_up_what_lived_in_a_request_and_keeps_every_other_upload() {
    let world = World::unlimited();
    let alice = world.caller(1).await;
    let other = world.begin(&alice, new_file(2, 10), None).await.unwrap();
    let mut source = sent(b"some");
    world.store.faults().fail_after(1, BeforeWrite);
    let refused = world.send_whole(&alice, new_file(1, 50), &mut source, None).await;
    assert!(matches!(refused, Err(SendRefused::Fault(_))));
    assert_eq!(world.usage(&alice).await.reserved_bytes, 60);
    world.ports().file_housekeeping().take_up().await.unwrap();
    assert_eq!(world.usage(&alice).await.reserved_bytes, 10);
    assert_eq!(world.status(&alice, other.upload_id).await.unwrap().offset_bytes, 0);
}
