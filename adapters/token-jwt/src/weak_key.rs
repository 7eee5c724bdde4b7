//! Signing keys that could be guessed.
//!
//! No rule is ever met by 32 random bytes, nor by their hexadecimal or base64 text: for the tightest of them the odds
//! are below one in a billion. What a rule says never holds the key.

/// Why a key may not sign tokens: whoever guesses it is every user at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WeakKey {
    /// RFC 7518, section 3.2.
    #[error("a token key must be at least 32 bytes long")]
    TooShort,
    /// Such as 32 times the same letter.
    #[error("a token key must be random: it has fewer than 10 different bytes")]
    FewDistinctBytes,
    /// Such as a short word written until it is long enough.
    #[error("a token key must be random: it repeats itself")]
    Repeats,
    /// Such as the digits or the alphabet in order.
    #[error("a token key must be random: it counts up or down")]
    Counts,
    /// Such as a sentence or an example from a tutorial.
    #[error("a token key must be random: it reads like words")]
    Words,
}

const LENGTH_MIN: usize = 32;
const DISTINCT_MIN: usize = 10;

/// Whether a key is fit to sign.
pub(crate) fn judge(key: &[u8]) -> Result<(), WeakKey> {
    if key.len() < LENGTH_MIN {
        return Err(WeakKey::TooShort);
    }
    if distinct_bytes(key) < DISTINCT_MIN {
        return Err(WeakKey::FewDistinctBytes);
    }
    if repeats(key) {
        return Err(WeakKey::Repeats);
    }
    if counts(key) {
        return Err(WeakKey::Counts);
    }
    if reads_like_words(key) {
        return Err(WeakKey::Words);
    }
    Ok(())
}

fn distinct_bytes(key: &[u8]) -> usize {
    key.iter().collect::<std::collections::BTreeSet<_>>().len()
}

fn pairs(key: &[u8]) -> impl Iterator<Item = (u8, u8)> + '_ {
    key.iter().copied().zip(key.iter().copied().skip(1))
}

/// Whether the key goes on as it began after at most two thirds of its length: a third of it says nothing new.
fn repeats(key: &[u8]) -> bool {
    (1..=key.len() * 2 / 3).any(|period| key.iter().zip(key.iter().skip(period)).all(|(a, b)| a == b))
}

/// Whether half of the steps from one byte to the next are the same step.
fn counts(key: &[u8]) -> bool {
    let mut steps = [0_usize; 256];
    for (before, after) in pairs(key) {
        if let Some(count) = steps.get_mut(usize::from(after.wrapping_sub(before))) {
            *count += 1;
        }
    }
    steps.iter().max().is_some_and(|most| most * 2 >= key.len() - 1)
}

/// The pairs of letters that make up more than half of English text and a tenth of random letters.
const COMMON_PAIRS: &[u8] =
    b"th he in er an re nd at on nt ha es st en ed to it ou ea hi is or ti as te et ng of al de \
    se le sa si ar ve ra ld ur me ne wi ch om ro us ma be ce li la ri io ic ho co ec cr ke ey ss wo rd pa wt";

/// Words of eight letters and more that only a person writes into a key.
const PLACEHOLDERS: [&str; 9] = [
    "changeme",
    "password",
    "placeholder",
    "replaceme",
    "qwertyui",
    "asdfghjk",
    "secretkey",
    "jwtsecret",
    "supersecret",
];

fn reads_like_words(key: &[u8]) -> bool {
    if !key.iter().all(|byte| matches!(byte, b' '..=b'~')) || key.iter().all(u8::is_ascii_hexdigit) {
        return false;
    }
    let text = key.to_ascii_lowercase();
    let letters_only: Vec<u8> = text.iter().copied().filter(u8::is_ascii_lowercase).collect();
    let holds = |word: &str| letters_only.windows(word.len()).any(|window| window == word.as_bytes());
    let placeholder = PLACEHOLDERS.iter().any(|word| holds(word));
    placeholder || (stays_in_class(key) && has_common_pairs(&text))
}

/// Whether three neighbours in four are of one class or parted like words. Of base64 it is two in five.
fn stays_in_class(key: &[u8]) -> bool {
    let class = |byte: u8| match byte {
        b'a'..=b'z' => Some(0),
        b'A'..=b'Z' => Some(1),
        b'0'..=b'9' => Some(2),
        b' ' | b'-' | b'_' | b'.' => None,
        _ => Some(3),
    };
    let alike = |(before, after): &(u8, u8)| match (class(*before), class(*after)) {
        (Some(before), Some(after)) => before == after,
        _ => true,
    };
    pairs(key).filter(alike).count() * 4 >= (key.len() - 1) * 3
}

fn has_common_pairs(text: &[u8]) -> bool {
    let both_letters = |(a, b): &(u8, u8)| a.is_ascii_lowercase() && b.is_ascii_lowercase();
    let common = |(a, b): &(u8, u8)| COMMON_PAIRS.split(|byte| *byte == b' ').any(|pair| pair == [*a, *b]);
    let letter_pairs: Vec<(u8, u8)> = pairs(text).filter(both_letters).collect();
    let found = letter_pairs.iter().filter(|pair| common(pair)).count();
    letter_pairs.len() >= 8 && found * 5 >= letter_pairs.len() * 2
}
