//! How tokens are signed, and who may ask about them.

use super::parse::{self, Rule};
use super::reader::Reader;
use crate::keys::{TokenAlgorithm, TokenKeySource, parse_token_keys};
use epic_domain::introspection::{ClientCredentials, ClientId, ClientSecret};

/// Reads where token keys come from. `keys_given` tells an empty list that was given, which is a mistake, from none.
pub(super) fn read(reader: &mut Reader<'_>, keys_given: bool) -> Option<TokenKeySource> {
    let algorithm = reader.read("token_algorithm", algorithm);
    // Without an algorithm there is no telling what the keys should be: that one problem is enough.
    let judged = algorithm.filter(|_| keys_given);
    let given = reader
        .read("token_keys", |text| judged.map(|algorithm| parse_token_keys(algorithm, text)).transpose());
    Some(match given? {
        Some(keys) => TokenKeySource::Given(Box::new(keys)),
        None => TokenKeySource::File(algorithm?),
    })
}

fn algorithm(text: &str) -> Result<TokenAlgorithm, Rule> {
    match text {
        "hs256" => Ok(TokenAlgorithm::Hs256),
        "eddsa" => Ok(TokenAlgorithm::Eddsa),
        _ => Err("must be hs256 or eddsa".to_owned()),
    }
}

/// Services that may ask, as `id:secret`, commas between them.
pub(super) fn introspection_clients(text: &str) -> Result<ClientCredentials, Rule> {
    parse::list(text, client).map(ClientCredentials::new)
}

fn client(text: &str) -> Result<(ClientId, ClientSecret), Rule> {
    let (id, secret) =
        text.split_once(':').ok_or_else(|| "must hold services as id:secret,id2:secret2".to_owned())?;
    let id = ClientId::parse(id).map_err(|invalid| format!("each id {}", invalid.rule()))?;
    let secret = ClientSecret::parse(secret).map_err(|invalid| format!("each secret {}", invalid.rule()))?;
    Ok((id, secret))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "mF9aQ2xV7cLw0ZtR4yKp8sHn3bJd6gUe";

    #[test]
    fn services_are_read_with_their_secrets() {
        let clients = introspection_clients(&format!("files:{SECRET}, mail.example:{SECRET}x")).unwrap();
        let authenticates =
            |id: &str, secret: &str| clients.authenticates(&ClientId::parse(id).unwrap(), secret);
        assert!(authenticates("files", SECRET) && authenticates("mail.example", &format!("{SECRET}x")));
        assert!(!authenticates("mail.example", SECRET));
        assert!(introspection_clients("").unwrap().is_empty());
    }

    #[test]
    fn services_without_a_name_or_with_a_weak_secret_are_refused_without_it() {
        for text in [
            "files",
            "files:",
            ":mF9aQ2xV7cLw0ZtR4yKp8sHn3bJd6gUe",
            "a b:mF9aQ2xV7cLw0ZtR4yKp8sHn3bJd6gUe",
            "files:hunter2",
            "files:mF9aQ2xV7cLw0ZtR4yKp8sHn3bJd6gUe:x",
            "files:mF9aQ2xV7cLw0ZtR4yKp8sHn3bJd6gUe,",
            "files:mF9aQ2xV7cLw0ZtR 4yKp8sHn3bJd6gUe",
        ] {
            let rule = introspection_clients(text).unwrap_err();
            assert!(!rule.contains("hunter2") && !rule.contains("mF9a"), "{rule}");
        }
    }
}
