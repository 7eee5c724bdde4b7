//! How much is allowed, and who counts it.

use super::parse::{self, Rule};
use super::problem::Problem;
use super::reader::Reader;
use super::storage::StoreChoice;
use epic_domain::rate_limit::{Action, Quota, Quotas};
use epic_store_mongodb::SharedLimiter;

/// The limit of each action, and what an operator should hear about them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LimitSettings {
    /// The quotas.
    pub quotas: Quotas,
    /// Who counts attempts at the ways in.
    pub limiter: LimiterChoice,
}

/// Who counts attempts to sign in, to register and at one-time codes. Uploads and other calls each node counts for itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LimiterChoice {
    /// Each node, in memory.
    Node,
    /// All nodes together, in their store.
    Shared,
}

impl LimiterChoice {
    fn parse(text: &str) -> Result<Self, Rule> {
        match text {
            "node" => Ok(Self::Node),
            "shared" => Ok(Self::Shared),
            _ => Err("must be node or shared".to_owned()),
        }
    }
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
    /// `store` is where a shared limiter would count; `None` when it was not understood.
    pub(super) fn read(reader: &mut Reader<'_>, store: Option<&StoreChoice>) -> Option<Self> {
        let limiter = reader.read("limiter", LimiterChoice::parse);
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
        let limits = Self { quotas: quotas?, limiter: limiter? };
        reader.problems.extend(store.and_then(|store| limits.problem_with(store)));
        Some(limits)
    }

    /// Why these limits cannot be kept with this store.
    fn problem_with(&self, store: &StoreChoice) -> Option<Problem> {
        if self.limiter == LimiterChoice::Node {
            return None;
        }
        if !store.is_mongodb() {
            let rule =
                "shared needs a store that nodes share; with sqlite there is one process, which needs none";
            return Some(Problem::of_several("limiter and store", rule));
        }
        let is_too_large = |quota: Quota| quota.limit() > SharedLimiter::LIMIT_MAX;
        let mut guarded = Action::ALL.into_iter().filter(|action| action.guards_a_secret());
        let action = guarded.find(|action| self.quotas.of(*action).is_some_and(is_too_large))?;
        let rule = format!("a shared limit must allow at most {} attempts", SharedLimiter::LIMIT_MAX);
        Some(Problem::of_several(&format!("limiter and {}", setting_of(action)), rule))
    }

    /// The quotas of the ways in alone.
    #[must_use]
    pub fn quotas_of_entry(&self) -> Quotas {
        let others = Action::ALL.into_iter().filter(|action| !action.guards_a_secret());
        others.fold(self.quotas, |quotas, action| quotas.with(action, None))
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
    use epic_domain::secret::SecretText;
    use epic_store_mongodb::MongoOptions;

    fn mongodb() -> StoreChoice {
        let uri = SecretText::new("mongodb://localhost/epic".to_owned());
        StoreChoice::Mongodb(MongoOptions::from_uri(uri).unwrap())
    }

    #[test]
    fn the_settings_defaults_are_the_designs_limits() {
        for action in Action::ALL {
            let default = Setting::find(setting_of(action)).unwrap().default;
            assert_eq!(quota(default), Ok(Quotas::DEFAULT.of(action)), "{action:?}");
        }
    }

    #[test]
    fn one_process_has_nobody_to_count_with() {
        let limits = |limiter| LimitSettings { quotas: Quotas::DEFAULT, limiter };
        assert_eq!(limits(LimiterChoice::Node).problem_with(&StoreChoice::Sqlite), None);
        assert_eq!(limits(LimiterChoice::Node).problem_with(&mongodb()), None);
        assert_eq!(limits(LimiterChoice::Shared).problem_with(&mongodb()), None);
        let problem = limits(LimiterChoice::Shared).problem_with(&StoreChoice::Sqlite).unwrap().to_string();
        assert!(problem.contains("limiter and store") && problem.contains("one process"), "{problem}");
    }

    #[test]
    fn a_shared_limit_is_bounded_where_a_nodes_own_is_not() {
        let large = Quota::new(SharedLimiter::LIMIT_MAX + 1, core::time::Duration::from_secs(60)).ok();
        for action in Action::ALL {
            let quotas = Quotas::DEFAULT.with(action, large);
            let shared = LimitSettings { quotas, limiter: LimiterChoice::Shared }.problem_with(&mongodb());
            assert_eq!(shared.is_some(), action.guards_a_secret(), "{action:?}");
            let node = LimitSettings { quotas, limiter: LimiterChoice::Node };
            assert_eq!(node.problem_with(&mongodb()), None);
        }
    }

    #[test]
    fn a_limit_that_makes_no_sense_is_refused() {
        for text in ["", "5", "5/", "/5m", "0/5m", "5/0s", "-1/5m", "5/8d", "Off", "100001/1h"] {
            assert!(quota(text).is_err(), "{text}");
        }
    }
}
