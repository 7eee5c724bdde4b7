//! The server's own keys: made on the first start, kept in the data folder, never shown.

mod lines;
mod private_file;
mod ring;
mod token_keys;

pub use lines::LineRefused;
pub use private_file::{PrivateFileError, create_private_folder, is_exposed};
pub use ring::{KeyRing, KeysError, folder_of};
pub use token_keys::{TokenKeysRefused, parse_token_keys};
