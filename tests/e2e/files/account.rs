//! Someone who is signed in and stores files.

use super::content::{Content, body};
use crate::support::person::encode;
use crate::support::{Client, Person, Reply};
use bytes::Bytes;
use core::ops::Range;
use futures_util::Stream;
use futures_util::stream::{self, StreamExt};
use reqwest::{Method, RequestBuilder};
use serde_json::Value;
use sha2::{Digest, Sha256};
use tokio::sync::oneshot;

/// Settings under which only the disk and the quota set limits.
pub(crate) const NO_LIMITS: &[(&str, &str)] = &[
    ("EPIC_LIMIT_LOGIN_ACCOUNT", "off"),
    ("EPIC_LIMIT_LOGIN", "off"),
    ("EPIC_LIMIT_REGISTER", "off"),
    ("EPIC_LIMIT_TOTP", "off"),
    ("EPIC_LIMIT_UPLOAD", "off"),
    ("EPIC_LIMIT_API", "off"),
];

/// The moment in an upload at which a test wants to be told.
pub(crate) type Cut = Option<(u64, oneshot::Sender<()>)>;

const BOUNDARY: &str = "epic-test-boundary";

/// Someone at a server.
#[derive(Clone)]
pub(crate) struct Account {
    pub(crate) client: Client,
    pub(crate) token: String,
    pub(crate) person: Person,
    recovery_codes: Vec<String>,
}

/// What an account stores, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stored {
    pub(crate) used: u64,
    pub(crate) reserved: u64,
}

impl Account {
    pub(crate) async fn sign_up(base: &str, username: &str) -> Self {
        let client = Client::new(base);
        let mut person = Person::new(username);
        person.register(&client).await.expect(201);
        let now = u64::try_from(std::time::UNIX_EPOCH.elapsed().unwrap().as_millis()).unwrap();
        let login = person.login_with(&client, &person.code_at(now)).await.expect(200);
        let codes = login.json()["recovery_codes"].as_array().unwrap().clone();
        let recovery_codes = codes.iter().map(|code| code.as_str().unwrap().to_owned()).collect();
        Self { client, token: login.text("access_token"), person, recovery_codes }
    }

    /// Signs in once more, as often as there are recovery codes.
    pub(crate) async fn sign_in(&mut self) -> Reply {
        let code = self.recovery_codes.pop().unwrap();
        self.person.login_with(&self.client, &code).await
    }

