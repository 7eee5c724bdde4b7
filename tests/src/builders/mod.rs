//! Sample values: each is made from a seed, so that equal seeds give equal values and others differ.

mod files;
mod grants;
mod uploads;

pub use files::{
    FileBuilder, blob_id, content, content_digest, encrypted_data_key, encrypted_filename, file, file_id,
};
pub use grants::{LinkBuilder, ShareBuilder, link, link_id, once, share, share_id};
pub use uploads::{
    UploadBuilder, completion, maximal_upload, minimal_upload, progress, stage_state, upload, upload_id,
};

use core::time::Duration;
use epic_domain::Timestamp;
use epic_domain::audit::{Anchor, Event, EventKind, FailureReason, FileMark, Head, SignedHead};
use epic_domain::id::{EventId, FileId, SessionId, TokenId, UserId};
use epic_domain::key_id::KeyId;
use epic_domain::network::IpPrefix;
use epic_domain::session::{DeviceName, Grant, Session, Superseded};
use epic_domain::user::{
    AuthKeyHash, AuthSalt, Credentials, EncSalt, EncryptionPublicKey, Enrolment, KdfParameters, KeyMaterial,
    OtpStep, ProposedTotp, RecoveryCodeDigest, RecoveryKey, Salts, SealedSecret, SigningPublicKey, Status,
    StorageQuota, User, Username, Version, WrappedKey,
};
use epic_outbound::sessions::Opening;

/// When sample values were made: an instant with a fraction of a second.
pub const T0: Timestamp = Timestamp::from_millis(1_700_000_000_123);

/// The instant `seconds` after [`T0`].
#[must_use]
pub fn seconds_after_t0(seconds: u64) -> Timestamp {
    T0.saturating_add(Duration::from_secs(seconds))
}

/// Bytes that follow from a seed.
#[must_use]
pub fn seeded_bytes<const N: usize>(seed: u64) -> [u8; N] {
    let mut state = seed;
    core::array::from_fn(|_| {
        state = split_mix(state);
        state.to_be_bytes()[0]
    })
}

/// One step of SplitMix64, a bijection of good spread.
pub(crate) const fn split_mix(state: u64) -> u64 {
    let mut mixed = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}

/// The user id of a seed.
#[must_use]
pub fn user_id(seed: u64) -> UserId {
    UserId::from_parts(T0, &seeded_bytes(seed))
}

/// The session id of a seed.
#[must_use]
pub fn session_id(seed: u64) -> SessionId {
    SessionId::from_parts(T0, &seeded_bytes(seed))
}

/// The token id of a seed.
#[must_use]
pub fn token_id(seed: u64) -> TokenId {
    TokenId::from_parts(T0, &seeded_bytes(seed))
}

/// The digest of the recovery code of a seed.
#[must_use]
pub fn recovery_code_digest(seed: u64) -> RecoveryCodeDigest {
    RecoveryCodeDigest::from_bytes(seeded_bytes(seed))
}

/// A username that is known to be valid.
///
/// # Panics
/// When it is not.
#[must_use]
pub fn username(text: &str) -> Username {
    Username::parse(text).unwrap()
}

/// The hash of a seed.
#[must_use]
pub fn auth_key_hash(seed: u64) -> AuthKeyHash {
    AuthKeyHash::parse(&format!("$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$hash{seed}")).unwrap()
}

/// The wrapped key of a seed.
#[must_use]
pub fn wrapped_key(seed: u64) -> WrappedKey {
    WrappedKey::parse(&seeded_bytes::<48>(seed)).unwrap()
}

/// The recovery key of a seed.
#[must_use]
pub fn recovery_key(seed: u64) -> RecoveryKey {
    RecoveryKey { auth_key_hash: auth_key_hash(seed), encrypted_mek: wrapped_key(seed) }
}

