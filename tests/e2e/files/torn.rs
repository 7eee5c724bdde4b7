//! Uploads that a kill tears apart: afterwards the file is there, or it is not, and nothing else is left.

use super::account::{Account, NO_LIMITS, Stored, name_of};
use super::content::{Content, Numbers};
use crate::support::person::encode;
use crate::support::process::command;
use crate::support::{Home, ServerProcess};
use reqwest::Method;
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;
use tokio::sync::oneshot;

/// Kills, unless `EPIC_TEST_CYCLES` says otherwise.
const CYCLES: u64 = 120;
const CONTENT_BYTES_MAX: u64 = 3 * 1_024 * 1_024;
/// Resumable uploads that may lie open; one more is brought to its end.
const OPEN_MAX: usize = 6;

/// What must be there, whatever happens.
struct Story {
    numbers: Numbers,
    account: Account,
    /// Files, by the names of their contents.
    files: BTreeMap<String, Content>,
    /// Resumable uploads under way, with the bytes that the server has answered for.
    open: Vec<(String, Content, u64)>,
}

fn number_from_environment(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap())
}

fn start(folder: &Path) -> ServerProcess {
    ServerProcess::start(folder, NO_LIMITS)
}

/// How many files are in a folder and below it.
pub(super) fn files_below(folder: &Path) -> usize {
    let entries = std::fs::read_dir(folder).into_iter().flatten().map(Result::unwrap);
    entries.map(|entry| if entry.path().is_dir() { files_below(&entry.path()) } else { 1 }).sum()
}

impl Story {
    fn content(&mut self) -> Content {
        let seed = self.numbers.next();
        Content { seed, size_bytes: 1 + self.numbers.below(CONTENT_BYTES_MAX) }
    }

    fn expected(&self) -> Stored {
        Stored {
            used: self.files.values().map(|content| content.size_bytes).sum(),
            reserved: self.open.iter().map(|(_, content, _)| content.size_bytes).sum(),
        }
    }

    /// Kills the server when the request has sent the byte that `told` waits for, or a moment later. Returns whether the
    /// request was answered, and how.
    async fn kill_during(
        &mut self,
        server: ServerProcess,
        request: reqwest::RequestBuilder,
        told: oneshot::Receiver<()>,
    ) -> Option<u16> {
        let sending =
            tokio::spawn(async move { request.send().await.ok().map(|reply| reply.status().as_u16()) });
        told.await.ok();
        // One in two kills comes later, so that the steps after the last byte are cut off as well.
        let late = self.numbers.below(2) * self.numbers.below(8_000);
        tokio::time::sleep(Duration::from_micros(late)).await;
        server.kill();
        sending.await.unwrap()
    }

    async fn tear_whole(&mut self, server: ServerProcess, folder: &Path) -> ServerProcess {
        let content = self.content();
        let (tell, told) = oneshot::channel();
        let cut = self.numbers.below(content.size_bytes + 1);
        let request = self.account.whole(content, Some((cut, tell)));
        let answer = self.kill_during(server, request, told).await;
        let server = start(folder);
        self.account = self.account.at(&server.base);
        assert!(matches!(answer, None | Some(201)), "{answer:?}");
        let found = self.account.file_named(&name_of(content)).await;
        assert!(answer.is_none() || found.is_some(), "it was answered and is lost");
        if let Some(file) = found {
            self.expect_file(&file, content).await;
        }
        server
    }

    async fn tear_resumable(&mut self, server: ServerProcess, folder: &Path) -> ServerProcess {
        let content = self.content();
        let (upload, mut offset) = if self.numbers.below(8) == 0 {
            // The beginning itself is cut off, and comes again.
            let (tell, told) = oneshot::channel();
            tell.send(()).unwrap();
            let request = self.account.beginning(content);
            self.kill_during(server, request, told).await;
            return self.after_restart(start(folder), content, 0).await;
        } else {
            (self.account.begin(content).await, 0)
        };
        let cut = self.numbers.below(content.size_bytes + 1);
        // Pieces before the one that is cut.
        while offset < cut {
            let end = (offset + 1 + self.numbers.below(CONTENT_BYTES_MAX / 2)).min(cut);
            if end == cut {
                break;
            }
            let request = self.account.piece(&upload, content, offset..end, None);
            self.account.client.send(request).await.expect(204);
            offset = end;
        }
        let (tell, told) = oneshot::channel();
        let request = self.account.piece(&upload, content, offset..content.size_bytes, Some((cut, tell)));
        let answer = self.kill_during(server, request, told).await;
        assert!(matches!(answer, None | Some(204)), "{answer:?}");
        let answered_bytes = if answer.is_some() { content.size_bytes } else { offset };
        self.after_restart(start(folder), content, answered_bytes).await
    }

