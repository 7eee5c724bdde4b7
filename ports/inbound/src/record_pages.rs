//! A store's records of one kind, page after page.

use epic_domain::moving::{Key, Kind, Record};
use epic_outbound::StoreError;
use epic_outbound::moving::Export;

/// The pages of records of one kind.
pub(crate) struct RecordPages<'a> {
    store: &'a dyn Export,
    kind: Kind,
    after: Option<Key>,
    limit: u32,
}

impl<'a> RecordPages<'a> {
    /// Those that follow `after`, `limit` on a page.
    pub(crate) const fn new(store: &'a dyn Export, kind: Kind, after: Option<Key>, limit: u32) -> Self {
        Self { store, kind, after, limit }
    }

    /// The next page; `None` after the last.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(crate) async fn next(&mut self) -> Result<Option<Vec<Record>>, StoreError> {
        let page = self.store.page(self.kind, self.after, self.limit).await?;
        let Some(last) = page.last() else { return Ok(None) };
        self.after = Some(last.key());
        Ok(Some(page))
    }
}