/// The proposed TOTP secret of a seed, proposed at [`T0`].
#[must_use]
pub fn proposed_totp(seed: u64) -> ProposedTotp {
    ProposedTotp { sealed_secret: SealedSecret::parse(&seeded_bytes::<60>(seed)).unwrap(), proposed_at: T0 }
}

/// An account under construction.
#[derive(Debug, Clone)]
pub struct UserBuilder(User);

/// An active account named `user-<seed>`, registered at [`T0`].
#[must_use]
pub fn user(seed: u64) -> UserBuilder {
    let bytes: [u8; 64] = seeded_bytes(seed);
    let salts = Salts::new(AuthSalt::parse(&bytes[..16]).unwrap(), EncSalt::parse(&bytes[16..32]).unwrap());
    UserBuilder(User {
        id: user_id(seed),
        username: username(&format!("user-{seed}")),
        credentials: Credentials {
            salts: salts.unwrap(),
            kdf: KdfParameters::CLIENT_DEFAULT,
            auth_key_hash: auth_key_hash(seed),
        },
        keys: KeyMaterial {
            encrypted_mek: wrapped_key(seed),
            encrypted_private_key: WrappedKey::parse(&bytes[1..]).unwrap(),
            public_key: EncryptionPublicKey::parse(&bytes[32..]).unwrap(),
            signing_key: signing_key(seed),
        },
        enrolment: Enrolment {
            sealed_secret: SealedSecret::parse(&bytes[..60]).unwrap(),
            last_step: None,
            consecutive_failures: 0,
            proposed: None,
        },
        recovery_key: None,
        status: Status::Active,
        quota: StorageQuota { limit_bytes: 1 << 30 },
        version: Version::FIRST,
        created_at: T0,
        updated_at: T0,
    })
}

/// About every second string of 32 bytes is the encoding of a point: takes the first from the seed on.
fn signing_key(seed: u64) -> SigningPublicKey {
    (0..256_u64)
        .find_map(|offset| SigningPublicKey::parse(&seeded_bytes::<32>(split_mix(seed) ^ offset)).ok())
        .unwrap()
}

impl UserBuilder {
    /// Another name.
    #[must_use]
    pub fn named(mut self, text: &str) -> Self {
        self.0.username = username(text);
        self
    }

    /// Another status.
    #[must_use]
    pub const fn status(mut self, status: Status) -> Self {
        self.0.status = status;
        self
    }

    /// Pending until `expires_at`.
    #[must_use]
    pub const fn pending_until(self, expires_at: Timestamp) -> Self {
        self.status(Status::Pending { expires_at })
    }

    /// Another version.
    #[must_use]
    pub const fn version(mut self, version: Version) -> Self {
        self.0.version = version;
        self
    }

    /// Last changed at another time.
    #[must_use]
    pub const fn updated_at(mut self, updated_at: Timestamp) -> Self {
        self.0.updated_at = updated_at;
        self
    }

    /// Another credential and other keys: those of another seed.
    #[must_use]
    pub fn credentials_of(mut self, seed: u64) -> Self {
        let other = user(seed).0;
        self.0.credentials = other.credentials;
        self.0.keys = other.keys;
        self.0.enrolment = other.enrolment;
        self
    }

    /// Any other change.
    #[must_use]
    pub fn with(mut self, change: impl FnOnce(&mut User)) -> Self {
        change(&mut self.0);
        self
    }

    /// The account.
    #[must_use]
    pub fn build(self) -> User {
        self.0
    }
}

