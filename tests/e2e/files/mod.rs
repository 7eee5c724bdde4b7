//! Files as their users meet them: uploads that break off, full disks, other people's clients, buckets.

pub(crate) mod account;
mod bucket;
pub(crate) mod content;
mod curl;
mod disk_full;
mod large;
#[path = "../../support/like_s3.rs"]
mod like_s3;
pub(crate) mod object_server;
mod rivals;
mod torn;
mod tus_client;
