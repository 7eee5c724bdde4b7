//! What was stored is there when a store is opened anew: a store that keeps things in memory passes every other law.

use super::Stores;
use super::moving_fill::fill;
use super::moving_look::look;

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

/// The store answers as before.
///
/// # Panics
/// When it does not.
pub async fn holds(stores: &Stores, before: &Answers) {
    assert_eq!(look(stores).await, *before);
}
