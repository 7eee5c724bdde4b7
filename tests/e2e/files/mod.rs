//! Files as their users meet them: uploads that break off, full disks, other people's clients, buckets.

mod account;
mod bucket;
mod content;
mod curl;
mod disk_full;
mod large;
#[path = "../../support/like_s3.rs"]
mod like_s3;
mod object_server;
mod rivals;
mod torn;
mod tus_client;
