//! A server that asks for TLS and a password: the connection string alone says how to get in.

use crate::support::own_server::OwnServer;
use core::time::Duration;
use epic_outbound::users::{Insertion, Users};
use epic_store_mongodb::{MongoOptions, MongoStore, OpenError};
use epic_tests::builders::{T0, user, user_id};
use mongodb::Client;
use mongodb::bson::doc;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A server by TLS that knows one user, and the authorities of its certificate and of no certificate.
struct Secured {
    server: OwnServer,
    authority: PathBuf,
    other_authority: PathBuf,
    _folder: TempDir,
}

const USER: &str = "epic";
const PASSWORD: &str = "correct-horse";

fn authority() -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::new([]).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

fn write(folder: &Path, name: &str, pem: &str) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, pem).unwrap();
    path
}

impl Secured {
    async fn started() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (issuer, key) = (authority(), KeyPair::generate().unwrap());
        let certificate = CertificateParams::new(["localhost".into(), "127.0.0.1".into()]).unwrap();
        let certificate = certificate.signed_by(&key, &issuer).unwrap();
        let authority = write(folder.path(), "authority.pem", &issuer.pem());
        let other_authority = write(folder.path(), "other.pem", &self::authority().pem());
        let certificate = write(folder.path(), "certificate.pem", &certificate.pem());
        let key = write(folder.path(), "key.pem", &key.serialize_pem());
        let [certificate, key] = [&certificate, &key].map(|path| path.to_str().unwrap());
        let server = OwnServer::started(&["--tls-cert-file", certificate, "--tls-key-file", key]);
        let mut secured = Self { server, authority, other_authority, _folder: folder };
        secured.ask_for_passwords().await;
        secured
    }

    /// Makes the user, and lets in no others from then on.
    async fn ask_for_passwords(&mut self) {
        let admin =
            Client::with_uri_str(self.uri("", Some(&self.authority))).await.unwrap().database("admin");
        let roles = [doc! { "role": "readWrite", "db": "epic" }, doc! { "role": "dbAdmin", "db": "epic" }];
        admin.run_command(doc! { "createUser": USER, "pwd": PASSWORD, "roles": roles }).await.unwrap();
        self.server.restart_with("--auth");
    }

    /// By TLS if an authority is given.
    fn uri(&self, credentials: &str, authority: Option<&Path>) -> String {
        let tls =
            authority.map_or_else(String::new, |path| format!("&tls=true&tlsCAFile={}", path.display()));
        format!("mongodb://{credentials}{}/?authSource=admin{tls}", self.server.address())
    }

    async fn open(&self, credentials: &str, authority: Option<&Path>) -> Result<MongoStore, OpenError> {
        let options = crate::support::options(&self.uri(credentials, authority), "epic");
        MongoStore::open(MongoOptions { deadline: Duration::from_secs(3), ..options }).await
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_by_tls_that_asks_for_a_password_lets_in_who_has_both() {
    let secured = Secured::started().await;
    let (right, authority) = (format!("{USER}:{PASSWORD}@"), Some(secured.authority.as_path()));
    let store = secured.open(&right, authority).await.unwrap();
    assert_eq!(store.insert_if_absent(&user(1).build(), T0).await.unwrap(), Insertion::Inserted);
    assert!(store.find_by_id(user_id(1)).await.unwrap().is_some());

    let wrong = format!("{USER}:wrong-horse@");
    for (what, credentials, authority) in [
        ("a wrong password", wrong.as_str(), authority),
        ("no password", "", authority),
        (
            "a certificate of an authority that is not trusted",
            &right,
            Some(secured.other_authority.as_path()),
        ),
        ("no TLS", &right, None),
    ] {
        let refused = secured.open(credentials, authority).await.err();
        assert!(matches!(refused, Some(OpenError::Unavailable(_))), "{what}: {refused:?}");
        let text = format!("{refused:?}");
        assert!(!text.contains("horse"), "{what}: {text}");
    }
}
