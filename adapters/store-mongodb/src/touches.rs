//! When sessions were last seen: many at once, in few commands.

use crate::documents::session_queries::{alive, see};
use crate::errors::Failure;
use crate::store::Shared;
use epic_domain::Timestamp;
use epic_domain::id::SessionId;
use mongodb::bson::{Document, doc, serialize_to_bson};

/// Updates in one command; the server allows a hundred times as many.
const COMMAND_UPDATES_MAX: usize = 1_000;

/// No transaction: it would hold up, and be held up by, whatever else becomes of any of these sessions.
pub(crate) async fn touch(shared: &Shared, seen: Vec<(SessionId, Timestamp)>) -> Result<(), Failure> {
    for chunk in seen.chunks(COMMAND_UPDATES_MAX) {
        touch_some(shared, chunk).await?;
    }
    Ok(())
}

/// The driver has no call for several different updates that servers before version 8 understand.
async fn touch_some(shared: &Shared, seen: &[(SessionId, Timestamp)]) -> Result<(), Failure> {
    let collections = &shared.collections;
    let updates: Vec<Document> =
        seen.iter().map(|(id, at)| doc! { "q": alive(*id), "u": see(*at) }).collect();
    let durable = collections.sessions.write_concern().map(serialize_to_bson).transpose();
    let command = doc! {
        "update": collections.sessions.name(),
        "updates": updates,
        "ordered": false,
        "writeConcern": durable.map_err(|_| Failure::Driver)?,
    };
    let reply = collections.database.run_command(command).await?;
    refused(&reply)
}

/// What the driver's own calls do with such a reply: an update that failed, or is not durable, fails the command.
fn refused(reply: &Document) -> Result<(), Failure> {
    let code =
        |error: Option<&Document>| error.and_then(|error| error.get_i32("code").ok()).unwrap_or_default();
    if let Ok([first, ..]) = reply.get_array("writeErrors").map(Vec::as_slice) {
        return Err(Failure::Server(code(first.as_document())));
    }
    if let Ok(error) = reply.get_document("writeConcernError") {
        return Err(Failure::WriteConcern(code(Some(error))));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_failed_or_is_not_durable_is_not_taken_for_done() {
        assert_eq!(refused(&doc! { "ok": 1, "n": 2 }), Ok(()));
        assert_eq!(
            refused(&doc! { "ok": 1, "writeErrors": [{ "index": 1, "code": 112 }] }),
            Err(Failure::Server(112))
        );
        assert_eq!(
            refused(&doc! { "ok": 1, "writeConcernError": { "code": 64 } }),
            Err(Failure::WriteConcern(64))
        );
    }
}
