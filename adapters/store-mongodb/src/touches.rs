//! When sessions were last seen: many at once, in few commands.

use crate::collections::Collections;
use crate::documents::session_queries::{alive, see};
use crate::errors::Failure;
use crate::store::Shared;
use epic_domain::Timestamp;
use epic_domain::id::SessionId;
use futures_util::FutureExt;
use mongodb::ClientSession;
use mongodb::bson::{Document, doc};
use mongodb::error::Error;

/// Updates in one command; the server allows a hundred times as many.
const COMMAND_UPDATES_MAX: usize = 1_000;

pub(crate) async fn touch(shared: &Shared, seen: Vec<(SessionId, Timestamp)>) -> Result<(), Failure> {
    if seen.is_empty() {
        return Ok(());
    }
    shared
        .in_transaction(seen, |collections, session, seen| touch_within(collections, session, seen).boxed())
        .await
}

async fn touch_within(
    collections: &Collections,
    session: &mut ClientSession,
    seen: &[(SessionId, Timestamp)],
) -> Result<(), Error> {
    for chunk in seen.chunks(COMMAND_UPDATES_MAX) {
        // The driver has no call for several different updates that servers before version 8 understand.
        let updates: Vec<Document> =
            chunk.iter().map(|(id, at)| doc! { "q": alive(*id), "u": see(*at) }).collect();
        let command = doc! { "update": collections.sessions.name(), "updates": updates };
        let reply = collections.database.run_command(command).session(&mut *session).await?;
        // What the driver's own calls do with such a reply: an update that failed fails the command.
        if let Ok([first, ..]) = reply.get_array("writeErrors").map(Vec::as_slice) {
            let code = first.as_document().and_then(|error| error.get_i32("code").ok());
            return Err(Failure::Server(code.unwrap_or_default()).into());
        }
    }
    Ok(())
}
