//! Looking after one's files: listings, changes, the trash, versions.

use crate::support::{World, content_of, elsewhere, new_file, origin};
use epic_domain::audit::EventKind;
use epic_domain::file::{ContentNumber, File, FileChange, Permission, Revision, Right};
use epic_domain::user::Version;
use epic_inbound::authenticate::Authenticated;
use epic_inbound::own_files::{ChangeOutcome, DeleteOutcome, Edit, OwnFiles, Since};
use epic_tests::builders;
use std::collections::BTreeSet;
use std::time::Duration;

/// A world with one person who has so many files, a second apart.
async fn with_files(count: u64) -> (World, Authenticated, OwnFiles, Vec<File>) {
    let world = World::unlimited();
    let alice = world.caller(1).await;
    let mut files = Vec::new();
    for seed in 0..count {
        files.push(world.uploaded(&alice, &content_of(seed, 10)).await);
        world.clock.advance(Duration::from_secs(1));
    }
    let own_files = world.ports().own_files();
    (world, alice, own_files, files)
}

fn renamed(seed: u64) -> Edit {
    Edit { encrypted_filename: Some(builders::encrypted_filename(seed)), encrypted_data_key: None }
}

fn made(outcome: ChangeOutcome) -> File {
    match outcome {
        ChangeOutcome::Made(file) => *file,
        other => panic!("not made: {other:?}"),
    }
}