/// An account in which every field is as long, large and present as it can be.
///
/// Numbers end at 2⁶³ − 1, the most that databases hold.
#[must_use]
pub fn maximal_user() -> User {
    let most = u64::MAX / 2;
    user(1)
        .named(&"z9._-".repeat(7)[..32])
        .pending_until(Timestamp::MAX)
        .with(|user| {
            user.credentials.salts =
                Salts::new(AuthSalt::parse(&[0xFF; 32]).unwrap(), EncSalt::parse(&[0; 32]).unwrap()).unwrap();
            user.credentials.kdf = KdfParameters::CEILING;
            user.credentials.auth_key_hash =
                AuthKeyHash::parse(&format!("$argon2id${}", "~".repeat(246))).unwrap();
            user.keys.encrypted_mek = WrappedKey::parse(&[0; 512]).unwrap();
            user.keys.encrypted_private_key = WrappedKey::parse(&[0xFF; 512]).unwrap();
            user.enrolment.sealed_secret = SealedSecret::parse(&[b'\''; 512]).unwrap();
            user.enrolment.last_step = Some(OtpStep::at(Timestamp::MAX));
            user.enrolment.consecutive_failures = u32::MAX;
            user.enrolment.proposed = Some(ProposedTotp {
                sealed_secret: SealedSecret::parse(&[0; 512]).unwrap(),
                proposed_at: Timestamp::MAX,
            });
            user.recovery_key = Some(RecoveryKey {
                auth_key_hash: AuthKeyHash::parse(&format!("$argon2id${}", "!".repeat(246))).unwrap(),
                encrypted_mek: WrappedKey::parse(&[b'\''; 512]).unwrap(),
            });
            user.quota = StorageQuota { limit_bytes: most };
            user.version = Version::from_number(most);
            user.created_at = Timestamp::MAX;
            user.updated_at = Timestamp::MAX;
        })
        .build()
}

/// An account in which every field is as short, small and absent as it can be.
#[must_use]
pub fn minimal_user() -> User {
    user(0)
        .named("a--")
        .with(|user| {
            user.credentials.salts =
                Salts::new(AuthSalt::parse(&[0; 16]).unwrap(), EncSalt::parse(&[1; 16]).unwrap()).unwrap();
            user.credentials.kdf = KdfParameters::FLOOR;
            user.credentials.auth_key_hash = AuthKeyHash::parse("$argon2id$").unwrap();
            user.keys.encrypted_mek = WrappedKey::parse(&[0; 40]).unwrap();
            user.keys.encrypted_private_key = WrappedKey::parse(&[0; 40]).unwrap();
            user.enrolment.sealed_secret = SealedSecret::parse(&[0]).unwrap();
            user.quota = StorageQuota { limit_bytes: 0 };
            user.version = Version::from_number(0);
            user.created_at = Timestamp::MIN;
            user.updated_at = Timestamp::MIN;
        })
        .build()
}

/// The pair of tokens of a seed, made at `issued_at`: 30 minutes and 7 days.
#[must_use]
pub fn grant(seed: u64, issued_at: Timestamp) -> Grant {
    let issued_at = issued_at.floor_to_second();
    Grant {
        access_id: token_id(seed.wrapping_mul(2)),
        refresh_id: token_id(seed.wrapping_mul(2).wrapping_add(1)),
        key_id: KeyId::parse("key-1").unwrap(),
        issued_at,
        access_expires_at: issued_at.saturating_add(Duration::from_secs(30 * 60)),
        refresh_expires_at: issued_at.saturating_add(Duration::from_secs(7 * 24 * 3_600)),
    }
}

/// A session under construction.
#[derive(Debug, Clone)]
pub struct SessionBuilder(Session);

/// A session of `user_id`, opened at [`T0`] for 30 days, with the grant of the same seed.
#[must_use]
pub fn session(seed: u64, user_id: UserId) -> SessionBuilder {
    SessionBuilder(Session {
        id: session_id(seed),
        user_id,
        device_name: Some(DeviceName::parse(&format!("device {seed}")).unwrap()),
        origin: IpPrefix::of([192, 0, 2, seed.to_be_bytes()[7]].into()),
        created_at: T0,
        auth_time: T0.floor_to_second(),
        last_seen_at: T0,
        ends_at: T0.floor_to_second().saturating_add(Duration::from_secs(30 * 24 * 3_600)),
        current: grant(seed, T0),
        superseded: None,
    })
}

