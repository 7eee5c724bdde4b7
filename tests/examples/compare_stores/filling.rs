//! Accounts by the thousand, put into a store through its port of moving in, which takes many records at once.

use core::time::Duration;
use epic_domain::Timestamp;
use epic_domain::audit::Event;
use epic_domain::file::{Revision, Usage};
use epic_domain::moving::{Record, StoredAccount, StoredFile, StoredUsage};
use epic_domain::session::Session;
use epic_outbound::audit::Audit;
use epic_outbound::moving::Import;
use epic_tests::builders::{T0, event, file, grant, session, share, user, user_id};
use futures_util::stream::{self, StreamExt};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Records that go together.
const BATCH: usize = 256;

/// Batches under way at once.
const BATCHES_AT_ONCE: usize = 4;

/// Of so many accounts one has files.
const ACCOUNTS_PER_OWNER: u64 = 100;

const FILES_PER_OWNER: u64 = 10;

/// Fills an empty store with accounts, each with a session and an event in the log. One of a hundred has ten files, the
/// first of which it shares with the next account.
pub(crate) async fn fill<S: Import + Audit + 'static>(store: &Arc<S>, accounts: u64) {
    let owners = || (0..accounts).step_by(usize::try_from(ACCOUNTS_PER_OWNER).unwrap());
    let now = Timestamp::from_millis(crate::measuring::now_millis());
    put(store, (0..accounts).map(account)).await;
    put(store, (0..accounts).map(move |seed| Record::Session(Box::new(live_session(seed, now))))).await;
    put(store, owners().map(usage)).await;
    put(store, owners().flat_map(files)).await;
    put(store, owners().map(move |seed| grant_to_next(seed, accounts))).await;
    put_events(store, accounts).await;
}

async fn put<S: Import + 'static>(store: &Arc<S>, records: impl Iterator<Item = Record>) {
    let mut records = records.peekable();
    let batches = core::iter::from_fn(|| {
        records.peek()?;
        Some(records.by_ref().take(BATCH).collect::<Vec<_>>())
    });
    let puts = batches.map(|batch| {
        let store = Arc::clone(store);
        async move { tokio::spawn(async move { store.put(&batch).await }).await.unwrap().unwrap() }
    });
    stream::iter(puts).buffer_unordered(BATCHES_AT_ONCE).for_each(|()| core::future::ready(())).await;
}

fn account(seed: u64) -> Record {
    let user = user(seed).build();
    Record::Account(Box::new(StoredAccount { user, recovery_codes: BTreeSet::new() }))
}

/// A session that nobody sweeps away for the time being.
fn live_session(seed: u64, now: Timestamp) -> Session {
    session(seed, user_id(seed))
        .ends_at(now.saturating_add(Duration::from_secs(30 * 24 * 3_600)).floor_to_second())
        .with(|session| {
            session.current = grant(seed, now);
            session.last_seen_at = now;
        })
        .build()
}

fn usage(seed: u64) -> Record {
    Record::Usage(StoredUsage {
        owner: user_id(seed),
        usage: Usage { used_bytes: FILES_PER_OWNER * 1_000, reserved_bytes: 0 },
        revision: revisions().last().unwrap(),
        latest: T0,
    })
}

fn revisions() -> impl Iterator<Item = Revision> {
    let all = core::iter::successors(Some(Revision::NONE.next()), |revision| Some(revision.next()));
    all.take(usize::try_from(FILES_PER_OWNER).unwrap())
}

fn files(seed: u64) -> impl Iterator<Item = Record> {
    (seed..).zip(revisions()).map(move |(file_seed, revision)| {
        let file = file(file_seed, seed).with(|file| file.revision = revision).build();
        Record::File(Box::new(StoredFile { file, ordered_at: T0 }))
    })
}

fn grant_to_next(seed: u64, accounts: u64) -> Record {
    let file = file(seed, seed).build();
    Record::Share(Box::new(share(seed, &file, user_id((seed + 1) % accounts)).build()))
}

/// Appends to the chain, as calls would, but many at once.
async fn put_events<S: Import + Audit + 'static>(store: &Arc<S>, accounts: u64) {
    let mut anchor = store.anchor().await.unwrap();
    let mut links = Vec::new();
    for seed in 0..accounts {
        let link = anchor.link(Event { file: None, ..event(seed) }, None);
        anchor = link.anchor();
        links.push(Record::Event(Box::new(link)));
    }
    put(store, links.into_iter()).await;
    store.put(&[Record::Anchor(anchor)]).await.unwrap();
}
