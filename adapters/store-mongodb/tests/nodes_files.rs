//! Several nodes share one database: of changes to an account's files that race each sees those before it.

use crate::support::FreshDatabase;
use crate::support::nodes::{RACERS, nodes, race};
use epic_domain::file::{ContentNumber, Earlier, File, OverQuota, Revision, Upload, UploadSize, Usage};
use epic_domain::id::BlobId;
use epic_outbound::files::{FileOutcome, Files, Since, Usages};
use epic_outbound::uploads::{BeginRight, Beginning, BlobLedger, CompletionOutcome, Uploads};
use epic_outbound::users::Users;
use epic_store_mongodb::MongoStore;
use epic_tests::builders::{T0, blob_id, completion, file_id, once, upload, upload_id, user, user_id};
use epic_tests::steps::{AMPLE_BYTES, begin, begin_onto, uploaded};
use std::collections::BTreeSet;

/// The nodes, with account 1.
async fn nodes_with_account(database: &FreshDatabase) -> Vec<MongoStore> {
    database.store().await.insert_if_absent(&user(1).build(), T0).await.unwrap();
    nodes(database).await
}

fn count<T>(results: &[T], is_meant: impl Fn(&T) -> bool) -> u64 {
    results.iter().map(|result| u64::from(is_meant(result))).sum()
}

