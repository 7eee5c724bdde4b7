//! Laws of links: making, finding, listing. They and the counts of downloads make `links_contract!`.

use super::file_steps::{
    just_before, owned, people, removed, restored, rewritten, trashed, uploaded, uploaded_into_trash,
};
use super::{RACERS, Stores, begin_and_drop, count_of, race};
use crate::builders::{T0, link, link_id, once, seconds_after_t0};
use epic_domain::Timestamp;
use epic_domain::file::{Earlier, File, FileAccess, Link, LinkTokenDigest, Once, RequestFingerprint};
use epic_outbound::files::Position;
use epic_outbound::links::LinkCreation;
use std::sync::Arc;

/// Expands to the laws of [`Links`](epic_outbound::links::Links). The factory is an async function without arguments that
/// returns fresh [`Stores`].
#[macro_export]
macro_rules! links_contract {
    ($factory:expr) => {
        $crate::laws_on_a_store! { links, $factory;
            a_link_reads_back_as_it_was_written
            a_maximal_link_reads_back_to_the_millisecond
            no_link_is_found_in_an_empty_store
            a_link_opens_the_file_as_it_is_now
            a_link_to_a_file_in_the_trash_opens_nothing
            links_are_listed_the_newest_first
            pages_of_links_follow_each_other
            a_file_has_no_more_links_than_it_may
            racing_links_keep_to_the_most_a_file_may_have
            links_past_their_end_do_not_count
            what_is_gone_or_in_the_trash_gets_no_link
            a_repeated_link_creates_nothing
            an_ended_link_is_gone
            a_link_is_ended_by_way_of_its_own_file_alone
            a_link_given_up_is_whole_or_absent
        }
        $crate::laws_on_a_store! { link_downloads, $factory;
            downloads_are_counted
            a_link_allows_as_many_downloads_as_it_says
            of_racing_downloads_exactly_as_many_pass_as_allowed
            racing_downloads_are_all_counted
            an_expired_link_counts_no_download
            a_link_that_is_gone_counts_no_download
            a_download_of_one_link_counts_on_no_other
            the_sweep_removes_links_past_their_end
            the_sweep_of_links_stops_at_its_limit
        }
    };
}

pub(super) async fn create(stores: &Stores, file: &File, link: &Link) -> LinkCreation {
    stores.links.create(&owned(file), link, 100, None, T0).await.unwrap()
}

pub(super) async fn created(stores: &Stores, file: &File, link: Link) -> Link {
    assert_eq!(create(stores, file, &link).await, LinkCreation::Created);
    link
}

pub(super) async fn found(stores: &Stores, link: &Link) -> Option<Link> {
    stores.links.find(&link.token_digest).await.unwrap().map(|(link, _)| link)
}

async fn list(stores: &Stores, file: &File, after: Option<Position>, limit: u32) -> Vec<Link> {
    stores.links.list(&owned(file), after, limit).await.unwrap()
}

fn place(link: &Link) -> Position {
    Position { at: link.created_at, id: *link.id.as_bytes() }
}

/// A file of account 1.
pub(super) async fn one_file(stores: &Stores) -> File {
    people(stores, &[1]).await;
    uploaded(stores, 1, 1).await
}

/// Ten links to a file, three of which were made at each moment, the newest first.
async fn ten(stores: &Stores) -> (File, Vec<Link>) {
    let file = one_file(stores).await;
    let mut links = Vec::new();
    for seed in 0..10 {
        let link = link(seed, &file).created_at(seconds_after_t0(seed / 3)).build();
        links.push(created(stores, &file, link).await);
    }
    links.sort_by_key(|link| core::cmp::Reverse((link.created_at, link.id)));
    (file, links)
}

/// Every field survives; the file comes with it.
pub async fn a_link_reads_back_as_it_was_written(stores: &Stores) {
    let file = one_file(stores).await;
    let endless = link(1, &file).build();
    let bounded = link(2, &file).expires_at(seconds_after_t0(9)).max_downloads(3).build();
    for link in [endless, bounded] {
        let link = created(stores, &file, link).await;
        let found = stores.links.find(&link.token_digest).await.unwrap();
        assert_eq!(found, Some((link, file.clone())));
    }
}

/// Every field survives at its largest and smallest; no fraction of a second is lost.
pub async fn a_maximal_link_reads_back_to_the_millisecond(stores: &Stores) {
    let file = one_file(stores).await;
    let largest = link(1, &file)
        .with(|link| {
            link.token_digest = LinkTokenDigest::from_bytes([0xFF; 32]);
            link.expires_at = Some(Timestamp::MAX);
            link.max_downloads = Some(u32::MAX);
            link.downloads = u32::MAX;
            link.created_at = Timestamp::MAX;
        })
        .build();
    let smallest = link(2, &file)
        .with(|link| {
            link.token_digest = LinkTokenDigest::from_bytes([0; 32]);
            link.expires_at = Some(Timestamp::MIN);
            link.max_downloads = Some(0);
            link.created_at = Timestamp::MIN;
        })
        .build();
    for link in [largest, smallest] {
        let link = created(stores, &file, link).await;
        assert_eq!(found(stores, &link).await, Some(link));
    }
}

