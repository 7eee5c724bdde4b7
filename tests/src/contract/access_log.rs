//! Laws of the access log.

use crate::builders::{seconds_after_t0, session_id, user_id};
use epic_domain::network::IpPrefix;
use epic_outbound::access_log::{Access, AccessLog, AccessSummary};
use std::sync::Arc;

/// Makes a fresh, empty log.
pub type MakeAccessLog = dyn Fn() -> Arc<dyn AccessLog>;

/// Expands to the laws of [`AccessLog`]. The factory takes nothing and returns
/// an `Arc<dyn AccessLog>` with room for some hundred sessions.
#[macro_export]
macro_rules! access_log_contract {
    ($factory:expr) => {
        $crate::laws_on_a_port! { access_log, $factory;
            uses_of_a_session_are_summed_up
            what_was_drained_is_gone
            a_use_noted_late_does_not_hide_a_later_one
            no_racing_use_is_lost
        }
    };
}

fn access(seed: u64, seconds: u64) -> Access {
    Access {
        user_id: user_id(seed),
        session_id: session_id(seed),
        origin: IpPrefix::unspecified(),
        at: seconds_after_t0(seconds),
    }
}

fn drained(log: &dyn AccessLog) -> Vec<AccessSummary> {
    let mut summaries = log.drain();
    summaries.sort_by_key(|summary| summary.last.at);
    summaries
}

/// Each session for itself.
pub fn uses_of_a_session_are_summed_up(make: &MakeAccessLog) {
    let log = make();
    for use_of_it in [access(1, 1), access(2, 2), access(1, 3), access(1, 4)] {
        log.note(&use_of_it);
    }
    let expected =
        [AccessSummary { last: access(2, 2), count: 1 }, AccessSummary { last: access(1, 4), count: 3 }];
    assert_eq!(drained(log.as_ref()), expected);
}

/// And counting begins anew.
pub fn what_was_drained_is_gone(make: &MakeAccessLog) {
    let log = make();
    assert_eq!(log.drain(), []);
    log.note(&access(1, 1));
    log.drain();
    assert_eq!(log.drain(), []);
    log.note(&access(1, 2));
    assert_eq!(log.drain(), [AccessSummary { last: access(1, 2), count: 1 }]);
}

/// Threads may note out of order.
pub fn a_use_noted_late_does_not_hide_a_later_one(make: &MakeAccessLog) {
    let log = make();
    log.note(&access(1, 2));
    log.note(&access(1, 1));
    assert_eq!(log.drain(), [AccessSummary { last: access(1, 2), count: 2 }]);
}

/// While another thread drains.
pub fn no_racing_use_is_lost(make: &MakeAccessLog) {
    let log = make();
    let counted: u32 = std::thread::scope(|scope| {
        for seed in 0..4 {
            let log = &log;
            scope.spawn(move || (0..1_000).for_each(|second| log.note(&access(seed, second))));
        }
        let drains =
            scope.spawn(|| (0..100).flat_map(|_| log.drain()).map(|summary| summary.count).sum::<u32>());
        drains.join().unwrap()
    });
    let rest: u32 = log.drain().iter().map(|summary| summary.count).sum();
    assert_eq!(counted + rest, 4_000);
}
