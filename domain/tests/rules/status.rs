//! Every way to move an account, tried from every status.

use core::time::Duration;
use epic_domain::Timestamp;
use epic_domain::user::{Status, TransitionRefused};

const NOW: Timestamp = Timestamp::from_seconds(1_700_000_000);
const MILLISECOND: Duration = Duration::from_millis(1);

fn live() -> Status {
    Status::Pending { expires_at: NOW.saturating_add(MILLISECOND) }
}

fn expired() -> Status {
    Status::Pending { expires_at: NOW }
}

#[test]
fn the_table_has_two_transitions_and_every_other_is_refused() {
    type Outcome = Result<Status, TransitionRefused>;
    let refused: Outcome = Err(TransitionRefused);
    let table: [(Status, Outcome, Outcome); 4] = [
        // from, confirm, disable
        (live(), Ok(Status::Active), refused),
        (expired(), refused, refused),
        (Status::Active, refused, Ok(Status::Disabled)),
        (Status::Disabled, refused, refused),
    ];
    for (from, confirmed, disabled) in table {
        assert_eq!(from.confirm(NOW), confirmed, "confirm {from:?}");
        assert_eq!(from.disable(), disabled, "disable {from:?}");
    }
}

#[test]
fn nothing_leads_out_of_disabled_however_many_steps_are_tried() {
    let mut reached = vec![Status::Disabled];
    for _ in 0..4 {
        reached.extend(
            reached
                .clone()
                .into_iter()
                .flat_map(|status| [status.confirm(NOW), status.disable()].into_iter().flatten()),
        );
    }
    assert!(reached.iter().all(|status| *status == Status::Disabled));
}

#[test]
fn who_exists_and_who_may_sign_in() {
    for (status, exists, may_sign_in) in [
        (live(), true, true),
        (expired(), false, false),
        (Status::Active, true, true),
        (Status::Disabled, true, false),
    ] {
        assert_eq!((status.exists_at(NOW), status.may_sign_in(NOW)), (exists, may_sign_in), "{status:?}");
    }
}

#[test]
fn c11_an_account_just_registered_can_be_confirmed_for_24_hours_and_not_a_millisecond_longer() {
    let registered = Status::registered(NOW);
    let end = NOW.saturating_add(Duration::from_secs(24 * 3_600));
    assert_eq!(registered.confirm(end.saturating_sub(MILLISECOND)), Ok(Status::Active));
    assert_eq!(registered.confirm(end), Err(TransitionRefused));
    assert!(!registered.exists_at(end));
}
