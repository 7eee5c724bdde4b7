//! Access and refresh tokens as JWTs (RFC 7519): signed with HS256 or EdDSA by the crate jsonwebtoken, read strictly.
//!
//! A token that is read has exactly the header and claims that this server writes; whatever else a JWS may carry
//! (`crit`, `jwk`, `zip`, `nbf`, …) is refused rather than ignored (RFC 8725). Expiry is not judged here: the domain
//! does, at its own `now`.
//!
//! One set of tokens has one algorithm, and a key is of one algorithm by its type: no token of one is ever verified under
//! the other, whatever its header says.

mod cache;
mod claims;
mod compact;
mod eddsa;
mod hs256;
mod keyring;
mod named_key;
mod object;
mod provider;
mod tokens;
mod weak_key;

pub use compact::{TOKEN_BYTES_MAX, verify_compact, verify_compact_eddsa};
pub use eddsa::EddsaTokens;
pub use hs256::JwtTokens;
pub use keyring::{EddsaKey, EddsaKeyring, Keyring, KeyringRefused, TokenKey};
pub use provider::ProviderTaken;
pub use weak_key::WeakKey;
