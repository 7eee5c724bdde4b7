//! The trail of one's own account: newest first, page by page, and nobody else's.

use crate::support::{Ports, World, unanswered};
use epic_domain::audit::EventKind;
use epic_inbound::Fault;
use epic_inbound::authenticate::Authenticated;
use epic_outbound::audit::MockAudit;
use std::sync::Arc;

/// Walks the whole trail in pages of `limit`, and shows the place and kind of each event in each page.
async fn pages(
    world: &World,
    caller: &Authenticated,
    kind: Option<EventKind>,
    limit: u32,
) -> Vec<Vec<(u64, EventKind)>> {
    let mut pages = Vec::new();
    let mut before = None;
    loop {
        let page = world.ports().audit_trail().list(caller, kind, before, limit).await.unwrap();
        pages.push(page.links.iter().map(|link| (link.sequence, link.event.kind)).collect());
        before = page.next;
        if before.is_none() {
            return pages;
        }
    }
}

/// A person of seed 1 with six events among those of another.
async fn busy_world() -> (World, Authenticated) {
    let world = World::unlimited();
    let (here, _) = world.confirmed(1).await;
    world.confirmed(2).await;
    assert!(world.sign_in(1, world.wrong_code(1)).await.is_err());
    assert!(world.sign_in(2, world.wrong_code(2)).await.is_err());
    world.signed_in(1).await;
    world.refresh(&here.tokens).await.unwrap();
    let caller = world.authenticate(&here.tokens).await.unwrap();
    (world, caller)
}

const OWN: [(u64, EventKind); 6] = [
    (10, EventKind::Refresh),
    (9, EventKind::Login),
    (7, EventKind::LoginFailed),
    (3, EventKind::Login),
    (2, EventKind::Confirmed),
    (1, EventKind::Registered),
];

#[tokio::test]
async fn pages_of_any_size_join_to_the_whole_trail_newest_first() {
    let (world, caller) = busy_world().await;
    for limit in 1..=7 {
        let pages = pages(&world, &caller, None, limit).await;
        let size = usize::try_from(limit).unwrap();
        assert_eq!(pages.len(), OWN.len().div_ceil(size), "an empty last page at {limit}?");
        assert!(pages.iter().all(|page| page.len() <= size));
        assert_eq!(pages.concat(), OWN, "{limit}");
    }
}

#[tokio::test]
async fn one_kind_can_be_asked_for() {
    let (world, caller) = busy_world().await;
    let logins = pages(&world, &caller, Some(EventKind::Login), 1).await;
    assert_eq!(logins, [[(9, EventKind::Login)], [(3, EventKind::Login)]]);
    assert_eq!(pages(&world, &caller, Some(EventKind::LogoutAll), 5).await, [[]]);
}

#[tokio::test]
async fn the_store_is_asked_for_one_more_than_a_page_and_its_fault_is_told() {
    let world = World::unlimited();
    let caller = world.caller(1).await;
    let user_id = caller.user().id;
    let mut audit = MockAudit::new();
    audit
        .expect_list()
        .withf(move |id, kind, before, limit| {
            *id == user_id && kind.is_none() && *before == Some(40) && *limit == 21
        })
        .times(1)
        .returning(|_, _, _, _| Err(unanswered()));
    let ports = Ports { audit: Arc::new(audit), ..Ports::untouched() };
    let result = ports.audit_trail().list(&caller, None, Some(40), 20).await;
    assert!(matches!(result, Err(Fault::Unavailable(_))), "{result:?}");
}
