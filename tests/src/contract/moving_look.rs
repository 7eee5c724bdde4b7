//! What a store that [`fill`](super::moving_fill::fill) has filled answers, to every question.

use super::Stores;
use super::file_steps::{doomed_list, owned};
use super::moving_fill::{MAXIMAL_SEED, REMOVED_SEED, SEEDS};
use crate::builders::{
    T0, blob_id, file_id, link, once, seconds_after_t0, session_id, share, signed_head, upload_id, user_id,
};
use core::fmt::Debug;
use epic_domain::Timestamp;
use epic_domain::file::{ContentNumber, File, Revision};
use epic_domain::moving::{EarlierContent, Record, StoredAccount, StoredFile};
use epic_domain::session::Revocation;
use epic_domain::user::User;
use epic_outbound::StoreError;
use epic_outbound::files::Since;
use std::collections::BTreeSet;

/// Answers, each with its question. Equal answers have equal texts; what is secret stands in no text, and is compared by the
/// hash of the record that it is a part of.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Look(Vec<(String, String)>);

impl Look {
    fn note<T: Debug>(&mut self, question: impl Into<String>, answer: Result<T, StoreError>) {
        self.0.push((question.into(), format!("{:?}", answer.unwrap())));
    }

    fn note_hash(&mut self, record: &Record) {
        self.note("its hash", Ok(record.hash()));
    }
}

/// Asks everything.
///
/// # Panics
/// When the store does not answer.
pub async fn look(stores: &Stores) -> Look {
    let mut look = Look::default();
    let people = SEEDS.chain([0, 7, 8, REMOVED_SEED, MAXIMAL_SEED, 999]);
    for seed in people {
        look_at_account(stores, &mut look, seed).await;
    }
    for seed in (1..=6).chain([0, u64::MAX]) {
        look.note(format!("session {seed}"), stores.sessions.find(session_id(seed)).await);
    }
    for now in [Timestamp::MIN, T0, seconds_after_t0(30)] {
        let mut revoked = stores.sessions.live_revocations(now).await.unwrap();
        revoked.sort_unstable_by_key(|revocation: &Revocation| revocation.session_id);
        look.note("revocations", Ok(revoked));
    }
    for seed in (10..19).chain([200, 900]) {
        look_at_file(stores, &mut look, seed).await;
    }
    look_at_what_is_left(stores, &mut look).await;
    look_at_audit(stores, &mut look).await;
    look
}

async fn look_at_account(stores: &Stores, look: &mut Look, seed: u64) {
    let id = user_id(seed);
    let found = stores.users.find_by_id(id).await.unwrap();
    if let Some(user) = &found {
        look.note("by name", stores.users.find_by_username(&user.username).await);
        let account = StoredAccount { user: User::clone(user), recovery_codes: BTreeSet::new() };
        look.note_hash(&Record::Account(Box::new(account)));
    }
    look.note(format!("account {seed}"), Ok(found));
    look.note("sessions", stores.sessions.list(id, None, 100, T0).await);
    stores.usages.changed(id);
    look.note("usage", stores.usages.usage(id).await);
    look.note("files", stores.files.list(id, false, None, 100).await);
    look.note("trash", stores.files.list(id, true, None, 100).await);
    for since in [Since::Revision(Revision::NONE), Since::Time(T0), Since::Time(seconds_after_t0(72))] {
        look.note("changes", stores.files.changes(id, since, 100).await);
    }
    look.note("incoming", stores.shares.incoming(id, None, 100, T0).await);
    look.note("events", stores.audit.list(id, None, None, 1_000).await);
    for upload in 50..58 {
        let found = stores.uploads.find(upload_id(upload), id).await.unwrap();
        look.note(format!("upload {upload}"), Ok(&found));
        found.into_iter().for_each(|found| look.note_hash(&Record::Upload(Box::new(found))));
    }
    for request in (50..53).chain(60..64).chain(70..74) {
        look.note("request", stores.uploads.find_request(id, &once(request).key_digest, T0).await);
    }
}

async fn look_at_file(stores: &Stores, look: &mut Look, seed: u64) {
    let id = file_id(seed);
    let found: Option<File> = stores.files.find(id).await.unwrap();
    if let Some(file) = &found {
        look.note_hash(&Record::File(Box::new(StoredFile { file: file.clone(), ordered_at: T0 })));
        let shares = stores.shares.list(&owned(file), None, 100, T0).await.unwrap();
        look.note("shares", Ok(&shares));
        shares.into_iter().for_each(|share| look.note_hash(&Record::Share(Box::new(share))));
        look.note("links", stores.links.list(&owned(file), None, 100).await);
        for seed in 1..=4 {
            look.note("link", stores.links.find(&link(seed, file).build().token_digest).await);
            let recipient = share(seed, file, user_id(seed)).build().recipient;
            look.note("share", stores.shares.find_for(id, recipient).await);
        }
    }
    look.note(format!("file {seed}"), Ok(found));
    let versions = stores.files.versions(id, None, 100).await.unwrap();
    look.note("versions", Ok(&versions));
    for content in versions {
        let earlier = EarlierContent { file_id: id, content, superseded_at: T0 };
        look.note_hash(&Record::EarlierContent(Box::new(earlier)));
    }
    look.note("first version", stores.files.find_version(id, ContentNumber::FIRST).await);
    look.note("its events", stores.audit.list_of_file(id, 0, 1_000).await);
    look.note("its chain", stores.audit.anchor_of_file(id).await);
}

async fn look_at_what_is_left(stores: &Stores, look: &mut Look) {
    look.note("doomed blobs", Ok(doomed_list(stores).await));
    let blobs: Vec<_> = (0..260).map(blob_id).collect();
    look.note("unknown blobs", stores.ledger.unknown(&blobs).await);
    look.note("whole uploads", stores.uploads.whole(100).await);
}

async fn look_at_audit(stores: &Stores, look: &mut Look) {
    look.note("anchor", stores.audit.anchor().await);
    look.note("chain", stores.audit.read(0, 10_000).await);
    look.note("signed heads", stores.audit.signed_heads(0, 100).await);
    look.note("the last head", stores.audit.signed_heads(signed_head(1_000).anchor.length, 100).await);
}
