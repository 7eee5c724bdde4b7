//! Laws of the audit log.

use super::{RACERS, Stores, begin_and_drop, race};
use crate::builders::{bare_event, event, file_event, file_id};
use epic_domain::Timestamp;
use epic_domain::audit::{Anchor, Event, EventKind, FailureReason, Link, verify};
use epic_outbound::audit::EVENTS_MAX;
use std::sync::Arc;

/// Expands to the laws of [`Audit`](epic_outbound::audit::Audit). The factory is an async function without arguments
/// that returns fresh [`Stores`].
#[macro_export]
macro_rules! audit_contract {
    ($factory:expr) => {
        $crate::laws_on_a_store! { audit, $factory;
            an_empty_log_stands_at_the_beginning
            appended_events_form_a_chain_that_verifies
            an_event_reads_back_whatever_it_holds
            a_batch_keeps_its_order
            an_empty_batch_changes_nothing
            the_longest_batch_is_appended_whole
            racing_batches_leave_one_unbroken_chain
            pages_follow_each_other
            an_append_given_up_is_whole_or_absent
        }
        $crate::laws_on_a_store! { audit_lists, $factory;
            an_owner_sees_their_events_and_no_one_elses
            a_list_of_one_kind_has_no_other
            pages_of_a_list_follow_each_other
            the_ends_of_a_list_are_no_error
            a_signed_head_reads_back_as_it_was_kept
            signed_heads_are_paged_by_length
            the_first_signed_head_at_a_place_stays
            racing_signed_heads_are_all_kept
        }
        $crate::laws_on_a_store! { audit_files, $factory;
            a_file_without_events_stands_at_its_beginning
            events_of_files_form_chains_of_their_own
            a_batch_continues_the_chains_of_its_files
            an_event_of_a_file_reads_back_whatever_it_holds
            pages_of_the_events_of_a_file_follow_each_other
            racing_events_of_one_file_leave_one_unbroken_chain
            an_append_to_a_file_given_up_is_whole_or_absent
        }
    };
}

/// The whole log, known to be as it was written.
async fn verified(stores: &Stores) -> Vec<Link> {
    let links = stores.audit.read(0, u32::MAX).await.unwrap();
    let end = verify(Anchor::empty(), links.iter().cloned()).unwrap();
    stores.audit.anchor().await.unwrap().matches(end).unwrap();
    links
}

async fn verified_events(stores: &Stores) -> Vec<Event> {
    verified(stores).await.into_iter().map(|link| link.event).collect()
}

/// Nothing to read, and the domain's empty anchor.
pub async fn an_empty_log_stands_at_the_beginning(stores: &Stores) {
    assert_eq!(stores.audit.anchor().await.unwrap(), Anchor::empty());
    assert_eq!(stores.audit.read(0, 10).await.unwrap(), []);
}

/// Call by call.
pub async fn appended_events_form_a_chain_that_verifies(stores: &Stores) {
    let events: Vec<_> = (0..10).map(event).collect();
    for event in &events {
        stores.audit.append(std::slice::from_ref(event)).await.unwrap();
    }
    assert_eq!(verified_events(stores).await, events);
    assert_eq!(stores.audit.anchor().await.unwrap().length, 10);
}

/// Every kind and reason, with everything present and everything absent, at the ends of time.
pub async fn an_event_reads_back_whatever_it_holds(stores: &Stores) {
    let kinds = (0..).zip(EventKind::ALL).map(|(seed, kind)| bare_event(seed, *kind));
    let reasons =
        (100..).zip(FailureReason::ALL).map(|(seed, reason)| Event { reason: Some(*reason), ..event(seed) });
    let extremes = [
        Event { at: Timestamp::MIN, count: 0, ..event(200) },
        Event { at: Timestamp::MAX, count: u32::MAX, ..event(201) },
    ];
    let events: Vec<_> = kinds.chain(reasons).chain(extremes).collect();
    stores.audit.append(&events).await.unwrap();
    assert_eq!(verified_events(stores).await, events);
}

