//! Someone with a password, keys and an authenticator.

use super::{Client, Reply};
use data_encoding::BASE64URL_NOPAD;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU64, Ordering};
use totp_rs::Totp;

/// An X25519 and an Ed25519 public key (the base points): valid, and whose does not matter to the server.
const PUBLIC_KEY: [u8; 32] = {
    let mut key = [0; 32];
    key[0] = 9;
    key
};
const SIGNING_KEY: [u8; 32] = {
    let mut key = [0x66; 32];
    key[0] = 0x58;
    key
};

/// Someone who registers and signs in.
#[derive(Clone)]
pub(crate) struct Person {
    pub(crate) username: String,
    pub(crate) auth_key: [u8; 32],
    pub(crate) salt_seed: u8,
    pub(crate) otpauth_uri: String,
}

static SEED: AtomicU64 = AtomicU64::new(1);

impl Person {
    /// Someone new, with a key nobody else in this test has.
    pub(crate) fn new(username: &str) -> Self {
        let seed = SEED.fetch_add(1, Ordering::Relaxed);
        let mut auth_key = [0xA5; 32];
        auth_key[..8].copy_from_slice(&seed.to_be_bytes());
        Self {
            username: username.to_owned(),
            auth_key,
            salt_seed: u8::try_from(seed % 200).unwrap(),
            otpauth_uri: String::new(),
        }
    }

    pub(crate) fn register_body(&self) -> Value {
        json!({
            "username": self.username,
            "auth_salt": encode(&[self.salt_seed; 16]),
            "enc_salt": encode(&[self.salt_seed + 1; 16]),
            "kdf": { "algorithm": "argon2id", "memory_kib": 65536, "iterations": 3, "parallelism": 1 },
            "auth_key": encode(&self.auth_key),
            "encrypted_mek": encode(&[self.salt_seed; 72]),
            "public_key": encode(&PUBLIC_KEY),
            "signing_key": encode(&SIGNING_KEY),
            "encrypted_private_key": encode(&[self.salt_seed; 136]),
        })
    }

    pub(crate) fn login_body(&self, otp: &str) -> Value {
        json!({ "username": self.username, "auth_key": encode(&self.auth_key), "otp": otp, "device_name": "test" })
    }

    /// Registers, and takes the authenticator's secret over.
    pub(crate) async fn register(&mut self, client: &Client) -> Reply {
        let reply = client.post("/api/auth/register", &self.register_body()).await;
        if reply.status == 201 {
            self.otpauth_uri = reply.text("otpauth_uri");
        }
        reply
    }

    /// The authenticator's code at a time in milliseconds since 1970.
    pub(crate) fn code_at(&self, millis: u64) -> String {
        Totp::from_url(&self.otpauth_uri).expect("an otpauth URI").generate(millis / 1_000).to_string()
    }

    pub(crate) async fn login_with(&self, client: &Client, otp: &str) -> Reply {
        client.post("/api/auth/login", &self.login_body(otp)).await
    }
}

/// Bytes as the API takes them.
pub(crate) fn encode(bytes: &[u8]) -> String {
    BASE64URL_NOPAD.encode(bytes)
}
