//! Calls of the ports of accounts, sessions and audit, each in all its courses.

use crate::MongoStore;
use epic_domain::audit::EventKind;
use epic_domain::user::{OtpStep, Version};
use epic_outbound::audit::Audit;
use epic_outbound::sessions::{EndScope, Opening, Rotation, Sessions};
use epic_outbound::users::{CredentialChange, Ending, TotpChange, Users};
use epic_tests::builders::{
    T0, auth_key_hash, event, file_id, grant, opening, proposed_totp, recovery_code_digest, recovery_key,
    seconds_after_t0, session, session_id, signed_head, user, user_id, username,
};

pub(super) async fn call_users(store: &MongoStore) {
    let account = user(1).pending_until(seconds_after_t0(100)).build();
    let (id, codes) = (account.id, [recovery_code_digest(1)]);
    store.insert_if_absent(&account, T0).await.unwrap();
    store.insert_if_absent(&user(2).named("user-1").build(), seconds_after_t0(100)).await.unwrap();
    store.insert_if_absent(&user(3).named("user-1").build(), T0).await.unwrap();
    store.insert_if_absent(&account.clone(), T0).await.unwrap();
    store
        .insert_if_absent(&user(1).pending_until(seconds_after_t0(100)).named("another").build(), T0)
        .await
        .unwrap();
    store.find_by_username(&username("another")).await.unwrap();
    let renewed = user(1).pending_until(seconds_after_t0(100)).named("another").build();
    store.replace_pending(&renewed, Version::FIRST, T0).await.unwrap();
    store.consume_otp_step(id, OtpStep::from_number(5), &codes, T0).await.unwrap();
    store.consume_otp_step(id, OtpStep::from_number(6), &[], T0).await.unwrap();
    store.consume_recovery_code(id, &codes[0], T0).await.unwrap();
    store.record_code_failure(id).await.unwrap();
    store.replace_hash(id, &auth_key_hash(1), &auth_key_hash(2)).await.unwrap();
    store.replace_recovery_codes(id, &codes).await.unwrap();
    store.propose_totp(id, &proposed_totp(7)).await.unwrap();
    store.set_recovery_key(id, Version::FIRST, &recovery_key(9), T0).await.unwrap();
    store.remove_expired_pending(T0, 10).await.unwrap();
    let late = user(4).pending_until(T0).build();
    store.insert_if_absent(&late, T0).await.unwrap();
    store.remove_expired_pending(T0, 10).await.unwrap();
}

pub(super) async fn call_sessions(store: &MongoStore) {
    store.insert_if_absent(&user(5).build(), T0).await.unwrap();
    let first = session(1, user_id(5)).build();
    let room_for_one = |seed| {
        let session = session(seed, user_id(5)).build();
        Opening { sessions_max: 1, ..opening(&session, Version::FIRST) }
    };
    store.open(&room_for_one(1)).await.unwrap();
    let now = seconds_after_t0(60);
    let rotation = Rotation {
        session_id: first.id,
        presented: first.current.refresh_id,
        next: grant(100, now),
        reuse_grace: core::time::Duration::ZERO,
        now,
        revoked_until: T0,
    };
    store.rotate(&rotation).await.unwrap();
    store.rotate(&rotation).await.unwrap();
    store.open(&room_for_one(2)).await.unwrap();
    store.open(&room_for_one(3)).await.unwrap();
    store.touch(&[(session_id(3), now)]).await.unwrap();
    Sessions::list(store, user_id(5), None, 10, T0).await.unwrap();
    Sessions::list(store, user_id(5), Some(session_id(1)), 10, T0).await.unwrap();
    store.end_owned(user_id(5), session_id(3), T0).await.unwrap();
    store.end(session_id(2), T0).await.unwrap();
    store.end_many(user_id(5), EndScope::AllExcept(session_id(1)), T0).await.unwrap();
    store.live_revocations(T0).await.unwrap();
    store.open(&room_for_one(4)).await.unwrap();
    store.remove_expired(epic_domain::Timestamp::MAX, 10).await.unwrap();
}

pub(super) async fn call_account_changes(store: &MongoStore) {
    let after = user(6).build();
    store.open(&opening(&session(9, user_id(5)).build(), Version::FIRST)).await.unwrap();
    let ending = Ending { keep: None, revoked_until: T0, now: T0 };
    let change = CredentialChange {
        user_id: user_id(5),
        expected: Version::FIRST,
        credentials: after.credentials,
        encrypted_mek: after.keys.encrypted_mek,
        encrypted_private_key: after.keys.encrypted_private_key,
        ending,
    };
    store.change_credentials(&change).await.unwrap();
    let (sealed_secret, step) = (proposed_totp(7).sealed_secret, OtpStep::from_number(7));
    store.confirm_totp(&TotpChange { user_id: user_id(5), sealed_secret, step, ending }).await.unwrap();
    store.remove(user_id(5), T0).await.unwrap();
}

pub(super) async fn call_audit(store: &MongoStore) {
    store.append(&[event(1), event(2)]).await.unwrap();
    store.append(&[event(3)]).await.unwrap();
    store.anchor().await.unwrap();
    store.anchor_of_file(file_id(1)).await.unwrap();
    store.list_of_file(file_id(1), 0, 10).await.unwrap();
    Audit::read(store, 0, 10).await.unwrap();
    Audit::list(store, user_id(1), None, Some(9), 10).await.unwrap();
    Audit::list(store, user_id(1), Some(EventKind::Login), None, 10).await.unwrap();
    store.keep_signed_head(&signed_head(1)).await.unwrap();
    store.signed_heads(0, 10).await.unwrap();
}
