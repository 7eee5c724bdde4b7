//! Someone who is signed in and stores files.

use super::person::encode;
use super::{Client, Person, Reply, TestServer};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// What stands between the parts of a form.
pub(crate) const BOUNDARY: &str = "epic-test-boundary";

/// Someone with files.
#[derive(Clone)]
pub(crate) struct FileClient {
    pub(crate) client: Client,
    pub(crate) token: String,
    pub(crate) person: Person,
}

/// An upload that has begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Begun {
    pub(crate) file_id: String,
    pub(crate) url: String,
}

impl FileClient {
    pub(crate) async fn sign_up(server: &TestServer, username: &str) -> Self {
        let (person, session) = server.sign_up(username).await;
        Self { client: server.client(), token: session.access_token, person }
    }

    /// The same person with a fresh session, at the server's present address.
    pub(crate) async fn renewed(&self, server: &TestServer) -> Self {
        let session = server.sign_in(&self.person).await;
        Self { client: server.client(), token: session.access_token, person: self.person.clone() }
    }

    /// The same person over connections of their own.
    pub(crate) fn elsewhere(&self, server: &TestServer) -> Self {
        Self { client: server.client(), ..self.clone() }
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, path).bearer_auth(&self.token)
    }

    pub(crate) fn tus(&self, method: Method, path: &str) -> RequestBuilder {
        self.request(method, path).header("tus-resumable", "1.0.0")
    }

    pub(crate) async fn send(&self, request: RequestBuilder) -> Reply {
        self.client.send(request).await
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.send(self.request(Method::GET, path)).await
    }

    pub(crate) async fn head(&self, path: &str) -> Reply {
        self.send(self.request(Method::HEAD, path)).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Reply {
        self.send(self.request(Method::POST, path).json(body)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Reply {
        self.send(self.request(Method::DELETE, path)).await
    }

    /// A request without a body on the version that `etag` names.
    pub(crate) async fn at_version(&self, method: Method, path: &str, etag: &str) -> Reply {
        self.send(self.request(method, path).header("if-match", etag)).await
    }

    /// The tag of a file's version, or of the profile's.
    pub(crate) async fn etag(&self, path: &str) -> String {
        self.get(path).await.expect(200).header("etag").unwrap().to_owned()
    }

    /// Begins the upload of a new file.
    pub(crate) async fn begin(&self, size_bytes: usize) -> Begun {
        let reply = self.post("/api/files", &new_file(size_bytes)).await.expect(201);
        Begun { file_id: reply.text("file_id"), url: reply.text("upload_url") }
    }

    /// The request that brings a piece of an upload.
    pub(crate) fn piece(&self, url: &str, offset_bytes: usize, bytes: impl Into<Vec<u8>>) -> RequestBuilder {
        self.tus(Method::PATCH, url)
            .header("content-type", "application/offset+octet-stream")
            .header("upload-offset", offset_bytes)
            .body(bytes.into())
    }

    /// How far an upload has come.
    pub(crate) async fn offset(&self, url: &str) -> usize {
        let reply = self.send(self.tus(Method::HEAD, url)).await.expect(200);
        reply.header("upload-offset").unwrap().parse().unwrap()
    }

    /// The request that brings a whole file.
    pub(crate) fn whole(&self, content: &[u8]) -> RequestBuilder {
        let size = content.len().to_string();
        let fields = [("encrypted_filename", &*name()), ("encrypted_data_key", &*key()), ("size", &*size)];
        self.form(form(&fields, "x", content))
    }

    /// The request that brings this form.
    pub(crate) fn form(&self, body: Vec<u8>) -> RequestBuilder {
        self.request(Method::POST, "/api/files/upload")
            .header("content-type", format!("multipart/form-data; boundary={BOUNDARY}"))
            .body(body)
    }

    /// Stores a file and returns its id.
    pub(crate) async fn store(&self, content: &[u8]) -> String {
        self.send(self.whole(content)).await.expect(201).text("file_id")
    }

    /// Puts a new content into a file.
    pub(crate) async fn write(&self, file_id: &str, content: &[u8]) {
        let path = format!("/api/files/{file_id}");
        let etag = self.etag(&path).await;
        let request = self.request(Method::POST, &format!("{path}/versions")).header("if-match", etag);
        let begun = self.send(request.json(&json!({ "size": content.len() }))).await.expect(201);
        self.send(self.piece(&begun.text("upload_url"), 0, content)).await.expect(204);
    }

    /// The newest content of a file.
    pub(crate) async fn content(&self, file_id: &str) -> Vec<u8> {
        self.get(&format!("/api/files/{file_id}/content")).await.expect(200).body
    }

    /// What sharing with someone takes.
    pub(crate) async fn share_body(&self, recipient: &str, permission: &str) -> Value {
        let keys = self.get(&format!("/api/user/{recipient}/public-key")).await.expect(200);
        json!({
            "recipient": recipient,
            "recipient_key_id": keys.text("key_id"),
            "encrypted_data_key": encode(b"the key for the recipient"),
            "permission": permission,
        })
    }

    /// Shares a file and returns the share's id.
    pub(crate) async fn share(&self, file_id: &str, recipient: &str, permission: &str) -> String {
        let body = self.share_body(recipient, permission).await;
        self.post(&format!("/api/files/{file_id}/shares"), &body).await.expect(201).text("share_id")
    }

    /// Makes a link to a file and returns what opens it.
    pub(crate) async fn link(&self, file_id: &str, body: &Value) -> String {
        self.post(&format!("/api/files/{file_id}/links"), body).await.expect(201).text("token")
    }

    /// Puts a file into the trash.
    pub(crate) async fn trash(&self, file_id: &str) {
        let path = format!("/api/files/{file_id}");
        let etag = self.etag(&path).await;
        self.at_version(Method::DELETE, &path, &etag).await.expect(204);
    }

    /// Removes a file for good.
    pub(crate) async fn remove(&self, file_id: &str) {
        self.trash(file_id).await;
        self.trash(file_id).await;
    }

    /// The bytes that are stored and the bytes that are set aside.
    pub(crate) async fn usage(&self) -> (u64, u64) {
        let quota = self.get("/api/user/profile").await.expect(200).json()["quota"].clone();
        (quota["used_bytes"].as_u64().unwrap(), quota["reserved_bytes"].as_u64().unwrap())
    }

    /// The ids in a listing, page by page.
    pub(crate) async fn listed(&self, path: &str, id: &str, limit: usize) -> Vec<String> {
        self.items(path, limit).await.iter().map(|item| item[id].as_str().unwrap().to_owned()).collect()
    }

    /// The items of a listing, page by page.
    pub(crate) async fn items(&self, path: &str, limit: usize) -> Vec<Value> {
        let (mut items, mut cursor) = (Vec::new(), String::new());
        let joint = if path.contains('?') { '&' } else { '?' };
        loop {
            let page = self.get(&format!("{path}{joint}limit={limit}{cursor}")).await.expect(200).json();
            items.extend(page["items"].as_array().unwrap().iter().cloned());
            let Some(next) = page["next_cursor"].as_str() else { return items };
            cursor = format!("&cursor={next}");
        }
    }
}

/// An encrypted name and a wrapped key, as good as any.
pub(crate) fn name() -> String {
    encode(b"an encrypted name")
}

pub(crate) fn key() -> String {
    encode(&[7; 72])
}

/// The JSON that begins the upload of a file.
pub(crate) fn new_file(size_bytes: impl Into<Value>) -> Value {
    json!({ "encrypted_filename": name(), "encrypted_data_key": key(), "size": size_bytes.into() })
}

/// The metadata that begins an upload in the headers.
pub(crate) fn metadata() -> String {
    let text = |text: String| data_encoding::BASE64.encode(text.as_bytes());
    format!("encrypted_filename {},encrypted_data_key {}", text(name()), text(key()))
}

/// A form with these fields and this content.
pub(crate) fn form(fields: &[(&str, &str)], filename: &str, content: &[u8]) -> Vec<u8> {
    let mut body = Vec::with_capacity(content.len() + 1_024);
    for (name, value) in fields {
        let part =
            format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
        body.extend(part.as_bytes());
    }
    let head = format!(
        "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{filename}\"\r\n\
         Content-Type: application/octet-stream\r\n\r\n"
    );
    body.extend(head.as_bytes());
    body.extend(content);
    body.extend(format!("\r\n--{BOUNDARY}--\r\n").as_bytes());
    body
}

/// Bytes that are different everywhere, and for each seed.
pub(crate) fn bytes(seed: u64, length: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let words = core::iter::repeat_with(move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    });
    words.flatten().take(length).collect()
}

/// The SHA-256 of bytes.
pub(crate) fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}
