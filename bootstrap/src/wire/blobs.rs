//! The store of contents, chosen by the settings.

use crate::config::{BlobChoice, BucketChoice, StorageSettings};
use epic_blob_object_store::{LocalBlobs, S3Blobs, S3Settings, S3SettingsError};
use epic_outbound::blobs::Blobs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Why the store of contents cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum BlobsRefused {
    /// The folder.
    #[error("the folder {folder} cannot be used for contents")]
    Folder {
        /// Which.
        folder: PathBuf,
        /// Why.
        #[source]
        error: io::Error,
    },
    /// The bucket.
    #[error("the bucket cannot be used")]
    Bucket(#[source] S3SettingsError),
}

pub(super) fn open_blobs(settings: &StorageSettings) -> Result<Arc<dyn Blobs>, BlobsRefused> {
    match &settings.blobs {
        BlobChoice::Folder => {
            let folder = blobs_of(&settings.data_dir);
            match LocalBlobs::open(&folder) {
                Ok(blobs) => Ok(Arc::new(blobs)),
                Err(error) => Err(BlobsRefused::Folder { folder, error }),
            }
        }
        BlobChoice::Bucket(bucket) => {
            let blobs = S3Blobs::open(&s3_settings(bucket, settings.files.content_bytes_max))
                .map_err(BlobsRefused::Bucket)?;
            Ok(Arc::new(blobs))
        }
    }
}

/// The folder that holds contents in the data folder.
fn blobs_of(data_dir: &Path) -> PathBuf {
    data_dir.join("blobs")
}

fn s3_settings(chosen: &BucketChoice, content_bytes_max: u64) -> S3Settings {
    let BucketChoice { bucket, prefix, endpoint, region } = chosen.clone();
    S3Settings {
        prefix,
        // Whoever names an endpoint without TLS has chosen so; the settings warn of it.
        allow_http: chosen.is_in_the_clear(),
        endpoint,
        region,
        blob_bytes_max: content_bytes_max,
        ..S3Settings::new(bucket)
    }
}
