//! H03: whatever is done to a chain of events, its check says where.
#![expect(clippy::expect_used, reason = "a model that fails must stop its test")]

use core::time::Duration;
use epic_domain::Timestamp;
use epic_domain::audit::{
    Anchor, Break, BreakCause, Event, EventKind, FailureReason, FileLink, FileMark, GrantMark, Head, Link,
    verify, verify_file,
};
use epic_domain::id::{EventId, FileId, LinkId, SessionId, ShareId, UserId};
use epic_domain::network::IpPrefix;
use proptest::prelude::*;
use std::collections::HashMap;

/// Few files, so that chains of several events come about.
fn file_mark() -> impl Strategy<Value = FileMark> {
    let grant = prop_oneof![
        any::<[u8; 16]>().prop_map(|id| GrantMark::Share(ShareId::from_bytes(id))),
        any::<[u8; 16]>().prop_map(|id| GrantMark::Link(LinkId::from_bytes(id))),
    ];
    (0..3_u8, prop::option::of(grant))
        .prop_map(|(file, grant)| FileMark { file_id: FileId::from_randomness([file; 16]), grant })
}

fn event() -> impl Strategy<Value = Event> {
    (
        any::<[u8; 16]>(),
        0..4_000_000_000_000_u64,
        prop::sample::select(EventKind::ALL),
        prop::option::of(any::<[u8; 16]>()),
        prop::option::of(any::<[u8; 16]>()),
        prop::option::of(any::<[u8; 16]>()),
        prop::option::of(prop::sample::select(FailureReason::ALL)),
        1..5_u32,
        prop::option::of(file_mark()),
    )
        .prop_map(|(id, at, kind, user_id, session_id, origin, reason, count, file)| Event {
            id: EventId::from_bytes(id),
            at: Timestamp::from_millis(at),
            kind,
            user_id: user_id.map(UserId::from_bytes),
            session_id: session_id.map(SessionId::from_bytes),
            origin: origin.map(IpPrefix::from_bytes),
            reason,
            count,
            file,
        })
}

fn chain_of(events: impl IntoIterator<Item = Event>) -> Vec<Link> {
    let mut anchor = Anchor::empty();
    let mut of_files = HashMap::new();
    events
        .into_iter()
        .map(|event| {
            let file_id = event.file.map(|mark| mark.file_id);
            let link = anchor.link(event, file_id.and_then(|file_id| of_files.get(&file_id).copied()));
            anchor = link.anchor();
            if let (Some(file_id), Some(place)) = (file_id, link.file) {
                of_files.insert(file_id, place.anchor());
            }
            link
        })
        .collect()
}

fn chain() -> impl Strategy<Value = Vec<Link>> {
    prop::collection::vec(event(), 1..12).prop_map(chain_of)
}

/// A chain and a place in it, from 0.
fn chain_and_place() -> impl Strategy<Value = (Vec<Link>, usize)> {
    chain().prop_flat_map(|links| {
        let places = 0..links.len();
        (Just(links), places)
    })
}

/// The events of each file, as its owner sees them.
fn of_files(links: &[Link]) -> HashMap<FileId, Vec<FileLink>> {
    let mut files: HashMap<FileId, Vec<FileLink>> = HashMap::new();
    for link in links {
        if let (Some(mark), Some(seen)) = (link.event.file, FileLink::of(link)) {
            files.entry(mark.file_id).or_default().push(seen);
        }
    }
    files
}

fn check(links: &[Link]) -> Result<Anchor, Break> {
    verify(Anchor::empty(), links.iter().cloned())
}

fn anchor_of(links: &[Link]) -> Anchor {
    links.last().map_or_else(Anchor::empty, Link::anchor)
}

fn broken(place: usize, cause: BreakCause) -> Break {
    Break { sequence: u64::try_from(place).expect("a place") + 1, cause }
}

