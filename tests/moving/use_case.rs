//! The use case: all of it moves, whatever breaks off, and what is not as it was is found.

use crate::hindered::{CutOff, Falsifying, InUse};
use crate::house::House;
use crate::support::mongodb::NamedDatabase;
use core::sync::atomic::AtomicU32;
use epic_domain::moving::{Kind, Record};
use epic_inbound::move_house::{Activity, Comparison, MoveError, MoveHouse, Moved, Step};
use epic_outbound::moving::{Export, Import, MoveBeginning};
use epic_tests::builders::{T0, event};
use epic_tests::contract::moving::{all, tallies};
use epic_tests::contract::moving_look::look;
use epic_tests::fakes::FakeClock;
use std::sync::{Arc, Mutex};

fn move_house(source: Arc<dyn Export>, target: Arc<dyn Import>) -> MoveHouse {
    MoveHouse::new(source, target, Arc::new(FakeClock::default()))
}

async fn moved(source: &House, target: Arc<dyn Import>) -> Result<Moved, MoveError> {
    move_house(source.moving.clone(), target).run(&|_| {}).await
}

async fn whole(source: &House, target: &House) -> Vec<Comparison> {
    match moved(source, target.moving.clone()).await.unwrap() {
        Moved::Whole(comparisons) => comparisons,
        Moved::Different(comparisons) => panic!("{comparisons:?}"),
    }
}

#[tokio::test]
async fn from_sqlite_into_mongodb_and_back_every_record_is_the_same() {
    let (databases, first) = (NamedDatabase::new(), House::filled().await);
    let seen = look(&first.stores).await;
    let second = House::mongodb(&databases).await;
    let third = House::sqlite();
    let there = whole(&first, &second).await;
    assert_eq!(look(&second.stores).await, seen);
    let back = whole(&second, &third).await;
    assert_eq!(look(&third.stores).await, seen);
    assert_eq!(there, back);
    let (before, after) = (tallies(first.moving.as_ref()).await, tallies(third.moving.as_ref()).await);
    assert_eq!(before, after);
    assert!(before.iter().all(|(_, count, _)| *count > 0), "of every kind something: {before:?}");
}

#[tokio::test]
async fn what_moved_is_told_kind_by_kind_and_then_compared() {
    let (source, target) = (House::filled().await, House::sqlite());
    let steps: Mutex<Vec<Step>> = Mutex::default();
    let report = |step| steps.lock().unwrap().push(step);
    move_house(source.moving.clone(), target.moving.clone()).run(&report).await.unwrap();
    let last: Vec<_> = steps.into_inner().unwrap().into_iter().filter(|step| step.is_last).collect();
    let mut expected = Vec::new();
    for activity in [Activity::Copying, Activity::Comparing] {
        for kind in Kind::ALL.iter().copied() {
            let count = all(target.moving.as_ref(), kind).await.len() as u64;
            expected.push(Step { activity, kind, count, is_last: true });
        }
    }
    assert_eq!(last, expected);
}

#[tokio::test]
async fn a_move_that_is_cut_off_again_and_again_ends_whole() {
    let (source, target) = (House::filled().await, House::sqlite());
    let mut tries = 0;
    let comparisons = loop {
        // Two writes are a page and its note: with one nothing is noted, with three the next page is half done.
        let store = Arc::clone(&target.moving);
        let cut_off = CutOff { store, writes_left: AtomicU32::new([1, 2, 3][tries % 3]) };
        tries += 1;
        match moved(&source, Arc::new(cut_off)).await {
            Ok(Moved::Whole(comparisons)) => break comparisons,
            Err(MoveError::Target(_)) => assert!(tries < 200, "it never ends"),
            other => panic!("{other:?}"),
        }
    };
    assert!(tries > Kind::ALL.len() / 2, "{tries}");
    assert!(comparisons.iter().all(|comparison| comparison.source == comparison.target));
    assert_eq!(look(&target.stores).await, look(&source.stores).await);
}

#[tokio::test]
async fn a_record_that_was_lost_on_the_way_is_named() {
    let source = House::filled().await;
    for kind in Kind::ALL.iter().copied().filter(|kind| !is_needed_by_others(*kind)) {
        let target = House::sqlite();
        let records = all(source.moving.as_ref(), kind).await;
        let lost = records[records.len() / 2].key();
        let store = Arc::clone(&target.moving);
        let falsifying = Falsifying { store, record: lost, kind, into: None };
        let Ok(Moved::Different(comparisons)) = moved(&source, Arc::new(falsifying)).await else {
            panic!("a loss in {kind} goes unnoticed");
        };
        for comparison in comparisons {
            let expected = (comparison.kind == kind).then_some(lost);
            assert_eq!(comparison.first_difference, expected, "{kind}: {comparison:?}");
            // A store has an anchor whether one moves in or not.
            if kind != Kind::Anchor {
                let missing = u64::from(comparison.kind == kind);
                assert_eq!(comparison.source.count(), comparison.target.count() + missing);
            }
        }
    }
}

/// What cannot be lost alone.
fn is_needed_by_others(kind: Kind) -> bool {
    // Accounts have sessions, files have shares; of doomed blobs the others would move up.
    matches!(kind, Kind::Account | Kind::File | Kind::DoomedBlob)
}

#[tokio::test]
async fn a_record_that_was_changed_on_the_way_is_named_and_the_store_stays_half_moved() {
    let (source, target) = (House::filled().await, House::sqlite());
    let accounts = all(source.moving.as_ref(), Kind::Account).await;
    let Record::Account(mut account) = accounts[3].clone() else { panic!() };
    account.user.quota.limit_bytes ^= 1;
    let (record, into) = (accounts[3].key(), Some(Record::Account(account)));
    let store = Arc::clone(&target.moving);
    let falsifying = Falsifying { store, record, kind: Kind::Account, into };
    // What has been copied is not copied again: the second try finds the same.
    for target in [Arc::new(falsifying) as Arc<dyn Import>, target.moving.clone()] {
        let Ok(Moved::Different(comparisons)) = moved(&source, target).await else {
            panic!("the change goes unnoticed");
        };
        let differing: Vec<_> =
            comparisons.iter().filter_map(|comparison| comparison.first_difference).collect();
        assert_eq!(differing, [record]);
    }
    let anchor = source.stores.audit.anchor().await.unwrap();
    let again = target.moving.begin(anchor, T0).await.unwrap();
    assert!(matches!(again, MoveBeginning::Begun(_)), "its mark is still there: {again:?}");
}

#[tokio::test]
async fn a_source_that_is_used_meanwhile_is_told_from_a_difference() {
    let (source, target) = (House::filled().await, House::sqlite());
    let in_use = InUse { store: source.moving.clone(), audit: source.stores.audit.clone() };
    let outcome = move_house(Arc::new(in_use), target.moving.clone()).run(&|_| {}).await;
    assert!(matches!(outcome, Err(MoveError::SourceChanged)), "{outcome:?}");
    let outcome = moved(&source, target.moving.clone()).await;
    assert!(matches!(outcome, Err(MoveError::OtherSource)), "it is another one now: {outcome:?}");
}

#[tokio::test]
async fn a_store_with_something_in_it_is_left_alone() {
    let (source, target) = (House::filled().await, House::sqlite());
    target.stores.audit.append(&[event(1)]).await.unwrap();
    let before = look(&target.stores).await;
    let outcome = moved(&source, target.moving.clone()).await;
    assert!(matches!(outcome, Err(MoveError::Occupied)), "{outcome:?}");
    assert_eq!(look(&target.stores).await, before);
}
