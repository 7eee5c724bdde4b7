//! Token keys in text form, from the setting or from their file.

use super::lines::{self, LineRefused};
use data_encoding::BASE64URL_NOPAD;
use epic_domain::key_id::KeyId;
use epic_token_jwt::{EddsaKey, EddsaKeyring, Keyring, KeyringRefused, TokenKey, WeakKey};
use zeroize::Zeroizing;

/// How tokens are signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenAlgorithm {
    /// With a secret: this server alone checks its tokens.
    Hs256,
    /// With a key pair: whoever has the public key checks tokens too.
    Eddsa,
}

/// Token keys of one algorithm.
#[derive(Debug)]
pub enum TokenKeys {
    /// Secrets.
    Hs256(Keyring),
    /// Key pairs.
    Eddsa(EddsaKeyring),
}

/// Where token keys come from.
#[derive(Debug)]
pub enum TokenKeySource {
    /// They were given as a setting.
    Given(Box<TokenKeys>),
    /// The file of the algorithm, in the keys' folder.
    File(TokenAlgorithm),
}

/// Why token keys are refused; it names the rule and never the key.
#[derive(Debug, thiserror::Error)]
pub enum TokenKeysRefused {
    /// They are no keys in text form.
    #[error(transparent)]
    Line(#[from] LineRefused),
    /// A key is not base64url. Its name is not told: whoever swaps name and key has the key where the name belongs.
    #[error("must hold the bytes of each key in base64url without padding")]
    Encoding,
    /// A key is too short or could be guessed.
    #[error("must hold strong keys: {error}")]
    Weak {
        /// The rule it breaks.
        error: WeakKey,
    },
    /// They cannot be used together.
    #[error("cannot be used: {0}")]
    Together(#[from] KeyringRefused),
}

/// The token keys of the setting: `kid:base64url`, commas between them. For EdDSA each is a seed of 32 bytes.
///
/// # Errors
/// [`TokenKeysRefused`].
pub fn parse_token_keys(algorithm: TokenAlgorithm, text: &str) -> Result<TokenKeys, TokenKeysRefused> {
    join(algorithm, text.split(',').map(|entry| lines::name_and_rest(entry.trim())))
}

/// The token keys of a file: one a line.
pub(super) fn parse_token_key_file(
    algorithm: TokenAlgorithm,
    text: &str,
) -> Result<TokenKeys, TokenKeysRefused> {
    join(algorithm, lines::named_lines(text)?.into_iter().map(Ok))
}

fn join<'a>(
    algorithm: TokenAlgorithm,
    entries: impl Iterator<Item = Result<(KeyId, &'a str), LineRefused>>,
) -> Result<TokenKeys, TokenKeysRefused> {
    Ok(match algorithm {
        TokenAlgorithm::Hs256 => TokenKeys::Hs256(Keyring::new(each(entries, token_key)?)?),
        TokenAlgorithm::Eddsa => TokenKeys::Eddsa(EddsaKeyring::new(each(entries, eddsa_key)?)?),
    })
}

fn each<'a, K>(
    entries: impl Iterator<Item = Result<(KeyId, &'a str), LineRefused>>,
    parse: impl Fn(KeyId, &str) -> Result<K, TokenKeysRefused>,
) -> Result<Vec<K>, TokenKeysRefused> {
    entries
        .map(|entry| entry.map_err(TokenKeysRefused::from).and_then(|(id, text)| parse(id, text)))
        .collect()
}

fn token_key(id: KeyId, text: &str) -> Result<TokenKey, TokenKeysRefused> {
    let Ok(bytes) = BASE64URL_NOPAD.decode(text.as_bytes()).map(Zeroizing::new) else {
        return Err(TokenKeysRefused::Encoding);
    };
    TokenKey::parse(id, &bytes).map_err(|error| TokenKeysRefused::Weak { error })
}

fn eddsa_key(id: KeyId, text: &str) -> Result<EddsaKey, TokenKeysRefused> {
    let seed = lines::decode(text)?;
    EddsaKey::parse(id, &seed).map_err(|error| TokenKeysRefused::Weak { error })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALGORITHMS: [TokenAlgorithm; 2] = [TokenAlgorithm::Hs256, TokenAlgorithm::Eddsa];
    const STRONG: &str = "7TOiyW6vJbQ4hWBsMkdSVwd2LZeY1fUz0VPnwjXJEGo";

    #[test]
    fn several_keys_are_read_and_the_order_is_kept() {
        let other: String = STRONG.chars().rev().collect::<String>().replace('o', "A");
        let other = format!("{}A", &other[1..]);
        for algorithm in ALGORITHMS {
            assert!(parse_token_keys(algorithm, &format!("new:{STRONG}, old:{other}")).is_ok());
            let file = format!("new:{STRONG}\n# before\nold:{other}\n");
            assert!(parse_token_key_file(algorithm, &file).is_ok());
        }
    }

    #[test]
    fn a08_weak_keys_are_refused_by_rule_and_not_by_content() {
        let encode = |key: &[u8]| format!("k1:{}", BASE64URL_NOPAD.encode(key));
        for key in [b"".as_slice(), &[0xA7; 31], &[b'a'; 32], b"secret"] {
            let refused = parse_token_keys(TokenAlgorithm::Hs256, &encode(key)).unwrap_err();
            assert!(matches!(refused, TokenKeysRefused::Weak { .. }), "{refused}");
            assert!(key.is_empty() || !refused.to_string().contains(&BASE64URL_NOPAD.encode(key)));
        }
    }

    #[test]
    fn text_that_is_no_key_list_is_refused() {
        for text in ["", "abc", &format!("k1:{STRONG}="), &format!("k1:{STRONG},"), &format!("k 1:{STRONG}")]
        {
            for algorithm in ALGORITHMS {
                assert!(parse_token_keys(algorithm, text).is_err(), "{algorithm:?} {text}");
            }
        }
        let twice = format!("k1:{STRONG},k1:{STRONG}");
        for algorithm in ALGORITHMS {
            let refused = parse_token_keys(algorithm, &twice);
            assert!(matches!(refused, Err(TokenKeysRefused::Together(_))), "{algorithm:?}");
        }
    }

    #[test]
    fn a08_a_seed_is_32_bytes_that_nobody_guesses() {
        let parse = |key: &[u8]| {
            parse_token_keys(TokenAlgorithm::Eddsa, &format!("k1:{}", BASE64URL_NOPAD.encode(key)))
        };
        for length in [0, 31, 33, 64] {
            let bytes: Vec<u8> = (0..length).map(|at: u8| at.wrapping_mul(at).wrapping_add(7)).collect();
            assert!(matches!(parse(&bytes), Err(TokenKeysRefused::Line(LineRefused::Bytes))), "{length}");
        }
        for seed in [[b'a'; 32], *b"ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"] {
            assert!(matches!(parse(&seed), Err(TokenKeysRefused::Weak { .. })));
        }
    }
}
