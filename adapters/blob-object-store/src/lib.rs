//! Blobs in a local folder or in any S3-compatible bucket.
//!
//! Both keep published blobs under `ab/cd/<id>`, after the first two bytes of the id, and what is on its way under `staging/`.
//! So a folder can be copied into a bucket, and back, with any tool that copies objects, once nothing is on its way.

mod listing;
mod local;
mod s3;

pub use local::LocalBlobs;
pub use s3::{S3Blobs, S3Credentials, S3Settings, S3SettingsError};
