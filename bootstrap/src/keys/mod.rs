//! The server's own keys: made on the first start, kept in the data folder, never shown.
//!
//! Files and settings that hold named keys may hold several. The first signs or seals, all of them verify or open; so a
//! key is replaced without refusing one request: a new line goes in front, the server starts again, and the old line
//! goes once nothing lives that was made with it. For token keys that is after the lifetime of a session, for sealing
//! keys never, unless every secret was sealed again, and for the keys that sign the audit log when nobody wants to
//! check its older heads any more.

mod lines;
mod private_file;
mod ring;
mod source;
mod token_keys;

pub use lines::LineRefused;
pub use private_file::{PrivateFileError, create_private_folder, is_exposed};
pub use ring::{KeyRing, folder_of, read_audit_signing_keys};
pub use source::{Dependents, KeysError};
pub use token_keys::{TokenAlgorithm, TokenKeySource, TokenKeys, TokenKeysRefused, parse_token_keys};