impl SessionBuilder {
    /// Another absolute end.
    #[must_use]
    pub const fn ends_at(mut self, ends_at: Timestamp) -> Self {
        self.0.ends_at = ends_at;
        self
    }

    /// Any other change.
    #[must_use]
    pub fn with(mut self, change: impl FnOnce(&mut Session)) -> Self {
        change(&mut self.0);
        self
    }

    /// The session.
    #[must_use]
    pub fn build(self) -> Session {
        self.0
    }
}

/// A session in which every field is as long, large and present as it can be.
#[must_use]
pub fn maximal_session(user_id: UserId) -> Session {
    session(u64::MAX, user_id)
        .with(|session| {
            session.device_name = Some(DeviceName::parse(&"\u{1F511}".repeat(64)).unwrap());
            session.origin = IpPrefix::from_bytes([0xFF; 16]);
            for time in [
                &mut session.created_at,
                &mut session.auth_time,
                &mut session.last_seen_at,
                &mut session.ends_at,
                &mut session.current.issued_at,
                &mut session.current.access_expires_at,
                &mut session.current.refresh_expires_at,
            ] {
                *time = Timestamp::MAX;
            }
            session.current.key_id = KeyId::parse(&"k".repeat(32)).unwrap();
            session.superseded =
                Some(Superseded { refresh_id: TokenId::from_bytes([0xFF; 16]), replaced_at: Timestamp::MAX });
        })
        .build()
}

/// A session in which every field is as short, small and absent as it can be.
#[must_use]
pub fn minimal_session(user_id: UserId) -> Session {
    session(0, user_id)
        .with(|session| {
            session.device_name = None;
            session.origin = IpPrefix::unspecified();
            session.created_at = Timestamp::MIN;
            session.auth_time = Timestamp::MIN;
            session.last_seen_at = Timestamp::MIN;
            session.current.key_id = KeyId::parse("k").unwrap();
            session.current.issued_at = Timestamp::MIN;
        })
        .build()
}

/// A session about to be stored, of an account that had this version when its owner signed in; no cap is in reach, and
/// what ends to make room would be remembered for 30 minutes after [`T0`].
#[must_use]
pub fn opening(session: &Session, user_version: Version) -> Opening {
    Opening {
        session: session.clone(),
        user_version,
        sessions_max: 100_000,
        revoked_until: seconds_after_t0(30 * 60),
    }
}

/// Where a chain of this length stood, with a signature that only looks like one.
#[must_use]
pub fn signed_head(length: u64) -> SignedHead {
    SignedHead {
        anchor: Anchor { length, head: Head::from_bytes(seeded_bytes(length)) },
        at: T0.saturating_add(Duration::from_millis(length % 1_000_000)),
        key_id: KeyId::parse("key-1").unwrap(),
        signature: seeded_bytes(split_mix(length)),
    }
}

/// An event of a seed: a login with every field present.
#[must_use]
pub fn event(seed: u64) -> Event {
    Event {
        id: EventId::from_parts(T0, &seeded_bytes(seed)),
        at: T0.saturating_add(Duration::from_millis(seed % 1_000_000)),
        kind: EventKind::LoginFailed,
        user_id: Some(user_id(seed)),
        session_id: Some(session_id(seed)),
        origin: Some(IpPrefix::of([192, 0, 2, seed.to_be_bytes()[7]].into())),
        reason: Some(FailureReason::WrongKey),
        count: 1,
        file: None,
    }
}

/// The event of a seed, about a file.
#[must_use]
pub fn file_event(seed: u64, file_id: FileId) -> Event {
    let file = Some(FileMark { file_id, grant: None });
    Event { kind: EventKind::FileFetched, reason: None, file, ..event(seed) }
}

/// An event with nothing but its kind.
#[must_use]
pub fn bare_event(seed: u64, kind: EventKind) -> Event {
    Event { kind, user_id: None, session_id: None, origin: None, reason: None, ..event(seed) }
}