    /// Finds out what became of a resumable upload.
    async fn after_restart(
        &mut self,
        server: ServerProcess,
        content: Content,
        answered_bytes: u64,
    ) -> ServerProcess {
        self.account = self.account.at(&server.base);
        // By its key, the beginning gives the upload that was begun, or begins it now.
        let upload = self.account.begin(content).await;
        let offset = self.account.offset(&upload).await;
        assert!((answered_bytes..=content.size_bytes).contains(&offset), "{offset} of {answered_bytes}");
        let found = self.account.file_named(&name_of(content)).await;
        assert_eq!(found.is_some(), offset == content.size_bytes, "a file is there when its last byte is");
        match found {
            Some(file) => self.expect_file(&file, content).await,
            None => self.open.push((upload, content, offset)),
        }
        server
    }

    async fn expect_file(&mut self, file: &serde_json::Value, content: Content) {
        assert_eq!(file["size"], content.size_bytes);
        assert_eq!(file["sha256"], encode(&content.sha256()));
        self.account.expect_content(file["file_id"].as_str().unwrap(), content).await;
        self.files.insert(name_of(content), content);
    }

    /// Brings an upload that was torn, perhaps by several kills, to its end.
    async fn finish(&mut self, index: usize) {
        let (upload, content, kept_bytes) = self.open.remove(index);
        assert_eq!(
            self.account.offset(&upload).await,
            kept_bytes,
            "what was kept stays, through later kills, too"
        );
        self.account.finish(&upload, content).await;
        let file = self.account.file_named(&name_of(content)).await.unwrap();
        self.expect_file(&file, content).await;
    }

    async fn check(&self) {
        assert_eq!(self.account.stored().await, self.expected());
        assert_eq!(self.account.files().await.len(), self.files.len());
    }
}

/// Waits until as many files are in a folder as there should be; what is no longer needed goes within seconds.
pub(super) async fn expect_files_below(folder: &Path, count: usize) {
    for _ in 0..100 {
        if files_below(folder) == count {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(files_below(folder), count, "{}", folder.display());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f05_a_torn_upload_leaves_the_whole_file_or_nothing_heavy() {
    let seed = number_from_environment("EPIC_TEST_SEED")
        .unwrap_or_else(|| std::time::UNIX_EPOCH.elapsed().unwrap().as_secs());
    let cycles = number_from_environment("EPIC_TEST_CYCLES").unwrap_or(CYCLES);
    eprintln!("EPIC_TEST_SEED={seed}");
    let home = Home::new();
    let mut server = start(home.path());
    let account = Account::sign_up(&server.base, "alice").await;
    let mut story = Story { numbers: Numbers(seed), account, files: BTreeMap::new(), open: Vec::new() };
    for cycle in 0..cycles {
        server = if cycle % 2 == 0 {
            story.tear_whole(server, home.path()).await
        } else {
            story.tear_resumable(server, home.path()).await
        };
        // Right after the start, before any round of housekeeping.
        story.check().await;
        if story.open.len() > OPEN_MAX {
            let index = usize::try_from(story.numbers.below(7)).unwrap();
            story.finish(index).await;
        }
    }
    while story.open.len() > 2 {
        story.finish(0).await;
    }
    for (upload, ..) in std::mem::take(&mut story.open) {
        let request = story.account.tus(Method::DELETE, &upload);
        story.account.client.send(request).await.expect(204);
    }
    story.check().await;
    let blobs = home.path().join("data/blobs");
    expect_files_below(&blobs.join("staging"), 0).await;
    expect_files_below(&blobs, story.files.len()).await;
    for file in story.account.files().await {
        let content = story.files[file["encrypted_filename"].as_str().unwrap()];
        story.account.expect_content(file["file_id"].as_str().unwrap(), content).await;
    }
    assert_eq!(server.terminate(), Some(0));
    let verified = command(home.path()).args(["audit", "verify"]).output().unwrap();
    assert!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stderr));
}
