//! Resumable uploads on the wire: tus 1.0.0 with creation, checksum, expiration and termination.

mod fields;
mod protocol;

pub(crate) use fields::{metadata, upload_length, upload_offset};
pub(crate) use protocol::{
    RESUMABLE, UPLOAD_CHECKSUM, UPLOAD_LENGTH, UPLOAD_OFFSET, add_expiry, describe, require_version, stamp,
};
