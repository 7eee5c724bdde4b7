//! What was stored is there when a store is opened anew: a store that keeps things in memory passes every other law.

use super::Stores;
use super::file_steps::just_before;
use super::moving_fill::fill;
use super::moving_look::look;
use crate::builders::{T0, recovery_code_digest, user_id};
use epic_domain::Timestamp;
use epic_domain::user::RecoveryCode;

/// Expands to the law of stores that last. `$place` is an async function that makes somewhere to keep things, `$open` an
/// async function of that place that opens the store there; it is opened a second time when the first is gone.
#[macro_export]
macro_rules! reopening_contract {
    ($place:expr, $open:expr) => {
        #[test]
        fn what_was_stored_is_there_when_the_store_is_opened_anew() {
            $crate::contract::run(async {
                let place = ($place)().await;
                let before = $crate::contract::reopening::filled(($open)(&place).await).await;
                $crate::contract::reopening::holds(&($open)(&place).await, &before).await;
            });
        }
    };
}

/// What a store answers; opaque.
pub type Answers = super::moving_look::Look;

/// Fills an empty store and returns what it answers then. It is gone afterwards.
///
/// # Panics
/// When a port refuses what it must take.
pub async fn filled(stores: Stores) -> Answers {
    fill(&stores).await;
    look(&stores).await
}

/// The store answers as before, and what no question shows is there too: each recovery code works, once, and an earlier content
/// goes when its time has come and not before.
///
/// # Panics
/// When it does not.
pub async fn holds(stores: &Stores, before: &Answers) {
    assert_eq!(look(stores).await, *before);
    for code in (1..).take(RecoveryCode::PER_SET).map(recovery_code_digest) {
        for is_there in [true, false] {
            let spent = stores.users.consume_recovery_code(user_id(1), &code, T0).await.unwrap();
            assert_eq!(spent, is_there, "a recovery code works once");
        }
    }
    let remove = |until| stores.files.remove_old_versions(until, 100);
    assert_eq!(remove(just_before(T0)).await.unwrap(), 0, "none was superseded before");
    assert!(remove(Timestamp::MAX).await.unwrap() > 0, "there are earlier contents");
}
