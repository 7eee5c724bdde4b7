//! A server of the S3 protocol in this process, which can be stopped and started again at the same address.

use hyper::server::conn::http1::Builder;
use hyper_util::rt::TokioIo;
use s3s::auth::SimpleAuth;
use s3s::dto::*;
use s3s::service::{S3Service, S3ServiceBuilder};
use s3s::{S3, S3ErrorCode, S3Request, S3Response, S3Result, s3_error};
use s3s_fs::FileSystem;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::{TcpListener, TcpSocket};
use tokio::task::{JoinHandle, JoinSet};

pub(super) const ACCESS_KEY: &str = "access";
pub(super) const SECRET_KEY: &str = "a secret of the bucket";

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

/// A server with one bucket, `files`.
pub(super) struct ObjectServer {
    pub(super) address: SocketAddr,
    folder: tempfile::TempDir,
    serving: JoinHandle<()>,
}

impl ObjectServer {
    pub(super) async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("files")).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let serving = tokio::spawn(serve(listener, service(&folder)));
        Self { address, folder, serving }
    }

    /// Stops listening and cuts every connection.
    pub(super) async fn stop(&mut self) {
        self.serving.abort();
        (&mut self.serving).await.unwrap_err();
    }

    pub(super) fn start_again(&mut self) {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_reuseaddr(true).unwrap();
        socket.bind(self.address).unwrap();
        self.serving = tokio::spawn(serve(socket.listen(64).unwrap(), service(&self.folder)));
    }

    /// How many objects there are below a prefix.
    pub(super) fn object_count(&self, prefix: &str) -> usize {
        super::torn::files_below(&self.folder.path().join("files").join(prefix))
    }
}

fn service(folder: &tempfile::TempDir) -> S3Service {
    let mut builder = S3ServiceBuilder::new(LikeS3(Arc::new(FileSystem::new(folder.path()).unwrap())));
    builder.set_auth(SimpleAuth::from_single(ACCESS_KEY, SECRET_KEY));
    builder.build()
}

async fn serve(listener: TcpListener, service: S3Service) {
    let mut connections = JoinSet::new();
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        let service = service.clone();
        connections.spawn(async move {
            // A client that goes away is none of a server's business.
            Builder::new().serve_connection(TokioIo::new(stream), service).await.ok();
        });
    }
}
