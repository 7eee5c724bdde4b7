//! Calls that meet: one wins, or both do, and what is left is whole.

use super::audit_chain::verified;
use crate::support::file_client::{bytes, sha256};
use crate::support::person::encode;
use crate::support::{FileClient, StoreKind, TestServer, file_folder};
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::json;

async fn people(count: usize) -> (TestServer, Vec<FileClient>) {
    let server = TestServer::start().await;
    let alice = FileClient::sign_up(&server, "alice").await;
    let people: Vec<_> = (0..count).map(|_| alice.elsewhere(&server)).collect();
    join_all(people.iter().map(|person| person.client.get("/healthz"))).await;
    (server, people)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_clients_writing_one_upload_nothing_is_mixed_race() {
    let (_server, people) = people(3).await;
    let alice = &people[0];
    let length = 400_000;
    for round in 0..StoreKind::rounds(40) {
        let upload = alice.begin(length).await;
        let contents = [vec![1; length], vec![2; length]];
        let replies = join_all(
            people
                .iter()
                .zip(&contents)
                .map(|(person, content)| person.send(person.piece(&upload.url, 0, content.clone()))),
        )
        .await;
        for reply in &replies {
            assert!(matches!(reply.status, 204 | 409), "round {round}: {reply:?}");
        }
        // What is kept is of one of them, from its beginning; the rest comes later.
        let offset = alice.offset(&upload.url).await;
        if offset < length {
            let rest = vec![3; length - offset];
            alice.send(alice.piece(&upload.url, offset, rest)).await.expect(204);
        }
        let content = alice.content(&upload.file_id).await;
        let (kept, rest) = content.split_at(offset);
        assert!(contents.iter().any(|content| content.starts_with(kept)), "round {round}: mixed");
        assert!(rest.iter().all(|byte| *byte == 3), "round {round}");
        let file = alice.get(&format!("/api/files/{}", upload.file_id)).await.expect(200).json();
        assert_eq!(file["sha256"], encode(&sha256(&content)), "round {round}");
        assert_eq!(file["size"], length);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upload_that_is_given_up_while_it_is_written_is_a_file_or_nothing_race() {
    let (server, people) = people(2).await;
    let [alice, other] = people.as_slice() else { panic!() };
    let content = bytes(1, 200_000);
    let (mut files, mut given_up) = (0_usize, 0);
    for round in 0..u64::try_from(StoreKind::rounds(60)).unwrap() {
        let upload = alice.begin(content.len()).await;
        let writing = alice.send(alice.piece(&upload.url, 0, content.clone()));
        let ending = async {
            tokio::time::sleep(std::time::Duration::from_micros(round * 300)).await;
            other.send(other.tus(Method::DELETE, &upload.url)).await
        };
        let (written, ended) = tokio::join!(writing, ending);
        match (written.status, ended.status) {
            (204, 404) => {
                files += 1;
                assert!(alice.content(&upload.file_id).await == content, "round {round}");
            }
            (404 | 409 | 410, 204) => {
                given_up += 1;
                alice.get(&format!("/api/files/{}", upload.file_id)).await.expect(404);
            }
            other => panic!("round {round}: {other:?}, {written:?}, {ended:?}"),
        }
        let used = u64::try_from(files * content.len()).unwrap();
        assert_eq!(alice.usage().await, (used, 0), "round {round}");
    }
    println!("{files} files, {given_up} given up");
    server.sweep_files().await;
    assert_eq!(file_folder::blobs(&server).len(), files);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_edit_a_removal_and_a_new_content_meet_and_one_story_is_told_race() {
    let (server, people) = people(3).await;
    let [alice, editor, remover] = people.as_slice() else { panic!() };
    for round in 0..u64::try_from(StoreKind::rounds(60)).unwrap() {
        let file_id = alice.store(&bytes(round, 1_000)).await;
        let path = format!("/api/files/{file_id}");
        let etag = alice.etag(&path).await;
        let begin = alice.request(Method::POST, &format!("{path}/versions")).header("if-match", &etag);
        let upload = alice.send(begin.json(&json!({ "size": 500 }))).await.expect(201).text("upload_url");
        let before = alice.usage().await;
        let edit = editor.request(Method::PATCH, &path).header("if-match", &etag);
        let edit = edit.json(&json!({ "encrypted_filename": encode(b"edited") }));
        let new_content = bytes(round + 1_000, 500);
        let (written, edited, removed) = tokio::join!(
            alice.send(alice.piece(&upload, 0, new_content.clone())),
            editor.send(edit),
            remover.at_version(Method::DELETE, &path, &etag),
        );
        assert!(matches!(written.status, 204 | 410), "round {round}: {written:?}");
        assert!(matches!(edited.status, 200 | 412), "round {round}: {edited:?}");
        assert!(matches!(removed.status, 204 | 412), "round {round}: {removed:?}");
        assert!(edited.status != 200 || removed.status != 204, "round {round}: of one version, one change");

        let file = alice.get(&path).await.expect(200).json();
        assert_eq!(!file["trashed_at"].is_null(), removed.status == 204, "round {round}");
        assert_eq!(file["encrypted_filename"] == encode(b"edited"), edited.status == 200, "round {round}");
        let expected = if written.status == 204 { new_content } else { bytes(round, 1_000) };
        assert!(alice.content(&file_id).await == expected, "round {round}");
        assert_eq!(file["sha256"], encode(&sha256(&expected)), "round {round}");
        let (used, reserved) = alice.usage().await;
        assert_eq!(reserved, before.1 - 500, "round {round}");
        assert_eq!(used, before.0 + if written.status == 204 { 500 } else { 0 }, "round {round}");
        let told: Vec<_> = verified(alice, &file_id)
            .await
            .iter()
            .map(|event| event["kind"].as_str().unwrap().to_owned())
            .collect();
        for (kind, happened) in [
            ("file_written", written.status == 204),
            ("file_edited", edited.status == 200),
            ("file_trashed", removed.status == 204),
        ] {
            assert_eq!(
                told.iter().filter(|told| *told == kind).count(),
                usize::from(happened),
                "{kind} in {told:?}"
            );
        }
    }
    server.sweep_files().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_racing_changes_of_one_version_one_is_made_race() {
    let (_server, people) = people(16).await;
    let alice = &people[0];
    let file_id = alice.store(b"content").await;
    let path = format!("/api/files/{file_id}");
    for round in 0..StoreKind::rounds(40) {
        let etag = alice.etag(&path).await;
        let replies = join_all(people.iter().zip(0_u8..).map(|(person, place)| {
            let request = person.request(Method::PATCH, &path).header("if-match", &etag);
            person.send(request.json(&json!({ "encrypted_filename": encode(&[place]) })))
        }))
        .await;
        let made: Vec<_> = replies.iter().filter(|reply| reply.status == 200).collect();
        assert_eq!(made.len(), 1, "round {round}");
        assert_eq!(replies.iter().filter(|reply| reply.status == 412).count(), 15, "round {round}");
        assert_eq!(alice.get(&path).await.expect(200).json(), made[0].json(), "round {round}");
    }
}
