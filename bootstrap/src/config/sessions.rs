//! How long tokens and sessions live, and how many sessions there may be.

use super::parse::{self, Rule};
use super::problem::Problem;
use super::reader::Reader;
use core::time::Duration;
use epic_domain::session::SessionPolicy;

pub(super) fn read(reader: &mut Reader<'_>) -> Option<SessionPolicy> {
    let access = reader.read("access_ttl", parse::duration);
    let refresh = reader.read("refresh_ttl", parse::duration);
    let session = reader.read("session_ttl", parse::duration);
    let grace = reader.read("refresh_grace", parse::duration);
    let sessions_max = reader.read("sessions_max", sessions_max);
    let step_up = reader.read("step_up_ttl", step_up);
    SessionPolicy::new(access?, refresh?, session?, grace?)
        .and_then(|policy| policy.with_sessions_max(sessions_max.unwrap_or(policy.sessions_max())))
        .and_then(|policy| policy.with_step_up(step_up.unwrap_or(policy.step_up())))
        .map_err(|refused| {
            let names = "access_ttl, refresh_ttl, session_ttl, refresh_grace";
            reader.problems.push(Problem::of_several(names, refused));
        })
        .ok()
}

/// Judged by itself, so that a refusal names the one setting.
fn sessions_max(text: &str) -> Result<u32, Rule> {
    let rule = || "must be a whole number between 1 and 10000".to_owned();
    let count = text.parse().map_err(|_| rule())?;
    SessionPolicy::DEFAULT.with_sessions_max(count).map(|_| count).map_err(|_| rule())
}

fn step_up(text: &str) -> Result<Duration, Rule> {
    let span = parse::duration(text)?;
    let rule = |_| "must be a length of time between 10s and 1h such as 5m".to_owned();
    SessionPolicy::DEFAULT.with_step_up(span).map(|_| span).map_err(rule)
}
