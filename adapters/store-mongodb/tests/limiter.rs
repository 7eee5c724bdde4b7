//! The shared limiter counts for all nodes together, tells nobody whom it counts, and says so when it cannot count.

use crate::support::FreshDatabase;
use crate::support::own_server::OwnServer;
use core::time::Duration;
use epic_domain::network::IpPrefix;
use epic_domain::rate_limit::{Action, Attempt, Decision, Quota, Quotas, Subject};
use epic_domain::secret::Secret;
use epic_outbound::StoreError;
use epic_outbound::entry_limiter::EntryLimiter;
use epic_store_mongodb::{LimitTooLarge, MongoOptions, MongoStore, SharedLimiter};
use epic_tests::builders::{T0, user_id, username};
use epic_tests::contract::entry_limiter::EntryLimits;
use epic_tests::fakes::FakeClock;
use futures_util::TryStreamExt;
use mongodb::bson::{Document, doc};
use std::sync::Arc;

const NODES: usize = 4;
const RACERS: usize = 64;

fn limiter_on(store: MongoStore, quotas: Quotas, clock: &Arc<FakeClock>) -> SharedLimiter {
    SharedLimiter::new(store, quotas, &Secret::new([7; 32]), Arc::clone(clock) as _).unwrap()
}

async fn fresh(quotas: Quotas) -> EntryLimits {
    let (database, clock) = (FreshDatabase::new(), Arc::<FakeClock>::default());
    let limiter = limiter_on(database.store().await, Quotas::clone(&quotas), &clock);
    EntryLimits::new(Arc::new(limiter), clock, database)
}

epic_tests::entry_limiter_contract!(fresh);

/// Three logins in ten seconds, five codes in a minute.
fn quotas() -> Quotas {
    Quotas::DEFAULT.with(Action::Login, Some(quota(3, 10))).with(Action::Totp, Some(quota(5, 60)))
}

fn quota(limit: u32, seconds: u64) -> Quota {
    Quota::new(limit, Duration::from_secs(seconds)).unwrap()
}

fn account(action: Action, seed: u64) -> Attempt {
    Attempt::new(action, Subject::Account(user_id(seed)))
}

/// Limiters of several nodes on one database, whose clocks agree.
async fn nodes(database: &FreshDatabase) -> (Vec<SharedLimiter>, Arc<FakeClock>) {
    let clock = Arc::<FakeClock>::default();
    let mut nodes = Vec::new();
    for _ in 0..NODES {
        nodes.push(limiter_on(database.store().await, quotas(), &clock));
    }
    (nodes, clock)
}

async fn is_allowed(limiter: &SharedLimiter, attempts: &[Attempt]) -> bool {
    matches!(limiter.check(attempts).await.unwrap(), Decision::Allowed(_))
}

async fn remaining(limiter: &SharedLimiter, attempt: Attempt) -> u32 {
    match limiter.check(&[attempt]).await.unwrap() {
        Decision::Allowed(Some(standing)) => standing.remaining,
        other => panic!("{other:?}"),
    }
}

/// One attempt each of many racers, the nodes in turn; which of them passed.
async fn race(nodes: &[SharedLimiter], attempts_of: impl Fn(usize) -> Vec<Attempt>) -> Vec<bool> {
    let racers: Vec<_> = (0..RACERS)
        .zip(nodes.iter().cycle())
        .map(|(racer, node)| {
            let (node, attempts) = (node.clone(), attempts_of(racer));
            tokio::spawn(async move { is_allowed(&node, &attempts).await })
        })
        .collect();
    let mut passed = Vec::new();
    for racer in racers {
        passed.push(racer.await.unwrap());
    }
    passed
}

#[tokio::test(flavor = "multi_thread")]
async fn of_racing_attempts_at_several_nodes_as_many_pass_as_the_quota() {
    let database = FreshDatabase::new();
    let (nodes, _) = nodes(&database).await;
    for round in 0..3 {
        let keys = [account(Action::Totp, round), account(Action::Login, round)];
        let passed = race(&nodes, |_| keys.to_vec()).await;
        assert_eq!(passed.iter().filter(|passed| **passed).count(), 3);
        for node in &nodes {
            assert!(!is_allowed(node, &keys).await);
        }
        let [totp, _] = keys;
        assert_eq!(
            remaining(&nodes[1], totp).await,
            1,
            "those that were denied took nothing of the other key"
        );
    }
}