/// Every change of one field, each a change indeed.
fn edits() -> Vec<fn(&mut Event)> {
    fn flip(bytes: &[u8; 16]) -> [u8; 16] {
        let mut flipped = *bytes;
        flipped[15] ^= 1;
        flipped
    }
    vec![
        |event| event.id = EventId::from_bytes(flip(event.id.as_bytes())),
        |event| event.at = Timestamp::from_millis(event.at.as_millis() ^ 1),
        |event| {
            let other =
                if event.kind == EventKind::Login { EventKind::LoginFailed } else { EventKind::Login };
            event.kind = other;
        },
        |event| {
            let other = event.user_id.map_or([0; 16], |id| flip(id.as_bytes()));
            event.user_id = Some(UserId::from_bytes(other));
        },
        |event| {
            event.user_id = if event.user_id.is_some() { None } else { Some(UserId::from_bytes([0; 16])) }
        },
        |event| {
            let other = event.session_id.map_or([0; 16], |id| flip(id.as_bytes()));
            event.session_id = Some(SessionId::from_bytes(other));
        },
        |event| {
            let absent = event.session_id.is_none();
            event.session_id = absent.then_some(SessionId::from_bytes([0; 16]));
        },
        |event| {
            let absent = event.origin.is_none();
            event.origin = absent.then_some(IpPrefix::unspecified());
        },
        |event| {
            let absent = event.reason.is_none();
            event.reason = absent.then_some(FailureReason::WrongKey);
        },
        |event| event.count += 1,
        // What one optional field loses another gains: the encodings must not run together.
        |event| {
            let as_session = event.user_id.map(|id| SessionId::from_bytes(*id.as_bytes()));
            let as_user = event.session_id.map(|id| UserId::from_bytes(*id.as_bytes()));
            (event.user_id, event.session_id) = (as_user, as_session);
            if event.user_id.is_none() && event.session_id.is_none() {
                event.count += 1;
            }
        },
    ]
}

proptest! {
    #[test]
    fn an_untouched_chain_verifies_whole_and_in_pieces(links in chain(), cut in 0..12_usize) {
        let anchor = anchor_of(&links);
        prop_assert_eq!(check(&links), Ok(anchor));
        prop_assert_eq!(anchor.matches(anchor), Ok(()));
        let (front, back) = links.split_at(cut.min(links.len()));
        let middle = check(front).expect("the front holds");
        prop_assert_eq!(verify(middle, back.iter().cloned()), Ok(anchor));
    }

    #[test]
    fn h03_an_edit_of_any_field_is_found_where_it_was_made((links, place) in chain_and_place()) {
        for edit in edits() {
            let mut edited = links.clone();
            edit(&mut edited[place].event);
            prop_assume!(edited[place].event != links[place].event);
            prop_assert_eq!(check(&edited), Err(broken(place, BreakCause::Altered)));
        }
    }

    #[test]
    fn h03_an_edited_hash_or_number_is_found_where_it_was_made(
        (links, place) in chain_and_place(), byte in 0..32_usize,
    ) {
        let mut edited = links.clone();
        let mut head = *edited[place].head.as_bytes();
        head[byte] ^= 1;
        edited[place].head = Head::from_bytes(head);
        prop_assert_eq!(check(&edited), Err(broken(place, BreakCause::Altered)));
        let mut edited = links;
        edited[place].sequence += 1;
        prop_assert_eq!(check(&edited), Err(broken(place, BreakCause::OutOfSequence)));
    }

    #[test]
    fn h03_a_removed_event_is_found_even_if_the_rest_is_renumbered((mut links, place) in chain_and_place()) {
        let anchor = anchor_of(&links);
        let was_last = place + 1 == links.len();
        links.remove(place);
        if was_last {
            let verified = check(&links).expect("a chain that was cut off holds in itself");
            prop_assert_eq!(anchor.matches(verified), Err(broken(place, BreakCause::Truncated)));
        } else {
            prop_assert_eq!(check(&links), Err(broken(place, BreakCause::OutOfSequence)));
            links.iter_mut().skip(place).for_each(|link| link.sequence -= 1);
            prop_assert_eq!(check(&links), Err(broken(place, BreakCause::Altered)));
        }
    }

    #[test]
    fn h03_events_that_changed_places_are_found((links, place) in chain_and_place(), other in 0..12_usize) {
        let other = other % links.len();
        prop_assume!(place != other && links[place].event != links[other].event);
        let first = place.min(other);
        let mut moved = links.clone();
        moved.swap(place, other);
        prop_assert_eq!(check(&moved), Err(broken(first, BreakCause::OutOfSequence)));
        let mut exchanged = links.clone();
        exchanged[place].event = links[other].event.clone();
        exchanged[other].event = links[place].event.clone();
        prop_assert_eq!(check(&exchanged), Err(broken(first, BreakCause::Altered)));
    }

    #[test]
    fn h03_an_event_put_in_or_doubled_is_found((mut links, place) in chain_and_place(), event in event()) {
        let at_place = check(&links[..place]).expect("the front holds");
        let mut forged = links.clone();
        forged.insert(place, at_place.link(event, None));
        let found = check(&forged).map(|verified| anchor_of(&links).matches(verified));
        prop_assert_eq!(found, Err(broken(place + 1, BreakCause::OutOfSequence)));
        links.insert(place, links[place].clone());
        prop_assert_eq!(check(&links), Err(broken(place + 1, BreakCause::OutOfSequence)));
    }

    #[test]
    fn h03_a_chain_cut_off_anywhere_does_not_match_its_anchor((links, place) in chain_and_place()) {
        let verified = check(&links[..place]).expect("a chain that was cut off holds in itself");
        let found = anchor_of(&links).matches(verified);
        prop_assert_eq!(found, Err(broken(place, BreakCause::Truncated)));
    }

    #[test]
    fn h03_a_chain_written_anew_around_an_edit_does_not_match_its_anchor((links, place) in chain_and_place()) {
        let mut events: Vec<Event> = links.iter().map(|link| link.event.clone()).collect();
        events[place].count += 1;
        let rewritten = check(&chain_of(events)).expect("it holds in itself");
        prop_assert!(anchor_of(&links).matches(rewritten).is_err());
    }
}

