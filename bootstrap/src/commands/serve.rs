//! `epic-server` and `epic-server serve`.

use super::{CommandError, say};
use crate::config::Settings;
use crate::keys::{folder_of, is_exposed};
use crate::signals::Signals;
use crate::wire::{Application, Machine, Parts, check_clock};
use crate::{lifecycle, logging};
use std::path::{Path, PathBuf, absolute};
use tokio::runtime::Builder;

pub(super) fn run(settings: Settings) -> Result<(), CommandError> {
    // Dropped last, so that the log holds the end too.
    let _log = logging::start(&settings.log)?;
    for warning in &settings.warnings {
        tracing::warn!("{warning}");
    }
    let network = settings.network.clone();
    let data_dir = settings.storage.data_dir.clone();
    let database = settings.storage.store.database().map(str::to_owned);
    // As many workers as there are cores; blocking work has threads of its own.
    let runtime = Builder::new_multi_thread().enable_all().build()?;
    let parts = runtime.block_on(Box::pin(Parts::from_settings(settings, Machine::system())))?;
    runtime.block_on(check_clock(&parts.store, parts.clock.as_ref()))?;
    let application = Application::assemble(parts)?;
    warn_of_exposure(&data_dir);
    say(&format!("data in {}", shown(&data_dir).display()));
    if let Some(database) = database {
        say(&format!("accounts, sessions and audit log in the MongoDB database {database}"));
    }
    say(&format!("keys in {}", shown(&folder_of(&data_dir)).display()));

    runtime.block_on(async {
        let signals = Signals::listen()?;
        let listening = |address| say(&format!("listening on http://{address}"));
        Box::pin(lifecycle::serve(application, network, listening, signals.first())).await?;
        Ok::<(), CommandError>(())
    })?;
    tracing::info!("stopped");
    Ok(())
}

fn shown(path: &Path) -> PathBuf {
    absolute(path).unwrap_or_else(|_| path.to_owned())
}

fn warn_of_exposure(data_dir: &Path) {
    if is_exposed(data_dir).unwrap_or(false) {
        let path = shown(data_dir).display().to_string();
        tracing::warn!(path, "other users of this machine can enter the data folder: chmod 700 it");
    }
}
