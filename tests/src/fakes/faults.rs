//! Faults on demand.

use epic_outbound::StoreError;
use parking_lot::Mutex;

/// When a call fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Before anything is done.
    BeforeWrite,
    /// After it is done: the answer is lost.
    AfterWrite,
}

/// Makes the next call of a fake store fail with [`StoreError::Unavailable`].
#[derive(Debug, Default)]
pub struct FaultSwitch {
    next: Mutex<Option<Fault>>,
    lasting: Mutex<Option<Fault>>,
}

impl FaultSwitch {
    /// The next call fails, and no other.
    pub fn fail_next(&self, fault: Fault) {
        *self.next.lock() = Some(fault);
    }

    /// Every call fails until [`FaultSwitch::recover`].
    pub fn fail_always(&self, fault: Fault) {
        *self.lasting.lock() = Some(fault);
    }

    /// No call fails any more.
    pub fn recover(&self) {
        *self.next.lock() = None;
        *self.lasting.lock() = None;
    }

    /// Runs a call under the fault that is due.
    pub(super) fn guard<T>(&self, call: impl FnOnce() -> T) -> Result<T, StoreError> {
        let fault = self.next.lock().take().or(*self.lasting.lock());
        match fault {
            None => Ok(call()),
            Some(Fault::BeforeWrite) => Err(StoreError::Unavailable("a fault before the write".into())),
            Some(Fault::AfterWrite) => {
                call();
                Err(StoreError::Unavailable("a fault after the write".into()))
            }
        }
    }
}
