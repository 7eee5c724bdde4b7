//! Calls of the ports of moving house, each in all its courses.

use crate::MongoStore;
use epic_domain::moving::Kind;
use epic_outbound::audit::Audit;
use epic_outbound::moving::{Export, Import, MoveBeginning};
use epic_tests::builders::T0;

/// What there is of every kind comes out and comes in over itself, and nothing else may move in.
pub(super) async fn call_moving(store: &MongoStore) {
    for kind in Kind::ALL.iter().copied() {
        let page = store.page(kind, None, 2).await.unwrap();
        if let Some(record) = page.first() {
            store.page(kind, Some(record.key()), 2).await.unwrap();
            store.put(&page).await.unwrap();
        }
    }
    store.settle(T0).await.unwrap();
    let anchor = store.anchor().await.unwrap();
    assert_eq!(store.begin(anchor, T0).await.unwrap(), MoveBeginning::Occupied);
}