    /// The same account at the server's new address.
    pub(crate) fn at(&self, base: &str) -> Self {
        Self { client: Client::new(base), ..self.clone() }
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, path).bearer_auth(&self.token)
    }

    pub(crate) fn tus(&self, method: Method, path: &str) -> RequestBuilder {
        self.request(method, path).header("tus-resumable", "1.0.0")
    }

    pub(crate) async fn stored(&self) -> Stored {
        let quota = self.client.profile(&self.token).await.expect(200).json()["quota"].clone();
        let number = |name: &str| quota[name].as_u64().unwrap_or_else(|| panic!("no {name} in {quota}"));
        Stored { used: number("used_bytes"), reserved: number("reserved_bytes") }
    }

    /// Every file, page by page.
    pub(crate) async fn files(&self) -> Vec<Value> {
        let (mut files, mut path) = (Vec::new(), "/api/files?limit=200".to_owned());
        loop {
            let page = self.client.get_as(&self.token, &path).await.expect(200).json();
            files.extend(page["items"].as_array().unwrap().iter().cloned());
            let Some(cursor) = page["next_cursor"].as_str() else { return files };
            path = format!("/api/files?limit=200&cursor={cursor}");
        }
    }

    /// The file with the name that a content has.
    pub(crate) async fn file_named(&self, name: &str) -> Option<Value> {
        self.files().await.into_iter().find(|file| file["encrypted_filename"] == name)
    }

    /// The request that begins a resumable upload.
    pub(crate) fn beginning(&self, content: Content) -> RequestBuilder {
        let text = |text: &str| data_encoding::BASE64.encode(text.as_bytes());
        let metadata = format!(
            "encrypted_filename {},encrypted_data_key {}",
            text(&name_of(content)),
            text(&encode(&[7; 72]))
        );
        self.tus(Method::POST, "/api/uploads")
            .header("upload-length", content.size_bytes)
            .header("upload-metadata", metadata)
            .header("idempotency-key", name_of(content))
    }

    /// Begins a resumable upload, or finds the one that was begun for the same content, and returns its address.
    pub(crate) async fn begin(&self, content: Content) -> String {
        let reply = self.client.send(self.beginning(content)).await.expect(201);
        reply.header("location").unwrap().to_owned()
    }

    /// The request that brings a range of an upload.
    pub(crate) fn piece(
        &self,
        upload: &str,
        content: Content,
        range: Range<u64>,
        cut: Cut,
    ) -> RequestBuilder {
        self.tus(Method::PATCH, upload)
            .header("content-type", "application/offset+octet-stream")
            .header("upload-offset", range.start)
            .header("content-length", range.end - range.start)
            .body(body(content.stream(range, cut)))
    }

    /// How far an upload has come.
    pub(crate) async fn offset(&self, upload: &str) -> u64 {
        let reply = self.client.send(self.tus(Method::HEAD, upload)).await.expect(200);
        reply.header("upload-offset").unwrap().parse().unwrap()
    }

    /// Brings all that is missing of an upload.
    pub(crate) async fn finish(&self, upload: &str, content: Content) {
        let offset = self.offset(upload).await;
        if offset < content.size_bytes {
            let rest = self.piece(upload, content, offset..content.size_bytes, None);
            let reply = self.client.send(rest).await.expect(204);
            assert_eq!(reply.header("upload-offset"), Some(content.size_bytes.to_string().as_str()));
        }
    }

    /// The request that brings a whole file.
    pub(crate) fn whole(&self, content: Content, cut: Cut) -> RequestBuilder {
        self.whole_by(content, content.stream(0..content.size_bytes, cut))
    }

    /// The request that brings a whole file; it tells when half of it is sent, and then waits until it may go on.
    pub(crate) fn slow_whole(
        &self,
        content: Content,
        tell: oneshot::Sender<()>,
        go_on: oneshot::Receiver<()>,
    ) -> RequestBuilder {
        let half = content.size_bytes / 2;
        let wait = stream::once(async move {
            go_on.await.ok();
            Bytes::new()
        });
        let first = content.stream(0..half, Some((half, tell)));
        let second = content.stream(half..content.size_bytes, None);
        self.whole_by(content, first.chain(wait.filter(|_| core::future::ready(false))).chain(second))
    }

    fn whole_by(
        &self,
        content: Content,
        bytes: impl Stream<Item = Bytes> + Send + Sync + 'static,
    ) -> RequestBuilder {
        let field = |name: &str, value: &str| {
            format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
        };
        let head = [
            field("encrypted_filename", &name_of(content)),
            field("encrypted_data_key", &encode(&[7; 72])),
            format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"x\"\r\n"),
            "Content-Type: application/octet-stream\r\n\r\n".to_owned(),
        ]
        .concat();
        let tail = format!("\r\n--{BOUNDARY}--\r\n");
        let length = content.size_bytes + u64::try_from(head.len() + tail.len()).unwrap();
        let parts = stream::iter([Bytes::from(head)]).chain(bytes).chain(stream::iter([Bytes::from(tail)]));
        self.request(Method::POST, "/api/files/upload")
            .header("content-type", format!("multipart/form-data; boundary={BOUNDARY}"))
            .header("content-length", length)
            .body(body(parts))
    }

    /// Sends a whole file and returns its id.
    pub(crate) async fn send_whole(&self, content: Content) -> String {
        self.client.send(self.whole(content, None)).await.expect(201).text("file_id")
    }

    /// Fetches a file and checks that it is this content.
    pub(crate) async fn expect_content(&self, file_id: &str, content: Content) {
        let request = self.request(Method::GET, &format!("/api/files/{file_id}/content"));
        let mut response = request.send().await.unwrap();
        assert_eq!(response.status(), 200);
        let (mut hasher, mut size_bytes) = (Sha256::new(), 0);
        while let Some(bytes) = response.chunk().await.unwrap() {
            hasher.update(&bytes);
            size_bytes += u64::try_from(bytes.len()).unwrap();
        }
        assert_eq!(size_bytes, content.size_bytes);
        assert_eq!(<[u8; 32]>::from(hasher.finalize()), content.sha256(), "{content:?}");
    }

    /// Puts a file into the trash, and removes it from there.
    pub(crate) async fn remove(&self, file_id: &str) {
        let path = format!("/api/files/{file_id}");
        for _ in 0..2 {
            let etag =
                self.client.get_as(&self.token, &path).await.expect(200).header("etag").unwrap().to_owned();
            self.client.send(self.request(Method::DELETE, &path).header("if-match", etag)).await.expect(204);
        }
    }
}

/// The encrypted name under which a content is stored here: tells contents apart.
pub(crate) fn name_of(content: Content) -> String {
    encode(&content.seed.to_be_bytes())
}
