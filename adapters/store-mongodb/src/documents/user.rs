//! Accounts, their recovery codes in them.

use super::values::{binary, bytes, date, integer, number, parsed, small_number, time};
use super::{FORMAT, check_format};
use crate::errors::Failure;
use epic_domain::Timestamp;
use epic_domain::id::UserId;
use epic_domain::moving::StoredAccount;
use epic_domain::user::{
    AuthKeyHash, AuthSalt, Credentials, EncSalt, EncryptionPublicKey, Enrolment, KdfParameters, KeyMaterial,
    OtpStep, ProposedTotp, RecoveryCodeDigest, RecoveryKey, Salts, SealedSecret, SigningPublicKey, Status,
    StorageQuota, User, Username, Version, WrappedKey,
};
use mongodb::bson::{Binary, DateTime, Uuid};
use serde::{Deserialize, Serialize};

pub(crate) const PENDING: &str = "pending";
pub(crate) const ACTIVE: &str = "active";
const DISABLED: &str = "disabled";

/// An account.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct UserDocument {
    #[serde(rename = "_id")]
    id: Uuid,
    v: i32,
    /// Counts every write of the document, also those that its version does not count.
    revision: i64,
    username: String,
    credentials: CredentialsDocument,
    keys: KeysDocument,
    enrolment: EnrolmentDocument,
    #[serde(skip_serializing_if = "Option::is_none")]
    recovery_key: Option<RecoveryKeyDocument>,
    recovery_codes: Vec<Binary>,
    status: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pending_expires_at: Option<DateTime>,
    limit_bytes: i64,
    version: i64,
    created_at: DateTime,
    updated_at: DateTime,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct CredentialsDocument {
    auth_salt: Binary,
    enc_salt: Binary,
    kdf_memory_kib: i64,
    kdf_iterations: i64,
    kdf_parallelism: i64,
    auth_key_hash: String,
}

#[derive(Debug, Serialize, Deserialize)]
struct KeysDocument {
    encrypted_mek: Binary,
    encrypted_private_key: Binary,
    public_key: Binary,
    signing_key: Binary,
}

