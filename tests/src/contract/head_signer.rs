//! Laws of the signature under the audit log.

use crate::builders::{T0, seconds_after_t0, signed_head};
use epic_domain::audit::{Anchor, Head, SignedHead};
use epic_domain::key_id::KeyId;
use epic_outbound::head_signer::HeadSigner;
use std::sync::Arc;

/// Makes a signer.
pub type MakeHeadSigner = dyn Fn() -> Arc<dyn HeadSigner>;

/// Expands to the laws of [`HeadSigner`]. The factory takes nothing and returns an `Arc<dyn HeadSigner>`.
#[macro_export]
macro_rules! head_signer_contract {
    ($factory:expr) => {
        $crate::laws_on_a_port! { head_signer, $factory;
            a_signed_head_says_what_was_signed_and_is_genuine
            an_altered_head_is_not_genuine
            a_signature_of_another_head_is_not_genuine
        }
    };
}

fn sign(signer: &dyn HeadSigner, length: u64) -> SignedHead {
    signer.sign(signed_head(length).anchor, T0).unwrap()
}

/// At the ends of every field, the empty chain included.
pub fn a_signed_head_says_what_was_signed_and_is_genuine(make: &MakeHeadSigner) {
    let signer = make();
    for length in [0, 1, u64::MAX] {
        let anchor = signed_head(length).anchor;
        let head = signer.sign(anchor, T0).unwrap();
        assert_eq!((head.anchor, head.at), (anchor, T0));
        assert!(signer.is_genuine(&head));
        assert!(signer.is_genuine(&head), "asked again");
    }
    assert!(signer.is_genuine(&signer.sign(Anchor::empty(), T0).unwrap()));
}

/// Whichever field, whichever bit.
pub fn an_altered_head_is_not_genuine(make: &MakeHeadSigner) {
    let signer = make();
    let head = sign(signer.as_ref(), 7);
    let anchors = [Anchor { length: 8, ..head.anchor }, Anchor { length: 6, ..head.anchor }];
    let heads = (0..32).map(|index| {
        let mut bytes = *head.anchor.head.as_bytes();
        bytes[index] ^= 1;
        Anchor { head: Head::from_bytes(bytes), ..head.anchor }
    });
    for anchor in anchors.into_iter().chain(heads) {
        assert!(!signer.is_genuine(&SignedHead { anchor, ..head.clone() }));
    }
    for index in 0..64 {
        let mut altered = head.clone();
        altered.signature[index] ^= 1;
        assert!(!signer.is_genuine(&altered), "byte {index}");
    }
    assert!(!signer.is_genuine(&SignedHead { at: seconds_after_t0(1), ..head.clone() }));
    let key_id = KeyId::parse("a-key-nobody-has").unwrap();
    assert!(!signer.is_genuine(&SignedHead { key_id, ..head }));
}

/// Nor is what only looks like one.
pub fn a_signature_of_another_head_is_not_genuine(make: &MakeHeadSigner) {
    let signer = make();
    let (one, other) = (sign(signer.as_ref(), 7), sign(signer.as_ref(), 8));
    assert!(!signer.is_genuine(&SignedHead { signature: other.signature, ..one }));
    assert!(!signer.is_genuine(&SignedHead { key_id: other.key_id, ..signed_head(8) }));
}