proptest! {
    #[test]
    fn each_files_events_are_a_chain_of_their_own(links in chain()) {
        for (file_id, seen) in of_files(&links) {
            let verified = verify_file(Anchor::of_file(file_id), seen.clone());
            let last = seen.last().expect("a file is there by an event");
            prop_assert_eq!(verified, Ok(Anchor { length: last.sequence, head: last.head }));
            prop_assert_eq!(usize::try_from(last.sequence).ok(), Some(seen.len()));
        }
    }

    #[test]
    fn h03_in_a_files_chain_too_what_was_done_to_it_is_found(links in chain(), other in any::<[u8; 16]>()) {
        for (file_id, seen) in of_files(&links) {
            for place in 0..seen.len() {
                let sequence = u64::try_from(place).expect("few") + 1;
                let altered = |change: &dyn Fn(&mut FileLink)| {
                    let mut links = seen.clone();
                    change(&mut links[place]);
                    verify_file(Anchor::of_file(file_id), links)
                };
                let found = Err(Break { sequence, cause: BreakCause::Altered });
                prop_assert_eq!(altered(&|link| link.at = link.at.saturating_add(Duration::from_millis(1))), found);
                prop_assert_eq!(altered(&|link| link.actor = Some(UserId::from_bytes(other))), found);
                prop_assert_eq!(altered(&|link| link.event_id = EventId::from_bytes(other)), found);
                prop_assert_eq!(
                    altered(&|link| link.grant = Some(GrantMark::Share(ShareId::from_bytes(other)))),
                    found
                );
                let mut shortened = seen.clone();
                shortened.remove(place);
                let last = Anchor { length: seen[seen.len() - 1].sequence, head: seen[seen.len() - 1].head };
                let verified = verify_file(Anchor::of_file(file_id), shortened);
                prop_assert!(verified.and_then(|anchor| last.matches(anchor)).is_err());
            }
        }
    }

    #[test]
    fn the_whole_chain_vouches_for_each_files_chain((links, place) in chain_and_place()) {
        let mut forged = links;
        let Some(file) = &mut forged[place].file else { return Ok(()) };
        file.head = Head::from_bytes([0; 32]);
        prop_assert_eq!(check(&forged), Err(broken(place, BreakCause::Altered)));
    }
}

#[test]
fn names_of_kinds_and_reasons_are_distinct_and_read_back() {
    for kind in EventKind::ALL {
        assert_eq!(EventKind::parse(kind.as_str()), Ok(*kind));
    }
    for reason in FailureReason::ALL {
        assert_eq!(FailureReason::parse(reason.as_str()), Ok(*reason));
    }
    assert!(EventKind::parse("Login").is_err());
    assert!(FailureReason::parse("").is_err());
}
