//! Who may do how much: exact sliding windows, one step function, no state of their own.

mod action;
mod decision;
mod key;
mod quota;
mod window;

pub use action::Action;
pub use decision::{Decision, Denial, DenialCause, Standing};
pub use key::{Attempt, Subject};
pub use quota::{Quota, Quotas};
pub use window::{Tick, Verdict, Window, expired_count, judge};
