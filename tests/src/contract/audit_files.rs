//! Laws of the chains that single files have in the audit log. They are part of `audit_contract!`.

use super::{RACERS, Stores, begin_and_drop, race};
use crate::builders::{event, file_event, file_id, link_id, share_id};
use epic_domain::audit::{
    Anchor, Event, EventKind, FileLink, FileMark, GrantMark, Link, verify, verify_file,
};
use epic_domain::id::EventId;
use std::sync::Arc;

/// The chain of the file of a seed, known to be as it was written, together with the whole log.
async fn verified(stores: &Stores, seed: u64) -> Vec<FileLink> {
    let links = stores.audit.list_of_file(file_id(seed), 0, u32::MAX).await.unwrap();
    let end = verify_file(Anchor::of_file(file_id(seed)), links.iter().cloned()).unwrap();
    stores.audit.anchor_of_file(file_id(seed)).await.unwrap().matches(end).unwrap();
    let whole = whole_log(stores).await;
    let expected: Vec<_> =
        whole.iter().filter(|link| is_about(link, seed)).filter_map(FileLink::of).collect();
    assert_eq!(links, expected, "what the whole log says of the file");
    links
}

async fn whole_log(stores: &Stores) -> Vec<Link> {
    let links = stores.audit.read(0, u32::MAX).await.unwrap();
    let end = verify(Anchor::empty(), links.iter().cloned()).unwrap();
    stores.audit.anchor().await.unwrap().matches(end).unwrap();
    links
}

fn is_about(link: &Link, seed: u64) -> bool {
    link.event.file.is_some_and(|mark| mark.file_id == file_id(seed))
}

fn ids(links: &[FileLink]) -> Vec<EventId> {
    links.iter().map(|link| link.event_id).collect()
}

fn ids_of(seeds: impl IntoIterator<Item = u64>) -> Vec<EventId> {
    seeds.into_iter().map(|seed| event(seed).id).collect()
}

/// Nothing to read, and the domain's anchor of a file to which nothing has happened.
pub async fn a_file_without_events_stands_at_its_beginning(stores: &Stores) {
    stores.audit.append(&[event(1), file_event(2, file_id(2))]).await.unwrap();
    assert_eq!(verified(stores, 1).await, []);
    let anchor = stores.audit.anchor_of_file(file_id(1)).await.unwrap();
    assert_eq!(anchor, Anchor::of_file(file_id(1)));
}

/// Call by call, two files and events of none in turn.
pub async fn events_of_files_form_chains_of_their_own(stores: &Stores) {
    for seed in 0..15 {
        let event = if seed % 3 == 0 { event(seed) } else { file_event(seed, file_id(seed % 3)) };
        stores.audit.append(&[event]).await.unwrap();
    }
    for file in [1, 2] {
        let links = verified(stores, file).await;
        assert_eq!(ids(&links), ids_of((0..15).filter(|seed| seed % 3 == file)));
        let sequences: Vec<_> = links.iter().map(|link| link.sequence).collect();
        assert_eq!(sequences, [1, 2, 3, 4, 5]);
    }
    let places: Vec<_> = whole_log(stores).await.iter().map(|link| link.file.is_some()).collect();
    assert_eq!(places, (0..15).map(|seed| seed % 3 != 0).collect::<Vec<_>>());
}

/// Several of one file, and of several, in their order.
pub async fn a_batch_continues_the_chains_of_its_files(stores: &Stores) {
    let first = [file_event(1, file_id(1)), file_event(2, file_id(1)), file_event(3, file_id(2))];
    let second = [file_event(4, file_id(2)), event(5), file_event(6, file_id(1)), file_event(7, file_id(2))];
    stores.audit.append(&first).await.unwrap();
    stores.audit.append(&second).await.unwrap();
    assert_eq!(ids(&verified(stores, 1).await), ids_of([1, 2, 6]));
    assert_eq!(ids(&verified(stores, 2).await), ids_of([3, 4, 7]));
}

/// Every kind, by a share, a link or neither, by someone or nobody.
pub async fn an_event_of_a_file_reads_back_whatever_it_holds(stores: &Stores) {
    let grants =
        [None, Some(GrantMark::Share(share_id(1))), Some(GrantMark::Link(link_id(1)))].into_iter().cycle();
    let events: Vec<_> = (0_u64..)
        .zip(EventKind::ALL)
        .zip(grants)
        .map(|((seed, kind), grant)| Event {
            kind: *kind,
            user_id: event(seed).user_id.filter(|_| seed % 2 == 0),
            file: Some(FileMark { file_id: file_id(1), grant }),
            ..event(seed)
        })
        .collect();
    stores.audit.append(&events).await.unwrap();
    let written: Vec<_> = whole_log(stores).await.into_iter().map(|link| link.event).collect();
    assert_eq!(written, events);
    let read: Vec<_> = verified(stores, 1)
        .await
        .into_iter()
        .map(|link| (link.event_id, link.at, link.kind, link.actor, link.grant))
        .collect();
    let expected: Vec<_> = events
        .iter()
        .map(|event| (event.id, event.at, event.kind, event.user_id, event.file.and_then(|mark| mark.grant)))
        .collect();
    assert_eq!(read, expected);
}

/// Without a gap and without an overlap; past the end there is nothing.
pub async fn pages_of_the_events_of_a_file_follow_each_other(stores: &Stores) {
    for seed in 0..10 {
        let batch = [file_event(seed, file_id(1)), file_event(100 + seed, file_id(2))];
        stores.audit.append(&batch).await.unwrap();
    }
    let all = verified(stores, 1).await;
    let page = |after, limit| stores.audit.list_of_file(file_id(1), after, limit);
    let mut pages = Vec::new();
    for after in [0, 4, 8] {
        pages.extend(page(after, 4).await.unwrap());
    }
    assert_eq!(pages, all);
    assert_eq!(page(3, 1).await.unwrap(), all[3..4]);
    assert_eq!(page(3, 0).await.unwrap(), []);
    for past in [10, 11, u64::MAX] {
        assert_eq!(page(past, 4).await.unwrap(), []);
    }
}

/// Sixty-four append to two files at one moment: nothing is lost, no place is taken twice.
pub async fn racing_events_of_one_file_leave_one_unbroken_chain(stores: &Stores) {
    race(RACERS, |index| {
        let audit = Arc::clone(&stores.audit);
        let seed = u64::try_from(index).unwrap() * 3;
        let batch = [
            file_event(seed, file_id(1)),
            file_event(seed + 1, file_id(2)),
            file_event(seed + 2, file_id(1)),
        ];
        async move { audit.append(&batch).await.unwrap() }
    })
    .await;
    assert_eq!(verified(stores, 1).await.len(), 2 * RACERS);
    assert_eq!(verified(stores, 2).await.len(), RACERS);
}

/// A call that is dropped half-way leaves both chains whole.
pub async fn an_append_to_a_file_given_up_is_whole_or_absent(stores: &Stores) {
    for seed in 0..16 {
        let batch = [file_event(seed * 2, file_id(1)), file_event(seed * 2 + 1, file_id(1))];
        begin_and_drop(stores.audit.append(&batch)).await;
    }
    stores.audit.append(&[file_event(100, file_id(1))]).await.unwrap();
    let links = verified(stores, 1).await;
    assert_eq!(links.len() % 2, 1, "no half of a batch");
}
