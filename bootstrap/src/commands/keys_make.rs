//! `epic-server keys make`.

use super::{CommandError, say};
use crate::config::Settings;
use crate::keys::{KeyRing, folder_of};
use crate::wire::Machine;

/// Makes the keys in the data folder, unless they are there.
pub(super) fn run(settings: Settings) -> Result<(), CommandError> {
    let data_dir = settings.storage.data_dir;
    KeyRing::make(&data_dir, settings.token_keys, Machine::system().entropy.as_ref())?;
    say(&format!("keys in {}", folder_of(&data_dir).display()));
    Ok(())
}