#[tokio::test]
async fn a_listing_shows_every_file_once_the_newest_first_on_pages_of_any_size() {
    let (world, alice, own_files, mut files) = with_files(7).await;
    let bob = world.caller(2).await;
    world.uploaded(&bob, b"of someone else").await;
    files.reverse();
    for limit in [1, 2, 3, 7, 8] {
        let (mut listed, mut after) = (Vec::new(), None);
        loop {
            let page = own_files.list(&alice, false, after, limit).await.unwrap();
            assert!(page.items.len() <= usize::try_from(limit).unwrap());
            listed.extend(page.items);
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        assert_eq!(listed, files, "pages of {limit}");
    }
}

#[tokio::test]
async fn a_page_that_is_the_last_says_so() {
    let (_, alice, own_files, _) = with_files(4).await;
    assert!(own_files.list(&alice, false, None, 4).await.unwrap().next.is_none());
    assert!(own_files.list(&alice, false, None, 3).await.unwrap().next.is_some());
}

#[tokio::test]
async fn the_trash_is_listed_apart() {
    let (world, alice, own_files, files) = with_files(2).await;
    world.trashed(&alice, &files[0]).await;
    let ids = |files: Vec<File>| files.iter().map(|file| file.id).collect::<Vec<_>>();
    assert_eq!(ids(own_files.list(&alice, false, None, 9).await.unwrap().items), [files[1].id]);
    assert_eq!(ids(own_files.list(&alice, true, None, 9).await.unwrap().items), [files[0].id]);
}

#[tokio::test]
async fn who_follows_the_changes_from_any_revision_ends_with_the_files_as_they_are() {
    let (world, alice, own_files, files) = with_files(5).await;
    own_files.edit(&alice, files[0].id, files[0].version, &renamed(9), origin()).await.unwrap();
    let trashed = world.trashed(&alice, &files[1]).await;
    world.delete(&alice, trashed.id, trashed.version).await;
    world.trashed(&alice, &files[2]).await;
    for limit in [1, 2, 100] {
        let (mut since, mut seen) = (Revision::NONE, Vec::new());
        loop {
            let page = own_files.changes(&alice, Since::Revision(since), limit).await.unwrap();
            assert!(page.items.windows(2).all(|pair| pair[0].revision() < pair[1].revision()));
            seen.extend(page.items);
            match page.next {
                Some(next) => since = next,
                None => break,
            }
        }
        let removed: Vec<_> = seen
            .iter()
            .filter_map(|change| match change {
                FileChange::Removed { file_id, .. } => Some(*file_id),
                FileChange::Present(_) => None,
            })
            .collect();
        assert_eq!(removed, [files[1].id]);
        let present: BTreeSet<_> = seen
            .iter()
            .filter_map(|change| match change {
                FileChange::Present(file) => Some((file.id, file.version)),
                FileChange::Removed { .. } => None,
            })
            .collect();
        let stored = world.store.all_files();
        assert_eq!(present, stored.iter().map(|file| (file.id, file.version)).collect());
        assert_eq!(seen.len(), 5, "each file once");
    }
}

#[tokio::test]
async fn changes_since_a_time_begin_with_the_first_made_then_or_later() {
    let (_, alice, own_files, files) = with_files(3).await;
    let since = Since::Time(files[1].updated_at);
    let changes = own_files.changes(&alice, since, 10).await.unwrap().items;
    let revisions: Vec<_> = changes.iter().map(FileChange::revision).collect();
    assert_eq!(revisions, [files[1].revision, files[2].revision]);
}

#[tokio::test]
async fn owners_recipients_and_strangers_see_what_is_theirs_to_see() {
    let (world, alice, own_files, files) = with_files(1).await;
    let (bob, stranger) = (world.caller(2).await, world.caller(3).await);
    let share = world.shared(&alice, &files[0], 2, Permission::Write).await;
    let owner = own_files.look(&alice, files[0].id).await.unwrap().unwrap();
    assert_eq!((owner.access.right(), owner.share.is_none()), (Right::Owner, true));
    let recipient = own_files.look(&bob, files[0].id).await.unwrap().unwrap();
    assert_eq!(recipient.access.right(), Right::Share(share.share_id));
    assert_eq!(recipient.share.unwrap().encrypted_data_key, builders::encrypted_data_key(2));
    assert!(own_files.look(&stranger, files[0].id).await.unwrap().is_none());
}

#[tokio::test]
async fn a_file_in_the_trash_is_seen_by_its_owner_alone() {
    let (world, alice, own_files, files) = with_files(1).await;
    let bob = world.caller(2).await;
    world.shared(&alice, &files[0], 2, Permission::Read).await;
    let trashed = world.trashed(&alice, &files[0]).await;
    assert!(own_files.look(&bob, trashed.id).await.unwrap().is_none());
    assert!(own_files.look(&alice, trashed.id).await.unwrap().is_some());
    made(own_files.restore(&alice, trashed.id, trashed.version, origin()).await.unwrap());
    assert!(own_files.look(&bob, trashed.id).await.unwrap().is_some(), "its shares come back with it");
}

#[tokio::test]
async fn an_edit_changes_what_it_names_and_nothing_else() {
    let (_, alice, own_files, files) = with_files(1).await;
    let file = &files[0];
    let newer = made(own_files.edit(&alice, file.id, file.version, &renamed(9), origin()).await.unwrap());
    assert_eq!(newer.encrypted_filename, builders::encrypted_filename(9));
    assert_eq!(newer.content, file.content);
    assert_eq!(newer.version, file.version.next());
    let rekeyed =
        Edit { encrypted_filename: None, encrypted_data_key: Some(builders::encrypted_data_key(9)) };
    let newest = made(own_files.edit(&alice, file.id, newer.version, &rekeyed, origin()).await.unwrap());
    assert_eq!(newest.encrypted_filename, newer.encrypted_filename);
    assert_eq!(newest.content.encrypted_data_key, builders::encrypted_data_key(9));
}

#[tokio::test]
async fn against_a_version_that_has_passed_nothing_changes() {
    let (world, alice, own_files, files) = with_files(1).await;
    let (file_id, old) = (files[0].id, files[0].version);
    own_files.edit(&alice, file_id, old, &renamed(9), origin()).await.unwrap();
    let before = world.file(file_id);
    let events = world.kinds().len();
    for wrong in [old, Version::from_number(0), Version::from_number(99)] {
        let edit = own_files.edit(&alice, file_id, wrong, &renamed(8), origin()).await.unwrap();
        assert_eq!(edit, ChangeOutcome::Stale);
        assert_eq!(world.delete(&alice, file_id, wrong).await, DeleteOutcome::Stale);
        let restore = own_files.restore(&alice, file_id, wrong, origin()).await.unwrap();
        assert_eq!(restore, ChangeOutcome::Stale);
    }
    assert_eq!(world.file(file_id), before);
    assert_eq!(world.kinds().len(), events, "what did not happen is not on record");
}

#[tokio::test]
async fn a_file_goes_into_the_trash_first_and_then_for_good() {
    let (world, alice, own_files, files) = with_files(1).await;
    let file = &files[0];
    let trashed = world.trashed(&alice, file).await;
    assert_eq!(trashed.version, file.version.next());
    assert_eq!(
        world.delete(&alice, file.id, file.version).await,
        DeleteOutcome::Stale,
        "a delete sent twice"
    );
    assert_eq!(world.usage(&alice).await.used_bytes, 10, "the trash counts");
    assert_eq!(world.delete(&alice, file.id, trashed.version).await, DeleteOutcome::Removed);
    assert_eq!(world.usage(&alice).await.used_bytes, 0);
    assert_eq!(world.delete(&alice, file.id, trashed.version).await, DeleteOutcome::NotFound);
    assert!(own_files.look(&alice, file.id).await.unwrap().is_none());
    world.remove_blobs().await;
    assert!(world.blobs.held().is_empty());
    let kinds = [EventKind::FileUploaded, EventKind::FileTrashed, EventKind::FileRemoved];
    assert_eq!(world.file_kinds(), kinds);
}

#[tokio::test]
async fn a_file_comes_out_of_the_trash_as_it_was() {
    let (world, alice, own_files, files) = with_files(1).await;
    let trashed = world.trashed(&alice, &files[0]).await;
    let edit = own_files.edit(&alice, trashed.id, trashed.version, &renamed(9), origin()).await.unwrap();
    assert_eq!(edit, ChangeOutcome::Stale, "nothing is edited in the trash");
    let restored = made(own_files.restore(&alice, trashed.id, trashed.version, origin()).await.unwrap());
    assert!(!restored.is_trashed());
    assert_eq!(restored.content, files[0].content);
    let again = own_files.restore(&alice, trashed.id, restored.version, origin()).await.unwrap();
    assert_eq!(again, ChangeOutcome::Stale, "it is not in the trash any more");
    assert_eq!(world.fetched(&alice, restored.id).await.unwrap(), content_of(0, 10));
}

#[tokio::test]
async fn earlier_contents_are_listed_the_newest_first_and_can_be_removed() {
    let (world, alice, own_files, files) = with_files(1).await;
    let mut file = files[0].clone();
    for seed in 1..=4 {
        file = world.written(&alice, &file, &content_of(seed, 10)).await;
    }
    let first = own_files.versions(&alice, file.id, None, 3).await.unwrap().unwrap();
    let numbers = |page: &[epic_domain::file::Content]| {
        page.iter().map(|content| content.number.get()).collect::<Vec<_>>()
    };
    assert_eq!(numbers(&first.items), [4, 3, 2]);
    let second = own_files.versions(&alice, file.id, first.next, 3).await.unwrap().unwrap();
    assert_eq!((numbers(&second.items), second.next), (vec![1], None));

    let two = ContentNumber::from_number(2);
    assert!(own_files.remove_version(&alice, file.id, two, origin()).await.unwrap());
    assert!(!own_files.remove_version(&alice, file.id, two, origin()).await.unwrap());
    let present = file.content.number;
    assert!(!own_files.remove_version(&alice, file.id, present, origin()).await.unwrap());
    assert_eq!(world.usage(&alice).await.used_bytes, 40);
    assert_eq!(world.file(file.id), file, "the file itself has not changed");
    let left = own_files.versions(&alice, file.id, None, 9).await.unwrap().unwrap();
    assert_eq!(numbers(&left.items), [4, 3, 1]);
    world.remove_blobs().await;
    assert_eq!(world.blobs.held().len(), 4);
    assert_eq!(world.file_kinds().last(), Some(&EventKind::VersionRemoved));
}

#[tokio::test]
async fn events_say_who_in_which_session_and_from_where() {
    let (world, alice, own_files, files) = with_files(1).await;
    own_files.edit(&alice, files[0].id, files[0].version, &renamed(9), elsewhere()).await.unwrap();
    let event = world.audit.events().pop().unwrap();
    assert_eq!(event.kind, EventKind::FileEdited);
    assert_eq!(event.user_id, Some(alice.user().id));
    assert_eq!(event.session_id, Some(alice.claims().session_id));
    assert_eq!(event.origin, Some(elsewhere()));
    assert_eq!(event.file.map(|mark| (mark.file_id, mark.grant)), Some((files[0].id, None)));
}

#[tokio::test]
async fn an_upload_under_way_is_in_no_listing() {
    let (world, alice, own_files, _) = with_files(0).await;
    world.begin(&alice, new_file(1, 10), None).await.unwrap();
    assert!(own_files.list(&alice, false, None, 9).await.unwrap().items.is_empty());
    assert!(own_files.changes(&alice, Since::Revision(Revision::NONE), 9).await.unwrap().items.is_empty());
}
