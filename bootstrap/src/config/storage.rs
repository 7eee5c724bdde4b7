//! Where data lies, and how much of it an account may have.

use super::parse::{self, Rule};
use super::reader::Reader;
use std::path::PathBuf;

/// Which store keeps accounts and sessions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StoreChoice {
    /// SQLite in the data folder.
    Sqlite,
}

/// Where data lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StorageSettings {
    /// The data folder.
    pub data_dir: PathBuf,
    /// The store.
    pub store: StoreChoice,
    /// Bytes an account may store.
    pub quota_bytes: u64,
}

impl StorageSettings {
    pub(super) fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let data_dir = reader.read("data_dir", folder);
        let store = reader.read("store", store);
        let blobs = reader.read("blobs", no_blobs);
        let quota_bytes = reader.read("quota", parse::bytes);
        blobs?;
        Some(Self { data_dir: data_dir?, store: store?, quota_bytes: quota_bytes? })
    }
}

fn folder(text: &str) -> Result<PathBuf, Rule> {
    if text.is_empty() || text.contains('\0') {
        return Err("must be the path of a folder".to_owned());
    }
    Ok(PathBuf::from(text))
}

fn store(text: &str) -> Result<StoreChoice, Rule> {
    match text {
        "sqlite" => Ok(StoreChoice::Sqlite),
        _ => Err("must be sqlite: this build supports no other store".to_owned()),
    }
}

fn no_blobs(text: &str) -> Result<(), Rule> {
    if text.is_empty() {
        Ok(())
    } else {
        Err("is not supported by this version, which stores no files".to_owned())
    }
}
