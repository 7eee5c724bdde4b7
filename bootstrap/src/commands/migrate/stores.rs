//! The two stores of a move, opened and closed.

use super::{CommandError, MigrateError};
use crate::cli::StoreKind;
use core::time::Duration;
use epic_outbound::moving::{Export, Import};
use epic_store_mongodb::{MongoOptions, MongoStore};
use epic_store_sqlite::{OpenError, SqliteStore, StoreOptions};
use std::path::Path;
use std::sync::Arc;

/// How long a call may take: longer than for a server, since nobody waits for an answer and pages are large.
const PATIENCE: Duration = Duration::from_secs(30);

/// Both stores.
pub(super) struct Opened {
    pub(super) sqlite: SqliteStore,
    pub(super) mongodb: MongoStore,
}

impl Opened {
    /// Opens both, the one that is moved into also when it is half-moved.
    pub(super) async fn open(
        data_dir: &Path,
        options: MongoOptions,
        to: StoreKind,
    ) -> Result<Self, CommandError> {
        let sqlite = open_sqlite(data_dir, to)?;
        let database = options.database.clone();
        let options = MongoOptions { deadline: PATIENCE, ..options };
        let opened = match to {
            StoreKind::Sqlite => MongoStore::open(options).await,
            StoreKind::Mongodb => MongoStore::open_to_move_in(options).await,
        };
        match opened {
            Ok(mongodb) => Ok(Self { sqlite, mongodb }),
            Err(error) => {
                sqlite.close();
                Err(MigrateError::Mongodb { database, error }.into())
            }
        }
    }

    /// The one that is moved from and the one that is moved into.
    pub(super) fn as_source_and_target(&self, to: StoreKind) -> (Arc<dyn Export>, Arc<dyn Import>) {
        let (sqlite, mongodb) = (Arc::new(self.sqlite.clone()), Arc::new(self.mongodb.clone()));
        match to {
            StoreKind::Sqlite => (mongodb, sqlite),
            StoreKind::Mongodb => (sqlite, mongodb),
        }
    }

    pub(super) async fn close(self) {
        // Nothing else runs here that blocking could hold up.
        self.sqlite.close();
        self.mongodb.close().await;
    }
}

fn open_sqlite(data_dir: &Path, to: StoreKind) -> Result<SqliteStore, MigrateError> {
    let options = StoreOptions::default();
    let opened = match to {
        StoreKind::Sqlite => SqliteStore::open_to_move_in(data_dir, options),
        StoreKind::Mongodb => SqliteStore::open(data_dir, options),
    };
    opened.map_err(|error| match error {
        OpenError::InUse => MigrateError::InUse(data_dir.to_owned()),
        error => MigrateError::Sqlite { data_dir: data_dir.to_owned(), error },
    })
}