fn files(outcomes: Vec<CompletionOutcome>) -> Vec<File> {
    let file = |outcome| match outcome {
        CompletionOutcome::Completed(file) => Some(*file),
        _ => None,
    };
    outcomes.into_iter().filter_map(file).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn racing_uploads_at_several_nodes_never_take_more_than_the_quota() {
    let database = FreshDatabase::new();
    let nodes = nodes_with_account(&database).await;
    uploaded(&nodes[0], 1_000, 1).await;
    let results = race(&nodes, |node, seed| async move {
        let upload = upload(seed, 1).size(UploadSize::Exactly(100)).build();
        node.begin(&upload, &BeginRight::NewFile, 3_099, None).await.unwrap()
    })
    .await;
    let over = Beginning::OverQuota(OverQuota { available_bytes: 99 });
    assert_eq!(count(&results, |result| *result == Beginning::Begun), 20);
    assert_eq!(count(&results, |result| *result == over), RACERS - 20);
    let usage = nodes[1].usage(user_id(1)).await.unwrap();
    assert_eq!(usage, Usage { used_bytes: 1_000, reserved_bytes: 2_000 });
}

#[tokio::test(flavor = "multi_thread")]
async fn of_racing_uploads_with_one_key_one_begins() {
    let database = FreshDatabase::new();
    let nodes = nodes_with_account(&database).await;
    let results = race(&nodes, |node, seed| async move {
        let upload = upload(seed, 1).build();
        node.begin(&upload, &BeginRight::NewFile, AMPLE_BYTES, Some(&once(1))).await.unwrap()
    })
    .await;
    let earlier = Beginning::Earlier(Earlier::Same(once(1).outcome));
    assert_eq!(count(&results, |result| *result == Beginning::Begun), 1);
    assert_eq!(count(&results, |result| *result == earlier), RACERS - 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_that_is_completed_at_several_nodes_becomes_one_file() {
    let database = FreshDatabase::new();
    let nodes = nodes_with_account(&database).await;
    let upload = begin(&nodes[0], 1, 1).await;
    let outcomes = race(&nodes, |node, _| {
        let completion = completion(&upload, T0);
        async move { node.complete(&completion).await.unwrap() }
    })
    .await;
    assert_eq!(count(&outcomes, |outcome| *outcome == CompletionOutcome::Fenced), RACERS - 1);
    let completed = files(outcomes);
    assert_eq!(Files::list(&nodes[1], user_id(1), false, None, 10).await.unwrap(), completed);
    assert_eq!(completed.len(), 1);
    assert_eq!(nodes[2].usage(user_id(1)).await.unwrap().reserved_bytes, 0);
}

/// Each racer takes the upload over and completes it: only who has the newest fence when it completes may.
#[tokio::test(flavor = "multi_thread")]
async fn an_upload_that_several_nodes_take_over_is_completed_by_one() {
    let database = FreshDatabase::new();
    let nodes = nodes_with_account(&database).await;
    for seed in 0..4 {
        let begun = begin(&nodes[0], seed, 1).await;
        let outcomes = race(&nodes, |node, _| async move {
            match node.take_over(upload_id(seed), user_id(1), T0).await.unwrap() {
                Some(taken) => node.complete(&completion(&taken, T0)).await.unwrap(),
                None => CompletionOutcome::Fenced,
            }
        })
        .await;
        assert_eq!(files(outcomes).len(), 1);
        assert_eq!(Uploads::find(&nodes[1], begun.id, user_id(1)).await.unwrap(), None);
        let stale = nodes[2].complete(&completion(&begun, T0)).await.unwrap();
        assert_eq!(stale, CompletionOutcome::Fenced);
    }
    assert_eq!(nodes[3].doomed(10).await.unwrap(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn racing_new_contents_follow_each_other_without_a_gap() {
    let database = FreshDatabase::new();
    let nodes = nodes_with_account(&database).await;
    let file = uploaded(&nodes[0], 1_000, 1).await;
    let mut uploads = Vec::<Upload>::new();
    for seed in 0..RACERS {
        uploads.push(begin_onto(&nodes[0], &file, seed).await);
    }
    let outcomes = race(&nodes, |node, seed| {
        let completion = completion(&uploads[usize::try_from(seed).unwrap()], T0);
        async move { node.complete(&completion).await.unwrap() }
    })
    .await;
    let written = files(outcomes);
    let newest = Files::find(&nodes[1], file.id).await.unwrap().unwrap();
    let numbers: BTreeSet<_> = written.iter().map(|file| file.content.number).collect();
    let expected: BTreeSet<_> = (2..66).map(ContentNumber::from_number).collect();
    assert_eq!(numbers, expected);
    assert_eq!(newest.content.number, ContentNumber::from_number(65));
    assert_eq!(newest.revision, Revision::from_number(65));
    assert_eq!(nodes[2].versions(file.id, None, 100).await.unwrap().len(), 64);
    let usage = nodes[3].usage(user_id(1)).await.unwrap();
    assert_eq!(usage, Usage { used_bytes: 65 * file.content.size_bytes, reserved_bytes: 0 });
}

#[tokio::test(flavor = "multi_thread")]
async fn of_racing_changes_of_one_version_one_is_made() {
    let database = FreshDatabase::new();
    let nodes = nodes_with_account(&database).await;
    let file = uploaded(&nodes[0], 1, 1).await;
    let ownership = file.owned_by(user_id(1)).unwrap();
    let outcomes = race(&nodes, |node, _| async move {
        node.trash(&ownership, epic_domain::user::Version::FIRST, T0).await.unwrap()
    })
    .await;
    assert_eq!(count(&outcomes, |outcome| matches!(outcome, FileOutcome::Made(_))), 1);
    assert_eq!(count(&outcomes, |outcome| *outcome == FileOutcome::Stale), RACERS - 1);
    let changes = nodes[1].changes(user_id(1), Since::Revision(file.revision), 10).await.unwrap();
    assert_eq!(changes.iter().map(|change| change.revision().get()).collect::<Vec<_>>(), [2]);
}

/// Whatever came before the removal goes with the account, and nothing comes after it.
#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_is_removed_at_another_node_leaves_doomed_blobs_alone() {
    let database = FreshDatabase::new();
    let nodes = nodes_with_account(&database).await;
    let begun = race(&nodes, |node, seed| async move {
        if seed == RACERS / 2 {
            assert!(Users::remove(&node, user_id(1), T0).await.unwrap().is_some());
            return None;
        }
        let upload = upload(seed, 1).build();
        let begun = node.begin(&upload, &BeginRight::NewFile, AMPLE_BYTES, None).await.unwrap();
        if begun == Beginning::Stale {
            return None;
        }
        if seed % 2 == 0 {
            node.complete(&completion(&upload, T0)).await.unwrap();
        }
        Some(upload.blob_id)
    })
    .await;
    let begun: BTreeSet<BlobId> = begun.into_iter().flatten().collect();
    let mut doomed = BTreeSet::new();
    // What is left is cleared away in the background.
    for _ in 0..10_000 {
        doomed = nodes[0].doomed(100).await.unwrap().into_iter().map(|doomed| doomed.blob_id).collect();
        if doomed.len() >= begun.len() {
            break;
        }
    }
    assert_eq!(doomed, begun);
    for seed in 0..RACERS {
        assert_eq!(Files::find(&nodes[1], file_id(seed)).await.unwrap(), None);
        assert_eq!(Uploads::find(&nodes[2], upload_id(seed), user_id(1)).await.unwrap(), None);
    }
    assert_eq!(nodes[3].unknown(&[blob_id(1_000)]).await.unwrap(), [blob_id(1_000)]);
}
