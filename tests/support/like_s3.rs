//! A service of the S3 protocol over a folder, for the tests of this package and for those of the adapter that speaks it.

use s3s::auth::SimpleAuth;
use s3s::dto::*;
use s3s::service::{S3Service, S3ServiceBuilder};
use s3s::{S3, S3ErrorCode, S3Request, S3Response, S3Result, s3_error};
use s3s_fs::FileSystem;
use std::path::Path;
use std::sync::Arc;

/// The server of `s3s-fs`, where it differs from S3 made like it: what was begun is done even if the client hangs up, and a
/// multipart upload that is not there is "no such upload" rather than denied.
struct LikeS3(Arc<FileSystem>);

macro_rules! like_s3 {
    ($($name:ident($input:ident) -> $output:ident;)+) => {
        #[async_trait::async_trait]
        impl S3 for LikeS3 {
            $(async fn $name(&self, request: S3Request<$input>) -> S3Result<S3Response<$output>> {
                let files = Arc::clone(&self.0);
                let answer = tokio::spawn(async move { files.$name(request).await }).await;
                answer.map_err(|_| s3_error!(InternalError))?.map_err(|error| match error.code() {
                    S3ErrorCode::AccessDenied => s3_error!(NoSuchUpload),
                    _ => error,
                })
            })+
        }
    };
}

like_s3! {
    abort_multipart_upload(AbortMultipartUploadInput) -> AbortMultipartUploadOutput;
    complete_multipart_upload(CompleteMultipartUploadInput) -> CompleteMultipartUploadOutput;
    copy_object(CopyObjectInput) -> CopyObjectOutput;
    create_multipart_upload(CreateMultipartUploadInput) -> CreateMultipartUploadOutput;
    delete_object(DeleteObjectInput) -> DeleteObjectOutput;
    get_object(GetObjectInput) -> GetObjectOutput;
    head_object(HeadObjectInput) -> HeadObjectOutput;
    list_objects_v2(ListObjectsV2Input) -> ListObjectsV2Output;
    put_object(PutObjectInput) -> PutObjectOutput;
    upload_part(UploadPartInput) -> UploadPartOutput;
}

/// A service whose buckets are the folders in `folder`, for whoever has this key.
pub(crate) fn service(folder: &Path, access_key: &str, secret_key: &str) -> S3Service {
    guarded(S3ServiceBuilder::new(LikeS3(Arc::new(FileSystem::new(folder).unwrap()))), access_key, secret_key)
}

/// The same service, which calls a multipart upload denied that is not there.
#[allow(dead_code, reason = "one of the packages that share this file uses it")]
pub(crate) fn denying_service(folder: &Path, access_key: &str, secret_key: &str) -> S3Service {
    guarded(S3ServiceBuilder::new(FileSystem::new(folder).unwrap()), access_key, secret_key)
}

fn guarded(mut builder: S3ServiceBuilder, access_key: &str, secret_key: &str) -> S3Service {
    builder.set_auth(SimpleAuth::from_single(access_key, secret_key));
    builder.build()
}
