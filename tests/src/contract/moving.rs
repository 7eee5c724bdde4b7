//! Laws of moving house: what a store gives away another takes over, and then answers as the first did.

use super::Stores;
use super::file_steps::{AMPLE_BYTES, people, remove_account, uploaded};
use super::moving_fill::fill;
use super::moving_look::look;
use crate::builders::{
    T0, event, minimal_session, once, opening, seconds_after_t0, session, upload, user, user_id,
};
use epic_domain::Timestamp;
use epic_domain::audit::Anchor;
use epic_domain::file::Usage;
use epic_domain::moving::{Key, Kind, Mark, Progress, Record, Tally};
use epic_domain::user::Version;
use epic_outbound::moving::{Import, MoveBeginning};
use epic_outbound::uploads::BeginRight;
use std::sync::Arc;

/// A fresh, empty store with its ports and those of moving.
pub struct House {
    /// The ports of a store at work.
    pub stores: Stores,
    /// Those of moving.
    pub moving: Arc<dyn Import>,
}

/// Expands to the laws of [`Export`](epic_outbound::moving::Export) and [`Import`]. The factory is an async function without arguments that returns a fresh
/// [`House`].
#[macro_export]
macro_rules! moving_contract {
    ($factory:expr) => {
        mod moving {
            #[allow(
                unused_imports,
                reason = "the factory may be a closure that needs nothing from around it"
            )]
            use super::*;

            $crate::laws_of_moving! { $factory;
                a_store_moves_whole
                what_has_moved_goes_on
                an_empty_store_moves
                what_is_stored_twice_is_there_once
                a_record_is_written_over_the_one_with_its_key
                pages_hold_every_kind_in_the_order_of_keys
                a_move_that_is_cut_off_anywhere_goes_on
                the_mark_tells_how_far_the_move_has_come
                only_an_empty_store_is_moved_into
                a_move_from_another_source_is_refused
                what_has_expired_does_not_move
                what_a_removed_account_has_left_does_not_move
            }
        }
    };
}

/// Expands to one test per law, each with two fresh houses. Not for direct use.
#[doc(hidden)]
#[macro_export]
macro_rules! laws_of_moving {
    ($factory:expr; $($law:ident)+) => {$(
        #[test]
        fn $law() {
            $crate::contract::run(async {
                let (old, new) = (($factory)().await, ($factory)().await);
                $crate::contract::moving::$law(&old, &new).await;
            });
        }
    )+};
}

/// Small, so that every kind takes several pages.
const PAGE_RECORDS: u32 = 3;

/// Every record of a kind.
pub async fn all(store: &dyn Import, kind: Kind) -> Vec<Record> {
    pages(store, kind, PAGE_RECORDS).await.concat()
}

async fn pages(store: &dyn Import, kind: Kind, limit: u32) -> Vec<Vec<Record>> {
    let (mut pages, mut after) = (Vec::new(), None);
    loop {
        let page = store.page(kind, after, limit).await.unwrap();
        let Some(last) = page.last() else { return pages };
        after = Some(last.key());
        pages.push(page);
    }
}

/// How many records of each kind there are, and their hash.
pub async fn tallies(store: &dyn Import) -> Vec<(Kind, u64, [u8; 32])> {
    let mut tallies = Vec::new();
    for kind in Kind::ALL {
        let mut tally = Tally::new();
        for record in all(store, *kind).await {
            tally.add(&record.hash());
        }
        tallies.push((*kind, tally.count(), tally.digest()));
    }
    tallies
}

async fn begin(old: &House, new: &House) -> MoveBeginning {
    let anchor = old.stores.audit.anchor().await.unwrap();
    new.moving.begin(anchor, T0).await.unwrap()
}

async fn begun(old: &House, new: &House) -> Mark {
    match begin(old, new).await {
        MoveBeginning::Begun(mark) => mark,
        other => panic!("{other:?}"),
    }
}

/// Moves everything, and takes the mark away.
async fn moved(old: &House, new: &House) {
    old.moving.settle(T0).await.unwrap();
    begun(old, new).await;
    for kind in Kind::ALL {
        for page in pages(old.moving.as_ref(), *kind, PAGE_RECORDS).await {
            new.moving.put(&page).await.unwrap();
        }
    }
    new.moving.finish().await.unwrap();
}