/// Absence is no error.
pub async fn no_link_is_found_in_an_empty_store(stores: &Stores) {
    let file = crate::builders::file(1, 1).build();
    assert_eq!(found(stores, &link(1, &file).build()).await, None);
    assert_eq!(list(stores, &file, None, 10).await, []);
    assert!(!stores.links.count_download(link_id(1), T0).await.unwrap());
    assert!(!stores.links.end(&owned(&file), link_id(1)).await.unwrap());
    assert_eq!(stores.links.remove_expired(Timestamp::MAX, 10).await.unwrap(), 0);
}

/// With its newest content.
pub async fn a_link_opens_the_file_as_it_is_now(stores: &Stores) {
    let file = one_file(stores).await;
    let link = created(stores, &file, link(1, &file).build()).await;
    let file = rewritten(stores, &file, 2, T0).await;
    assert_eq!(stores.links.find(&link.token_digest).await.unwrap(), Some((link, file)));
}

/// Until the file is restored.
pub async fn a_link_to_a_file_in_the_trash_opens_nothing(stores: &Stores) {
    let file = one_file(stores).await;
    let link = created(stores, &file, link(1, &file).build()).await;
    let file = trashed(stores, &file, T0).await;
    let found = stores.links.find(&link.token_digest).await.unwrap();
    assert!(found.and_then(|(link, file)| FileAccess::by_link(&file, &link, T0)).is_none());
    let file = restored(stores, &file, T0).await;
    assert_eq!(stores.links.find(&link.token_digest).await.unwrap(), Some((link, file)));
}

/// Those of one file, live or not; of those of one moment the greater id.
pub async fn links_are_listed_the_newest_first(stores: &Stores) {
    let (file, mut all) = ten(stores).await;
    let other = uploaded(stores, 2, 1).await;
    created(stores, &other, link(100, &other).build()).await;
    let over = link(101, &file).expires_at(T0).created_at(seconds_after_t0(60)).build();
    all.insert(0, created(stores, &file, over).await);
    let used_up = link(102, &file).max_downloads(0).created_at(seconds_after_t0(61)).build();
    all.insert(0, created(stores, &file, used_up).await);
    assert_eq!(list(stores, &file, None, 100).await, all);
}

/// Without a gap and without an overlap, while others end; past the last there is nothing.
pub async fn pages_of_links_follow_each_other(stores: &Stores) {
    let (file, all) = ten(stores).await;
    for limit in [1, 3, 10, u32::MAX] {
        let mut pages: Vec<Link> = Vec::new();
        while pages.len() < all.len() {
            let page = list(stores, &file, pages.last().map(place), limit).await;
            assert!(!page.is_empty() && u64::try_from(page.len()).unwrap() <= u64::from(limit));
            pages.extend(page);
        }
        assert_eq!(pages, all, "{limit}");
        assert_eq!(list(stores, &file, pages.last().map(place), limit).await, []);
    }
    assert_eq!(list(stores, &file, None, 0).await, []);
    assert!(stores.links.end(&owned(&file), all[3].id).await.unwrap());
    assert_eq!(list(stores, &file, Some(place(&all[3])), 100).await, all[4..]);
}

/// Links to other files do not count.
pub async fn a_file_has_no_more_links_than_it_may(stores: &Stores) {
    let file = one_file(stores).await;
    let other = uploaded(stores, 2, 1).await;
    created(stores, &other, link(9, &other).build()).await;
    let expected = [LinkCreation::Created, LinkCreation::Created, LinkCreation::TooMany];
    for (seed, expected) in (1..).zip(expected) {
        let link = link(seed, &file).build();
        let creation = stores.links.create(&owned(&file), &link, 2, None, T0).await.unwrap();
        assert_eq!(creation, expected);
        assert_eq!(found(stores, &link).await.is_some(), expected == LinkCreation::Created);
    }
}

/// Sixty-four are made at one moment.
pub async fn racing_links_keep_to_the_most_a_file_may_have(stores: &Stores) {
    let file = one_file(stores).await;
    let results = race(RACERS, |index| {
        let (links, file) = (Arc::clone(&stores.links), file.clone());
        let link = link(u64::try_from(index).unwrap(), &file).build();
        async move { links.create(&owned(&file), &link, 10, None, T0).await.unwrap() }
    })
    .await;
    assert_eq!(count_of(&results, |creation| *creation == LinkCreation::Created), 10);
    assert_eq!(count_of(&results, |creation| *creation == LinkCreation::TooMany), RACERS - 10);
    assert_eq!(list(stores, &file, None, 100).await.len(), 10);
}

