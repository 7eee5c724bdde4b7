//! What the store keeps, as records in the order of their keys.

use crate::error::Failure;
use crate::rows::integer;
use crate::second_factor::recovery_codes;
use crate::storage::Storage;
use crate::{
    audit, blob_ledger, content_row, file_lists, file_row, link_row, requests, session_row, share_row,
    upload_row, user_row,
};
use epic_domain::moving::{Key, Kind, Record, StoredAccount};
use rusqlite::Connection;

/// At most `limit` records of a kind that follow `after`.
pub(crate) fn page(
    connection: &Connection,
    kind: Kind,
    after: Option<&Key>,
    limit: u32,
) -> Result<Vec<Record>, Failure> {
    let (id, number) = (id(after), number(after));
    match kind {
        Kind::Account => accounts(connection, id, limit),
        Kind::Session => boxed(session_row::page(connection, id, limit), Record::Session),
        Kind::Revocation => {
            plain(session_row::page_of_revocations(connection, id, limit), Record::Revocation)
        }
        Kind::Usage => plain(Storage::page(connection, id, limit), Record::Usage),
        Kind::File => boxed(file_row::page(connection, id, limit), Record::File),
        Kind::RemovedFile => {
            plain(file_lists::page_of_removals(connection, (id, number?), limit), Record::RemovedFile)
        }
        Kind::EarlierContent => {
            boxed(content_row::page_of_all(connection, (id, number?), limit), Record::EarlierContent)
        }
        Kind::Upload => boxed(upload_row::page(connection, id, limit), Record::Upload),
        Kind::Share => boxed(share_row::page_of_all(connection, id, limit), Record::Share),
        Kind::Link => boxed(link_row::page_of_all(connection, id, limit), Record::Link),
        Kind::Request => boxed(requests::page(connection, (id, digest(after)), limit), Record::Request),
        Kind::DoomedBlob => {
            plain(blob_ledger::page(connection, after.map_or(0, Key::number), limit), Record::DoomedBlob)
        }
        Kind::Event => boxed(audit::page(connection, after.map_or(0, Key::number), limit), Record::Event),
        Kind::Anchor => anchor(connection, after, limit),
        Kind::SignedHead => boxed(audit::heads(connection, number?, limit), Record::SignedHead),
    }
}

/// The id that ids follow. All follow the empty one.
fn id(after: Option<&Key>) -> &[u8] {
    after.map_or(&[], |key| key.id())
}

/// The number that numbers follow. All follow -1.
fn number(after: Option<&Key>) -> Result<i64, Failure> {
    after.map_or(Ok(-1), |key| integer(key.number()))
}

fn digest(after: Option<&Key>) -> &[u8] {
    after.map_or(&[], |key| key.digest())
}

fn plain<T>(values: Result<Vec<T>, Failure>, record: impl Fn(T) -> Record) -> Result<Vec<Record>, Failure> {
    Ok(values?.into_iter().map(record).collect())
}

fn boxed<T>(
    values: Result<Vec<T>, Failure>,
    record: impl Fn(Box<T>) -> Record,
) -> Result<Vec<Record>, Failure> {
    plain(values, |value| record(Box::new(value)))
}

fn accounts(connection: &Connection, after: &[u8], limit: u32) -> Result<Vec<Record>, Failure> {
    let with_codes = |user: epic_domain::user::User| {
        let recovery_codes = recovery_codes(connection, user.id)?;
        Ok(Record::Account(Box::new(StoredAccount { user, recovery_codes })))
    };
    user_row::page(connection, after, limit)?.into_iter().map(with_codes).collect()
}

/// There is one, also of an empty chain.
fn anchor(connection: &Connection, after: Option<&Key>, limit: u32) -> Result<Vec<Record>, Failure> {
    if after.is_some() || limit == 0 {
        Ok(Vec::new())
    } else {
        Ok(vec![Record::Anchor(audit::anchor(connection)?)])
    }
}