/// Record for record, and in every answer.
pub async fn a_store_moves_whole(old: &House, new: &House) {
    fill(&old.stores).await;
    let seen = look(&old.stores).await;
    moved(old, new).await;
    assert_eq!(tallies(new.moving.as_ref()).await, tallies(old.moving.as_ref()).await);
    assert_eq!(look(&new.stores).await, seen);
    assert_eq!(look(&old.stores).await, seen, "nothing is taken from the old store");
}

/// The chain, the revisions and the list of doomed blobs are continued where they stood.
pub async fn what_has_moved_goes_on(old: &House, new: &House) {
    fill(&old.stores).await;
    moved(old, new).await;
    for house in [old, new] {
        let stores = &house.stores;
        stores.audit.append(&[event(900)]).await.unwrap();
        let file = uploaded(stores, 900, 1).await;
        stores.uploads.begin(&upload(901, 1).build(), &BeginRight::NewFile, AMPLE_BYTES, None).await.unwrap();
        assert!(stores.uploads.abandon(upload(901, 1).build().id, user_id(1)).await.unwrap());
        assert_eq!(stores.files.find(file.id).await.unwrap(), Some(file));
    }
    assert_eq!(look(&new.stores).await, look(&old.stores).await);
    assert_eq!(tallies(new.moving.as_ref()).await, tallies(old.moving.as_ref()).await);
}

/// It holds the beginning of a chain, and nothing else.
pub async fn an_empty_store_moves(old: &House, new: &House) {
    moved(old, new).await;
    for (kind, count, _) in tallies(new.moving.as_ref()).await {
        assert_eq!(count, u64::from(kind == Kind::Anchor), "{kind}");
    }
    assert_eq!(new.stores.audit.anchor().await.unwrap(), Anchor::empty());
}

/// In whatever pieces.
pub async fn what_is_stored_twice_is_there_once(old: &House, new: &House) {
    fill(&old.stores).await;
    old.moving.settle(T0).await.unwrap();
    begun(old, new).await;
    for limit in [1_000, 1, PAGE_RECORDS] {
        for kind in Kind::ALL {
            for page in pages(old.moving.as_ref(), *kind, limit).await {
                new.moving.put(&page).await.unwrap();
                new.moving.put(&page).await.unwrap();
            }
        }
        assert_eq!(tallies(new.moving.as_ref()).await, tallies(old.moving.as_ref()).await, "{limit}");
    }
    new.moving.put(&[]).await.unwrap();
    new.moving.finish().await.unwrap();
    assert_eq!(look(&new.stores).await, look(&old.stores).await);
}

/// And what refers to it stays.
pub async fn a_record_is_written_over_the_one_with_its_key(old: &House, new: &House) {
    fill(&old.stores).await;
    moved(old, new).await;
    let whole = tallies(new.moving.as_ref()).await;
    for kind in Kind::ALL {
        let original = all(new.moving.as_ref(), *kind).await.swap_remove(0);
        let altered = altered(original.clone());
        assert_eq!((altered.kind(), altered.key()), (*kind, original.key()));
        assert_ne!(altered.hash(), original.hash(), "{kind}");
        new.moving.put(core::slice::from_ref(&altered)).await.unwrap();
        assert_eq!(all(new.moving.as_ref(), *kind).await.swap_remove(0), altered, "{kind}");
        for (before, after) in whole.iter().zip(tallies(new.moving.as_ref()).await) {
            assert_eq!(before.1, after.1, "a change of {kind} takes no {} away", before.0);
            assert_eq!(*before == after, before.0 != *kind, "a change of {kind} changes nothing else");
        }
        new.moving.put(&[original]).await.unwrap();
    }
    assert_eq!(tallies(new.moving.as_ref()).await, whole);
}

