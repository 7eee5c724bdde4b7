//! Registering: one holder a name, and a second try for who lost the reply.

use super::{Effect, Expected, Model, Plan};
use crate::request::Reply;
use epic_domain::audit::EventKind;
use epic_domain::network::IpPrefix;
use epic_domain::rate_limit::{Action, Attempt, Subject};

use super::plan::Named;

impl Model {
    pub(super) fn plan_registration(&mut self, who: u8, key: u64, origin: IpPrefix) -> Plan {
        let standing = match self.check(&[Attempt::new(Action::Register, Subject::Address(origin))]) {
            Ok(standing) => standing,
            Err(denial) => return Plan::limited(denial),
        };
        let registered = |effect, expected| Plan::of(Reply::Registered).with(effect).recording(expected);
        let event = |kind| Expected::new(kind, self.now, origin);
        let holder = self.named(who).filter(|(_, account)| account.exists_at(self.now));
        let plan = match holder {
            None => registered(
                Effect::Insert { who, key },
                Expected { user: Named::New, ..event(EventKind::Registered) },
            ),
            // Written in the future, as the clock stands now: that looks like a rival who was faster.
            Some((_, account)) if account.updated_at > self.now => Plan::of(Reply::NameTaken),
            Some((user_id, account)) if !account.is_active() && account.key == key => {
                registered(Effect::Renew { user_id }, event(EventKind::RegistrationRenewed).of(user_id))
            }
            Some(_) => Plan::of(Reply::NameTaken),
        };
        plan.at(standing)
    }
}
