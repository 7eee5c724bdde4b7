//! The store and the keys that go with it. Neither works with another's.

use super::parts::PartsError;
use super::store::{Store, StoreRefused, database_of, open_mongodb};
use crate::config::{StorageSettings, StoreChoice};
use crate::keys::{Dependents, KeyRing, KeysError, TokenKeySource};
use epic_outbound::entropy::Entropy;
use epic_store_mongodb::MongoStore;
use std::sync::Arc;
use tokio::task::spawn_blocking;

/// Opens the store and reads its keys, or makes them where there is nothing yet that depends on them.
///
/// # Errors
/// [`PartsError`]; nothing is left open.
pub(super) async fn open(
    storage: &StorageSettings,
    token_keys: TokenKeySource,
    entropy: Arc<dyn Entropy>,
) -> Result<(Store, KeyRing), PartsError> {
    match &storage.store {
        StoreChoice::Sqlite => {
            // Keys come first and the database after them: a database never waits for keys that were not made yet.
            let dependents = match database_of(&storage.data_dir).exists() {
                true => Dependents::OwnDatabase,
                false => Dependents::Nothing,
            };
            let keys = load_keys(storage, token_keys, dependents, entropy).await?;
            Ok((Store::open(storage).await?, keys))
        }
        StoreChoice::Mongodb(options) => {
            let database = open_mongodb(options).await?;
            match keys_of(&database, storage, token_keys, entropy).await {
                Ok(keys) => Ok((Store::Mongodb(database), keys)),
                Err(error) => {
                    database.close().await;
                    Err(error)
                }
            }
        }
    }
}

/// The keys for a database elsewhere. It remembers with which keys it is used: other nodes may have been here first.
async fn keys_of(
    database: &MongoStore,
    storage: &StorageSettings,
    token_keys: TokenKeySource,
    entropy: Arc<dyn Entropy>,
) -> Result<KeyRing, PartsError> {
    let dependents = match database.key_mark().await? {
        Some(_) => Dependents::SharedDatabase,
        None => Dependents::Nothing,
    };
    let keys = load_keys(storage, token_keys, dependents, entropy).await?;
    claim(database, &keys).await?;
    Ok(keys)
}

/// Makes sure that the database is used with these keys and no others, from now on if it was not used yet.
///
/// # Errors
/// [`PartsError::Keys`] when others were first, [`PartsError::Unanswered`].
pub async fn claim(database: &MongoStore, keys: &KeyRing) -> Result<(), PartsError> {
    if database.claim_key_mark(keys.mark()).await? {
        Ok(())
    } else {
        Err(KeysError::OfAnotherDatabase.into())
    }
}

async fn load_keys(
    storage: &StorageSettings,
    token_keys: TokenKeySource,
    dependents: Dependents,
    entropy: Arc<dyn Entropy>,
) -> Result<KeyRing, PartsError> {
    let data_dir = storage.data_dir.clone();
    let loading =
        spawn_blocking(move || KeyRing::load_or_create(&data_dir, token_keys, dependents, entropy.as_ref()));
    Ok(loading.await.map_err(StoreRefused::from)??)
}
