//! Laws of downloads by links, and of links past their end. They are part of `links_contract!`.

use super::file_steps::{just_before, owned};
use super::links::{created, found, one_file};
use super::{RACERS, Stores, count_of, race};
use crate::builders::{T0, link, link_id, seconds_after_t0};
use epic_domain::Timestamp;
use epic_domain::file::Link;
use std::sync::Arc;

async fn counts(stores: &Stores, link: &Link, now: Timestamp) -> bool {
    stores.links.count_download(link.id, now).await.unwrap()
}

async fn downloads(stores: &Stores, link: &Link) -> u32 {
    found(stores, link).await.unwrap().downloads
}

/// Without a bound; nothing else of the link changes.
pub async fn downloads_are_counted(stores: &Stores) {
    let file = one_file(stores).await;
    let link = created(stores, &file, link(1, &file).build()).await;
    for downloads in 1..=5 {
        assert!(counts(stores, &link, T0).await);
        assert_eq!(found(stores, &link).await, Some(Link { downloads, ..link.clone() }));
    }
}

/// And not one more.
pub async fn a_link_allows_as_many_downloads_as_it_says(stores: &Stores) {
    let file = one_file(stores).await;
    for (seed, most) in [(1, 0), (2, 1), (3, 3)] {
        let link = created(stores, &file, link(seed, &file).max_downloads(most).build()).await;
        for _ in 0..most {
            assert!(counts(stores, &link, T0).await);
        }
        assert!(!counts(stores, &link, T0).await);
        assert_eq!(downloads(stores, &link).await, most);
    }
}

/// Ten of sixty-four.
pub async fn of_racing_downloads_exactly_as_many_pass_as_allowed(stores: &Stores) {
    let file = one_file(stores).await;
    let link = created(stores, &file, link(1, &file).max_downloads(10).build()).await;
    let results = race(RACERS, |_| {
        let links = Arc::clone(&stores.links);
        async move { links.count_download(link_id(1), T0).await.unwrap() }
    })
    .await;
    assert_eq!(count_of(&results, |counted| *counted), 10);
    assert_eq!(downloads(stores, &link).await, 10);
}

/// None is lost.
pub async fn racing_downloads_are_all_counted(stores: &Stores) {
    let file = one_file(stores).await;
    let link = created(stores, &file, link(1, &file).build()).await;
    let results = race(RACERS, |_| {
        let links = Arc::clone(&stores.links);
        async move { links.count_download(link_id(1), T0).await.unwrap() }
    })
    .await;
    assert_eq!(count_of(&results, |counted| *counted), RACERS);
    assert_eq!(downloads(stores, &link).await, 64);
}

/// To the millisecond, swept or not.
pub async fn an_expired_link_counts_no_download(stores: &Stores) {
    let file = one_file(stores).await;
    let end = seconds_after_t0(10);
    let link = created(stores, &file, link(1, &file).expires_at(end).build()).await;
    assert!(counts(stores, &link, just_before(end)).await);
    assert!(!counts(stores, &link, end).await);
    assert_eq!(downloads(stores, &link).await, 1);
}

/// Ended, or never made.
pub async fn a_link_that_is_gone_counts_no_download(stores: &Stores) {
    let file = one_file(stores).await;
    let ended = created(stores, &file, link(1, &file).build()).await;
    assert!(stores.links.end(&owned(&file), ended.id).await.unwrap());
    for gone in [ended, link(2, &file).build()] {
        assert!(!counts(stores, &gone, T0).await);
        assert_eq!(found(stores, &gone).await, None);
    }
}

/// Not even to the same file.
pub async fn a_download_of_one_link_counts_on_no_other(stores: &Stores) {
    let file = one_file(stores).await;
    let one = created(stores, &file, link(1, &file).max_downloads(1).build()).await;
    let other = created(stores, &file, link(2, &file).max_downloads(1).build()).await;
    assert!(counts(stores, &one, T0).await);
    assert_eq!(found(stores, &other).await.as_ref(), Some(&other));
    assert!(counts(stores, &other, T0).await);
}

/// To the millisecond; those that are used up stay until then, and those without an end for good.
pub async fn the_sweep_removes_links_past_their_end(stores: &Stores) {
    let file = one_file(stores).await;
    let end = seconds_after_t0(10);
    let over = created(stores, &file, link(1, &file).expires_at(end).build()).await;
    let later = created(stores, &file, link(2, &file).expires_at(seconds_after_t0(11)).build()).await;
    let used_up = created(stores, &file, link(3, &file).max_downloads(0).build()).await;
    assert_eq!(stores.links.remove_expired(just_before(end), 10).await.unwrap(), 0);
    assert_eq!(stores.links.remove_expired(end, 10).await.unwrap(), 1);
    assert_eq!(found(stores, &over).await, None);
    for kept in [later, used_up] {
        assert_eq!(found(stores, &kept).await, Some(kept));
    }
}

/// So that it never holds the store for long.
pub async fn the_sweep_of_links_stops_at_its_limit(stores: &Stores) {
    let file = one_file(stores).await;
    for seed in 0..5 {
        created(stores, &file, link(seed, &file).expires_at(T0).build()).await;
    }
    for (limit, expected) in [(0, 0), (3, 3), (3, 2), (3, 0)] {
        assert_eq!(stores.links.remove_expired(Timestamp::MAX, limit).await.unwrap(), expected);
    }
}
