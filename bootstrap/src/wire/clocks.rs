//! Whether this machine's clock and the database's agree.
//!
//! Every node removes by its own clock what has expired, for all of them: one that is weeks ahead would end everybody's sessions
//! and empty everybody's trash at its first sweep.

use super::store::Store;
use core::time::Duration;
use epic_domain::Timestamp;
use epic_outbound::StoreError;
use epic_outbound::clock::Clock;

/// By how much clocks of nodes may differ.
const DIFFERENCE_MAX: Duration = Duration::from_secs(30);

/// Why a server does not start on a store that others share.
#[derive(Debug, thiserror::Error)]
pub enum ClockRefused {
    /// The clocks differ.
    #[error(
        "the clock of this machine is {} s {} that of the MongoDB server, more than the {} s that nodes may differ: set both by a time server",
        difference.as_secs(),
        if *is_ahead { "ahead of" } else { "behind" },
        DIFFERENCE_MAX.as_secs()
    )]
    Differs {
        /// By how much.
        difference: Duration,
        /// Whether it is this machine's that is ahead.
        is_ahead: bool,
    },
    /// The database does not tell its time.
    #[error("the store does not tell the time")]
    Untold(#[from] StoreError),
}

/// Compares the clocks, where there is a database elsewhere.
///
/// # Errors
/// [`ClockRefused`].
pub async fn check_clock(store: &Store, clock: &dyn Clock) -> Result<(), ClockRefused> {
    match store {
        Store::Sqlite(_) => Ok(()),
        Store::Mongodb(database) => {
            let asked_at = clock.now();
            judge(asked_at, database.time().await?, clock.now())
        }
    }
}

/// The database told `theirs` at some time between `asked_at` and `answered_at`.
fn judge(asked_at: Timestamp, theirs: Timestamp, answered_at: Timestamp) -> Result<(), ClockRefused> {
    let span = |from: Timestamp, to: Timestamp| to.as_millis().saturating_sub(from.as_millis());
    let (ahead, behind) = (span(theirs, asked_at), span(answered_at, theirs));
    let difference = Duration::from_millis(ahead.max(behind));
    if difference <= DIFFERENCE_MAX {
        return Ok(());
    }
    Err(ClockRefused::Differs { difference, is_ahead: ahead > behind })
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(seconds: u64) -> Timestamp {
        Timestamp::from_millis(1_700_000_000_000 + seconds * 1_000)
    }

    #[test]
    fn half_a_minute_is_near_enough_and_a_slow_answer_says_nothing_of_the_clock() {
        for (asked_at, theirs, answered_at) in
            [(100, 100, 100), (130, 100, 131), (100, 135, 105), (100, 130, 160)]
        {
            assert!(
                judge(at(asked_at), at(theirs), at(answered_at)).is_ok(),
                "{asked_at} {theirs} {answered_at}"
            );
        }
    }

    #[test]
    fn a_clock_that_is_further_off_is_refused_with_how_far_and_which_way() {
        let ahead = judge(at(131), at(100), at(132)).unwrap_err().to_string();
        assert!(ahead.contains("31 s ahead of"), "{ahead}");
        let behind = judge(at(100), at(4_000), at(101)).unwrap_err().to_string();
        assert!(behind.contains("3899 s behind"), "{behind}");
    }
}
