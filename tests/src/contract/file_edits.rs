//! Laws of what is said of files. They are part of `files_contract!`.

use super::file_steps::{
    bytes, found, made, owned, people, removed, restored, rewritten, trashed, uploaded, uploaded_into_trash,
    usage, version_after,
};
use super::{RACERS, Stores, begin_and_drop, count_of, race};
use crate::builders::{T0, encrypted_data_key, encrypted_filename, seconds_after_t0};
use epic_domain::file::{ContentNumber, EncryptedDataKey, EncryptedFilename, File, Revision};
use epic_domain::user::Version;
use epic_outbound::files::{Edit, FileOutcome};
use std::sync::Arc;

/// Another name and another wrapped key, those of a seed.
fn edit(seed: u64) -> Edit {
    Edit {
        encrypted_filename: Some(encrypted_filename(seed)),
        encrypted_data_key: Some(encrypted_data_key(seed)),
    }
}

async fn edited(stores: &Stores, file: &File, expected: Version, edit: &Edit) -> FileOutcome {
    stores.files.edit(&owned(file), expected, edit, seconds_after_t0(60)).await.unwrap()
}

/// Either, both or, at its largest, to the byte; nothing else.
pub async fn an_edit_changes_what_it_names(stores: &Stores) {
    people(stores, &[1]).await;
    let largest = Edit {
        encrypted_filename: Some(EncryptedFilename::parse(&[0; EncryptedFilename::BYTES_MAX]).unwrap()),
        encrypted_data_key: Some(EncryptedDataKey::parse(&[0xFF; EncryptedDataKey::BYTES_MAX]).unwrap()),
    };
    let name_alone = Edit { encrypted_data_key: None, ..edit(8) };
    let key_alone = Edit { encrypted_filename: None, ..edit(9) };
    let mut file = uploaded(stores, 1, 1).await;
    for edit in [name_alone, key_alone, edit(7), largest] {
        let mut expected = File {
            version: file.version.next(),
            revision: file.revision.next(),
            updated_at: seconds_after_t0(60),
            ..file.clone()
        };
        expected.encrypted_filename = edit.encrypted_filename.clone().unwrap_or(expected.encrypted_filename);
        let key = edit.encrypted_data_key.clone();
        expected.content.encrypted_data_key = key.unwrap_or(expected.content.encrypted_data_key);
        let now = made(edited(stores, &file, file.version, &edit).await);
        assert_eq!(now, expected);
        assert_eq!(found(stores, &file).await, Some(expected));
        file = now;
    }
    assert_eq!(usage(stores, 1).await, bytes(1_000, 0));
    assert_eq!(stores.files.versions(file.id, None, 10).await.unwrap(), [], "no content was superseded");
}

/// An earlier one keeps its own.
pub async fn a_key_wrapped_again_is_that_of_the_newest_content_alone(stores: &Stores) {
    people(stores, &[1]).await;
    let first = uploaded(stores, 1, 1).await;
    let second = rewritten(stores, &first, 2, T0).await;
    let again = made(edited(stores, &second, second.version, &edit(9)).await);
    assert_eq!(again.content.encrypted_data_key, encrypted_data_key(9));
    let earlier = stores.files.find_version(first.id, ContentNumber::FIRST).await.unwrap();
    assert_eq!(earlier, Some(first.content));
    let third = rewritten(stores, &again, 3, T0).await;
    assert_eq!(third.content.encrypted_data_key, encrypted_data_key(9), "as it was wrapped last");
}

/// Whoever read an older version must look again.
pub async fn a_stale_version_edits_nothing(stores: &Stores) {
    people(stores, &[1]).await;
    let first = uploaded(stores, 1, 1).await;
    let second = made(edited(stores, &first, first.version, &edit(8)).await);
    for expected in [first.version, second.version.next()] {
        assert_eq!(edited(stores, &first, expected, &edit(9)).await, FileOutcome::Stale);
        assert_eq!(found(stores, &first).await.as_ref(), Some(&second));
    }
}

