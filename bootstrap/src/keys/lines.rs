//! The text form of keys: `kid:base64url`, one a line in a file, commas between them in a setting.

use data_encoding::BASE64URL_NOPAD;
use epic_domain::key_id::KeyId;
use epic_domain::secret::{Secret, SecretText};
use zeroize::Zeroizing;

/// Bytes of every key that the server makes.
pub(super) const KEY_BYTES: usize = 32;

/// What is wrong with keys in text form; it never holds the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LineRefused {
    /// There is nothing in it.
    #[error("must hold at least one key as kid:base64url")]
    Empty,
    /// A line has no colon.
    #[error("must hold keys as kid:base64url")]
    NoColon,
    /// A key's name does not parse.
    #[error("must name its keys by 1 to 32 characters of A-Z a-z 0-9 . _ -")]
    KeyId,
    /// A key is not 32 bytes in base64url.
    #[error("must hold 32 bytes in base64url without padding")]
    Bytes,
    /// It should hold one key and holds more.
    #[error("must hold exactly one key")]
    Several,
}

/// The lines that say something.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'))
}

/// A line's name and the rest.
pub(super) fn name_and_rest(line: &str) -> Result<(KeyId, &str), LineRefused> {
    let (id, rest) = line.split_once(':').ok_or(LineRefused::NoColon)?;
    Ok((KeyId::parse(id.trim()).map_err(|_| LineRefused::KeyId)?, rest.trim()))
}

/// Named entries of a file.
pub(super) fn named_lines(text: &str) -> Result<Vec<(KeyId, &str)>, LineRefused> {
    let entries = lines(text).map(name_and_rest).collect::<Result<Vec<_>, _>>()?;
    if entries.is_empty() { Err(LineRefused::Empty) } else { Ok(entries) }
}

/// Named keys of a file, as `make` takes them.
pub(super) fn named_keys<K>(
    text: &str,
    make: impl Fn(KeyId, &Secret<KEY_BYTES>) -> K,
) -> Result<Vec<K>, LineRefused> {
    named_lines(text)?.into_iter().map(|(id, key)| Ok(make(id, &decode(key)?))).collect()
}

/// The one key, without a name, that a file holds.
pub(super) fn single(text: &str) -> Result<Secret<KEY_BYTES>, LineRefused> {
    let mut lines = lines(text);
    let line = lines.next().ok_or(LineRefused::Empty)?;
    if lines.next().is_some() {
        return Err(LineRefused::Several);
    }
    decode(line)
}

/// 32 bytes in their text form.
pub(super) fn decode(text: &str) -> Result<Secret<KEY_BYTES>, LineRefused> {
    let mut bytes = Zeroizing::new([0; KEY_BYTES]);
    if BASE64URL_NOPAD.decode_len(text.len()) != Ok(KEY_BYTES) {
        return Err(LineRefused::Bytes);
    }
    BASE64URL_NOPAD.decode_mut(text.as_bytes(), bytes.as_mut_slice()).map_err(|_| LineRefused::Bytes)?;
    Ok(Secret::new(*bytes))
}

/// The text form of 32 bytes.
pub(super) fn encode(bytes: &[u8; KEY_BYTES]) -> SecretText {
    SecretText::new(BASE64URL_NOPAD.encode(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_survives_its_text_form() {
        let text = encode(&[7; KEY_BYTES]);
        assert_eq!(decode(text.expose()), Ok(Secret::new([7; KEY_BYTES])));
        assert_eq!(single(&format!("# a comment\n\n  {}\n", text.expose())), Ok(Secret::new([7; KEY_BYTES])));
    }

    #[test]
    fn text_that_is_no_key_is_refused() {
        let good = encode(&[7; KEY_BYTES]);
        let good = good.expose();
        for text in
            ["", "abc", &good[1..], &format!("{good}="), &good.replace('c', "+"), &format!("{good}AAAA")]
        {
            assert_eq!(decode(text), Err(LineRefused::Bytes), "{text}");
        }
        assert_eq!(single(" \n# nothing\n"), Err(LineRefused::Empty));
        assert_eq!(single(&format!("{good}\n{good}")), Err(LineRefused::Several));
    }

    #[test]
    fn names_come_before_a_colon() {
        let entries = named_lines("k1:abc\n# old\nk2: def\n").unwrap();
        let named: Vec<_> = entries.iter().map(|(id, rest)| (id.as_str(), *rest)).collect();
        assert_eq!(named, [("k1", "abc"), ("k2", "def")]);
        assert_eq!(named_lines(""), Err(LineRefused::Empty));
        assert_eq!(named_lines("abc"), Err(LineRefused::NoColon));
        assert_eq!(named_lines("k 1:abc"), Err(LineRefused::KeyId));
    }
}
