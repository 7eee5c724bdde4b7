//! What was changed in the life of an account is there after a restart, and what has ended stays ended.

use epic_domain::file::{ContentNumber, FileChange, Progress, Revision, StageState, Usage};
use epic_domain::user::{OtpStep, Status, User, Version};
use epic_outbound::audit::Audit;
use epic_outbound::files::{Edit, FileOutcome, Files, Since, Usages};
use epic_outbound::links::Links;
use epic_outbound::sessions::{Opening, OpeningOutcome, Sessions};
use epic_outbound::shares::{Granting, Shares};
use epic_outbound::uploads::{BlobLedger, DoomedBlob, Uploads};
use epic_outbound::users::{Change, CredentialChange, Ending, Replacement, TotpChange, Users};
use epic_store_sqlite::{SqliteStore, StoreOptions};
use epic_tests::builders::{
    T0, auth_key_hash, blob_id, encrypted_filename, event, link, opening, progress, proposed_totp,
    recovery_code_digest, recovery_key, seconds_after_t0, session, session_id, share, signed_head, user,
    user_id,
};
use epic_tests::steps::{begin, rewritten, uploaded};
use tempfile::TempDir;

/// A store that can be closed and opened again on its folder.
struct Restarting {
    store: SqliteStore,
    folder: TempDir,
}

impl Restarting {
    /// A store with account 1 and its sessions 1, 2 and 3.
    async fn filled() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(folder.path(), StoreOptions::default()).unwrap();
        store.insert_if_absent(&user(1).build(), T0).await.unwrap();
        for seed in 1..=3 {
            let session = session(seed, user_id(1)).build();
            let outcome = store.open(&opening(&session, Version::FIRST)).await.unwrap();
            assert_eq!(outcome, OpeningOutcome::Opened { ended: Vec::new() });
        }
        Self { store, folder }
    }

    fn restart(&mut self) {
        self.store.close();
        self.store = SqliteStore::open(self.folder.path(), StoreOptions::default()).unwrap();
    }

    async fn account(&self) -> User {
        User::clone(&self.store.find_by_id(user_id(1)).await.unwrap().unwrap())
    }

    /// The seeds of the live and of the revoked sessions of the account.
    async fn sessions(&self) -> (Vec<u64>, Vec<u64>) {
        let live = Sessions::list(&self.store, user_id(1), None, 100, T0).await.unwrap();
        let revoked = self.store.live_revocations(T0).await.unwrap();
        let is_live = |seed: &u64| live.iter().any(|session| session.id == session_id(*seed));
        let is_revoked = |seed: &u64| revoked.iter().any(|ended| ended.session_id == session_id(*seed));
        ((1..=9).filter(is_live).collect(), (1..=9).filter(is_revoked).collect())
    }
}

fn ending() -> Ending {
    let (revoked_until, now) = (seconds_after_t0(1_800), seconds_after_t0(5));
    Ending { keep: Some(session_id(2)), revoked_until, now }
}

#[tokio::test]
async fn changed_credentials_are_there_and_the_sessions_they_ended_are_not() {
    let mut restarting = Restarting::filled().await;
    let User { credentials, keys, .. } = user(2).build();
    let change = CredentialChange {
        user_id: user_id(1),
        expected: Version::FIRST,
        credentials: credentials.clone(),
        encrypted_mek: keys.encrypted_mek,
        encrypted_private_key: keys.encrypted_private_key,
        ending: ending(),
    };
    assert_ne!(restarting.store.change_credentials(&change).await.unwrap(), Change::Stale);
    let replaced = restarting.store.replace_hash(user_id(1), &auth_key_hash(2), &auth_key_hash(3)).await;
    assert!(replaced.unwrap());
    let before = restarting.account().await;
    restarting.restart();
    assert_eq!(restarting.account().await, before);
    assert_eq!((before.version, before.credentials.salts), (Version::FIRST.next(), credentials.salts));
    assert_eq!(before.credentials.auth_key_hash, auth_key_hash(3));
    assert_eq!(restarting.sessions().await, (vec![2], vec![1, 3]));
    assert_eq!(restarting.store.change_credentials(&change).await.unwrap(), Change::Stale);
}

