//! Laws of lists of shares, to the owner and to the recipient. They are part of `shares_contract!`.

use super::Stores;
use super::file_steps::{just_before, owned, people, rewritten, trashed, uploaded};
use super::shares::{file_among, granted};
use crate::builders::{T0, seconds_after_t0, share, user_id};
use epic_domain::Timestamp;
use epic_domain::file::{File, Share};
use epic_outbound::files::Position;

fn place(share: &Share) -> Position {
    Position { at: share.created_at, id: *share.id.as_bytes() }
}

fn newest_first(mut shares: Vec<Share>) -> Vec<Share> {
    shares.sort_by_key(|share| core::cmp::Reverse((share.created_at, share.id)));
    shares
}

async fn list(stores: &Stores, file: &File, after: Option<Position>, limit: u32) -> Vec<Share> {
    stores.shares.list(&owned(file), after, limit, T0).await.unwrap()
}

async fn incoming(stores: &Stores, after: Option<Position>, limit: u32) -> Vec<(Share, File)> {
    stores.shares.incoming(user_id(2), after, limit, T0).await.unwrap()
}

/// Ten shares of a file, three of which were made at each moment, the newest first.
async fn ten(stores: &Stores) -> (File, Vec<Share>) {
    let file = file_among(stores, 11).await;
    let mut shares = Vec::new();
    for seed in 2..=11 {
        let share = share(seed, &file, user_id(seed)).created_at(seconds_after_t0(seed / 3)).build();
        shares.push(granted(stores, &file, share).await);
    }
    (file, newest_first(shares))
}

/// Ten files of account 1, all shared with account 2 at four moments, the newest share first.
async fn ten_incoming(stores: &Stores) -> Vec<(Share, File)> {
    people(stores, &[1, 2, 3]).await;
    let mut shares = Vec::new();
    for seed in 0..10 {
        let file = uploaded(stores, seed, 1).await;
        let with_another = share(100 + seed, &file, user_id(3)).build();
        granted(stores, &file, with_another).await;
        let share = share(seed, &file, user_id(2)).created_at(seconds_after_t0(seed / 3)).build();
        shares.push((granted(stores, &file, share).await, file));
    }
    shares.sort_by_key(|(share, _)| core::cmp::Reverse((share.created_at, share.id)));
    shares
}

/// And of no other.
pub async fn an_owner_sees_the_shares_of_one_file(stores: &Stores) {
    let file = file_among(stores, 3).await;
    let other = uploaded(stores, 2, 1).await;
    assert_eq!(list(stores, &file, None, 10).await, []);
    let own = granted(stores, &file, share(1, &file, user_id(2)).build()).await;
    let others = granted(stores, &other, share(2, &other, user_id(3)).build()).await;
    assert_eq!(list(stores, &file, None, 10).await, [own]);
    assert_eq!(list(stores, &other, None, 10).await, [others]);
}

/// Of those of one moment the greater id.
pub async fn shares_are_listed_the_newest_first(stores: &Stores) {
    let (file, all) = ten(stores).await;
    assert_eq!(list(stores, &file, None, 100).await, all);
}

/// Without a gap and without an overlap, while others end; past the last there is nothing.
pub async fn pages_of_shares_follow_each_other(stores: &Stores) {
    let (file, all) = ten(stores).await;
    for limit in [1, 3, 10, u32::MAX] {
        let mut pages: Vec<Share> = Vec::new();
        while pages.len() < all.len() {
            let page = list(stores, &file, pages.last().map(place), limit).await;
            assert!(!page.is_empty() && u64::try_from(page.len()).unwrap() <= u64::from(limit));
            pages.extend(page);
        }
        assert_eq!(pages, all, "{limit}");
        assert_eq!(list(stores, &file, pages.last().map(place), limit).await, []);
    }
    assert_eq!(list(stores, &file, None, 0).await, []);
    stores.shares.end(file.id, all[3].id, user_id(1)).await.unwrap();
    assert_eq!(list(stores, &file, Some(place(&all[3])), 100).await, all[4..]);
}

