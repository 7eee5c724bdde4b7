//! Which nodes serve from the database, and what its clock says.

use crate::MongoStore;
use crate::documents::node::NodeDocument;
use crate::documents::values::{parsed, time};
use crate::errors::Failure;
use crate::store::Shared;
use core::time::Duration;
use epic_domain::Timestamp;
use epic_outbound::StoreError;
use futures_util::TryStreamExt;
use mongodb::bson::doc;

/// How long a node is watched: it asks a question more often than that, unless it does not reach the database.
const WATCHED_FOR: Duration = Duration::from_secs(2);

impl MongoStore {
    /// Whether any node follows the changes of this database, as every server does. It takes two seconds to answer.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn is_served(&self) -> Result<bool, StoreError> {
        let before = self.call(|shared| async move { nodes(&shared).await }).await?;
        tokio::time::sleep(WATCHED_FOR).await;
        let after = self.call(|shared| async move { nodes(&shared).await }).await?;
        Ok(after.iter().any(|node| !before.contains(node)))
    }

    /// What time it is by the clock of the database's primary.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn time(&self) -> Result<Timestamp, StoreError> {
        self.call(|shared| async move {
            let hello = shared.collections.database.run_command(doc! { "hello": 1 }).await?;
            time(*parsed("time", hello.get_datetime("localTime"))?)
        })
        .await
    }
}

async fn nodes(shared: &Shared) -> Result<Vec<NodeDocument>, Failure> {
    Ok(shared.collections.nodes.find(doc! {}).await?.try_collect().await?)
}
