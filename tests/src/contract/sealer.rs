//! Laws of secrets at rest.

use crate::builders::{seeded_bytes, user_id};
use epic_domain::secret::Secret;
use epic_domain::user::{SealedSecret, TotpSecret};
use epic_outbound::sealer::{Sealer, SealerError};
use std::sync::Arc;

/// Makes a fresh sealer.
pub type MakeSealer = dyn Fn() -> Arc<dyn Sealer>;

/// Expands to the laws of [`Sealer`]. The factory takes nothing and returns an
/// `Arc<dyn Sealer>`.
#[macro_export]
macro_rules! sealer_contract {
    ($factory:expr) => {
        $crate::laws_on_a_port! { sealer, $factory;
            a_sealed_secret_opens_for_its_owner
            a_sealed_secret_opens_for_no_one_else
            an_altered_envelope_does_not_open
            an_envelope_does_not_show_the_secret
        }
    };
}

fn secret(seed: u64) -> TotpSecret {
    TotpSecret::new(Secret::new(seeded_bytes(seed)))
}

/// And is the same secret.
pub fn a_sealed_secret_opens_for_its_owner(make: &MakeSealer) {
    let sealer = make();
    let sealed = sealer.seal_totp(user_id(1), &secret(1)).unwrap();
    assert_eq!(sealer.open_totp(user_id(1), &sealed).unwrap(), secret(1));
}

/// Not when it is moved to another record.
pub fn a_sealed_secret_opens_for_no_one_else(make: &MakeSealer) {
    let sealer = make();
    let sealed = sealer.seal_totp(user_id(1), &secret(1)).unwrap();
    assert!(matches!(sealer.open_totp(user_id(2), &sealed), Err(SealerError::Corrupt(_))));
}

/// Wherever a bit is flipped, or a byte is taken away or added.
pub fn an_altered_envelope_does_not_open(make: &MakeSealer) {
    let sealer = make();
    let sealed = sealer.seal_totp(user_id(1), &secret(1)).unwrap();
    let bytes = sealed.as_bytes();
    for index in 0..bytes.len() {
        let mut altered = bytes.to_vec();
        altered[index] ^= 1;
        refused(sealer.as_ref(), &altered);
    }
    refused(sealer.as_ref(), &bytes[..bytes.len() - 1]);
    refused(sealer.as_ref(), &[bytes, &[0]].concat());
    refused(sealer.as_ref(), &[0]);
}

/// Neither forwards nor in part.
pub fn an_envelope_does_not_show_the_secret(make: &MakeSealer) {
    let sealer = make();
    let sealed = sealer.seal_totp(user_id(1), &secret(1)).unwrap();
    let plain = secret(1);
    assert!(plain.expose().windows(8).all(|part| !sealed.as_bytes().windows(8).any(|other| other == part)));
}

fn refused(sealer: &dyn Sealer, envelope: &[u8]) {
    let envelope = SealedSecret::parse(envelope).unwrap();
    assert!(matches!(sealer.open_totp(user_id(1), &envelope), Err(SealerError::Corrupt(_))));
}
