//! What a limited use case answers: its result, and where the caller stands with its limit.

use epic_domain::rate_limit::Standing;

/// A result, and the standing that goes with it whether it is good or bad: a refusal must not be told from a success
/// by its limit headers.
#[derive(Debug)]
pub struct Answer<T, E> {
    /// Where the caller stands; `None` when the action is not limited, or when the result is that it was denied.
    pub standing: Option<Standing>,
    /// The result.
    pub result: Result<T, E>,
}
