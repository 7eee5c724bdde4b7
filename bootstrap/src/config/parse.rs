//! How texts become values; each answers with the rule when a text breaks it.

use core::num::NonZeroUsize;
use core::time::Duration;

/// A rule that a text broke, as a sentence fragment such as "must be …".
pub(super) type Rule = String;

pub(super) fn duration(text: &str) -> Result<Duration, Rule> {
    humantime::parse_duration(text).map_err(|_| "must be a length of time such as 30m, 12h or 7d".to_owned())
}

/// A length of time between one millisecond and an hour, for timeouts.
pub(super) fn timeout(text: &str) -> Result<Duration, Rule> {
    duration(text)
        .ok()
        .filter(|span| (Duration::from_millis(1)..=Duration::from_secs(3_600)).contains(span))
        .ok_or_else(|| "must be a length of time between 1ms and 1h such as 10s".to_owned())
}

/// A length of time between a minute and ten years, for what is kept.
pub(super) fn keeping(text: &str) -> Result<Duration, Rule> {
    duration(text)
        .ok()
        .filter(|span| (Duration::from_secs(60)..=Duration::from_secs(3_660 * 86_400)).contains(span))
        .ok_or_else(|| "must be a length of time between 1m and 10 years such as 30d".to_owned())
}

pub(super) fn truth(text: &str) -> Result<bool, Rule> {
    match text {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err("must be true or false".to_owned()),
    }
}

/// A count between one and `max`.
pub(super) fn count(text: &str, max: usize) -> Result<NonZeroUsize, Rule> {
    text.parse()
        .ok()
        .filter(|count: &NonZeroUsize| count.get() <= max)
        .ok_or_else(|| format!("must be a whole number between 1 and {max}"))
}

/// The parts of a list that commas separate; an empty text is an empty list.
pub(super) fn list<T>(text: &str, parse: impl Fn(&str) -> Result<T, Rule>) -> Result<Vec<T>, Rule> {
    if text.trim().is_empty() {
        return Ok(Vec::new());
    }
    text.split(',').map(|part| parse(part.trim())).collect()
}

/// A number of bytes, plain or with a binary unit.
pub(super) fn bytes(text: &str) -> Result<u64, Rule> {
    let rule = || "must be a number of bytes such as 500MiB or 10GiB".to_owned();
    let digits_end = text.find(|character: char| !character.is_ascii_digit()).unwrap_or(text.len());
    let (digits, unit) = text.split_at_checked(digits_end).ok_or_else(rule)?;
    let factor: u64 = match unit.trim() {
        "" | "B" => 1,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        "TiB" => 1 << 40,
        _ => return Err(rule()),
    };
    digits.parse::<u64>().ok().and_then(|number| number.checked_mul(factor)).ok_or_else(rule)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_take_binary_units_and_nothing_doubtful() {
        assert_eq!(bytes("10GiB"), Ok(10 << 30));
        assert_eq!(bytes("500 MiB"), Ok(500 << 20));
        assert_eq!(bytes("123"), Ok(123));
        for text in ["", "GiB", "10GB", "-1", "1.5GiB", "99999999TiB", "１GiB"] {
            assert!(bytes(text).is_err(), "{text}");
        }
    }

    #[test]
    fn lists_may_be_empty_but_have_no_holes() {
        let part = |text: &str| if text.is_empty() { Err("hole".to_owned()) } else { Ok(text.to_owned()) };
        assert_eq!(list(" ", part), Ok(vec![]));
        assert_eq!(list("a, b", part), Ok(vec!["a".to_owned(), "b".to_owned()]));
        assert!(list("a,,b", part).is_err());
    }
}
