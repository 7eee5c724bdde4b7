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

/// Makes calls of a fake store fail with [`StoreError::Unavailable`].
#[derive(Debug, Default)]
pub struct FaultSwitch {
    /// The calls that still pass, and what befalls the one after them.
    due: Mutex<Option<(u32, Fault)>>,
    lasting: Mutex<Option<Fault>>,
}

impl FaultSwitch {
    /// The next call fails, and no other.
    pub fn fail_next(&self, fault: Fault) {
        self.fail_after(0, fault);
    }

    /// The next `passing` calls pass; the one after them fails, and no other.
    pub fn fail_after(&self, passing: u32, fault: Fault) {
        *self.due.lock() = Some((passing, fault));
    }

    /// Every call fails until [`FaultSwitch::recover`].
    pub fn fail_always(&self, fault: Fault) {
        *self.lasting.lock() = Some(fault);
    }

    /// No call fails any more.
    pub fn recover(&self) {
        *self.due.lock() = None;
        *self.lasting.lock() = None;
    }

    /// Runs a call under the fault that is due.
    pub(super) fn guard<T>(&self, call: impl FnOnce() -> T) -> Result<T, StoreError> {
        match self.take_due().or(*self.lasting.lock()) {
            None => Ok(call()),
            Some(Fault::BeforeWrite) => Err(StoreError::Unavailable("a fault before the write".into())),
            Some(Fault::AfterWrite) => {
                call();
                Err(StoreError::Unavailable("a fault after the write".into()))
            }
        }
    }

    fn take_due(&self) -> Option<Fault> {
        let mut due = self.due.lock();
        let (passing, fault) = (*due)?;
        *due = passing.checked_sub(1).map(|left| (left, fault));
        (passing == 0).then_some(fault)
    }
}
