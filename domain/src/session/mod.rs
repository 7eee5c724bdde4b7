//! Sessions: one sign-in on one device, its tokens and how they follow each other.

mod claims;
mod device_name;
mod policy;
mod refresh_family;
mod revocation;

pub use claims::{Claims, TokenKind};
pub use device_name::DeviceName;
pub use policy::{PolicyRefused, SessionPolicy};
pub use refresh_family::{Grant, Presented, Session, Superseded};
pub use revocation::Revocation;