#[derive(Debug, Serialize, Deserialize)]
struct EnrolmentDocument {
    sealed_secret: Binary,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_step: Option<i64>,
    consecutive_failures: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    proposed: Option<ProposedDocument>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ProposedDocument {
    sealed_secret: Binary,
    proposed_at: DateTime,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct RecoveryKeyDocument {
    auth_key_hash: String,
    encrypted_mek: Binary,
}

impl UserDocument {
    /// A new account, or one that replaces an unconfirmed one: without recovery codes.
    pub(crate) fn encode(user: &User) -> Result<Self, Failure> {
        let (status, pending_expires_at) = match user.status {
            Status::Pending { expires_at } => (PENDING, Some(date(expires_at))),
            Status::Active => (ACTIVE, None),
            Status::Disabled => (DISABLED, None),
        };
        Ok(Self {
            id: Uuid::from_bytes(*user.id.as_bytes()),
            v: FORMAT,
            revision: 1,
            username: user.username.as_str().to_owned(),
            credentials: CredentialsDocument::encode(&user.credentials),
            keys: KeysDocument::encode(&user.keys),
            enrolment: EnrolmentDocument::encode(&user.enrolment)?,
            recovery_key: user.recovery_key.as_ref().map(RecoveryKeyDocument::encode),
            recovery_codes: Vec::new(),
            status: status.to_owned(),
            pending_expires_at,
            limit_bytes: integer(user.quota.limit_bytes)?,
            version: integer(user.version.number())?,
            created_at: date(user.created_at),
            updated_at: date(user.updated_at),
        })
    }

    /// An account as it moves in, with its recovery codes.
    pub(crate) fn encode_stored(account: &StoredAccount) -> Result<Self, Failure> {
        let recovery_codes = account.recovery_codes.iter().map(|code| binary(code.as_bytes())).collect();
        Ok(Self { recovery_codes, ..Self::encode(&account.user)? })
    }

    /// How often the document was written.
    pub(crate) const fn revision(&self) -> i64 {
        self.revision
    }

    /// The account with its recovery codes.
    pub(crate) fn decode_stored(mut self) -> Result<StoredAccount, Failure> {
        let codes = core::mem::take(&mut self.recovery_codes);
        let codes = codes.iter().map(|code| bytes(code, "recovery code").map(RecoveryCodeDigest::from_bytes));
        Ok(StoredAccount { recovery_codes: codes.collect::<Result<_, _>>()?, user: self.decode()? })
    }

    pub(crate) fn decode(self) -> Result<User, Failure> {
        check_format(self.v)?;
        let expires_at = self.pending_expires_at.map(time).transpose()?;
        Ok(User {
            id: UserId::from_bytes(self.id.bytes()),
            username: parsed("username", Username::parse(&self.username))?,
            credentials: self.credentials.decode()?,
            keys: self.keys.decode()?,
            enrolment: self.enrolment.decode()?,
            recovery_key: self.recovery_key.map(|key| key.decode()).transpose()?,
            status: decode_status(&self.status, expires_at)?,
            quota: StorageQuota { limit_bytes: number(self.limit_bytes)? },
            version: Version::from_number(number(self.version)?),
            created_at: time(self.created_at)?,
            updated_at: time(self.updated_at)?,
        })
    }
}

impl CredentialsDocument {
    pub(crate) fn encode(credentials: &Credentials) -> Self {
        Self {
            auth_salt: binary(credentials.salts.auth().as_bytes()),
            enc_salt: binary(credentials.salts.enc().as_bytes()),
            kdf_memory_kib: credentials.kdf.memory_kib().into(),
            kdf_iterations: credentials.kdf.iterations().into(),
            kdf_parallelism: credentials.kdf.parallelism().into(),
            auth_key_hash: credentials.auth_key_hash.as_str().to_owned(),
        }
    }

    fn decode(self) -> Result<Credentials, Failure> {
        let auth = parsed("salt", AuthSalt::parse(&self.auth_salt.bytes))?;
        let enc = parsed("salt", EncSalt::parse(&self.enc_salt.bytes))?;
        let kdf = KdfParameters::new(
            small_number(self.kdf_memory_kib)?,
            small_number(self.kdf_iterations)?,
            small_number(self.kdf_parallelism)?,
        );
        Ok(Credentials {
            salts: parsed("salt", Salts::new(auth, enc))?,
            kdf: parsed("derivation parameter", kdf)?,
            auth_key_hash: parsed("hash", AuthKeyHash::parse(&self.auth_key_hash))?,
        })
    }
}

impl KeysDocument {
    fn encode(keys: &KeyMaterial) -> Self {
        Self {
            encrypted_mek: binary(keys.encrypted_mek.as_bytes()),
            encrypted_private_key: binary(keys.encrypted_private_key.as_bytes()),
            public_key: binary(keys.public_key.as_bytes()),
            signing_key: binary(keys.signing_key.as_bytes()),
        }
    }

    fn decode(self) -> Result<KeyMaterial, Failure> {
        Ok(KeyMaterial {
            encrypted_mek: parsed("wrapped key", WrappedKey::parse(&self.encrypted_mek.bytes))?,
            encrypted_private_key: parsed(
                "wrapped key",
                WrappedKey::parse(&self.encrypted_private_key.bytes),
            )?,
            public_key: EncryptionPublicKey::from_stored(bytes(&self.public_key, "public key")?),
            signing_key: SigningPublicKey::from_stored(bytes(&self.signing_key, "public key")?),
        })
    }
}

impl EnrolmentDocument {
    fn encode(enrolment: &Enrolment) -> Result<Self, Failure> {
        Ok(Self {
            sealed_secret: binary(enrolment.sealed_secret.as_bytes()),
            last_step: enrolment.last_step.map(|step| integer(step.number())).transpose()?,
            consecutive_failures: enrolment.consecutive_failures.into(),
            proposed: enrolment.proposed.as_ref().map(ProposedDocument::encode),
        })
    }

    fn decode(self) -> Result<Enrolment, Failure> {
        Ok(Enrolment {
            sealed_secret: parsed("sealed secret", SealedSecret::parse(&self.sealed_secret.bytes))?,
            last_step: self.last_step.map(number).transpose()?.map(OtpStep::from_number),
            consecutive_failures: small_number(self.consecutive_failures)?,
            proposed: self.proposed.map(|proposed| proposed.decode()).transpose()?,
        })
    }
}

impl ProposedDocument {
    pub(crate) fn encode(proposed: &ProposedTotp) -> Self {
        let sealed_secret = binary(proposed.sealed_secret.as_bytes());
        Self { sealed_secret, proposed_at: date(proposed.proposed_at) }
    }

    fn decode(self) -> Result<ProposedTotp, Failure> {
        let sealed_secret = parsed("sealed secret", SealedSecret::parse(&self.sealed_secret.bytes))?;
        Ok(ProposedTotp { sealed_secret, proposed_at: time(self.proposed_at)? })
    }
}

impl RecoveryKeyDocument {
    pub(crate) fn encode(key: &RecoveryKey) -> Self {
        Self {
            auth_key_hash: key.auth_key_hash.as_str().to_owned(),
            encrypted_mek: binary(key.encrypted_mek.as_bytes()),
        }
    }

    fn decode(self) -> Result<RecoveryKey, Failure> {
        Ok(RecoveryKey {
            auth_key_hash: parsed("hash", AuthKeyHash::parse(&self.auth_key_hash))?,
            encrypted_mek: parsed("wrapped key", WrappedKey::parse(&self.encrypted_mek.bytes))?,
        })
    }
}

fn decode_status(name: &str, expires_at: Option<Timestamp>) -> Result<Status, Failure> {
    match (name, expires_at) {
        (PENDING, Some(expires_at)) => Ok(Status::Pending { expires_at }),
        (ACTIVE, None) => Ok(Status::Active),
        (DISABLED, None) => Ok(Status::Disabled),
        _ => Err(Failure::Damaged("status")),
    }
}
