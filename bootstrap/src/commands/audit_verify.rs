//! `epic-server audit verify`.

use super::{CommandError, say};
use crate::config::Settings;
use crate::wire::{PartsError, Store, database_of};
use epic_domain::audit::{Anchor, Break, verify};
use epic_outbound::StoreError;
use epic_outbound::audit::Audit;
use epic_store_sqlite::OpenError;
use std::path::PathBuf;
use tokio::runtime::Builder;

/// Events read at a time.
const PAGE: u32 = 1_000;

/// Why the audit log is not shown to be whole.
#[derive(Debug, thiserror::Error)]
enum AuditError {
    #[error("there is no database in {0}")]
    NoDatabase(PathBuf),
    #[error("the data folder {0} is in use: stop the server first, then verify")]
    InUse(PathBuf),
    #[error("the audit log does not hold")]
    Broken(#[from] Break),
    #[error(transparent)]
    Store(#[from] StoreError),
}

pub(super) fn run(settings: &Settings) -> Result<(), CommandError> {
    let data_dir = &settings.storage.data_dir;
    if !database_of(data_dir).exists() {
        return Err(AuditError::NoDatabase(data_dir.clone()).into());
    }
    let store = Store::open(&settings.storage).map_err(|error| match error {
        PartsError::Store { data_dir, error: OpenError::InUse } => AuditError::InUse(data_dir).into(),
        other => CommandError::from(other),
    })?;
    let runtime = Builder::new_current_thread().enable_time().build()?;
    let anchor = runtime.block_on(verify_chain(store.audit().as_ref()));
    store.close();
    say(&format!("the audit log holds: {} events, none changed, removed, moved or cut off", anchor?.length));
    Ok(())
}

/// Reads the whole chain and checks it, and that it ends where its anchor says.
async fn verify_chain(audit: &dyn Audit) -> Result<Anchor, AuditError> {
    let mut verified = Anchor::empty();
    loop {
        let links = audit.read(verified.length, PAGE).await?;
        if links.is_empty() {
            audit.anchor().await?.matches(verified)?;
            return Ok(verified);
        }
        verified = verify(verified, links)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use async_trait::async_trait;
    use epic_domain::Timestamp;
    use epic_domain::audit::{BreakCause, Event, EventKind, Link};
    use epic_domain::id::EventId;

    /// A chain in memory with an anchor of its own.
    struct Chain {
        links: Vec<Link>,
        anchor: Anchor,
    }

    #[async_trait]
    impl Audit for Chain {
        async fn append(&self, _events: &[Event]) -> Result<(), StoreError> {
            Err(StoreError::Unavailable("read only".into()))
        }

        async fn anchor(&self) -> Result<Anchor, StoreError> {
            Ok(self.anchor)
        }

        async fn read(&self, after: u64, limit: u32) -> Result<Vec<Link>, StoreError> {
            let links = self.links.iter().filter(|link| link.sequence > after);
            Ok(links.take(usize::try_from(limit).unwrap()).cloned().collect())
        }
    }

    fn chain(length: u64) -> Chain {
        let mut anchor = Anchor::empty();
        let links = (0..length)
            .map(|number| {
                let at = Timestamp::from_millis(number);
                let id = EventId::from_parts(at, &[7; 10]);
                let (kind, user_id, session_id, origin, reason) = (EventKind::Login, None, None, None, None);
                let link = anchor.link(Event { id, at, kind, user_id, session_id, origin, reason, count: 1 });
                anchor = link.anchor();
                link
            })
            .collect();
        Chain { links, anchor }
    }

    async fn first_break(chain: Chain) -> Break {
        match verify_chain(&chain).await {
            Err(AuditError::Broken(found)) => found,
            other => panic!("{other:?}"),
        }
    }

    #[tokio::test]
    async fn a_whole_chain_of_several_pages_holds() {
        for length in [0, 1, 1_000, 2_345] {
            assert_eq!(verify_chain(&chain(length)).await.unwrap().length, length);
        }
    }

    #[tokio::test]
    async fn h03_the_first_bad_event_is_named() {
        let mut altered = chain(1_500);
        altered.links[1_199].event.count = 2;
        assert_eq!(first_break(altered).await, Break { sequence: 1_200, cause: BreakCause::Altered });

        let mut removed = chain(1_500);
        removed.links.remove(1_000);
        assert_eq!(first_break(removed).await, Break { sequence: 1_001, cause: BreakCause::OutOfSequence });

        let mut cut_off = chain(1_500);
        cut_off.links.truncate(1_400);
        assert_eq!(first_break(cut_off).await, Break { sequence: 1_401, cause: BreakCause::Truncated });
    }
}
