//! `GET /api/files`: one's files, or what has changed among them.

use super::OF_FILES;
use super::item::FileItem;
use crate::api::Api;
use crate::auth::current_user;
use crate::encoding::{from_rfc3339, rfc3339};
use crate::fault_reply::fault;
use crate::limit_reply::answered;
use crate::paging::{Page, Query, cursor, position_cursor};
use crate::problem::{FieldError, Problem};
use crate::reply;
use crate::routes::{Route, on, query, with};
use epic_domain::Invalid;
use epic_domain::file::{FileChange, Revision};
use epic_inbound::authenticate::Authenticated;
use epic_inbound::own_files::{OwnFiles, Since};
use http::{Method, StatusCode};
use serde::Serialize;
use std::sync::Arc;
use warp::Filter;
use warp::reply::Response;

/// A file that changed, or one that is gone.
#[derive(Serialize)]
#[serde(untagged)]
enum Change {
    Present(Box<FileItem>),
    Removed { file_id: String, revision: u64, removed_at: String, removed: bool },
}

/// The route.
pub(super) fn route(api: &Api) -> Route {
    warp::path::end()
        .and(on(OF_FILES, &[Method::GET, Method::HEAD]))
        .and(current_user(api.authenticate.clone()))
        .and(query())
        .and(with(&api.own_files))
        .then(list)
        .boxed()
}

async fn list(caller: Authenticated, query: Query, own: Arc<OwnFiles>) -> Response {
    let result = match since(&query) {
        Ok(Some(since)) => changes(&caller, &query, since, &own).await,
        Ok(None) => files(&caller, &query, &own).await,
        Err(problem) => Err(problem),
    };
    answered(caller.standing(), result)
}

async fn files(caller: &Authenticated, query: &Query, own: &OwnFiles) -> Result<Response, Problem> {
    let (limit, after) = (query.limit()?, query.position()?);
    let trashed = trashed(query)?.unwrap_or(false);
    let listed = own.list(caller, trashed, after, limit).await.map_err(|cause| fault(&cause))?;
    Ok(reply::json(StatusCode::OK, &Page::of(&listed, FileItem::own, position_cursor)))
}

/// What changed since a revision or a time. A cursor goes on from the last revision of the page before.
async fn changes(
    caller: &Authenticated,
    query: &Query,
    since: Since,
    own: &OwnFiles,
) -> Result<Response, Problem> {
    let (limit, after) = (query.limit()?, query.cursor::<8>()?);
    if trashed(query)?.is_some() {
        let detail =
            "trashed cannot stand beside since: changes are told of files in the trash and out of it";
        return Err(Problem::invalid_fields(vec![FieldError {
            pointer: "/trashed".to_owned(),
            code: "not_with_since",
            detail: detail.to_owned(),
        }]));
    }
    let since =
        after.map_or(since, |revision| Since::Revision(Revision::from_number(u64::from_be_bytes(revision))));
    let listed = own.changes(caller, since, limit).await.map_err(|cause| fault(&cause))?;
    let place = |revision: &Revision| cursor(&revision.get().to_be_bytes());
    Ok(reply::json(StatusCode::OK, &Page::of(&listed, change, place)))
}

fn change(change: &FileChange) -> Change {
    match change {
        FileChange::Present(file) => Change::Present(Box::new(FileItem::own(file))),
        FileChange::Removed { file_id, revision, at } => Change::Removed {
            file_id: file_id.to_string(),
            revision: revision.get(),
            removed_at: rfc3339(*at),
            removed: true,
        },
    }
}

fn since(query: &Query) -> Result<Option<Since>, Problem> {
    query.take("since", |text| {
        let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let since = if is_number {
            text.parse().ok().map(|number| Since::Revision(Revision::from_number(number)))
        } else {
            from_rfc3339(text).map(Since::Time)
        };
        since.ok_or(Invalid::new("invalid_since", "must be a revision or an RFC 3339 time"))
    })
}

fn trashed(query: &Query) -> Result<Option<bool>, Problem> {
    query.take("trashed", |text| match text {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(Invalid::new("invalid_boolean", "must be true or false")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_asked_for_since_a_revision_or_a_time() {
        let since = |text: &str| since(&Query::parse(text)).ok().flatten();
        assert_eq!(since("since=0"), Some(Since::Revision(Revision::NONE)));
        assert_eq!(since("since=17"), Some(Since::Revision(Revision::from_number(17))));
        let at = epic_domain::Timestamp::from_millis(1_700_000_000_000);
        assert_eq!(since("since=2023-11-14T22:13:20Z"), Some(Since::Time(at)));
        for bad in ["since=", "since=-1", "since=yesterday", "since=18446744073709551616", "since=1&since=2"]
        {
            assert_eq!(since(bad), None, "{bad}");
        }
    }
}