/// Whatever the times of the events say.
pub async fn a_batch_keeps_its_order(stores: &Stores) {
    let events: Vec<_> = (0..100).rev().map(event).collect();
    stores.audit.append(&events[..60]).await.unwrap();
    stores.audit.append(&events[60..]).await.unwrap();
    assert_eq!(verified_events(stores).await, events);
}

/// And is no error.
pub async fn an_empty_batch_changes_nothing(stores: &Stores) {
    stores.audit.append(&[event(1)]).await.unwrap();
    let before = stores.audit.anchor().await.unwrap();
    stores.audit.append(&[]).await.unwrap();
    assert_eq!(stores.audit.anchor().await.unwrap(), before);
}

/// With events of some files among them.
pub async fn the_longest_batch_is_appended_whole(stores: &Stores) {
    let seeds = 0..u64::try_from(EVENTS_MAX).unwrap();
    let events: Vec<_> = seeds
        .map(|seed| if seed % 2 == 0 { event(seed) } else { file_event(seed, file_id(seed % 32)) })
        .collect();
    stores.audit.append(&events).await.unwrap();
    assert_eq!(verified_events(stores).await, events);
}

/// Sixty-four append at one moment: nothing is lost, each batch stays together.
pub async fn racing_batches_leave_one_unbroken_chain(stores: &Stores) {
    for round in 0..4_u64 {
        race(RACERS, |index| {
            let audit = Arc::clone(&stores.audit);
            let first = round * 1_000 + u64::try_from(index).unwrap() * 3;
            let batch = [event(first), event(first + 1), event(first + 2)];
            async move { audit.append(&batch).await.unwrap() }
        })
        .await;
    }
    let events = verified_events(stores).await;
    let mut batches: Vec<Vec<Event>> = events.chunks(3).map(<[Event]>::to_vec).collect();
    batches.sort_by_key(|batch| (0..4_000).find(|seed| event(*seed) == batch[0]));
    let expected: Vec<Vec<Event>> = (0..4)
        .flat_map(|round| (0..64).map(move |index| round * 1_000 + index * 3))
        .map(|first| vec![event(first), event(first + 1), event(first + 2)])
        .collect();
    assert_eq!(batches, expected);
}

/// Without a gap and without an overlap; past the end there is nothing.
pub async fn pages_follow_each_other(stores: &Stores) {
    let events: Vec<_> = (0..10).map(event).collect();
    stores.audit.append(&events).await.unwrap();
    let all = verified(stores).await;
    let mut pages = Vec::new();
    while let Ok(page) = stores.audit.read(u64::try_from(pages.len()).unwrap(), 4).await {
        assert!(page.len() <= 4);
        if page.is_empty() {
            break;
        }
        pages.extend(page);
    }
    assert_eq!(pages, all);
    assert_eq!(stores.audit.read(3, 0).await.unwrap(), []);
    for past in [10, 11, u64::MAX] {
        assert_eq!(stores.audit.read(past, 4).await.unwrap(), []);
    }
}

/// A call that is dropped half-way appends its whole batch or none of it.
pub async fn an_append_given_up_is_whole_or_absent(stores: &Stores) {
    for seed in 0..16 {
        let batch: Vec<_> = (0..5).map(|offset| event(seed * 10 + offset)).collect();
        begin_and_drop(stores.audit.append(&batch)).await;
    }
    stores.audit.append(&[event(1_000)]).await.unwrap();
    let mut events = verified_events(stores).await;
    events.retain(|event| *event != crate::builders::event(1_000));
    for batch in events.chunks(5) {
        let seed = (0..16).find(|seed| event(seed * 10) == batch[0]).unwrap();
        let whole: Vec<_> = (0..5).map(|offset| event(seed * 10 + offset)).collect();
        assert_eq!(batch, whole);
    }
}