/// Sixty-four edit one version at one moment.
pub async fn of_racing_edits_one_wins(stores: &Stores) {
    people(stores, &[1]).await;
    let file = uploaded(stores, 1, 1).await;
    let results = race(RACERS, |index| {
        let (files, file) = (Arc::clone(&stores.files), file.clone());
        let edit = edit(100 + u64::try_from(index).unwrap());
        async move { files.edit(&owned(&file), file.version, &edit, T0).await.unwrap() }
    })
    .await;
    let winner = found(stores, &file).await.unwrap();
    let won = FileOutcome::Made(Box::new(winner.clone()));
    assert_eq!(count_of(&results, |outcome| *outcome == won), 1);
    assert_eq!(count_of(&results, |outcome| *outcome == FileOutcome::Stale), RACERS - 1);
    assert_eq!((winner.version, winner.revision), (version_after(1), Revision::from_number(2)));
}

/// Even at the present version.
pub async fn nothing_is_edited_in_the_trash(stores: &Stores) {
    people(stores, &[1]).await;
    let file = uploaded_into_trash(stores, 1, 1).await;
    assert_eq!(edited(stores, &file, file.version, &edit(9)).await, FileOutcome::Stale);
    assert_eq!(found(stores, &file).await.as_ref(), Some(&file));
    let file = restored(stores, &file, T0).await;
    made(edited(stores, &file, file.version, &edit(9)).await);
}

/// Removed for good, or never there.
pub async fn a_file_that_is_gone_is_not_edited(stores: &Stores) {
    people(stores, &[1]).await;
    let file = uploaded_into_trash(stores, 1, 1).await;
    removed(stores, &file, T0).await;
    let never_there = crate::builders::file(9, 1).build();
    for gone in [file, never_there] {
        assert_eq!(edited(stores, &gone, gone.version, &edit(9)).await, FileOutcome::Gone);
        let (owned, version) = (owned(&gone), gone.version);
        assert_eq!(stores.files.trash(&owned, version, T0).await.unwrap(), FileOutcome::Gone);
        assert_eq!(stores.files.restore(&owned, version, T0).await.unwrap(), FileOutcome::Gone);
        assert_eq!(found(stores, &gone).await, None);
    }
}

/// Whatever its kind.
pub async fn every_change_takes_the_next_version_and_revision(stores: &Stores) {
    people(stores, &[1]).await;
    let first = uploaded(stores, 1, 1).await;
    let second = made(edited(stores, &first, first.version, &edit(9)).await);
    let third = rewritten(stores, &second, 2, T0).await;
    let fourth = trashed(stores, &third, T0).await;
    let fifth = restored(stores, &fourth, T0).await;
    for (changes, file) in [first, second, third, fourth, fifth].iter().enumerate() {
        let revision = Revision::from_number(1 + u64::try_from(changes).unwrap());
        assert_eq!((file.version, file.revision), (version_after(changes), revision));
    }
}

/// A call that is dropped half-way leaves the file before or the file after.
pub async fn an_edit_given_up_is_whole_or_absent(stores: &Stores) {
    people(stores, &[1]).await;
    let mut file = uploaded(stores, 1, 1).await;
    for seed in 100..116 {
        begin_and_drop(stores.files.edit(&owned(&file), file.version, &edit(seed), T0)).await;
        let found = found(stores, &file).await.unwrap();
        if found.version == file.version {
            assert_eq!(found, file);
        } else {
            assert_eq!((found.version, found.revision), (file.version.next(), file.revision.next()));
            assert_eq!(found.encrypted_filename, encrypted_filename(seed));
            assert_eq!(found.content.encrypted_data_key, encrypted_data_key(seed));
        }
        // What was dropped may still be carried out: the next round starts from wherever it ends.
        file = made_at_last(stores, &found).await;
    }
}

/// The file after an edit that is repeated until it finds the version that it expects.
async fn made_at_last(stores: &Stores, file: &File) -> File {
    let mut file = file.clone();
    loop {
        match edited(stores, &file, file.version, &edit(1_000)).await {
            FileOutcome::Made(file) => return *file,
            _ => file = found(stores, &file).await.unwrap(),
        }
    }
}