#[tokio::test]
async fn a_new_authenticator_new_codes_and_a_recovery_key_are_there() {
    let mut restarting = Restarting::filled().await;
    let id = user_id(1);
    let old = [recovery_code_digest(1)];
    assert!(restarting.store.replace_recovery_codes(id, &old).await.unwrap());
    assert!(restarting.store.replace_recovery_codes(id, &[recovery_code_digest(2)]).await.unwrap());
    assert!(restarting.store.propose_totp(id, &proposed_totp(7)).await.unwrap());
    let set = restarting.store.set_recovery_key(id, Version::FIRST, &recovery_key(9), T0).await;
    assert_eq!(set.unwrap(), Replacement::Replaced);
    restarting.restart();
    assert_eq!(restarting.account().await.enrolment.proposed, Some(proposed_totp(7)));

    let sealed_secret = proposed_totp(7).sealed_secret;
    let step = OtpStep::from_number(100);
    let change = TotpChange { user_id: id, sealed_secret: sealed_secret.clone(), step, ending: ending() };
    assert_ne!(restarting.store.confirm_totp(&change).await.unwrap(), Change::Stale);
    restarting.restart();
    let found = restarting.account().await;
    assert_eq!((found.status, found.recovery_key), (Status::Active, Some(recovery_key(9))));
    assert_eq!(found.enrolment.sealed_secret, sealed_secret);
    assert_eq!((found.enrolment.last_step, found.enrolment.proposed), (Some(step), None));
    assert_eq!(found.version, Version::FIRST.next().next());
    assert_eq!(restarting.sessions().await, (vec![2], vec![1, 3]));
    assert!(!restarting.store.consume_recovery_code(id, &old[0], T0).await.unwrap());
    assert!(restarting.store.consume_recovery_code(id, &recovery_code_digest(2), T0).await.unwrap());
}

#[tokio::test]
async fn a_removed_account_stays_removed_and_its_sessions_revoked() {
    let mut restarting = Restarting::filled().await;
    restarting.store.append(&[event(1)]).await.unwrap();
    assert!(Users::remove(&restarting.store, user_id(1), seconds_after_t0(1_800)).await.unwrap().is_some());
    restarting.restart();
    assert_eq!(restarting.store.find_by_id(user_id(1)).await.unwrap(), None);
    assert_eq!(restarting.sessions().await, (vec![], vec![1, 2, 3]));
    assert_eq!(Audit::list(&restarting.store, user_id(1), None, None, 10).await.unwrap().len(), 1);
}

#[tokio::test]
async fn the_cap_on_sessions_and_signed_heads_last() {
    let mut restarting = Restarting::filled().await;
    let newest = session(4, user_id(1)).with(|session| session.last_seen_at = seconds_after_t0(1)).build();
    restarting.store.touch(&[(session_id(1), seconds_after_t0(1))]).await.unwrap();
    let capped = Opening { sessions_max: 2, ..opening(&newest, Version::FIRST) };
    assert_ne!(restarting.store.open(&capped).await.unwrap(), OpeningOutcome::Stale);
    assert!(restarting.store.end_owned(user_id(1), session_id(1), seconds_after_t0(1_800)).await.unwrap());
    restarting.store.keep_signed_head(&signed_head(3)).await.unwrap();
    restarting.restart();
    assert_eq!(restarting.sessions().await, (vec![4], vec![1, 2, 3]));
    assert_eq!(restarting.store.signed_heads(0, 10).await.unwrap(), [signed_head(3)]);
}

