//! Records as they come in, each written over the one with its key.

use crate::error::Failure;
use crate::second_factor::replace_recovery_codes;
use crate::storage::Storage;
use crate::{
    audit, blob_ledger, content_row, file_lists, file_row, link_row, requests, session_row, share_row,
    upload_row, user_row,
};
use epic_domain::moving::{Record, StoredAccount, StoredFile};
use rusqlite::Connection;

pub(crate) fn put(connection: &Connection, record: &Record) -> Result<(), Failure> {
    match record {
        Record::Account(account) => put_account(connection, account),
        Record::Session(session) => session_row::put(connection, session),
        Record::Revocation(revocation) => session_row::put_revocation(connection, revocation),
        Record::Usage(usage) => Storage::from(*usage).save(connection),
        Record::File(stored) => put_file(connection, stored),
        Record::RemovedFile(removed) => file_lists::put_removal(connection, removed),
        Record::EarlierContent(earlier) => {
            content_row::delete(connection, earlier.file_id, earlier.content.number)?;
            content_row::insert(connection, earlier.file_id, &earlier.content, earlier.superseded_at)
        }
        Record::Upload(upload) => {
            upload_row::delete(connection, upload.id)?;
            upload_row::insert(connection, upload)
        }
        Record::Share(share) => {
            share_row::delete(connection, share.id)?;
            share_row::insert(connection, share)
        }
        Record::Link(link) => {
            link_row::delete(connection, link.id)?;
            link_row::insert(connection, link)
        }
        Record::Request(request) => requests::remember(connection, request.account, Some(&request.once)),
        Record::DoomedBlob(doomed) => blob_ledger::put(connection, doomed),
        Record::Event(link) => audit::put(connection, link),
        Record::Anchor(anchor) => audit::set_anchor(connection, *anchor),
        Record::SignedHead(head) => audit::put_head(connection, head),
    }
}

/// In place: to remove the row would remove the account's sessions too.
fn put_account(connection: &Connection, account: &StoredAccount) -> Result<(), Failure> {
    let StoredAccount { user, recovery_codes } = account;
    if user_row::exists(connection, user.id)? {
        user_row::update(connection, user)?;
    } else {
        user_row::insert(connection, user)?;
    }
    let codes: Vec<_> = recovery_codes.iter().copied().collect();
    replace_recovery_codes(connection, user.id, &codes)
}

/// In place: to remove the row would remove the file's shares and links too.
fn put_file(connection: &Connection, stored: &StoredFile) -> Result<(), Failure> {
    let StoredFile { file, ordered_at } = stored;
    if file_row::find_any(connection, file.id)?.is_some() {
        file_row::update(connection, file, *ordered_at)
    } else {
        file_row::insert(connection, file, *ordered_at)
    }
}
