//! Access and refresh tokens as JWTs (RFC 7519): signed with HS256 by the crate jsonwebtoken, read strictly.
//!
//! A token that is read has exactly the header and claims that this server writes; whatever else a JWS may carry
//! (`crit`, `jwk`, `zip`, `nbf`, …) is refused rather than ignored (RFC 8725). Expiry is not judged here: the domain
//! does, at its own `now`.

mod cache;
mod claims;
mod compact;
mod keyring;
mod object;
mod provider;
mod tokens;
mod weak_key;

pub use compact::{TOKEN_BYTES_MAX, verify_compact};
pub use keyring::{Keyring, KeyringRefused, TokenKey};
pub use provider::ProviderTaken;
pub use tokens::JwtTokens;
pub use weak_key::WeakKey;
