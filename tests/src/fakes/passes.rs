//! Passes that are genuine because they are remembered.

use core::sync::atomic::{AtomicBool, Ordering};
use epic_domain::secret::SecretText;
use epic_outbound::passes::{Pass, PassError, PassKind, Passes};
use parking_lot::Mutex;

/// Numbers passes and remembers what they say: their text tells nothing, and nothing else is genuine.
#[derive(Debug, Default)]
pub struct FakePasses {
    issued: Mutex<Vec<Pass>>,
    is_failing: AtomicBool,
}

const PREFIX: &str = "fake-pass-";

impl FakePasses {
    /// Whether no pass can be made from now on.
    pub fn set_failing(&self, is_failing: bool) {
        self.is_failing.store(is_failing, Ordering::SeqCst);
    }
}

fn spell(number: usize) -> String {
    format!("{PREFIX}{number}")
}

impl Passes for FakePasses {
    fn issue(&self, pass: &Pass) -> Result<SecretText, PassError> {
        if self.is_failing.load(Ordering::SeqCst) {
            return Err(PassError("the fake was told to fail".into()));
        }
        let mut issued = self.issued.lock();
        issued.push(*pass);
        Ok(SecretText::new(spell(issued.len())))
    }

    fn read(&self, kind: PassKind, text: &str) -> Option<Pass> {
        let number: usize = text.strip_prefix(PREFIX)?.parse().ok()?;
        let pass = self.issued.lock().get(number.checked_sub(1)?).copied()?;
        (pass.kind == kind && spell(number) == text).then_some(pass)
    }
}
