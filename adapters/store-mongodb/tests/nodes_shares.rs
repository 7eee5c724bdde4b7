//! Several nodes share one database: grants keep to their bounds, and none outlives what it is about.

use crate::support::FreshDatabase;
use crate::support::nodes::{RACERS, nodes, race};
use core::time::Duration;
use epic_domain::file::{Earlier, File, Ownership};
use epic_outbound::files::{FileOutcome, Files, RemovalOutcome};
use epic_outbound::links::{LinkCreation, Links};
use epic_outbound::shares::{Granting, Shares};
use epic_outbound::users::Users;
use epic_store_mongodb::MongoStore;
use epic_tests::builders::{T0, link, link_id, once, share, user, user_id};
use epic_tests::steps::uploaded;
use mongodb::bson::{Document, doc};

const AMPLE: u32 = 1_000;

/// The nodes, with a file of account 1, and accounts 2 to 65.
async fn nodes_with_file(database: &FreshDatabase) -> (Vec<MongoStore>, File) {
    let nodes = nodes(database).await;
    let node = nodes.first().unwrap();
    for seed in 1..=RACERS + 1 {
        node.insert_if_absent(&user(seed).build(), T0).await.unwrap();
    }
    let file = uploaded(node, 1, 1).await;
    (nodes, file)
}

fn owned(file: &File) -> Ownership {
    file.owned_by(file.owner).unwrap()
}

fn count<T>(results: &[T], is_meant: impl Fn(&T) -> bool) -> u64 {
    results.iter().map(|result| u64::from(is_meant(result))).sum()
}

async fn trashed(node: &MongoStore, file: &File) -> File {
    match node.trash(&owned(file), file.version, T0).await.unwrap() {
        FileOutcome::Made(file) => *file,
        other => panic!("{other:?}"),
    }
}

/// How many documents there are, whether anyone sees them or not.
async fn stored(database: &FreshDatabase, collection: &str) -> u64 {
    let all = database.raw().await.collection::<Document>(collection);
    all.count_documents(doc! {}).await.unwrap()
}

async fn nothing_more_is_granted(nodes: &[MongoStore], file: &File) {
    for node in nodes {
        let share = share(1_000, file, user_id(2)).build();
        let granting = node.grant(&owned(file), &share, AMPLE, None, T0).await.unwrap();
        assert_eq!(granting, Granting::FileGone);
        let link = link(1_000, file).build();
        let creation = node.create(&owned(file), &link, AMPLE, None, T0).await.unwrap();
        assert_eq!(creation, LinkCreation::FileGone);
    }
}

