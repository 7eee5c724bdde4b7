//! A store with something of everything in it, made through its ports.

use super::Stores;
use super::file_steps::{
    AMPLE_BYTES, begun, made, owned, people, removed, restored, rewritten, right_to, trashed, under_way,
    uploaded, uploaded_at,
};
use super::users::insert;
use crate::builders::{
    T0, bare_event, event, file_event, link, link_id, maximal_session, maximal_upload, maximal_user,
    minimal_session, minimal_upload, minimal_user, once, opening, progress, proposed_totp,
    recovery_code_digest, recovery_key, seconds_after_t0, session, session_id, share, share_id, signed_head,
    stage_state, upload, upload_id, user, user_id,
};
use epic_domain::Timestamp;
use epic_domain::audit::{Event, EventKind, FileMark, GrantMark};
use epic_domain::file::{
    EncryptedDataKey, EncryptedFilename, Fence, File, Once, Progress, Share, UploadSize,
};
use epic_domain::user::{OtpStep, RecoveryCode, Status, User, Version};
use epic_outbound::files::Edit;
use epic_outbound::links::LinkCreation;
use epic_outbound::shares::Granting;
use epic_outbound::uploads::{BeginRight, Beginning};

/// The accounts of these seeds are there, and one of this seed was removed.
pub const SEEDS: core::ops::RangeInclusive<u64> = 1..=6;
pub(super) const REMOVED_SEED: u64 = 20;
/// The seeds of the longest and of the shortest account.
pub(super) const MAXIMAL_SEED: u64 = 100;

/// Fills an empty store with several records of every kind, from the shortest to the longest, made at [`T0`] and after; some
/// are of accounts and files that are gone.
///
/// # Panics
/// When a port refuses what it must take.
pub async fn fill(stores: &Stores) {
    fill_accounts(stores).await;
    fill_sessions(stores).await;
    let files = fill_files(stores).await;
    fill_uploads(stores, &files).await;
    fill_grants(stores, &files).await;
    fill_audit(stores, &files).await;
    people(stores, &[REMOVED_SEED]).await;
    for seed in 200..204 {
        uploaded(stores, seed, REMOVED_SEED).await;
    }
    assert!(stores.users.remove(user_id(REMOVED_SEED), Timestamp::MAX).await.unwrap().is_some());
}

async fn fill_accounts(stores: &Stores) {
    let seeds: Vec<_> = SEEDS.collect();
    people(stores, &seeds).await;
    insert(stores, &minimal_user()).await;
    insert(stores, &User { id: user_id(MAXIMAL_SEED), ..maximal_user() }).await;
    insert(stores, &user(7).status(Status::Disabled).build()).await;
    insert(stores, &user(8).pending_until(seconds_after_t0(900)).build()).await;
    let users = &stores.users;
    let set: Vec<_> = (1..).take(RecoveryCode::PER_SET).map(recovery_code_digest).collect();
    users.replace_recovery_codes(user_id(1), &set).await.unwrap();
    users.replace_recovery_codes(user_id(2), &set[..1]).await.unwrap();
    users.replace_recovery_codes(user_id(3), &[]).await.unwrap();
    users.consume_otp_step(user_id(4), OtpStep::at(T0), &[], T0).await.unwrap();
    users.record_code_failure(user_id(2)).await.unwrap();
    users.propose_totp(user_id(3), &proposed_totp(3)).await.unwrap();
    let key = recovery_key(4);
    users.set_recovery_key(user_id(4), Version::FIRST, &key, seconds_after_t0(5)).await.unwrap();
}

async fn fill_sessions(stores: &Stores) {
    let sessions = (1..=5).map(|seed| session(seed, user_id(1)).build());
    for session in sessions.chain([maximal_session(user_id(2)), minimal_session(user_id(3))]) {
        stores.sessions.open(&opening(&session, Version::FIRST)).await.unwrap();
    }
    for (seed, until) in [(1, Timestamp::MAX), (2, seconds_after_t0(60)), (3, seconds_after_t0(1))] {
        assert!(stores.sessions.end(session_id(seed), until).await.unwrap());
    }
}

/// Five files of account 1 in every state, and one of account 2. The last one has a write share for account 2.
async fn fill_files(stores: &Stores) -> Vec<File> {
    let mut files = Vec::new();
    for seed in 10..13 {
        files.push(uploaded_at(stores, seed, 1, seconds_after_t0(seed)).await);
    }
    let mut written = files.swap_remove(0);
    for seed in 30..35 {
        written = rewritten(stores, &written, seed, seconds_after_t0(seed)).await;
    }
    let second = epic_domain::file::ContentNumber::FIRST.next();
    assert!(stores.files.remove_version(&owned(&written), second).await.unwrap());
    let edit = Edit {
        encrypted_filename: Some(EncryptedFilename::parse(&[b'$'; EncryptedFilename::BYTES_MAX]).unwrap()),
        encrypted_data_key: Some(EncryptedDataKey::parse(&[0; EncryptedDataKey::BYTES_MAX]).unwrap()),
    };
    let edited = stores.files.edit(&owned(&written), written.version, &edit, Timestamp::MAX).await.unwrap();
    files.push(made(edited));
    let in_trash = uploaded(stores, 13, 1).await;
    trashed(stores, &in_trash, seconds_after_t0(70)).await;
    let once_in_trash = uploaded(stores, 14, 1).await;
    let once_in_trash = trashed(stores, &once_in_trash, seconds_after_t0(71)).await;
    files.push(restored(stores, &once_in_trash, seconds_after_t0(72)).await);
    for (seed, owner) in [(15, 1), (16, 1), (17, 2)] {
        let file = uploaded(stores, seed, owner).await;
        let file = rewritten(stores, &file, 100 + seed, seconds_after_t0(73)).await;
        let file = trashed(stores, &file, seconds_after_t0(74)).await;
        removed(stores, &file, Timestamp::MAX).await;
    }
    files.push(uploaded(stores, 18, 2).await);
    files
}

