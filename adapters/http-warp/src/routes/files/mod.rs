//! `/api/files/…`: files, their contents, and who else may have them.

mod audit;
mod begun;
mod change;
mod content;
mod create;
mod edit;
mod item;
mod links;
mod list;
mod shares;
mod show;
mod versions;
mod whole;

pub(super) use content::content_stream;
pub(super) use create::create_resumable;
pub(super) use whole::digest_mismatch;

use super::{Route, id, on};
use crate::api::Api;
use crate::problem::Problem;
use crate::tus;
use core::str::FromStr;
use core::time::Duration;
use epic_domain::id::FileId;
use http::Method;
use warp::Filter;

/// The methods of `/api/files`, of a file, and of what hangs on it.
const OF_FILES: &str = "GET, HEAD, POST, OPTIONS";
const OF_FILE: &str = "GET, HEAD, PATCH, DELETE";
const OF_LIST: &str = "GET, HEAD, POST";

/// All of them.
pub(super) fn routes(api: &Api, body_timeout: Duration) -> Route {
    let content_bytes_max = api.begin_upload.content_bytes_max();
    let describing =
        warp::path::end().and(on(OF_FILES, &[Method::OPTIONS])).map(move || tus::describe(content_bytes_max));
    // What is called the most comes first.
    let fetching = content::routes(api).or(show::route(api)).unify().or(list::route(api)).unify();
    let writing = create::route(api, body_timeout)
        .or(whole::route(api, body_timeout))
        .unify()
        .or(versions::routes(api, body_timeout))
        .unify()
        .or(edit::route(api, body_timeout))
        .unify()
        .or(change::routes(api))
        .unify();
    let sharing = shares::routes(api, body_timeout)
        .or(links::routes(api, body_timeout))
        .unify()
        .or(audit::route(api))
        .unify();
    let all = fetching.or(writing).unify().or(sharing).unify().or(describing).unify();
    warp::path!("api" / "files" / ..).and(all).boxed()
}

/// A segment that stands for a file. What is no id names no file, but the name of another call is no file's at all.
struct FileSegment(String);

impl FromStr for FileSegment {
    type Err = NoFile;

    fn from_str(text: &str) -> Result<Self, NoFile> {
        if text == "upload" { Err(NoFile) } else { Ok(Self(text.to_owned())) }
    }
}

/// The segment belongs to another call.
struct NoFile;

impl FileSegment {
    fn file_id(&self) -> Result<FileId, Problem> {
        id(&self.0)
    }
}
