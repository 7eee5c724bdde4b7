//! An upload that goes on at another node, and two nodes that write one.

use super::{scale, store_on};
use crate::files::account::{Account, Stored, name_of};
use crate::files::content::{Content, body};
use crate::files::object_server::ObjectServer;
use crate::support::mongodb::own_server::OwnServer;
use crate::support::nodes::{NO_LIMITS, Nodes};
use bytes::Bytes;
use futures_util::stream::{self, StreamExt};
use mongodb::bson::{Document, doc};
use reqwest::{Method, RequestBuilder};
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::task::{JoinHandle, block_in_place};

const MIB: u64 = 1_024 * 1_024;
/// What a first piece brings.
const KEPT: u64 = 9 * MIB;

/// Three nodes with one bucket.
struct World {
    nodes: Nodes,
    alice: Account,
    server: OwnServer,
    objects: ObjectServer,
}

impl World {
    async fn start() -> Self {
        let (server, objects) = (block_in_place(|| OwnServer::started(&[])), ObjectServer::start().await);
        let store = store_on(&server);
        let nodes = block_in_place(|| Nodes::start(3, &store, &[NO_LIMITS, &objects.settings()]));
        let alice = Account::sign_up(nodes.base(0), "alice").await;
        Self { nodes, alice, server, objects }
    }

    /// Alice at a node.
    fn at(&self, node: usize) -> Account {
        self.alice.at(self.nodes.base(node))
    }

    /// How often the one upload under way was taken over.
    async fn fence(&self) -> i64 {
        let client = mongodb::Client::with_uri_str(self.server.uri()).await.unwrap();
        let uploads = client.database("epic").collection::<Document>("uploads");
        uploads.find_one(doc! {}).await.unwrap().unwrap().get_i64("fence").unwrap()
    }

    /// Waits until another writer has taken it over.
    async fn fence_rises(&self, from: i64) {
        for _ in 0..400 {
            if self.fence().await > from {
                return;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("nobody takes the upload over");
    }
}

/// A piece whose sender stops in the middle until it may go on.
struct Halting {
    sending: JoinHandle<u16>,
    go_on: oneshot::Sender<()>,
}

impl Halting {
    /// Sends what `content` has from `begin` on, and halts at `halt` when all before it is sent.
    async fn start(account: &Account, upload: &str, content: Content, begin: u64, halt: u64) -> Self {
        let (tell, told) = oneshot::channel();
        let (go_on, gone_on) = oneshot::channel();
        let wait = stream::once(async move {
            gone_on.await.ok();
            Bytes::new()
        });
        let first = content.stream(begin..halt, Some((halt, tell)));
        let rest = content.stream(halt..content.size_bytes, None);
        let bytes = first.chain(wait.filter(|_| core::future::ready(false))).chain(rest);
        let request = patch(account, upload, content, begin).body(body(bytes));
        let sending = tokio::spawn(async move { request.send().await.unwrap().status().as_u16() });
        told.await.unwrap();
        Self { sending, go_on }
    }

    async fn finish(self) -> u16 {
        self.go_on.send(()).unwrap();
        self.sending.await.unwrap()
    }
}

fn patch(account: &Account, upload: &str, content: Content, begin: u64) -> RequestBuilder {
    account
        .tus(Method::PATCH, upload)
        .header("content-type", "application/offset+octet-stream")
        .header("upload-offset", begin)
        .header("content-length", content.size_bytes - begin)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upload_to_a_node_that_is_killed_goes_on_at_another_from_the_offset_told_there_heavy() {
    let mut world = World::start().await;
    let mut used = 0;
    for round in 0..3 * scale() {
        let seed = 500 + u64::try_from(round).unwrap();
        let content = Content { seed, size_bytes: 24 * MIB + seed };
        let [killed, other, third] = [0, 1, 2].map(|place| (round + place) % 3);
        let there = world.at(killed);
        let upload = there.begin(content).await;
        there.client.send(there.piece(&upload, content, 0..KEPT, None)).await.expect(204);
        let (tell, told) = oneshot::channel();
        let request = there.piece(&upload, content, KEPT..content.size_bytes, Some((20 * MIB, tell)));
        let sending = tokio::spawn(request.send());
        told.await.unwrap();
        block_in_place(|| world.nodes.kill(killed));
        sending.await.unwrap().unwrap_err();

        let here = world.at(other);
        let offset = here.offset(&upload).await;
        assert!((KEPT..=20 * MIB).contains(&offset), "what was answered for is kept: {offset}");
        here.finish(&upload, content).await;
        let file = world.at(third).file_named(&name_of(content)).await.unwrap();
        world.at(third).expect_content(file["file_id"].as_str().unwrap(), content).await;
        used += content.size_bytes;
        assert_eq!(here.stored().await, Stored { used, reserved: 0 });
        assert_eq!(here.files().await.len(), round + 1, "one file an upload");
        block_in_place(|| world.nodes.start_again(killed));
    }
    assert_eq!(world.objects.object_count("epic/test"), 3 * scale(), "nothing else is left");
}

/// The first sends other bytes than the second: none of what it sends after it was overtaken may be in the file.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_nodes_that_write_one_upload_the_later_wins_heavy() {
    let world = World::start().await;
    for (seed, overtaken_ends_first) in [(600, true), (610, false)] {
        let [overtaken, winning] = [seed, seed + 1].map(|seed| Content { seed, size_bytes: 24 * MIB + 13 });
        let (first, second) = (world.at(0), world.at(1));
        let upload = first.begin(overtaken).await;
        first.client.send(first.piece(&upload, overtaken, 0..KEPT, None)).await.expect(204);
        let fence = world.fence().await;
        let former = Halting::start(&first, &upload, overtaken, KEPT, 20 * MIB).await;
        world.fence_rises(fence).await;
        assert_eq!(second.offset(&upload).await, KEPT);
        let later = Halting::start(&second, &upload, winning, KEPT, 14 * MIB).await;
        world.fence_rises(fence + 1).await;

        let statuses = if overtaken_ends_first {
            let former = former.finish().await;
            (former, later.finish().await)
        } else {
            let later = later.finish().await;
            (former.finish().await, later)
        };
        assert_eq!(statuses, (409, 204), "the later one wins: {}", world.nodes.logs());
        let file = world.at(2).file_named(&name_of(overtaken)).await.unwrap();
        let path = format!("/api/files/{}/content", file["file_id"].as_str().unwrap());
        let stored = second.client.get_as(&second.token, &path).await.expect(200).body;
        let kept = usize::try_from(KEPT).unwrap();
        assert!(stored[..kept] == overtaken.bytes()[..kept], "what was kept of the first");
        assert!(stored[kept..] == winning.bytes()[kept..], "what the second sent");
    }
    assert_eq!(world.alice.files().await.len(), 2);
}
