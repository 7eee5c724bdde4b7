//! A server for tests.

use epic_domain::secret::SecretText;
use epic_store_mongodb::{MongoOptions, MongoStore};

pub async fn fresh_store() -> (MongoStore, ()) {
    let uri = std::env::var("TEST_MONGODB_URI").unwrap();
    let name = format!("t_{}_{:?}", std::process::id(), std::thread::current().id()).replace(['(', ')'], "");
    let mut options = MongoOptions::new(SecretText::new(uri), name);
    options.expired_kept_for = std::time::Duration::from_secs(20 * 365 * 24 * 3600);
    (MongoStore::open(options).await.unwrap(), ())
}
