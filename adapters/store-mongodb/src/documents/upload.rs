//! Uploads under way.

use super::values::{binary, bytes, date, integer, number, parsed, time};
use super::{FORMAT, check_format};
use crate::errors::Failure;
use epic_domain::file::{
    ContentDigest, EncryptedDataKey, EncryptedFilename, Fence, Progress, StageState, Target, Upload,
    UploadSize,
};
use epic_domain::id::{BlobId, FileId, UploadId, UserId};
use mongodb::bson::{Binary, DateTime, Uuid};
use serde::{Deserialize, Serialize};

/// An upload.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct UploadDocument {
    #[serde(rename = "_id")]
    id: Uuid,
    v: i32,
    uploader: Uuid,
    file_id: Uuid,
    owner: Uuid,
    is_new_file: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    encrypted_filename: Option<Binary>,
    #[serde(skip_serializing_if = "Option::is_none")]
    encrypted_data_key: Option<Binary>,
    blob_id: Uuid,
    /// How many bytes there will be, if that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    exact_bytes: Option<i64>,
    /// How many there may be at most, if not.
    #[serde(skip_serializing_if = "Option::is_none")]
    most_bytes: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expected_digest: Option<Binary>,
    created_at: DateTime,
    progress: ProgressDocument,
    is_whole: bool,
    fence: i64,
    expires_at: DateTime,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ProgressDocument {
    offset_bytes: i64,
    hash_state: Binary,
    stage: Binary,
}

impl UploadDocument {
    pub(crate) fn encode(upload: &Upload) -> Result<Self, Failure> {
        let (exact_bytes, most_bytes) = match upload.size {
            UploadSize::Exactly(bytes) => (Some(integer(bytes)?), None),
            UploadSize::AtMost(bytes) => (None, Some(integer(bytes)?)),
        };
        let target = &upload.target;
        Ok(Self {
            id: Uuid::from_bytes(*upload.id.as_bytes()),
            v: FORMAT,
            uploader: Uuid::from_bytes(*upload.uploader.as_bytes()),
            file_id: Uuid::from_bytes(*upload.file_id.as_bytes()),
            owner: Uuid::from_bytes(*upload.owner.as_bytes()),
            is_new_file: target.of_new_file().is_some(),
            encrypted_filename: target.encrypted_filename().map(|name| binary(name.as_bytes())),
            encrypted_data_key: target.encrypted_data_key().map(|key| binary(key.as_bytes())),
            blob_id: Uuid::from_bytes(*upload.blob_id.as_bytes()),
            exact_bytes,
            most_bytes,
            expected_digest: upload.expected_digest.map(|digest| binary(digest.as_bytes())),
            created_at: date(upload.created_at),
            progress: ProgressDocument::encode(&upload.progress)?,
            is_whole: upload.is_whole(),
            fence: integer(upload.fence.get())?,
            expires_at: date(upload.expires_at),
        })
    }

    pub(crate) fn decode(self) -> Result<Upload, Failure> {
        check_format(self.v)?;
        let digest = self.expected_digest.map(|stored| bytes(&stored, "digest")).transpose()?;
        Ok(Upload {
            id: UploadId::from_bytes(self.id.bytes()),
            uploader: UserId::from_bytes(self.uploader.bytes()),
            file_id: FileId::from_bytes(self.file_id.bytes()),
            owner: UserId::from_bytes(self.owner.bytes()),
            target: decode_target(self.is_new_file, self.encrypted_filename, self.encrypted_data_key)?,
            blob_id: BlobId::from_bytes(self.blob_id.bytes()),
            size: decode_size(self.exact_bytes, self.most_bytes)?,
            expected_digest: digest.map(ContentDigest::from_bytes),
            progress: self.progress.decode()?,
            fence: Fence::from_number(number(self.fence)?),
            created_at: time(self.created_at)?,
            expires_at: time(self.expires_at)?,
        })
    }
}

impl ProgressDocument {
    pub(crate) fn encode(progress: &Progress) -> Result<Self, Failure> {
        Ok(Self {
            offset_bytes: integer(progress.offset_bytes)?,
            hash_state: binary(&progress.hash_state),
            stage: binary(progress.stage.as_bytes()),
        })
    }

    fn decode(self) -> Result<Progress, Failure> {
        Ok(Progress {
            offset_bytes: number(self.offset_bytes)?,
            hash_state: self.hash_state.bytes.into(),
            stage: StageState::from_bytes(self.stage.bytes.into()),
        })
    }
}

fn decode_target(
    is_new_file: bool,
    encrypted_filename: Option<Binary>,
    encrypted_data_key: Option<Binary>,
) -> Result<Target, Failure> {
    let filename = encrypted_filename.map(|name| EncryptedFilename::parse(&name.bytes)).transpose();
    let data_key = encrypted_data_key.map(|key| EncryptedDataKey::parse(&key.bytes)).transpose();
    match (is_new_file, parsed("name", filename)?, parsed("data key", data_key)?) {
        (true, Some(encrypted_filename), Some(encrypted_data_key)) => {
            Ok(Target::NewFile { encrypted_filename, encrypted_data_key })
        }
        (false, encrypted_filename, encrypted_data_key) => {
            Ok(Target::NewContent { encrypted_filename, encrypted_data_key })
        }
        (true, ..) => Err(Failure::Damaged("upload")),
    }
}

fn decode_size(exact_bytes: Option<i64>, most_bytes: Option<i64>) -> Result<UploadSize, Failure> {
    match (exact_bytes, most_bytes) {
        (Some(bytes), None) => Ok(UploadSize::Exactly(number(bytes)?)),
        (None, Some(bytes)) => Ok(UploadSize::AtMost(number(bytes)?)),
        _ => Err(Failure::Damaged("upload size")),
    }
}
