//! Builds use cases from a bundle of ports: doubles that allow no call, or fakes that work.

mod doubles;
mod file_ports;
mod file_world;
mod people;
mod ports;
mod sources;
mod world;

pub(crate) use doubles::{
    active_user, allowing_entry_limiter, allowing_limiter, announcing, auth_key, code_of, denial,
    denying_entry_limiter, elsewhere, enrolled, full, matching_hasher, name_of, new_credentials, origin,
    recording, registration, sign_in_request, unanswered, users_with, wrong_code_of,
};
pub(crate) use file_ports::FILE_POLICY;
pub(crate) use file_world::{content_of, digest_of, key, length_of, new_content, new_file, read_all};
pub(crate) use people::{recovery_request, recovery_seed};
pub(crate) use ports::{DECOY_KEY, Ports, QUOTA_LIMIT_BYTES};
pub(crate) use sources::{Sent, sent, sent_in_pieces, told};
pub(crate) use world::World;

use epic_inbound::gate::Admission;
use std::sync::Arc;

/// Proof that a call was let in.
pub(crate) fn admission() -> Admission {
    let ports = Ports { limiter: Arc::new(allowing_limiter()), ..Ports::untouched() };
    ports.gate().admit_address(origin()).unwrap()
}