/// Whether by time or used up; swept or not.
pub async fn links_past_their_end_do_not_count(stores: &Stores) {
    let file = one_file(stores).await;
    let end = seconds_after_t0(10);
    created(stores, &file, link(1, &file).expires_at(end).build()).await;
    created(stores, &file, link(2, &file).max_downloads(0).build()).await;
    let third = link(3, &file).build();
    let at = |now| {
        let (file, third) = (&file, &third);
        async move { stores.links.create(&owned(file), third, 1, None, now).await.unwrap() }
    };
    assert_eq!(at(just_before(end)).await, LinkCreation::TooMany);
    assert_eq!(at(end).await, LinkCreation::Created);
}

/// And none is stored.
pub async fn what_is_gone_or_in_the_trash_gets_no_link(stores: &Stores) {
    people(stores, &[1]).await;
    let in_trash = uploaded_into_trash(stores, 1, 1).await;
    let gone = uploaded_into_trash(stores, 2, 1).await;
    removed(stores, &gone, T0).await;
    for (seed, file) in [(1, &in_trash), (2, &gone)] {
        let link = link(seed, file).build();
        assert_eq!(create(stores, file, &link).await, LinkCreation::FileGone);
        assert_eq!(found(stores, &link).await, None);
    }
}

/// And is told what came of the first, or that the key was used; one that failed is not remembered.
pub async fn a_repeated_link_creates_nothing(stores: &Stores) {
    let file = one_file(stores).await;
    let create_once = |seed, most, once: Once, now| {
        let (link, file) = (link(seed, &file).build(), &file);
        async move { stores.links.create(&owned(file), &link, most, Some(&once), now).await.unwrap() }
    };
    let other = Once { fingerprint: RequestFingerprint::from_bytes([7; 32]), ..once(1) };
    assert_eq!(create_once(1, 0, once(1), T0).await, LinkCreation::TooMany);
    assert_eq!(create_once(1, 9, once(1), T0).await, LinkCreation::Created);
    let same = LinkCreation::Earlier(Earlier::Same(once(1).outcome));
    assert_eq!(create_once(2, 9, once(1), just_before(once(1).expires_at)).await, same);
    assert_eq!(create_once(2, 9, other, T0).await, LinkCreation::Earlier(Earlier::Other));
    assert_eq!(list(stores, &file, None, 10).await.len(), 1);
    assert_eq!(create_once(2, 9, once(1), once(1).expires_at).await, LinkCreation::Created);
}

/// To end it again tells so.
pub async fn an_ended_link_is_gone(stores: &Stores) {
    let file = one_file(stores).await;
    let ended = created(stores, &file, link(1, &file).build()).await;
    let other = created(stores, &file, link(2, &file).build()).await;
    let results = race(RACERS, |_| {
        let (links, owned, id) = (Arc::clone(&stores.links), owned(&file), ended.id);
        async move { links.end(&owned, id).await.unwrap() }
    })
    .await;
    assert_eq!(count_of(&results, |ended| *ended), 1);
    assert_eq!(found(stores, &ended).await, None);
    assert_eq!(list(stores, &file, None, 10).await, [other]);
}

/// Of the same owner or another.
pub async fn a_link_is_ended_by_way_of_its_own_file_alone(stores: &Stores) {
    let file = one_file(stores).await;
    people(stores, &[2]).await;
    let link = created(stores, &file, link(1, &file).build()).await;
    for other in [uploaded(stores, 2, 1).await, uploaded(stores, 3, 2).await] {
        assert!(!stores.links.end(&owned(&other), link.id).await.unwrap());
    }
    assert_eq!(found(stores, &link).await, Some(link));
}

/// A call that is dropped half-way has remembered its request if it left a link, and not if it did not.
pub async fn a_link_given_up_is_whole_or_absent(stores: &Stores) {
    let file = one_file(stores).await;
    for seed in 0..16 {
        let (link, once) = (link(seed, &file).build(), once(seed));
        begin_and_drop(stores.links.create(&owned(&file), &link, 100, Some(&once), T0)).await;
        let again = stores.links.create(&owned(&file), &link, 100, Some(&once), T0).await.unwrap();
        let told = LinkCreation::Earlier(Earlier::Same(once.outcome));
        assert!(again == told || again == LinkCreation::Created, "{again:?}");
        assert_eq!(found(stores, &link).await, Some(link));
    }
}