/// Half of them are barred by a key of their own. If theirs were taken and given back, it would cost others theirs.
#[tokio::test(flavor = "multi_thread")]
async fn of_racing_attempts_those_that_are_denied_cost_the_others_nothing() {
    let database = FreshDatabase::new();
    let (nodes, _) = nodes(&database).await;
    for round in 0..3 {
        let (shared, barred) = (account(Action::Totp, round), account(Action::Login, round));
        for _ in 0..3 {
            assert!(is_allowed(&nodes[0], std::slice::from_ref(&barred)).await);
        }
        let passed = race(&nodes, |racer| {
            // The nodes take turns, so that each has racers of both kinds.
            if (racer / NODES).is_multiple_of(2) {
                vec![shared.clone(), barred.clone()]
            } else {
                vec![shared.clone()]
            }
        })
        .await;
        assert_eq!(passed.iter().filter(|passed| **passed).count(), 5);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn racing_attempts_by_overlapping_keys_all_come_to_a_decision() {
    let database = FreshDatabase::new();
    let (nodes, _) = nodes(&database).await;
    let key = |seed: usize| account(Action::Totp, u64::try_from(seed % 8).unwrap());
    let passed = race(&nodes, |racer| vec![key(racer), key(racer + 1), key(racer * 3)]).await;
    assert!(passed.iter().filter(|passed| **passed).count() <= 8 * 5);
    for seed in 0..8 {
        // Nothing was lost and nothing counted twice: what is left of each key is what nobody took.
        let taken = (0..RACERS).zip(&passed).filter(|(racer, passed)| {
            **passed && [*racer, racer + 1, racer * 3].iter().any(|other| other % 8 == seed)
        });
        let left = 5 - u32::try_from(taken.count()).unwrap();
        let mut free = 0;
        while is_allowed(&nodes[0], &[key(seed)]).await {
            free += 1;
        }
        assert_eq!(free, left, "of key {seed}");
    }
}

#[tokio::test]
async fn what_one_node_gives_back_is_free_at_another_within_a_second() {
    let database = FreshDatabase::new();
    let (nodes, clock) = nodes(&database).await;
    let key = [account(Action::Login, 1)];
    for node in &nodes[..3] {
        assert!(is_allowed(node, &key).await);
    }
    assert!(!is_allowed(&nodes[3], &key).await);
    assert!(nodes[3].known_denial(&key).is_some());
    nodes[0].give_back(&key).await.unwrap();
    clock.advance(Duration::from_secs(1));
    assert_eq!(nodes[3].known_denial(&key), None);
    assert!(is_allowed(&nodes[3], &key).await);
}

/// A denial is told again without a word to the database.
#[tokio::test]
async fn who_knocks_on_is_refused_without_asking() {
    let database = FreshDatabase::new();
    let clock = Arc::<FakeClock>::default();
    let store = database.store().await;
    let limiter = limiter_on(store.clone(), quotas(), &clock);
    let key = [account(Action::Login, 1)];
    while is_allowed(&limiter, &key).await {}
    store.close().await;
    clock.advance(Duration::from_millis(999));
    assert!(!is_allowed(&limiter, &key).await);
    assert!(
        limiter.check(&[account(Action::Login, 2)]).await.is_err(),
        "this one would have to be asked for"
    );
    clock.advance(Duration::from_millis(1));
    assert!(limiter.check(&key).await.is_err());
}

#[tokio::test]
async fn clocks_that_differ_never_let_a_window_go_back() {
    let database = FreshDatabase::new();
    let (ahead, behind) = (Arc::<FakeClock>::default(), Arc::<FakeClock>::default());
    ahead.set_wall(T0.saturating_add(Duration::from_secs(4)));
    let fast = limiter_on(database.store().await, quotas(), &ahead);
    let slow = limiter_on(database.store().await, quotas(), &behind);
    let key = [account(Action::Login, 1)];
    for limiter in [&slow, &fast, &slow] {
        assert!(is_allowed(limiter, &key).await);
    }
    // By the fast clock the first one leaves after six seconds more; the others were made at its time.
    behind.advance(Duration::from_secs(6));
    ahead.advance(Duration::from_secs(6));
    assert!(is_allowed(&fast, &key).await);
    for limiter in [&slow, &fast] {
        assert!(!is_allowed(limiter, &key).await);
    }
    behind.advance(Duration::from_millis(3_999));
    assert!(!is_allowed(&slow, &key).await);
}

#[tokio::test]
async fn neither_addresses_nor_names_are_in_the_database() {
    let database = FreshDatabase::new();
    let limiter = limiter_on(database.store().await, quotas(), &Arc::default());
    let address = IpPrefix::of([192, 0, 2, 77].into());
    let attempts = [
        Attempt::new(Action::Login, Subject::Address(address)),
        Attempt::new(Action::Login, Subject::NameFrom(username("alice"), address)),
        Attempt::new(Action::LoginAccount, Subject::Name(username("alice"))),
    ];
    assert!(is_allowed(&limiter, &attempts).await);
    let limits = database.raw().await.collection::<Document>("limits");
    let stored: Vec<Document> = limits.find(doc! {}).await.unwrap().try_collect().await.unwrap();
    assert_eq!(stored.len(), 3);
    for document in stored {
        let fields: Vec<_> = document.keys().map(String::as_str).collect();
        assert_eq!(fields, ["_id", "v", "revision", "moments", "latest_at", "expires_at"]);
        let id = document.get_binary_generic("_id").unwrap();
        assert_eq!(id.len(), 16);
        assert!(!id.windows(4).any(|part| part == [192, 0, 2, 77] || part == b"alic".as_slice()));
    }
}

#[tokio::test]
async fn a_document_goes_when_nothing_of_it_counts() {
    let database = FreshDatabase::new();
    let limiter = limiter_on(database.store().await, quotas(), &Arc::default());
    assert!(is_allowed(&limiter, &[account(Action::Login, 1)]).await);
    let limits = database.raw().await.collection::<Document>("limits");
    let stored = limits.find_one(doc! {}).await.unwrap().unwrap();
    let expires_at = stored.get_datetime("expires_at").unwrap().timestamp_millis();
    assert_eq!(u64::try_from(expires_at).unwrap(), T0.as_millis() + 10_000);
    let names = limits.list_index_names().await.unwrap();
    assert!(names.contains(&"limit_expiry".to_owned()), "{names:?}");
}

#[tokio::test]
async fn a_damaged_document_lets_nobody_in() {
    let database = FreshDatabase::new();
    let limiter = limiter_on(database.store().await, quotas(), &Arc::default());
    let key = [account(Action::Login, 1)];
    assert!(is_allowed(&limiter, &key).await);
    let limits = database.raw().await.collection::<Document>("limits");
    for damage in [doc! { "v": 99 }, doc! { "moments": "many" }] {
        limits.update_one(doc! {}, doc! { "$set": damage }).await.unwrap();
        let refused = limiter.check(&key).await;
        assert!(matches!(refused, Err(StoreError::Corrupt(_))), "{refused:?}");
    }
}

#[tokio::test]
async fn a_limit_that_no_document_could_hold_is_refused() {
    let database = FreshDatabase::new();
    let store = database.store().await;
    let new = |limit| {
        let quotas = quotas().with(Action::Register, Some(quota(limit, 60)));
        SharedLimiter::new(store.clone(), quotas, &Secret::new([7; 32]), Arc::<FakeClock>::default())
    };
    assert_eq!(new(SharedLimiter::LIMIT_MAX + 1).map(drop), Err(LimitTooLarge));
    let limiter = new(SharedLimiter::LIMIT_MAX).unwrap();
    assert_eq!(remaining(&limiter, account(Action::Register, 1)).await, SharedLimiter::LIMIT_MAX - 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_down_lets_nobody_in_and_one_that_is_back_remembers() {
    let mut server = OwnServer::started(&[]);
    let options =
        MongoOptions { deadline: Duration::from_secs(2), ..crate::support::options(&server.uri(), "epic") };
    let limiter = limiter_on(MongoStore::open(options).await.unwrap(), quotas(), &Arc::default());
    let key = [account(Action::Login, 1)];
    assert_eq!(remaining(&limiter, account(Action::Login, 1)).await, 2);
    server.kill();
    let refused = limiter.check(&key).await;
    assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{refused:?}");
    assert!(limiter.give_back(&key).await.is_err());
    server.start();
    for _ in 0..50 {
        if limiter.check(&[account(Action::Totp, 9)]).await.is_ok() {
            break;
        }
    }
    assert_eq!(remaining(&limiter, account(Action::Login, 1)).await, 1);
}