/// The record with something else in it, under the same key.
fn altered(record: Record) -> Record {
    let other = seconds_after_t0(77);
    match record {
        Record::Account(mut account) => {
            account.user.updated_at = other;
            account.recovery_codes.pop_first();
            Record::Account(account)
        }
        Record::Session(mut session) => {
            session.last_seen_at = other;
            Record::Session(session)
        }
        Record::Revocation(mut revocation) => {
            revocation.until = other;
            Record::Revocation(revocation)
        }
        Record::Usage(mut usage) => {
            usage.usage = Usage { used_bytes: 1, reserved_bytes: 2 };
            Record::Usage(usage)
        }
        Record::File(mut stored) => {
            stored.file.updated_at = other;
            Record::File(stored)
        }
        Record::RemovedFile(mut removed) => {
            removed.at = other;
            Record::RemovedFile(removed)
        }
        Record::EarlierContent(mut earlier) => {
            earlier.superseded_at = other;
            Record::EarlierContent(earlier)
        }
        Record::Upload(mut upload) => {
            upload.expires_at = other;
            Record::Upload(upload)
        }
        Record::Share(mut share) => {
            share.created_at = other;
            Record::Share(share)
        }
        Record::Link(mut link) => {
            link.downloads += 1;
            Record::Link(link)
        }
        Record::Request(mut request) => {
            request.once.outcome = [1, 2, 3].into();
            Record::Request(request)
        }
        Record::DoomedBlob(mut doomed) => {
            doomed.stage = crate::builders::stage_state(77);
            Record::DoomedBlob(doomed)
        }
        Record::Event(mut link) => {
            link.event.at = other;
            Record::Event(link)
        }
        Record::Anchor(mut anchor) => {
            anchor.length += 1;
            Record::Anchor(anchor)
        }
        Record::SignedHead(mut head) => {
            head.at = other;
            Record::SignedHead(head)
        }
    }
}

/// Whatever the size of the pages.
pub async fn pages_hold_every_kind_in_the_order_of_keys(old: &House, _: &House) {
    fill(&old.stores).await;
    for kind in Kind::ALL {
        let whole = old.moving.page(*kind, None, 1_000).await.unwrap();
        assert!(!whole.is_empty(), "no {kind} to show it with");
        assert!(whole.iter().all(|record| record.kind() == *kind));
        assert!(whole.is_sorted_by(|one, other| one.key() < other.key()), "{kind}");
        for limit in [1, 2, PAGE_RECORDS] {
            let pages = pages(old.moving.as_ref(), *kind, limit).await;
            assert!(pages.iter().rev().skip(1).all(|page| page.len() == limit as usize), "{kind}");
            assert_eq!(pages.concat(), whole, "{kind} by {limit}");
        }
        assert_eq!(old.moving.page(*kind, None, 0).await.unwrap(), []);
    }
}

/// What comes next after a mark: the records of the next page, and the progress they make.
async fn next_page(old: &House, mark: &Mark) -> Option<(Vec<Record>, Progress)> {
    let Progress { kind, last } = mark.progress.unwrap_or(Progress { kind: Kind::Account, last: None });
    let page = old.moving.page(kind, last, PAGE_RECORDS).await.unwrap();
    match page.last().map(Record::key) {
        Some(last) => Some((page, Progress { kind, last: Some(last) })),
        None => Some((page, Progress { kind: kind.next()?, last: None })),
    }
}

/// Each page by someone who knows nothing but the mark, and who is cut off once before and once after the note.
pub async fn a_move_that_is_cut_off_anywhere_goes_on(old: &House, new: &House) {
    fill(&old.stores).await;
    old.moving.settle(T0).await.unwrap();
    let mut pages_count = 0;
    loop {
        let Some((page, _)) = next_page(old, &begun(old, new).await).await else { break };
        new.moving.put(&page).await.unwrap();
        let (page, progress) = next_page(old, &begun(old, new).await).await.unwrap();
        new.moving.put(&page).await.unwrap();
        new.moving.note(progress).await.unwrap();
        pages_count += 1;
    }
    assert!(pages_count > 2 * Kind::ALL.len());
    new.moving.finish().await.unwrap();
    assert_eq!(tallies(new.moving.as_ref()).await, tallies(old.moving.as_ref()).await);
    assert_eq!(look(&new.stores).await, look(&old.stores).await);
}

