//! What an owner's lists cost, and an operator's check of the whole chain: 10,000 sessions and 100,000 files of one
//! account, 100,000 events.

#![expect(clippy::unwrap_used, reason = "a benchmark fails by panicking")]

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use epic_domain::audit::{Anchor, Event, EventKind, verify};
use epic_domain::file::Revision;
use epic_domain::user::Version;
use epic_outbound::audit::Audit;
use epic_outbound::files::{FileOutcome, Files, Position, Since};
use epic_outbound::sessions::{Opening, OpeningOutcome, Sessions};
use epic_outbound::uploads::{BeginRight, Beginning, CompletionOutcome, Uploads};
use epic_outbound::users::Users;
use epic_store_sqlite::{SqliteStore, StoreOptions};
use epic_tests::builders::{
    T0, completion, event, opening, seconds_after_t0, session, upload, user, user_id,
};
use tokio::runtime::Runtime;

const SESSIONS: u64 = 10_000;
const EVENTS: u64 = 100_000;
const FILES: u64 = 100_000;
const PAGE: u32 = 100;
/// How many links the check of a chain reads at once.
const CHAIN_PAGE: u32 = 1_000;

fn fixture() -> (Runtime, tempfile::TempDir, SqliteStore) {
    let folder = tempfile::tempdir_in(".").unwrap();
    let store = SqliteStore::open(folder.path(), StoreOptions::default()).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    (runtime, folder, store)
}

/// Opens sessions of account 1, many in one commit.
async fn open_sessions(store: &SqliteStore) {
    store.insert_if_absent(&user(1).build(), T0).await.unwrap();
    let seeds: Vec<u64> = (0..SESSIONS).collect();
    for batch in seeds.chunks(1_000) {
        let calls: Vec<_> = batch
            .iter()
            .map(|seed| {
                let (store, session) = (store.clone(), session(*seed, user_id(1)).build());
                tokio::spawn(async move { store.open(&opening(&session, Version::FIRST)).await.unwrap() })
            })
            .collect();
        for call in calls {
            assert_ne!(call.await.unwrap(), OpeningOutcome::Stale);
        }
    }
}

fn session_lists(criterion: &mut Criterion) {
    let (runtime, _folder, store) = fixture();
    runtime.block_on(open_sessions(&store));
    let list = |after, limit| {
        runtime.block_on(async { Sessions::list(&store, user_id(1), after, limit, T0).await.unwrap() })
    };
    let middle = list(None, 5_000).last().map(|session| session.id);
    let mut group = criterion.benchmark_group("sessions of an account that has 10,000");
    group.bench_function("first page of 100", |bencher| bencher.iter(|| list(None, PAGE)));
    group.bench_function("page of 100 in the middle", |bencher| bencher.iter(|| list(middle, PAGE)));
    group.bench_function("all of them", |bencher| bencher.iter(|| list(None, u32::MAX)));
    let mut seed = SESSIONS;
    group.bench_function("one more at a cap of 10,000, durable", |bencher| {
        bencher.iter(|| {
            seed += 1;
            let session = session(seed, user_id(1)).build();
            let opening = Opening { sessions_max: 10_000, ..opening(&session, Version::FIRST) };
            runtime.block_on(async { store.open(&opening).await.unwrap() })
        });
    });
    group.finish();
}

/// Events of account 1, but for every tenth; a hundred of them logins, the others uses.
fn events() -> Vec<Event> {
    (0..EVENTS)
        .map(|seed| Event {
            user_id: Some(user_id(if seed % 10 == 9 { 2 } else { 1 })),
            kind: if seed % 1_000 == 0 { EventKind::Login } else { EventKind::Access },
            ..event(seed)
        })
        .collect()
}

async fn verify_all(store: &SqliteStore) -> Anchor {
    let mut anchor = Anchor::empty();
    loop {
        let links = Audit::read(store, anchor.length, CHAIN_PAGE).await.unwrap();
        if links.is_empty() {
            return anchor;
        }
        anchor = verify(anchor, links).unwrap();
    }
}