#[tokio::test]
async fn files_their_earlier_contents_and_their_removal_are_there() {
    let mut restarting = Restarting::filled().await;
    let file = rewritten(&restarting.store, &uploaded(&restarting.store, 1, 1).await, 2, T0).await;
    let gone = uploaded(&restarting.store, 3, 1).await;
    let of_gone = gone.owned_by(user_id(1)).unwrap();
    let edit = Edit { encrypted_filename: Some(encrypted_filename(9)), encrypted_data_key: None };
    let ownership = file.owned_by(user_id(1)).unwrap();
    let edited = restarting.store.edit(&ownership, file.version, &edit, seconds_after_t0(7)).await.unwrap();
    let FileOutcome::Made(file) = edited else { panic!("{edited:?}") };
    restarting.store.trash(&of_gone, gone.version, T0).await.unwrap();
    restarting.restart();
    assert_eq!(Files::list(&restarting.store, user_id(1), true, None, 10).await.unwrap().len(), 1);
    Files::remove(&restarting.store, &of_gone, gone.version.next(), T0).await.unwrap();
    restarting.restart();

    assert_eq!(Files::list(&restarting.store, user_id(1), false, None, 10).await.unwrap(), [*file.clone()]);
    assert_eq!(Files::find(&restarting.store, gone.id).await.unwrap(), None);
    let versions = restarting.store.versions(file.id, None, 10).await.unwrap();
    assert_eq!(versions.iter().map(|content| content.number).collect::<Vec<_>>(), [ContentNumber::FIRST]);
    let changes = restarting.store.changes(user_id(1), Since::Revision(Revision::NONE), 10).await.unwrap();
    let revision = Revision::from_number(6);
    assert_eq!(
        changes,
        [FileChange::Present(file), FileChange::Removed { file_id: gone.id, revision, at: T0 },]
    );
    let usage = restarting.store.usage(user_id(1)).await.unwrap();
    assert_eq!(usage, Usage { used_bytes: 2_000, reserved_bytes: 0 });
    let doomed = DoomedBlob { blob_id: blob_id(3), stage: StageState::default() };
    assert_eq!(restarting.store.doomed(10).await.unwrap(), [doomed]);
}

#[tokio::test]
async fn an_upload_goes_on_where_it_was() {
    let mut restarting = Restarting::filled().await;
    let upload = begin(&restarting.store, 1, 1).await;
    let taken = restarting.store.take_over(upload.id, user_id(1), T0).await.unwrap().unwrap();
    let come: Progress = progress(7, 600);
    assert!(restarting.store.advance(upload.id, taken.fence, &come, seconds_after_t0(9)).await.unwrap());
    restarting.restart();
    let found = Uploads::find(&restarting.store, upload.id, user_id(1)).await.unwrap().unwrap();
    assert_eq!((&found.progress, found.fence, found.expires_at), (&come, taken.fence, seconds_after_t0(9)));
    let usage = restarting.store.usage(user_id(1)).await.unwrap();
    assert_eq!(usage, Usage { used_bytes: 0, reserved_bytes: 1_000 });
    assert!(restarting.store.abandon(upload.id, user_id(1)).await.unwrap());
    restarting.restart();
    assert_eq!(Uploads::find(&restarting.store, upload.id, user_id(1)).await.unwrap(), None);
    assert_eq!(restarting.store.usage(user_id(1)).await.unwrap(), Usage::default());
    let doomed = DoomedBlob { blob_id: upload.blob_id, stage: come.stage };
    assert_eq!(restarting.store.doomed(10).await.unwrap(), [doomed]);
}

#[tokio::test]
async fn shares_links_and_their_downloads_are_there() {
    let mut restarting = Restarting::filled().await;
    restarting.store.insert_if_absent(&user(2).build(), T0).await.unwrap();
    let file = uploaded(&restarting.store, 1, 1).await;
    let ownership = file.owned_by(user_id(1)).unwrap();
    let share = share(1, &file, user_id(2)).build();
    let granted = restarting.store.grant(&ownership, &share, 10, None, T0).await.unwrap();
    assert_eq!(granted, Granting::Granted);
    let link = link(1, &file).max_downloads(1).build();
    restarting.store.create(&ownership, &link, 10, None, T0).await.unwrap();
    assert!(restarting.store.count_download(link.id, T0).await.unwrap());
    restarting.restart();
    let incoming = restarting.store.incoming(user_id(2), None, 10, T0).await.unwrap();
    assert_eq!(incoming, [(share, file)]);
    assert!(!restarting.store.count_download(link.id, T0).await.unwrap());
    let (found, _) = Links::find(&restarting.store, &link.token_digest).await.unwrap().unwrap();
    assert_eq!(found.downloads, 1);
}
