//! Where data lies, and how much of it an account may have.

use super::parse::{self, Rule};
use super::reader::Reader;
use epic_domain::file::FilePolicy;
use epic_domain::secret::SecretText;
use epic_store_mongodb::MongoOptions;
use std::path::PathBuf;
use url::Url;

/// Which store keeps accounts, sessions, and which files there are.
#[derive(Debug, Clone)]
pub enum StoreChoice {
    /// SQLite in the data folder.
    Sqlite,
    /// MongoDB, which several nodes may share.
    Mongodb(MongoOptions),
}

impl StoreChoice {
    /// Whether it is MongoDB.
    #[must_use]
    pub const fn is_mongodb(&self) -> bool {
        matches!(self, Self::Mongodb(_))
    }

    /// The name of the MongoDB database, if it is one.
    #[must_use]
    pub fn database(&self) -> Option<&str> {
        match self {
            Self::Sqlite => None,
            Self::Mongodb(options) => Some(&options.database),
        }
    }

    /// Whether what is stored travels to another machine without TLS.
    #[must_use]
    pub fn is_in_the_clear(&self) -> bool {
        match self {
            Self::Sqlite => false,
            Self::Mongodb(options) => options.is_in_the_clear().unwrap_or(true),
        }
    }
}

/// Which store keeps contents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BlobChoice {
    /// A folder in the data folder.
    Folder,
    /// An S3-compatible bucket. Its credentials come from the `AWS_*` variables.
    Bucket(BucketChoice),
}

/// Which bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BucketChoice {
    /// Its name.
    pub bucket: String,
    /// What the names of all objects begin with; may be empty.
    pub prefix: String,
    /// Where it is served, if not by AWS itself.
    pub endpoint: Option<String>,
    /// Its region.
    pub region: Option<String>,
}

impl BucketChoice {
    /// Whether contents travel to it without TLS.
    #[must_use]
    pub fn is_in_the_clear(&self) -> bool {
        const PLAIN: &str = "http://";
        let scheme = self.endpoint.as_deref().and_then(|endpoint| endpoint.get(..PLAIN.len()));
        scheme.is_some_and(|scheme| scheme.eq_ignore_ascii_case(PLAIN))
    }
}

/// Where data lies.
#[derive(Debug, Clone)]
pub struct StorageSettings {
    /// The data folder.
    pub data_dir: PathBuf,
    /// The store.
    pub store: StoreChoice,
    /// Bytes an account may store.
    pub quota_bytes: u64,
    /// The store of contents.
    pub blobs: BlobChoice,
    /// How large contents may be, and how long what is left behind is kept.
    pub files: FilePolicy,
}

impl StorageSettings {
    pub(super) fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let data_dir = reader.read("data_dir", folder);
        let store = reader.read("store", store);
        let blobs = reader.read("blobs", blobs);
        let quota_bytes = reader.read("quota", parse::bytes);
        let files = files(reader);
        Some(Self {
            data_dir: data_dir?,
            store: store?,
            quota_bytes: quota_bytes?,
            blobs: blobs?,
            files: files?,
        })
    }
}

fn folder(text: &str) -> Result<PathBuf, Rule> {
    if text.is_empty() || text.contains('\0') {
        return Err("must be the path of a folder".to_owned());
    }
    Ok(PathBuf::from(text))
}

fn store(text: &str) -> Result<StoreChoice, Rule> {
    if text == "sqlite" {
        return Ok(StoreChoice::Sqlite);
    }
    MongoOptions::from_uri(SecretText::new(text.to_owned())).map(StoreChoice::Mongodb).map_err(|_| {
        "must be sqlite or a MongoDB connection string, as mongodb://host/database is".to_owned()
    })
}

fn files(reader: &mut Reader<'_>) -> Option<FilePolicy> {
    let content_bytes_max = reader.read("content_max", content_size);
    let upload_kept = reader.read("upload_ttl", parse::keeping);
    let trash_kept = reader.read("trash_ttl", parse::keeping);
    let versions_kept = reader.read("versions_ttl", parse::keeping);
    Some(FilePolicy {
        content_bytes_max: content_bytes_max?,
        upload_kept: upload_kept?,
        trash_kept: trash_kept?,
        versions_kept: versions_kept?,
    })
}

/// The largest content that any store of contents can take: what an S3 upload of 10,000 parts holds.
const CONTENT_BYTES_CEILING: u64 = 80_000 * 1_024 * 1_024;

fn content_size(text: &str) -> Result<u64, Rule> {
    let bytes = parse::bytes(text)?;
    if (1..=CONTENT_BYTES_CEILING).contains(&bytes) {
        Ok(bytes)
    } else {
        Err("must be between 1 byte and 80000MiB".to_owned())
    }
}

fn blobs(text: &str) -> Result<BlobChoice, Rule> {
    if text.is_empty() {
        return Ok(BlobChoice::Folder);
    }
    let rule =
        || "must be s3://bucket/prefix?endpoint=URL&region=NAME, or nothing for the data folder".to_owned();
    let url = Url::parse(text).map_err(|_| rule())?;
    if url.scheme() != "s3" || !url.username().is_empty() || url.password().is_some() {
        return Err(rule());
    }
    let bucket = url.host_str().filter(|host| !host.is_empty()).ok_or_else(rule)?.to_owned();
    let prefix = url.path().trim_matches('/').to_owned();
    let (mut endpoint, mut region) = (None, None);
    for (name, value) in url.query_pairs() {
        let place = match name.as_ref() {
            "endpoint" => &mut endpoint,
            "region" => &mut region,
            _ => return Err(rule()),
        };
        if place.replace(value.into_owned()).is_some() {
            return Err(rule());
        }
    }
    if endpoint.as_deref().is_some_and(|endpoint| !is_web_address(endpoint)) {
        return Err("has an endpoint that is no http or https address".to_owned());
    }
    Ok(BlobChoice::Bucket(BucketChoice { bucket, prefix, endpoint, region }))
}

fn is_web_address(text: &str) -> bool {
    Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_is_named_with_where_it_is() {
        let chosen = blobs("s3://files/epic/a?endpoint=http://127.0.0.1:9000&region=eu-central-1");
        let bucket = BucketChoice {
            bucket: "files".to_owned(),
            prefix: "epic/a".to_owned(),
            endpoint: Some("http://127.0.0.1:9000".to_owned()),
            region: Some("eu-central-1".to_owned()),
        };
        assert!(bucket.is_in_the_clear());
        assert_eq!(chosen, Ok(BlobChoice::Bucket(bucket)));
        assert_eq!(blobs(""), Ok(BlobChoice::Folder));
    }

    #[test]
    fn what_names_no_bucket_is_refused() {
        for text in [
            "files",
            "s3://",
            "http://files",
            "s3://key:secret@files",
            "s3://files?endpoint=nowhere",
            "s3://files?endpoint=ftp://host",
            "s3://files?colour=red",
            "s3://files?region=a&region=b",
        ] {
            assert!(blobs(text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_settings_defaults_are_the_policys() {
        let default = |name| super::super::setting::Setting::find(name).map_or("", |setting| setting.default);
        assert_eq!(content_size(default("content_max")), Ok(FilePolicy::DEFAULT.content_bytes_max));
        assert_eq!(parse::keeping(default("upload_ttl")), Ok(FilePolicy::DEFAULT.upload_kept));
        assert_eq!(parse::keeping(default("trash_ttl")), Ok(FilePolicy::DEFAULT.trash_kept));
        assert_eq!(parse::keeping(default("versions_ttl")), Ok(FilePolicy::DEFAULT.versions_kept));
    }
}