fn audit_lists(criterion: &mut Criterion) {
    let (runtime, _folder, store) = fixture();
    for batch in events().chunks(1_000) {
        runtime.block_on(store.append(batch)).unwrap();
    }
    let list = |user, kind, before| {
        runtime.block_on(async { Audit::list(&store, user_id(user), kind, before, PAGE).await.unwrap() })
    };
    let mut group = criterion.benchmark_group("audit log of 100,000 events");
    group.bench_function("newest 100 of an account", |bencher| bencher.iter(|| list(1, None, None)));
    group.bench_function("100 in the middle", |bencher| bencher.iter(|| list(1, None, Some(EVENTS / 2))));
    group.bench_function("100 of a rare kind", |bencher| {
        bencher.iter(|| list(1, Some(EventKind::Login), None));
    });
    group.bench_function("a kind that never happened", |bencher| {
        bencher.iter(|| list(1, Some(EventKind::Recovered), None));
    });
    group.sample_size(10);
    group.throughput(Throughput::Elements(EVENTS));
    group.bench_function("whole chain read and verified", |bencher| {
        bencher.iter(|| assert_eq!(runtime.block_on(verify_all(&store)).length, EVENTS));
    });
    group.finish();
}

/// Uploads files of account 1, one a second, many in one commit. The last tenth lies in the trash.
async fn upload_files(store: &SqliteStore) {
    store.insert_if_absent(&user(1).build(), T0).await.unwrap();
    let seeds: Vec<u64> = (0..FILES).collect();
    for batch in seeds.chunks(1_000) {
        let calls: Vec<_> = batch
            .iter()
            .map(|seed| {
                let (store, seed) = (store.clone(), *seed);
                tokio::spawn(async move { upload_file(&store, seed).await })
            })
            .collect();
        for call in calls {
            call.await.unwrap();
        }
    }
}

async fn upload_file(store: &SqliteStore, seed: u64) {
    let upload = upload(seed, 1).build();
    let begun = store.begin(&upload, &BeginRight::NewFile, u64::MAX, None).await.unwrap();
    assert_eq!(begun, Beginning::Begun);
    let completion = completion(&upload, seconds_after_t0(seed));
    let CompletionOutcome::Completed(file) = store.complete(&completion).await.unwrap() else { return };
    if seed % 10 == 9 {
        let ownership = file.owned_by(file.owner).unwrap();
        let trashed = store.trash(&ownership, file.version, seconds_after_t0(seed)).await.unwrap();
        assert!(matches!(trashed, FileOutcome::Made(_)));
    }
}

fn file_lists(criterion: &mut Criterion) {
    let (runtime, _folder, store) = fixture();
    runtime.block_on(upload_files(&store));
    let list = |trashed, after| {
        let page =
            runtime.block_on(async { Files::list(&store, user_id(1), trashed, after, PAGE).await.unwrap() });
        assert_eq!(page.len(), 100);
    };
    let changes = |since| {
        let page = runtime.block_on(async { store.changes(user_id(1), since, PAGE).await.unwrap() });
        assert_eq!(page.len(), 100);
    };
    let middle = Position { at: seconds_after_t0(FILES / 2), id: [0; 16] };
    let mut group = criterion.benchmark_group("files of an account that has 100,000");
    group.bench_function("newest 100", |bencher| bencher.iter(|| list(false, None)));
    group.bench_function("100 in the middle", |bencher| bencher.iter(|| list(false, Some(middle))));
    group.bench_function("newest 100 in the trash", |bencher| bencher.iter(|| list(true, None)));
    group.bench_function("first 100 changes", |bencher| {
        bencher.iter(|| changes(Since::Revision(Revision::NONE)));
    });
    group.bench_function("100 changes in the middle", |bencher| {
        bencher.iter(|| changes(Since::Revision(Revision::from_number(FILES / 2))));
    });
    group.bench_function("100 changes from a time on", |bencher| {
        bencher.iter(|| changes(Since::Time(seconds_after_t0(FILES / 2))));
    });
    group.finish();
}

criterion_group!(benches, session_lists, audit_lists, file_lists);
criterion_main!(benches);