/// And when it began, whatever the time is now.
pub async fn the_mark_tells_how_far_the_move_has_come(old: &House, new: &House) {
    old.stores.audit.append(&[event(1)]).await.unwrap();
    let source = old.stores.audit.anchor().await.unwrap();
    let mark = Mark { source, began_at: T0, progress: None };
    assert_eq!(begun(old, new).await, mark);
    let last: Option<Key> = Some(all(old.moving.as_ref(), Kind::Event).await.swap_remove(0).key());
    for progress in [Progress { kind: Kind::Account, last: None }, Progress { kind: Kind::Event, last }] {
        new.moving.note(progress).await.unwrap();
        let again = new.moving.begin(source, Timestamp::MAX).await.unwrap();
        assert_eq!(again, MoveBeginning::Begun(Mark { progress: Some(progress), ..mark }));
    }
}

/// Whatever is in it; one that was moved into is not empty either.
pub async fn only_an_empty_store_is_moved_into(old: &House, new: &House) {
    fill(&old.stores).await;
    new.stores.audit.append(&[event(1)]).await.unwrap();
    assert_eq!(begin(old, new).await, MoveBeginning::Occupied);
    people(&new.stores, &[1]).await;
    assert_eq!(begin(new, old).await, MoveBeginning::Occupied);
}

/// Also from the same one when it has gone on.
pub async fn a_move_from_another_source_is_refused(old: &House, new: &House) {
    old.stores.audit.append(&[event(1)]).await.unwrap();
    begun(old, new).await;
    old.stores.audit.append(&[event(2)]).await.unwrap();
    assert_eq!(begin(old, new).await, MoveBeginning::OtherSource);
    new.moving.finish().await.unwrap();
    begun(old, new).await;
}

/// To the millisecond.
pub async fn what_has_expired_does_not_move(old: &House, _: &House) {
    let stores = &old.stores;
    let end = seconds_after_t0(100);
    people(stores, &[1]).await;
    for (seed, expires_at) in [(2, end), (3, end.saturating_add(core::time::Duration::from_millis(1)))] {
        super::users::insert(stores, &user(seed).pending_until(expires_at).build()).await;
        for session in [
            session(seed, user_id(1)).ends_at(expires_at).build(),
            session(10 + seed, user_id(1))
                .with(|session| session.current.refresh_expires_at = expires_at)
                .build(),
        ] {
            stores.sessions.open(&opening(&session, Version::FIRST)).await.unwrap();
        }
        let ended = minimal_session(user_id(1));
        let ended = epic_domain::session::Session { id: session(20 + seed, user_id(1)).build().id, ..ended };
        stores.sessions.open(&opening(&ended, Version::FIRST)).await.unwrap();
        assert!(stores.sessions.end(ended.id, expires_at).await.unwrap());
        let request = epic_domain::file::Once { expires_at, ..once(seed) };
        let upload = upload(seed, 1).build();
        stores.uploads.begin(&upload, &BeginRight::NewFile, AMPLE_BYTES, Some(&request)).await.unwrap();
    }
    let kinds = [Kind::Account, Kind::Session, Kind::Revocation, Kind::Request];
    let mut counts = Vec::new();
    for now in [T0, end, end] {
        old.moving.settle(now).await.unwrap();
        let mut row = [0; 4];
        for (count, kind) in row.iter_mut().zip(kinds) {
            *count = all(old.moving.as_ref(), kind).await.len();
        }
        counts.push(row);
    }
    assert_eq!(counts, [[3, 4, 2, 2], [2, 2, 1, 1], [2, 2, 1, 1]]);
    assert_eq!(all(old.moving.as_ref(), Kind::Upload).await.len(), 2, "uploads are given up by the server");
}

/// But its blobs are doomed, and its events stay.
pub async fn what_a_removed_account_has_left_does_not_move(old: &House, new: &House) {
    let stores = &old.stores;
    people(stores, &[1, 2]).await;
    for seed in 1..=20 {
        uploaded(stores, seed, 1).await;
    }
    let kept = uploaded(stores, 30, 2).await;
    stores.audit.append(&[event(1)]).await.unwrap();
    remove_account(stores, 1).await;
    moved(old, new).await;
    let files = all(new.moving.as_ref(), Kind::File).await;
    assert_eq!(files.iter().map(Record::key).map(|key| *key.id()).collect::<Vec<_>>(), [*kept.id.as_bytes()]);
    for (kind, count) in [(Kind::Account, 1), (Kind::Usage, 1), (Kind::DoomedBlob, 20), (Kind::Event, 1)] {
        assert_eq!(all(new.moving.as_ref(), kind).await.len(), count, "{kind}");
    }
}
