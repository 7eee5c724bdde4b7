//! Token keys in text form, from the setting or from their file.

use super::lines::{self, LineRefused};
use data_encoding::BASE64URL_NOPAD;
use epic_domain::key_id::KeyId;
use epic_token_jwt::{Keyring, KeyringRefused, TokenKey, WeakKey};
use zeroize::Zeroizing;

/// Why token keys are refused; it names the rule and never the key.
#[derive(Debug, thiserror::Error)]
pub enum TokenKeysRefused {
    /// They are no keys in text form.
    #[error(transparent)]
    Line(#[from] LineRefused),
    /// A key is not base64url.
    #[error("must hold the bytes of each key in base64url without padding (key {0})")]
    Encoding(KeyId),
    /// A key is too short or could be guessed.
    #[error("must hold strong keys: {error} (key {id})")]
    Weak {
        /// The key's name.
        id: KeyId,
        /// The rule it breaks.
        error: WeakKey,
    },
    /// They cannot be used together.
    #[error("cannot be used: {0}")]
    Together(#[from] KeyringRefused),
}

/// The token keys of the setting: `kid:base64url`, commas between them.
///
/// # Errors
/// [`TokenKeysRefused`].
pub fn parse_token_keys(text: &str) -> Result<Keyring, TokenKeysRefused> {
    join(text.split(',').map(|entry| lines::name_and_rest(entry.trim())))
}

/// The token keys of a file: one a line.
pub(super) fn parse_token_key_file(text: &str) -> Result<Keyring, TokenKeysRefused> {
    join(lines::named_lines(text)?.into_iter().map(Ok))
}

fn join<'a>(
    entries: impl Iterator<Item = Result<(KeyId, &'a str), LineRefused>>,
) -> Result<Keyring, TokenKeysRefused> {
    let keys = entries
        .map(|entry| entry.map_err(TokenKeysRefused::from).and_then(|(id, text)| token_key(id, text)))
        .collect::<Result<Vec<_>, _>>()?;
    Ok(Keyring::new(keys)?)
}

fn token_key(id: KeyId, text: &str) -> Result<TokenKey, TokenKeysRefused> {
    let Ok(bytes) = BASE64URL_NOPAD.decode(text.as_bytes()).map(Zeroizing::new) else {
        return Err(TokenKeysRefused::Encoding(id));
    };
    TokenKey::parse(id.clone(), &bytes).map_err(|error| TokenKeysRefused::Weak { id, error })
}

#[cfg(test)]
mod tests {
    use super::*;

    const STRONG: &str = "7TOiyW6vJbQ4hWBsMkdSVwd2LZeY1fUz0VPnwjXJEGo";

    #[test]
    fn several_keys_are_read_and_the_order_is_kept() {
        let other: String = STRONG.chars().rev().collect::<String>().replace('o', "A");
        let other = format!("{}A", &other[1..]);
        assert!(parse_token_keys(&format!("new:{STRONG}, old:{other}")).is_ok());
        assert!(parse_token_key_file(&format!("new:{STRONG}\n# before\nold:{other}\n")).is_ok());
    }

    #[test]
    fn a08_weak_keys_are_refused_by_rule_and_not_by_content() {
        let encode = |key: &[u8]| format!("k1:{}", BASE64URL_NOPAD.encode(key));
        for key in [b"".as_slice(), &[0xA7; 31], &[b'a'; 32], b"secret"] {
            let refused = parse_token_keys(&encode(key)).unwrap_err();
            assert!(matches!(refused, TokenKeysRefused::Weak { .. }), "{refused}");
            assert!(key.is_empty() || !refused.to_string().contains(&BASE64URL_NOPAD.encode(key)));
        }
    }

    #[test]
    fn text_that_is_no_key_list_is_refused() {
        for text in ["", "abc", &format!("k1:{STRONG}="), &format!("k1:{STRONG},"), &format!("k 1:{STRONG}")]
        {
            assert!(parse_token_keys(text).is_err(), "{text}");
        }
        let twice = format!("k1:{STRONG},k1:{STRONG}");
        assert!(matches!(parse_token_keys(&twice), Err(TokenKeysRefused::Together(_))));
    }
}
