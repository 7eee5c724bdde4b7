//! How the driver is set up: durable, retrying, bounded, whatever the connection string says.

use crate::errors::{Failure, OpenError};
use crate::options::MongoOptions;
use mongodb::Client;
use mongodb::bson::{Document, doc};
use mongodb::error::ErrorKind;
use mongodb::options::{
    Acknowledgment, ClientOptions, ReadConcern, ReadPreference, SelectionCriteria, TransactionOptions,
    WriteConcern,
};

/// The driver's options for a store.
///
/// # Errors
/// [`OpenError::InvalidUri`], or [`OpenError::Unavailable`] when a `mongodb+srv` name does not resolve.
pub(crate) async fn client_options(options: &MongoOptions) -> Result<ClientOptions, OpenError> {
    let mut client = ClientOptions::parse(options.uri.expose()).await.map_err(|error| match *error.kind {
        ErrorKind::DnsResolve { .. } => OpenError::from(Failure::from(error)),
        _ => OpenError::InvalidUri,
    })?;
    client.app_name = Some("epic-server".into());
    client.max_pool_size = Some(options.pool_size_max.max(1));
    client.max_connecting = Some(options.pool_size_max.clamp(1, 8));
    client.connect_timeout = Some(options.connect_timeout);
    client.server_selection_timeout = Some(options.deadline);
    client.retry_reads = Some(true);
    client.retry_writes = Some(true);
    client.read_concern = Some(ReadConcern::majority());
    client.write_concern = Some(durable(options));
    client.selection_criteria = Some(primary());
    Ok(client)
}

/// Transactions read one state of the database and commit as durably as single writes.
pub(crate) fn transaction_options(options: &MongoOptions) -> TransactionOptions {
    TransactionOptions::builder()
        .read_concern(ReadConcern::snapshot())
        .write_concern(durable(options))
        .selection_criteria(primary())
        .max_commit_time(options.deadline)
        .build()
}

fn durable(options: &MongoOptions) -> WriteConcern {
    // The server gives up first: a call that is cut off costs its connection.
    let server_deadline = options.deadline.saturating_sub(options.deadline / 10);
    WriteConcern::builder().w(Acknowledgment::Majority).journal(true).w_timeout(server_deadline).build()
}

fn primary() -> SelectionCriteria {
    SelectionCriteria::ReadPreference(ReadPreference::Primary)
}

/// Makes sure that transactions work, as they do on members of a replica set and behind a mongos, and that the primary is asked
/// whichever member that is. By a direct connection the driver asks the one member also when it is no primary any more, and
/// what that one says may be old.
///
/// # Errors
/// [`OpenError::NoTransactions`], [`OpenError::OneOfSeveral`], or [`OpenError::Unavailable`] when no server answers.
pub(crate) async fn check_servers(client: &Client, is_direct: bool) -> Result<(), OpenError> {
    judge_servers(&client.database("admin").run_command(doc! { "hello": 1 }).await?, is_direct)
}

fn judge_servers(hello: &Document, is_direct: bool) -> Result<(), OpenError> {
    let has_transactions =
        hello.contains_key("setName") || hello.get_str("msg").is_ok_and(|message| message == "isdbgrid");
    if !has_transactions {
        return Err(OpenError::NoTransactions);
    }
    let has_others = hello.get_array("hosts").is_ok_and(|hosts| hosts.len() > 1);
    if is_direct && has_others { Err(OpenError::OneOfSeveral) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::time::Duration;
    use epic_domain::secret::SecretText;

    fn options(uri: &str) -> MongoOptions {
        MongoOptions::new(SecretText::new(uri.into()), "epic".into())
    }

    #[tokio::test]
    async fn a_connection_string_cannot_weaken_durability() {
        let weak = "mongodb://localhost/?w=1&journal=false&retryWrites=false&readConcernLevel=local\
             &readPreference=secondary&maxPoolSize=9999&serverSelectionTimeoutMS=600000";
        let client = client_options(&options(weak)).await.expect("it parses");
        let concern = client.write_concern.expect("a write concern");
        assert_eq!((concern.w, concern.journal), (Some(Acknowledgment::Majority), Some(true)));
        assert_eq!(client.read_concern, Some(ReadConcern::majority()));
        assert_eq!(client.selection_criteria, Some(primary()));
        assert_eq!((client.retry_writes, client.retry_reads), (Some(true), Some(true)));
        assert_eq!(client.max_pool_size, Some(32));
        assert_eq!(client.server_selection_timeout, Some(Duration::from_secs(5)));
    }

    #[test]
    fn a_direct_connection_to_one_of_several_members_is_refused() {
        let alone = doc! { "setName": "rs0", "hosts": ["db1:27017"] };
        let one_of_several = doc! { "setName": "rs0", "hosts": ["db1:27017", "db2:27017"] };
        for (hello, is_direct) in
            [(&alone, true), (&alone, false), (&one_of_several, false), (&doc! { "msg": "isdbgrid" }, false)]
        {
            assert!(judge_servers(hello, is_direct).is_ok(), "{hello}");
        }
        assert!(matches!(judge_servers(&one_of_several, true), Err(OpenError::OneOfSeveral)));
        assert!(matches!(judge_servers(&doc! { "ok": 1 }, true), Err(OpenError::NoTransactions)));
    }

    #[tokio::test]
    async fn credentials_and_tls_are_taken_from_the_connection_string() {
        let uri = "mongodb://epic:hunter2@localhost/?tls=true&authSource=admin";
        let client = client_options(&options(uri)).await.expect("it parses");
        assert!(client.credential.is_some());
        assert!(matches!(client.tls, Some(mongodb::options::Tls::Enabled(_))));
    }

    #[tokio::test]
    async fn a_connection_string_that_does_not_parse_is_not_quoted() {
        for uri in ["hunter2", "mongodb://epic:hunter2@", "mongodb://epic:hunter2@host/?w=x&journal=hunter2"]
        {
            let error = client_options(&options(uri)).await.expect_err("it does not parse");
            assert!(matches!(error, OpenError::InvalidUri), "{uri}");
            assert!(!format!("{error} {error:?}").contains("hunter2"));
        }
    }
}
