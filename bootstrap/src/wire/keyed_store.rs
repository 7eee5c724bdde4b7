//! The store and the keys that go with it. Neither works with another's.

use super::parts::PartsError;
use super::store::{Store, database_of};
use crate::config::StorageSettings;
use crate::keys::{KeyRing, KeysError, TokenKeySource};
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
    if storage.store.is_mongodb() {
        let store = Store::open(storage).await?;
        return match keys_of(&store, storage, token_keys, entropy).await {
            Ok(keys) => Ok((store, keys)),
            Err(error) => {
                store.close().await;
                Err(error)
            }
        };
    }
    // Keys come first and the database after them: a database never waits for keys that were not made yet.
    let database_exists = database_of(&storage.data_dir).exists();
    let keys = load_keys(storage, token_keys, database_exists, entropy).await?;
    Ok((Store::open(storage).await?, keys))
}

/// The keys for a database elsewhere. It remembers with which keys it is used: other nodes may have been here first.
async fn keys_of(
    store: &Store,
    storage: &StorageSettings,
    token_keys: TokenKeySource,
    entropy: Arc<dyn Entropy>,
) -> Result<KeyRing, PartsError> {
    let Store::Mongodb(database) = store else {
        return load_keys(storage, token_keys, true, entropy).await;
    };
    let is_used = database.key_mark().await?.is_some();
    let keys = load_keys(storage, token_keys, is_used, entropy).await?;
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
    database_exists: bool,
    entropy: Arc<dyn Entropy>,
) -> Result<KeyRing, PartsError> {
    let data_dir = storage.data_dir.clone();
    let loading = spawn_blocking(move || {
        KeyRing::load_or_create(&data_dir, token_keys, database_exists, entropy.as_ref())
    });
    Ok(loading.await.map_err(super::store::StoreRefused::from)??)
}
