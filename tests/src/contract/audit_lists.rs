//! Laws of an owner's view of the audit log, and of signed heads. They are part of `audit_contract!`.

use super::{RACERS, Stores, race};
use crate::builders::{bare_event, event, signed_head, user_id};
use epic_domain::Timestamp;
use epic_domain::audit::{Anchor, Event, EventKind, Head, Link, SignedHead};
use epic_domain::key_id::KeyId;
use std::sync::Arc;

const LOGIN: EventKind = EventKind::Login;
const REFRESH: EventKind = EventKind::Refresh;

/// Thirty events: two in three of account 1, the others of account 2; every fifth a login, the others refreshes; and
/// one of nobody.
async fn filled(stores: &Stores) -> Vec<Event> {
    let mut events: Vec<Event> = (0..30)
        .map(|seed| Event {
            kind: if seed % 5 == 0 { LOGIN } else { REFRESH },
            user_id: Some(user_id(if seed % 3 == 2 { 2 } else { 1 })),
            ..event(seed)
        })
        .collect();
    events.insert(7, bare_event(100, LOGIN));
    stores.audit.append(&events).await.unwrap();
    events
}

/// The links of account 1 that a list should give.
async fn expected(stores: &Stores, kind: Option<EventKind>) -> Vec<Link> {
    let mut links = stores.audit.read(0, 1_000).await.unwrap();
    links.retain(|link| {
        link.event.user_id == Some(user_id(1)) && kind.is_none_or(|kind| link.event.kind == kind)
    });
    links.reverse();
    links
}

async fn list(stores: &Stores, kind: Option<EventKind>, before: Option<u64>, limit: u32) -> Vec<Link> {
    stores.audit.list(user_id(1), kind, before, limit).await.unwrap()
}

/// The newest first.
pub async fn an_owner_sees_their_events_and_no_one_elses(stores: &Stores) {
    assert_eq!(list(stores, None, None, 100).await, []);
    filled(stores).await;
    let own = list(stores, None, None, 100).await;
    assert_eq!(own.len(), 20);
    assert_eq!(own, expected(stores, None).await);
    assert_eq!(stores.audit.list(user_id(2), None, None, 100).await.unwrap().len(), 10);
    assert_eq!(stores.audit.list(user_id(3), None, None, 100).await.unwrap(), []);
}

/// One kind at a time.
pub async fn a_list_of_one_kind_has_no_other(stores: &Stores) {
    filled(stores).await;
    for (kind, count) in [(LOGIN, 4), (REFRESH, 16), (EventKind::AccountDeleted, 0)] {
        let listed = list(stores, Some(kind), None, 100).await;
        assert_eq!(listed, expected(stores, Some(kind)).await);
        assert_eq!(listed.len(), count);
    }
}

/// Without a gap and without an overlap, of one kind or all; what happens meanwhile moves none.
pub async fn pages_of_a_list_follow_each_other(stores: &Stores) {
    filled(stores).await;
    for kind in [None, Some(LOGIN), Some(REFRESH)] {
        for limit in [1, 3, 20, u32::MAX] {
            let all = expected(stores, kind).await;
            let mut pages: Vec<Link> = Vec::new();
            loop {
                let page = list(stores, kind, pages.last().map(|link| link.sequence), limit).await;
                assert!(u64::try_from(page.len()).unwrap() <= u64::from(limit));
                if page.is_empty() {
                    break;
                }
                pages.extend(page);
                assert!(pages.len() <= all.len(), "pages overlap");
                let newer = Event { user_id: Some(user_id(1)), kind: LOGIN, ..event(1_000) };
                stores.audit.append(&[newer]).await.unwrap();
            }
            assert_eq!(pages, all, "{kind:?} {limit}");
        }
    }
}

/// Before the first there is nothing; the largest place is past them all.
pub async fn the_ends_of_a_list_are_no_error(stores: &Stores) {
    filled(stores).await;
    let all = expected(stores, None).await;
    for before in [0, 1] {
        assert_eq!(list(stores, None, Some(before), 10).await, []);
    }
    for before in [1_000, u64::MAX / 2, u64::MAX] {
        assert_eq!(list(stores, None, Some(before), 100).await, all);
    }
    assert_eq!(list(stores, None, None, 0).await, []);
}

/// Every field survives, at its smallest and largest.
pub async fn a_signed_head_reads_back_as_it_was_kept(stores: &Stores) {
    assert_eq!(stores.audit.signed_heads(0, 10).await.unwrap(), []);
    let smallest = SignedHead {
        anchor: Anchor { length: 1, head: Head::from_bytes([0; 32]) },
        at: Timestamp::MIN,
        key_id: KeyId::parse("k").unwrap(),
        signature: [0; 64],
    };
    let largest = SignedHead {
        anchor: Anchor { length: u64::MAX / 2, head: Head::from_bytes([0xFF; 32]) },
        at: Timestamp::MAX,
        key_id: KeyId::parse(&"k".repeat(32)).unwrap(),
        signature: [0xFF; 64],
    };
    for head in [&smallest, &largest] {
        stores.audit.keep_signed_head(head).await.unwrap();
    }
    assert_eq!(stores.audit.signed_heads(0, 10).await.unwrap(), [smallest, largest]);
}

/// Whatever the order in which they came; without a gap and without an overlap.
pub async fn signed_heads_are_paged_by_length(stores: &Stores) {
    for length in [30, 10, 50, 20, 40] {
        stores.audit.keep_signed_head(&signed_head(length)).await.unwrap();
    }
    let lengths = |after, limit| async move {
        let heads = stores.audit.signed_heads(after, limit).await.unwrap();
        heads.into_iter().map(|head| head.anchor.length).collect::<Vec<_>>()
    };
    assert_eq!(lengths(0, 10).await, [10, 20, 30, 40, 50]);
    assert_eq!(lengths(0, 2).await, [10, 20]);
    assert_eq!(lengths(20, 2).await, [30, 40]);
    assert_eq!(lengths(25, 10).await, [30, 40, 50]);
    assert_eq!(lengths(0, 0).await, []);
    for past in [50, 51, u64::MAX] {
        assert_eq!(lengths(past, 10).await, []);
    }
}

/// A later head at the same place would cover up a chain that was rewritten between them.
pub async fn the_first_signed_head_at_a_place_stays(stores: &Stores) {
    let first = signed_head(10);
    let second = SignedHead { anchor: Anchor { length: 10, ..signed_head(11).anchor }, ..signed_head(12) };
    for head in [&first, &second] {
        stores.audit.keep_signed_head(head).await.unwrap();
    }
    assert_eq!(stores.audit.signed_heads(0, 10).await.unwrap(), [first]);
}

/// None is lost.
pub async fn racing_signed_heads_are_all_kept(stores: &Stores) {
    race(RACERS, |index| {
        let audit = Arc::clone(&stores.audit);
        let head = signed_head(1 + u64::try_from(index).unwrap());
        async move { audit.keep_signed_head(&head).await.unwrap() }
    })
    .await;
    let expected: Vec<_> = (1..=64).map(signed_head).collect();
    assert_eq!(stores.audit.signed_heads(0, 100).await.unwrap(), expected);
}