async fn fill_uploads(stores: &Stores, files: &[File]) {
    let maximal = maximal_upload(50, 3);
    let advanced = maximal.progress.clone();
    let uploads = [
        // A store begins them where uploads begin.
        epic_domain::file::Upload { progress: Progress::none(), fence: Fence::NONE, ..maximal },
        minimal_upload(51, 3),
        upload(52, 3).size(UploadSize::AtMost(5)).build(),
    ];
    for (seed, upload) in (50..).zip(&uploads) {
        let request = Once { outcome: Box::default(), expires_at: Timestamp::MAX, ..once(seed) };
        let begun = stores.uploads.begin(upload, &BeginRight::NewFile, AMPLE_BYTES, Some(&request)).await;
        assert_eq!(begun.unwrap(), Beginning::Begun);
    }
    let taken = stores.uploads.take_over(upload_id(50), user_id(3), T0).await.unwrap().unwrap();
    assert!(stores.uploads.advance(taken.id, taken.fence, &advanced, Timestamp::MAX).await.unwrap());
    let file = &files[0];
    let onto = upload(53, 1).onto(file).build();
    begun(stores, &onto, &right_to(file)).await;
    let taken = stores.uploads.take_over(onto.id, user_id(1), T0).await.unwrap().unwrap();
    let half = progress(53, 500);
    assert!(stores.uploads.advance(onto.id, taken.fence, &half, seconds_after_t0(99)).await.unwrap());
    for seed in 54..58 {
        let upload = under_way(stores, seed, 2).await;
        let taken = stores.uploads.take_over(upload.id, user_id(2), T0).await.unwrap().unwrap();
        let staged = Progress { stage: stage_state(seed), ..Progress::none() };
        assert!(stores.uploads.advance(upload.id, taken.fence, &staged, T0).await.unwrap());
        assert!(stores.uploads.abandon(upload.id, user_id(2)).await.unwrap());
    }
    let first = stores.ledger.doomed(1).await.unwrap().swap_remove(0);
    stores.ledger.removed(&[first.blob_id]).await.unwrap();
}

async fn fill_grants(stores: &Stores, files: &[File]) {
    let [first, second, ..] = files else { panic!("too few files") };
    let maximal = Share {
        encrypted_data_key: EncryptedDataKey::parse(&[0xFF; EncryptedDataKey::BYTES_MAX]).unwrap(),
        ..share(4, second, user_id(2))
            .to_write()
            .expires_at(Timestamp::MAX)
            .created_at(Timestamp::MAX)
            .build()
    };
    let shares = [
        (first, share(1, first, user_id(2)).build()),
        (first, share(2, first, user_id(3)).to_write().expires_at(seconds_after_t0(500)).build()),
        (first, share(3, first, user_id(4)).created_at(Timestamp::MIN).build()),
        (second, maximal),
    ];
    for (seed, (file, share)) in (60..).zip(&shares) {
        let request = once(seed);
        let granted = stores.shares.grant(&owned(file), share, 1_000, Some(&request), T0).await.unwrap();
        assert_eq!(granted, Granting::Granted);
    }
    let links = [
        link(1, first).build(),
        link(2, first).expires_at(Timestamp::MAX).max_downloads(u32::MAX).created_at(Timestamp::MAX).build(),
        link(3, second).expires_at(seconds_after_t0(1)).max_downloads(1).build(),
        link(4, second).created_at(Timestamp::MIN).build(),
    ];
    for (seed, link) in (70..).zip(&links) {
        let file = if link.file_id == first.id { first } else { second };
        let request = Once { outcome: vec![0xFF; 4_096].into(), ..once(seed) };
        let created = stores.links.create(&owned(file), link, 100, Some(&request), T0).await.unwrap();
        assert_eq!(created, LinkCreation::Created);
    }
    for _ in 0..3 {
        assert!(stores.links.count_download(link_id(2), T0).await.unwrap());
    }
}

async fn fill_audit(stores: &Stores, files: &[File]) {
    let of_share = |seed, file: &File| {
        let file = FileMark { file_id: file.id, grant: Some(GrantMark::Share(share_id(seed))) };
        Event { file: Some(file), ..event(seed) }
    };
    let mut events: Vec<Event> = (1..=6).map(event).collect();
    events.extend((10..14).map(|seed| file_event(seed, files[0].id)));
    events.push(of_share(20, &files[0]));
    events.push(of_share(21, &files[1]));
    let by_link = FileMark { file_id: files[1].id, grant: Some(GrantMark::Link(link_id(1))) };
    events.push(Event { file: Some(by_link), user_id: None, session_id: None, ..event(22) });
    events.extend((30..).zip(EventKind::ALL).map(|(seed, kind)| bare_event(seed, *kind)));
    events.push(Event { at: Timestamp::MAX, count: u32::MAX, ..event(90) });
    events.push(Event { at: Timestamp::MIN, count: 0, ..event(91) });
    for batch in events.chunks(7) {
        stores.audit.append(batch).await.unwrap();
    }
    for length in [1, 2, 5, 1_000, u64::MAX / 2] {
        stores.audit.keep_signed_head(&signed_head(length)).await.unwrap();
    }
}