/// To the millisecond, swept or not; they take no place on a page.
pub async fn shares_past_their_end_are_not_listed(stores: &Stores) {
    let file = file_among(stores, 3).await;
    let end = seconds_after_t0(10);
    let ending = share(1, &file, user_id(2)).created_at(seconds_after_t0(1)).expires_at(end).build();
    let ending = granted(stores, &file, ending).await;
    let endless = granted(stores, &file, share(2, &file, user_id(3)).build()).await;
    let at = |now, limit| {
        let file = &file;
        async move { stores.shares.list(&owned(file), None, limit, now).await.unwrap() }
    };
    assert_eq!(at(just_before(end), 10).await, [ending, endless.clone()]);
    assert_eq!(at(end, 1).await, [endless]);
}

/// By anyone, each with its file; nothing of what others got.
pub async fn a_recipient_sees_what_was_shared_with_them(stores: &Stores) {
    people(stores, &[1, 2, 3]).await;
    assert_eq!(incoming(stores, None, 10).await, []);
    let of_one = uploaded(stores, 1, 1).await;
    let of_three = uploaded(stores, 2, 3).await;
    let own = uploaded(stores, 3, 2).await;
    let older = granted(stores, &of_one, share(1, &of_one, user_id(2)).build()).await;
    let newer = share(2, &of_three, user_id(2)).created_at(seconds_after_t0(1)).build();
    let newer = granted(stores, &of_three, newer).await;
    granted(stores, &of_one, share(3, &of_one, user_id(3)).build()).await;
    granted(stores, &own, share(4, &own, user_id(1)).build()).await;
    assert_eq!(incoming(stores, None, 10).await, [(newer, of_three), (older, of_one)]);
}

/// Without a gap and without an overlap.
pub async fn pages_of_incoming_shares_follow_each_other(stores: &Stores) {
    let all = ten_incoming(stores).await;
    for limit in [1, 3, 10, u32::MAX] {
        let mut pages: Vec<(Share, File)> = Vec::new();
        while pages.len() < all.len() {
            let page = incoming(stores, pages.last().map(|(share, _)| place(share)), limit).await;
            assert!(!page.is_empty() && u64::try_from(page.len()).unwrap() <= u64::from(limit));
            pages.extend(page);
        }
        assert_eq!(pages, all, "{limit}");
        assert_eq!(incoming(stores, pages.last().map(|(share, _)| place(share)), limit).await, []);
    }
    assert_eq!(incoming(stores, None, 0).await, []);
}

/// To the millisecond; they take no place on a page.
pub async fn incoming_shares_past_their_end_are_not_listed(stores: &Stores) {
    people(stores, &[1, 2]).await;
    let (first, second) = (uploaded(stores, 1, 1).await, uploaded(stores, 2, 1).await);
    let end = seconds_after_t0(10);
    let ending = share(1, &first, user_id(2)).created_at(seconds_after_t0(1)).expires_at(end).build();
    let ending = granted(stores, &first, ending).await;
    let endless = granted(stores, &second, share(2, &second, user_id(2)).build()).await;
    let at = |now: Timestamp, limit| stores.shares.incoming(user_id(2), None, limit, now);
    let both = at(just_before(end), 10).await.unwrap();
    assert_eq!(both, [(ending, first), (endless.clone(), second.clone())]);
    assert_eq!(at(end, 1).await.unwrap(), [(endless, second)]);
}

/// They take no place on a page.
pub async fn incoming_files_in_the_trash_are_not_listed(stores: &Stores) {
    let all = ten_incoming(stores).await;
    trashed(stores, &all[0].1, T0).await;
    trashed(stores, &all[2].1, T0).await;
    assert_eq!(incoming(stores, None, 2).await, [&all[1..2], &all[3..4]].concat());
    assert_eq!(incoming(stores, Some(place(&all[1].0)), 100).await, all[3..]);
}

/// With their newest content.
pub async fn incoming_files_are_told_as_they_are_now(stores: &Stores) {
    let file = file_among(stores, 2).await;
    let share = granted(stores, &file, share(1, &file, user_id(2)).build()).await;
    let file = rewritten(stores, &file, 2, T0).await;
    assert_eq!(incoming(stores, None, 10).await, [(share, file)]);
}
