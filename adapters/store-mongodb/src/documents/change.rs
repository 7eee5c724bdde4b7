//! What a change stream tells: which changes are asked for, and what is read of them.

use super::node::QUESTION;
use super::values::{parsed, time};
use crate::errors::Failure;
use epic_domain::id::{SessionId, UserId};
use epic_domain::session::Revocation;
use epic_outbound::changes::StoreChange;
use mongodb::bson::{Document, RawDocument, Uuid, deserialize_from_slice, doc};
use serde::Deserialize;

const USERS: &str = "users";
const SESSIONS: &str = "sessions";
const NODES: &str = "nodes";
/// Fields of an account's document that no protected call relies on: they change with every file.
const BESIDE_THE_POINT: [&str; 2] = ["revision", "storage"];
const REVOKED_UNTIL: &str = "revoked_until";

/// Every change of an account, every end of a session and every question of this node, without the documents themselves.
pub(crate) fn pipeline(node: Uuid) -> [Document; 3] {
    let account = doc! { "ns.coll": USERS, "operationType": { "$in": ["update", "replace", "delete"] } };
    let ended = doc! {
        "ns.coll": SESSIONS,
        "operationType": "update",
        "updateDescription.updatedFields.revoked_until": { "$exists": true },
    };
    let question = doc! {
        "ns.coll": NODES,
        "operationType": "update",
        "documentKey._id": node,
        "updateDescription.updatedFields.question": { "$exists": true },
    };
    [
        doc! { "$changeStream": {} },
        doc! { "$match": { "$or": [account, ended, question] } },
        doc! { "$project": { "fullDocument": 0 } },
    ]
}

/// What a change means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Heard {
    /// Something that the other side of the port wants to know.
    Change(StoreChange),
    /// This node's own question, with its number.
    Question(u64),
}

/// A change of one document.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ChangeDocument {
    ns: NamespaceDocument,
    document_key: KeyDocument,
    update_description: Option<UpdateDocument>,
}

#[derive(Debug, Deserialize)]
struct NamespaceDocument {
    coll: String,
}

#[derive(Debug, Deserialize)]
struct KeyDocument {
    #[serde(rename = "_id")]
    id: Uuid,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct UpdateDocument {
    updated_fields: Document,
    #[serde(default)]
    removed_fields: Vec<String>,
}

impl ChangeDocument {
    pub(crate) fn parse(document: &RawDocument) -> Result<Self, Failure> {
        parsed("change", deserialize_from_slice(document.as_bytes()))
    }

    /// What it means, if it means anything.
    pub(crate) fn decode(&self) -> Result<Option<Heard>, Failure> {
        let id = self.document_key.id.bytes();
        match self.ns.coll.as_str() {
            USERS if self.update_description.as_ref().is_none_or(UpdateDocument::matters) => {
                Ok(Some(Heard::Change(StoreChange::Account(UserId::from_bytes(id)))))
            }
            SESSIONS => {
                let until = parsed("change", self.updated_fields()?.get_datetime(REVOKED_UNTIL))?;
                let (session_id, until) = (SessionId::from_bytes(id), time(*until)?);
                Ok(Some(Heard::Change(StoreChange::Ended(Revocation { session_id, until }))))
            }
            NODES => {
                let question = parsed("change", self.updated_fields()?.get_i64(QUESTION))?;
                Ok(Some(Heard::Question(parsed("change", question.try_into())?)))
            }
            _ => Ok(None),
        }
    }

    fn updated_fields(&self) -> Result<&Document, Failure> {
        let update = self.update_description.as_ref().ok_or(Failure::Damaged("change"))?;
        Ok(&update.updated_fields)
    }
}

impl UpdateDocument {
    /// Whether it changes more of an account than how much it stores.
    fn matters(&self) -> bool {
        let changed = self.updated_fields.keys().chain(&self.removed_fields);
        changed
            .map(|path| path.split('.').next().unwrap_or(path))
            .any(|field| !BESIDE_THE_POINT.contains(&field))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use epic_tests::builders::{seconds_after_t0, session_id, user_id};
    use mongodb::bson::{DateTime, serialize_to_raw_document_buf};

    fn decoded(change: &Document) -> Result<Option<Heard>, Failure> {
        let raw = serialize_to_raw_document_buf(change).expect("a document");
        ChangeDocument::parse(&raw)?.decode()
    }

    fn update_of_user(updated: Document, removed: &[&str]) -> Document {
        doc! {
            "ns": { "db": "epic", "coll": "users" },
            "documentKey": { "_id": Uuid::from_bytes(*user_id(1).as_bytes()) },
            "updateDescription": { "updatedFields": updated, "removedFields": removed.to_vec() },
        }
    }

    #[test]
    fn an_account_has_changed_unless_it_only_stores_more() {
        let account = Ok(Some(Heard::Change(StoreChange::Account(user_id(1)))));
        for (updated, removed) in [
            (doc! { "status": "disabled", "revision": 7_i64 }, vec![]),
            (doc! { "revision": 7_i64 }, vec!["enrolment.proposed"]),
            (doc! { "enrolment.last_step": 7_i64 }, vec![]),
        ] {
            assert_eq!(decoded(&update_of_user(updated, &removed)), account);
        }
        let mut gone = update_of_user(doc! {}, &[]);
        gone.remove("updateDescription");
        assert_eq!(decoded(&gone), account, "replaced or gone");
        let stored = doc! { "storage.used_bytes": 7_i64, "revision": 7_i64 };
        for updated in [stored, doc! { "storage": {}, "revision": 7_i64 }, doc! { "revision": 7_i64 }] {
            assert_eq!(decoded(&update_of_user(updated, &[])), Ok(None));
        }
    }

    #[test]
    fn an_ended_session_is_told_with_the_time_until_which_it_matters() {
        let until = seconds_after_t0(60);
        let millis = i64::try_from(until.as_millis()).expect("it fits");
        let mut change = doc! {
            "ns": { "db": "epic", "coll": "sessions" },
            "documentKey": { "_id": Uuid::from_bytes(*session_id(1).as_bytes()) },
            "updateDescription": {
                "updatedFields": { "revoked_until": DateTime::from_millis(millis) },
                "removedFields": ["live"],
            },
        };
        let ended = Heard::Change(StoreChange::Ended(Revocation { session_id: session_id(1), until }));
        assert_eq!(decoded(&change), Ok(Some(ended)));
        change.remove("updateDescription");
        assert_eq!(decoded(&change), Err(Failure::Damaged("change")));
        change.remove("documentKey");
        assert_eq!(decoded(&change), Err(Failure::Damaged("change")), "nothing is passed over in silence");
    }

    #[test]
    fn a_question_is_told_with_its_number() {
        let asked = |question: mongodb::bson::Bson| {
            decoded(&doc! {
                "ns": { "db": "epic", "coll": "nodes" },
                "documentKey": { "_id": Uuid::from_bytes([7; 16]) },
                "updateDescription": { "updatedFields": { "question": question } },
            })
        };
        assert_eq!(asked(7_i64.into()), Ok(Some(Heard::Question(7))));
        assert_eq!(asked((-7_i64).into()), Err(Failure::Damaged("change")));
        assert_eq!(asked("7".into()), Err(Failure::Damaged("change")));
    }
}
