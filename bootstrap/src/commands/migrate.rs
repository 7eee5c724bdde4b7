//! `epic-server migrate`.

mod report;
mod stores;

use super::{CommandError, say};
use crate::cli::{MigrateArguments, StoreKind};
use crate::config::{BlobChoice, Settings, StoreChoice};
use crate::keys::{Dependents, KeyRing};
use crate::wire::{Machine, claim, database_of};
use epic_inbound::move_house::{MoveHouse, Moved};
use epic_store_mongodb::MongoOptions;
use epic_store_sqlite::OpenError;
use report::{comparison_lines, step_line, what_next};
use std::path::PathBuf;
use stores::Opened;
use tokio::runtime::Builder;

/// Why a move does not begin or does not count.
#[derive(Debug, thiserror::Error)]
enum MigrateError {
    #[error("--from and --to name the same kind of store")]
    SameKind,
    #[error("one of the two stores is MongoDB: say where, by EPIC_STORE=mongodb://… or the setting store")]
    NoAddress,
    #[error("there is no database in {0}")]
    NoDatabase(PathBuf),
    #[error("the data folder {0} is in use: stop the server first, then move")]
    InUse(PathBuf),
    #[error("nodes serve from the MongoDB database {0}: stop all of them first, then move")]
    Served(String),
    #[error("the store in {data_dir} cannot be opened")]
    Sqlite {
        data_dir: PathBuf,
        #[source]
        error: OpenError,
    },
    #[error("the store in the MongoDB database {database} cannot be opened")]
    Mongodb {
        database: String,
        #[source]
        error: epic_store_mongodb::OpenError,
    },
    #[error("the two stores differ: empty the one that was moved into, and move again")]
    Different,
}

/// Moves everything from one store into the other and compares them. The keys in the data folder must be those of the
/// source; they are the target's from then on.
pub(super) fn run(settings: Settings, arguments: MigrateArguments) -> Result<(), CommandError> {
    let MigrateArguments { from, to } = arguments;
    let options = mongodb_side(&settings, from, to)?;
    let Settings { storage, token_keys, .. } = settings;
    if from == StoreKind::Sqlite && !database_of(&storage.data_dir).exists() {
        return Err(MigrateError::NoDatabase(storage.data_dir).into());
    }
    let machine = Machine::system();
    // There is a database that needs them: they are never made here.
    let keys = KeyRing::load_or_create(
        &storage.data_dir,
        token_keys,
        Dependents::OwnDatabase,
        machine.entropy.as_ref(),
    )?;
    let database = options.database.clone();
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let moved: Result<Moved, CommandError> = runtime.block_on(async {
        let opened = Opened::open(&storage.data_dir, options, to).await?;
        let moved = async {
            if opened.mongodb.is_served().await? {
                return Err(MigrateError::Served(database).into());
            }
            claim(&opened.mongodb, &keys).await?;
            let (source, target) = opened.as_source_and_target(to);
            let report = |step| {
                if let Some(line) = step_line(step) {
                    say(&line);
                }
            };
            Ok(MoveHouse::new(source, target, machine.clock).run(&report).await?)
        }
        .await;
        opened.close().await;
        moved
    });
    match moved? {
        Moved::Whole(comparisons) => {
            comparison_lines(&comparisons, from, to).iter().for_each(|line| say(line));
            let has_folder = storage.blobs == BlobChoice::Folder;
            what_next(to, &storage.data_dir, has_folder).iter().for_each(|line| say(line));
            Ok(())
        }
        Moved::Different(comparisons) => {
            comparison_lines(&comparisons, from, to).iter().for_each(|line| say(line));
            Err(MigrateError::Different.into())
        }
    }
}

/// Where the MongoDB of the two is.
fn mongodb_side(settings: &Settings, from: StoreKind, to: StoreKind) -> Result<MongoOptions, MigrateError> {
    if from == to {
        return Err(MigrateError::SameKind);
    }
    match &settings.storage.store {
        StoreChoice::Mongodb(options) => Ok(options.clone()),
        StoreChoice::Sqlite => Err(MigrateError::NoAddress),
    }
}
