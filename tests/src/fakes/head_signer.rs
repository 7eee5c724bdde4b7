//! Signatures that anyone could forge who looks here.

use super::mix;
use core::sync::atomic::{AtomicBool, Ordering};
use epic_domain::Timestamp;
use epic_domain::audit::{Anchor, SignedHead};
use epic_domain::key_id::KeyId;
use epic_outbound::head_signer::{HeadSigner, HeadSignerError};

/// Signs with a toy hash over the message, under the key `key-1`.
#[derive(Debug, Default)]
pub struct FakeHeadSigner {
    is_failing: AtomicBool,
}

impl FakeHeadSigner {
    /// Whether nothing can be signed from now on.
    pub fn set_failing(&self, is_failing: bool) {
        self.is_failing.store(is_failing, Ordering::SeqCst);
    }
}

fn signature(key_id: &KeyId, anchor: &Anchor, at: Timestamp) -> [u8; 64] {
    let signed = [key_id.as_str().as_bytes(), &SignedHead::message(anchor, at)].concat();
    let words: Vec<u8> = (0..8).flat_map(|seed| mix(seed, &signed).to_be_bytes()).collect();
    words.try_into().unwrap()
}

impl HeadSigner for FakeHeadSigner {
    fn sign(&self, anchor: Anchor, at: Timestamp) -> Result<SignedHead, HeadSignerError> {
        if self.is_failing.load(Ordering::SeqCst) {
            return Err(HeadSignerError("the fake was told to fail".into()));
        }
        let key_id = KeyId::parse("key-1").unwrap();
        let signature = signature(&key_id, &anchor, at);
        Ok(SignedHead { anchor, at, key_id, signature })
    }

    fn is_genuine(&self, head: &SignedHead) -> bool {
        head.key_id.as_str() == "key-1" && head.signature == signature(&head.key_id, &head.anchor, head.at)
    }
}
