//! Accounts: what they are made of and the life they may lead.

mod account;
mod auth_key;
mod kdf;
mod one_time_code;
mod public_keys;
mod recovery_code;
mod salts;
mod sealed_secret;
mod status;
mod username;
mod wrapped_key;

pub use account::{
    Credentials, Enrolment, KeyMaterial, ProposedTotp, RecoveryKey, StorageQuota, User, Version,
};
pub use auth_key::{AuthKey, AuthKeyHash};
pub use kdf::KdfParameters;
pub use one_time_code::{OtpCode, OtpStep, SecondFactor, TotpSecret};
pub use public_keys::{EncryptionPublicKey, SigningPublicKey, key_pair_id};
pub use recovery_code::{RecoveryCode, RecoveryCodeDigest};
pub use salts::{AuthSalt, EncSalt, Salts};
pub use sealed_secret::SealedSecret;
pub use status::{Status, TransitionRefused};
pub use username::Username;
pub use wrapped_key::WrappedKey;
