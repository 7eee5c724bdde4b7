//! How much one stores.

use crate::Fault;
use crate::authenticate::Authenticated;
use epic_domain::file::Usage;
use epic_outbound::files::Usages;
use std::sync::Arc;

/// Shows people how much they store.
#[derive(Clone)]
pub struct StorageUsage {
    usages: Arc<dyn Usages>,
}

impl StorageUsage {
    /// Asks `usages`.
    #[must_use]
    pub fn new(usages: Arc<dyn Usages>) -> Self {
        Self { usages }
    }

    /// What the caller's account stores.
    ///
    /// # Errors
    /// [`Fault`] when the store does not answer.
    pub async fn of(&self, caller: &Authenticated) -> Result<Usage, Fault> {
        Ok(self.usages.usage(caller.user().id).await?)
    }
}