/// Waits until nothing of removed accounts is left.
async fn cleared_away(database: &FreshDatabase) {
    for _ in 0..3_000 {
        if stored(database, "removed_accounts").await == 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("something is left of a removed account");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_racing_shares_with_one_person_at_several_nodes_one_is_granted() {
    let database = FreshDatabase::new();
    let (nodes, file) = nodes_with_file(&database).await;
    let results = race(&nodes, |node, seed| {
        let (ownership, share) = (owned(&file), share(seed, &file, user_id(2)).build());
        async move { (share.id, node.grant(&ownership, &share, 1, None, T0).await.unwrap()) }
    })
    .await;
    let (first, _) = results.iter().find(|(_, granting)| *granting == Granting::Granted).unwrap();
    assert_eq!(count(&results, |(_, granting)| *granting == Granting::Replaced(*first)), RACERS - 1);
    let listed = Shares::list(&nodes[1], &owned(&file), None, 10, T0).await.unwrap();
    assert_eq!(listed.iter().map(|share| share.id).collect::<Vec<_>>(), [*first]);
}

#[tokio::test(flavor = "multi_thread")]
async fn racing_grants_at_several_nodes_keep_to_the_most_a_file_may_have() {
    let database = FreshDatabase::new();
    let (nodes, file) = nodes_with_file(&database).await;
    let grantings = race(&nodes, |node, seed| {
        let (ownership, share) = (owned(&file), share(seed, &file, user_id(seed + 2)).build());
        async move { node.grant(&ownership, &share, 10, None, T0).await.unwrap() }
    })
    .await;
    assert_eq!(count(&grantings, |granting| *granting == Granting::Granted), 10);
    assert_eq!(count(&grantings, |granting| *granting == Granting::TooMany), RACERS - 10);
    let creations = race(&nodes, |node, seed| {
        let (ownership, link) = (owned(&file), link(seed, &file).build());
        async move { node.create(&ownership, &link, 10, None, T0).await.unwrap() }
    })
    .await;
    assert_eq!(count(&creations, |creation| *creation == LinkCreation::Created), 10);
    assert_eq!(count(&creations, |creation| *creation == LinkCreation::TooMany), RACERS - 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_grant_takes_effect_at_one_node() {
    let database = FreshDatabase::new();
    let (nodes, file) = nodes_with_file(&database).await;
    let other = uploaded(&nodes[0], 2, 1).await;
    let results = race(&nodes, |node, seed| {
        let file = if seed % 2 == 0 { &file } else { &other };
        let (ownership, link) = (owned(file), link(seed, file).build());
        async move { node.create(&ownership, &link, AMPLE, Some(&once(1)), T0).await.unwrap() }
    })
    .await;
    let earlier = LinkCreation::Earlier(Earlier::Same(once(1).outcome));
    assert_eq!(count(&results, |creation| *creation == LinkCreation::Created), 1);
    assert_eq!(count(&results, |creation| *creation == earlier), RACERS - 1);
    assert_eq!(stored(&database, "links").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_racing_downloads_at_several_nodes_exactly_as_many_pass_as_allowed() {
    let database = FreshDatabase::new();
    let (nodes, file) = nodes_with_file(&database).await;
    let link = link(1, &file).max_downloads(10).build();
    assert_eq!(nodes[0].create(&owned(&file), &link, AMPLE, None, T0).await.unwrap(), LinkCreation::Created);
    let counted =
        race(&nodes, |node, _| async move { node.count_download(link_id(1), T0).await.unwrap() }).await;
    assert_eq!(count(&counted, |counted| *counted), 10);
    let (found, _) = Links::find(&nodes[1], &link.token_digest).await.unwrap().unwrap();
    assert_eq!(found.downloads, 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_share_that_several_nodes_end_ends_once() {
    let database = FreshDatabase::new();
    let (nodes, file) = nodes_with_file(&database).await;
    let share = share(1, &file, user_id(2)).build();
    nodes[0].grant(&owned(&file), &share, AMPLE, None, T0).await.unwrap();
    let ended = race(&nodes, |node, seed| {
        let (file_id, share_id, by) = (file.id, share.id, user_id(1 + seed % 2));
        async move { Shares::end(&node, file_id, share_id, by).await.unwrap() }
    })
    .await;
    assert_eq!(count(&ended, Option::is_some), 1);
}

/// Whichever comes first: what was granted before goes with the file, and nothing is granted after it.
#[tokio::test(flavor = "multi_thread")]
async fn no_grant_outlives_a_file_that_is_removed_at_another_node() {
    let database = FreshDatabase::new();
    let (nodes, file) = nodes_with_file(&database).await;
    race(&nodes, |node, seed| {
        let file = file.clone();
        async move {
            let ownership = owned(&file);
            if seed == RACERS / 2 {
                let file = trashed(&node, &file).await;
                let removal = Files::remove(&node, &ownership, file.version, T0).await.unwrap();
                assert_eq!(removal, RemovalOutcome::Removed);
                return;
            }
            let share = share(seed, &file, user_id(seed + 2)).build();
            let granting = node.grant(&ownership, &share, AMPLE, None, T0).await.unwrap();
            let link = link(seed, &file).build();
            let creation = node.create(&ownership, &link, AMPLE, None, T0).await.unwrap();
            assert!(granting == Granting::Granted || creation == LinkCreation::FileGone, "gone, and back");
        }
    })
    .await;
    nothing_more_is_granted(&nodes, &file).await;
    assert_eq!((stored(&database, "shares").await, stored(&database, "links").await), (0, 0));
}

/// The files are those of eight accounts.
#[tokio::test(flavor = "multi_thread")]
async fn no_share_outlives_a_recipient_who_is_removed_at_another_node() {
    let database = FreshDatabase::new();
    let (nodes, file) = nodes_with_file(&database).await;
    let mut files = Vec::new();
    for seed in 0..RACERS {
        files.push(uploaded(&nodes[0], 100 + seed, 3 + seed % 8).await);
    }
    let grantings = race(&nodes, |node, seed| {
        let file = files[usize::try_from(seed).unwrap()].clone();
        async move {
            if seed == RACERS / 2 {
                assert!(Users::remove(&node, user_id(2), T0).await.unwrap().is_some());
                return None;
            }
            let share = share(seed, &file, user_id(2)).build();
            Some(node.grant(&owned(&file), &share, AMPLE, None, T0).await.unwrap())
        }
    })
    .await;
    let is_expected = |granting| matches!(granting, Granting::Granted | Granting::RecipientGone);
    assert!(grantings.into_iter().flatten().all(is_expected));
    cleared_away(&database).await;
    assert_eq!(stored(&database, "shares").await, 0);
    let late = share(1_000, &file, user_id(2)).build();
    let granting = nodes[1].grant(&owned(&file), &late, AMPLE, None, T0).await.unwrap();
    assert_eq!(granting, Granting::RecipientGone);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_grant_outlives_an_owner_who_is_removed_at_another_node() {
    let database = FreshDatabase::new();
    let (nodes, file) = nodes_with_file(&database).await;
    race(&nodes, |node, seed| {
        let file = file.clone();
        async move {
            if seed == RACERS / 2 {
                assert!(Users::remove(&node, user_id(1), T0).await.unwrap().is_some());
                return;
            }
            let ownership = owned(&file);
            let share = share(seed, &file, user_id(seed + 2)).build();
            node.grant(&ownership, &share, AMPLE, Some(&once(seed)), T0).await.unwrap();
            node.create(&ownership, &link(seed, &file).build(), AMPLE, None, T0).await.unwrap();
        }
    })
    .await;
    nothing_more_is_granted(&nodes, &file).await;
    cleared_away(&database).await;
    for collection in ["shares", "links", "requests", "files"] {
        assert_eq!(stored(&database, collection).await, 0, "{collection}");
    }
}
