//! `epic-server config check`.

use super::{say, say_error};
use crate::config::Settings;

/// Shows the settings as they hold; that they hold was found before.
pub(super) fn run(settings: &Settings) {
    for warning in &settings.warnings {
        say_error(&format!("warning: {warning}"));
    }
    for line in &settings.effective {
        say(&line.to_string());
    }
}
