//! The HTTP API of EPIC Server on warp, with its own server loop.
//!
//! No handler decides: it parses, calls a use case and turns the result into a reply. warp's rejections are used for
//! routing and extraction alone; what a use case answers becomes a reply directly.

mod api;
mod auth;
mod authorization;
mod body;
mod body_source;
mod carried;
mod checksum;
mod client_address;
mod content;
mod context;
mod cors;
mod edge;
mod encoding;
mod etag;
mod fault_reply;
mod idempotency;
mod if_match;
mod json;
mod limit_reply;
mod lingering;
mod multipart;
mod one_by_one;
mod pace;
mod paging;
mod problem;
mod qr;
mod rejection;
mod reply;
mod reply_body;
mod routes;
mod security_headers;
mod server;
mod tus;
mod unbroken;
mod unhurried;

pub use api::Api;
pub use auth::{current_user, current_user_optional, fresh_user, user_from_token};
pub use context::RequestContext;
pub use rejection::recover;
pub use server::{Server, ServerSettings};
