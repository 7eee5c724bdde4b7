//! `GET /.well-known/jwks.json`: the token issuer's public keys (RFC 7517, RFC 8037).

use super::{Route, get, with};
use crate::api::Api;
use crate::encoding::base64url;
use crate::problem::Problem;
use crate::reply;
use epic_inbound::published_keys::PublishedKeys;
use http::StatusCode;
use serde::Serialize;
use std::sync::Arc;
use warp::Filter;
use warp::reply::Response;

#[derive(Serialize)]
struct KeySet {
    keys: Vec<Key>,
}

#[derive(Serialize)]
struct Key {
    kty: &'static str,
    crv: &'static str,
    alg: &'static str,
    r#use: &'static str,
    kid: String,
    x: String,
}

/// The route. It tells nothing of anyone and is not limited.
pub(super) fn route(api: &Api) -> Route {
    warp::path!(".well-known" / "jwks.json")
        .and(get())
        .and(with(&api.published_keys))
        .map(|keys: Arc<PublishedKeys>| show(&keys))
        .boxed()
}

fn show(published: &PublishedKeys) -> Response {
    let keys: Vec<_> = published
        .list()
        .into_iter()
        .map(|key| Key {
            kty: "OKP",
            crv: "Ed25519",
            alg: "EdDSA",
            r#use: "sig",
            kid: key.key_id.to_string(),
            x: base64url(&key.ed25519),
        })
        .collect();
    if keys.is_empty() {
        return Problem::not_found().into_response();
    }
    reply::json(StatusCode::OK, &KeySet { keys })
}
