//! How much is allowed.

use super::parse::{self, Rule};
use super::reader::Reader;
use epic_domain::rate_limit::{Action, Quota, Quotas};

/// The limit of each action, and what an operator should hear about them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LimitSettings {
    /// The quotas.
    pub quotas: Quotas,
}

/// Limits for a kind of use; a limit that is given itself weighs more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Preset {
    Default,
    Sync,
}

impl Preset {
    fn parse(text: &str) -> Result<Self, Rule> {
        match text {
            "default" => Ok(Self::Default),
            "sync" => Ok(Self::Sync),
            _ => Err("must be default or sync".to_owned()),
        }
    }

    /// What the preset puts in place of an action's ordinary limit.
    const fn limit(self, action: Action) -> Option<&'static str> {
        match (self, action) {
            (Self::Sync, Action::Api) => Some("5000/1h"),
            (Self::Sync, Action::Upload) => Some("500/15m"),
            _ => None,
        }
    }
}

/// The setting that holds an action's limit.
const fn setting_of(action: Action) -> &'static str {
    match action {
        Action::Login => "limit_login",
        Action::Register => "limit_register",
        Action::Totp => "limit_totp",
        Action::Upload => "limit_upload",
        Action::Api => "limit_api",
        Action::LoginAccount => "limit_login_account",
    }
}

impl LimitSettings {
    pub(super) fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let preset = reader.read("limit_preset", Preset::parse);
        let mut quotas = Some(Quotas::DEFAULT);
        for action in Action::ALL {
            let name = setting_of(action);
            let quota = match preset.and_then(|preset| preset.limit(action)) {
                Some(limit) => reader.read_or(name, limit, quota),
                None => reader.read(name, quota),
            };
            quotas = quotas.zip(quota).map(|(quotas, quota)| quotas.with(action, quota));
        }
        preset?;
        Some(Self { quotas: quotas? })
    }

    /// The actions whose limit is off.
    pub fn switched_off(&self) -> impl Iterator<Item = Action> {
        Action::ALL.into_iter().filter(|action| self.quotas.of(*action).is_none())
    }
}

/// A quota such as `5/5m`; `None` for `off`.
fn quota(text: &str) -> Result<Option<Quota>, Rule> {
    if text == "off" {
        return Ok(None);
    }
    let rule = || "must be a count and a window such as 5/5m, or off".to_owned();
    let (limit, window) = text.split_once('/').ok_or_else(rule)?;
    let limit = limit.trim().parse().map_err(|_| rule())?;
    let window = parse::duration(window.trim()).map_err(|_| rule())?;
    Quota::new(limit, window).map(Some).map_err(|invalid| invalid.rule().to_owned())
}

#[cfg(test)]
mod tests {
    use super::super::setting::Setting;
    use super::*;

    #[test]
    fn the_settings_defaults_are_the_designs_limits() {
        for action in Action::ALL {
            let default = Setting::find(setting_of(action)).unwrap().default;
            assert_eq!(quota(default), Ok(Quotas::DEFAULT.of(action)), "{action:?}");
        }
    }

    #[test]
    fn a_limit_that_makes_no_sense_is_refused() {
        for text in ["", "5", "5/", "/5m", "0/5m", "5/0s", "-1/5m", "5/8d", "Off", "100001/1h"] {
            assert!(quota(text).is_err(), "{text}");
        }
    }
}
