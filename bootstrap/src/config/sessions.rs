//! How long tokens and sessions live.

use super::parse;
use super::problem::Problem;
use super::reader::Reader;
use epic_domain::session::SessionPolicy;

pub(super) fn read(reader: &mut Reader<'_>) -> Option<SessionPolicy> {
    let access = reader.read("access_ttl", parse::duration);
    let refresh = reader.read("refresh_ttl", parse::duration);
    let session = reader.read("session_ttl", parse::duration);
    let grace = reader.read("refresh_grace", parse::duration);
    SessionPolicy::new(access?, refresh?, session?, grace?)
        .map_err(|refused| {
            let names = "access_ttl, refresh_ttl, session_ttl, refresh_grace";
            reader.problems.push(Problem::of_several(names, refused));
        })
        .ok()
}
