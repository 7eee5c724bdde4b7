//! Which bucket, and how to reach it.

use core::fmt;
use core::time::Duration;
use epic_domain::file::FilePolicy;
use epic_domain::secret::SecretText;
use object_store::aws::{AmazonS3, AmazonS3Builder, AmazonS3ConfigKey, Checksum};
use object_store::{BackoffConfig, ClientConfigKey, RetryConfig};

const MIB: u64 = 1_024 * 1_024;
/// The least size of a part. S3 asks for 5 MiB; 10 GiB make 1,280 of these.
const PART_BYTES_MIN: u64 = 8 * MIB;
/// S3 takes no more parts than this for one object.
const PARTS_MAX: u64 = 10_000;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// After this time no request is sent anew.
const RETRY_WITHIN: Duration = Duration::from_secs(5);
const RETRIES_MAX: usize = 4;
/// A body may flow as long as whoever reads it takes; only silence ends it.
const WHOLE_REQUEST_SECONDS: u64 = 7 * 24 * 60 * 60;

/// Who the server is to the bucket.
#[derive(Debug, Clone, Default)]
pub enum S3Credentials {
    /// What the `AWS_…` variables say, or the machine's own role.
    #[default]
    Environment,
    /// A key of its own.
    Key {
        /// The key's name.
        access_key_id: String,
        /// The key.
        secret_access_key: SecretText,
        /// What goes with a key that is lent for a time.
        session_token: Option<SecretText>,
    },
}

/// Which bucket, and how to reach it.
#[derive(Debug, Clone)]
pub struct S3Settings {
    /// The bucket. It must be there.
    pub bucket: String,
    /// What every key begins with, without slashes around it; nothing if the bucket is for blobs alone.
    pub prefix: String,
    /// Where the service is, such as `https://s3.example.org`, if it is not Amazon's.
    pub endpoint: Option<String>,
    /// The region, if it is not `us-east-1` and no variable tells.
    pub region: Option<String>,
    /// Who the server is.
    pub credentials: S3Credentials,
    /// Whether an endpoint without TLS is allowed. The bytes are ciphertext, but then anyone on the way can drop them.
    pub allow_http: bool,
    /// Whether the bucket is named in the host and not in the path; the endpoint has to name it then.
    pub virtual_hosted: bool,
    /// Whether a SHA-256 goes with what is sent, for the service to keep. Some services do not know it.
    pub checksums: bool,
    /// How long the service may be silent. A part of 8 MiB has to get there within.
    pub answer_timeout: Duration,
    /// How many parts may be in memory, over all blobs on their way. Who comes later waits, for `answer_timeout`.
    pub parts_max: usize,
    /// The most bytes of one blob. Parts get larger from about 78 GiB on.
    pub blob_bytes_max: u64,
}

impl S3Settings {
    /// A bucket for blobs alone, at Amazon, with credentials from the environment; 10 s of patience, 64 parts of 8 MiB.
    #[must_use]
    pub const fn new(bucket: String) -> Self {
        Self {
            bucket,
            prefix: String::new(),
            endpoint: None,
            region: None,
            credentials: S3Credentials::Environment,
            allow_http: false,
            virtual_hosted: false,
            checksums: true,
            answer_timeout: Duration::from_secs(10),
            parts_max: 64,
            blob_bytes_max: FilePolicy::DEFAULT.content_bytes_max,
        }
    }

    /// The size of the parts, whole mebibytes.
    pub(super) fn part_bytes(&self) -> u64 {
        self.blob_bytes_max.div_ceil(PARTS_MAX).next_multiple_of(MIB).max(PART_BYTES_MIN)
    }

    /// The client.
    pub(super) fn client(&self) -> Result<AmazonS3, object_store::Error> {
        // The client's TLS takes its primitives from the process. Somebody may have set them before, which is as good.
        drop(rustls::crypto::ring::default_provider().install_default());
        let mut builder = self
            .credentials
            .builder()
            .with_bucket_name(&self.bucket)
            .with_virtual_hosted_style_request(self.virtual_hosted)
            .with_disable_tagging(true)
            .with_disable_bulk_delete(true)
            .with_retry(retry());
        let answer_timeout = format!("{} ms", self.answer_timeout.as_millis());
        for (key, value) in [
            (ClientConfigKey::ConnectTimeout, format!("{} ms", CONNECT_TIMEOUT.as_millis())),
            (ClientConfigKey::ReadTimeout, answer_timeout),
            (ClientConfigKey::Timeout, format!("{WHOLE_REQUEST_SECONDS} s")),
            (ClientConfigKey::AllowHttp, self.allow_http.to_string()),
        ] {
            builder = builder.with_config(AmazonS3ConfigKey::Client(key), value);
        }
        if self.checksums {
            builder = builder.with_checksum_algorithm(Checksum::SHA256);
        }
        if let Some(endpoint) = &self.endpoint {
            builder = builder.with_endpoint(endpoint);
        }
        if let Some(region) = &self.region {
            builder = builder.with_region(region);
        }
        builder.build()
    }
}

impl S3Credentials {
    fn builder(&self) -> AmazonS3Builder {
        match self {
            Self::Environment => AmazonS3Builder::from_env(),
            Self::Key { access_key_id, secret_access_key, session_token } => {
                let builder = AmazonS3Builder::new()
                    .with_access_key_id(access_key_id)
                    .with_secret_access_key(secret_access_key.expose());
                match session_token {
                    Some(token) => builder.with_token(token.expose()),
                    None => builder,
                }
            }
        }
    }
}

fn retry() -> RetryConfig {
    let backoff = BackoffConfig {
        init_backoff: Duration::from_millis(100),
        max_backoff: Duration::from_secs(2),
        base: 2.0,
    };
    RetryConfig { backoff, max_retries: RETRIES_MAX, retry_timeout: RETRY_WITHIN }
}

/// Why a bucket cannot be used as it is described.
#[derive(Debug)]
pub struct S3SettingsError(pub(super) String);

impl fmt::Display for S3SettingsError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl core::error::Error for S3SettingsError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_grow_where_ten_thousand_of_them_would_not_do() {
        let part_bytes = |blob_bytes_max| {
            S3Settings { blob_bytes_max, ..S3Settings::new(String::from("blobs")) }.part_bytes()
        };
        assert_eq!(part_bytes(0), 8 * MIB);
        assert_eq!(part_bytes(10 * 1_024 * MIB), 8 * MIB);
        assert_eq!(part_bytes(80_000 * MIB), 8 * MIB);
        assert_eq!(part_bytes(80_000 * MIB + 1), 9 * MIB);
        assert_eq!(part_bytes(5 * 1_024 * 1_024 * MIB), 525 * MIB);
    }

    #[test]
    fn debug_tells_no_key() {
        let credentials = S3Credentials::Key {
            access_key_id: String::from("AKIA"),
            secret_access_key: SecretText::new(String::from("top-secret")),
            session_token: Some(SecretText::new(String::from("top-secret"))),
        };
        let settings = S3Settings { credentials, ..S3Settings::new(String::from("blobs")) };
        assert!(!format!("{settings:?}").contains("top-secret"));
    }
}
