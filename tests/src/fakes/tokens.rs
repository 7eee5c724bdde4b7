//! Tokens that are genuine because they are remembered.

use core::fmt::Write;
use epic_domain::key_id::KeyId;
use epic_domain::secret::SecretText;
use epic_domain::session::{Claims, TokenKind};
use epic_outbound::tokens::{TokenError, Tokens, VerifyingKey};
use parking_lot::Mutex;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// Writes claims in clear and remembers what it wrote: nothing else is genuine.
#[derive(Debug)]
pub struct FakeTokens {
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    signing: KeyId,
    known: BTreeSet<KeyId>,
    issued: HashMap<String, Arc<Claims>>,
}

impl Default for FakeTokens {
    /// Signs with the key `key-1`.
    fn default() -> Self {
        let signing = KeyId::parse("key-1").unwrap();
        let known = BTreeSet::from([signing.clone()]);
        Self { state: Mutex::new(State { signing, known, issued: HashMap::new() }) }
    }
}

impl FakeTokens {
    /// Signs with another key from now on; the one before is still known.
    pub fn rotate_key(&self, key_id: KeyId) {
        let mut state = self.state.lock();
        state.known.insert(key_id.clone());
        state.signing = key_id;
    }

    /// Forgets a key: it signs nothing, and what it signed is no longer genuine.
    pub fn retire_key(&self, key_id: &KeyId) {
        let mut state = self.state.lock();
        state.known.remove(key_id);
        let prefix = format!("fake.{key_id}.");
        state.issued.retain(|token, _| !token.starts_with(&prefix));
    }
}

impl Tokens for FakeTokens {
    fn signing_key_id(&self) -> KeyId {
        self.state.lock().signing.clone()
    }

    fn issue(&self, claims: &Claims, key_id: &KeyId) -> Result<SecretText, TokenError> {
        let mut state = self.state.lock();
        if !state.known.contains(key_id) {
            return Err(TokenError::Unavailable("the key is not known".into()));
        }
        let token = spell(claims, key_id);
        state.issued.insert(token.clone(), Arc::new(claims.clone()));
        Ok(SecretText::new(token))
    }

    fn verifying_keys(&self) -> Vec<VerifyingKey> {
        Vec::new()
    }

    fn read(&self, token: &str) -> Result<Arc<Claims>, TokenError> {
        self.state.lock().issued.get(token).cloned().ok_or(TokenError::NotGenuine)
    }
}

fn spell(claims: &Claims, key_id: &KeyId) -> String {
    let kind = match claims.kind {
        TokenKind::Access => "access",
        TokenKind::Refresh => "refresh",
    };
    let mut token = format!(
        "fake.{key_id}.{kind}.{}",
        data_encoding::HEXLOWER.encode(claims.username.as_str().as_bytes())
    );
    for id in [claims.user_id.as_bytes(), claims.session_id.as_bytes(), claims.token_id.as_bytes()] {
        write!(token, ".{}", data_encoding::HEXLOWER.encode(id)).unwrap();
    }
    for time in [claims.issued_at, claims.expires_at, claims.auth_time] {
        write!(token, ".{}", time.as_millis()).unwrap();
    }
    token
}
