//! What a person calls the device they signed in on.

use crate::Invalid;

/// 1 to 64 characters, none of them a control character or one that reorders text; shown in the list of sessions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceName(String);

impl DeviceName {
    /// Parses a device name; white space around it is dropped.
    ///
    /// # Errors
    /// [`Invalid`] with `invalid_length` or `invalid_characters`.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let name = text.trim();
        if name.is_empty() || name.len() > 4 * 64 || name.chars().count() > 64 {
            return Err(Invalid::new("invalid_length", "must be 1 to 64 characters"));
        }
        if name.chars().any(is_unprintable) {
            return Err(Invalid::new(
                "invalid_characters",
                "must not hold control or text-direction characters",
            ));
        }
        Ok(Self(name.to_owned()))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Control characters, line and paragraph separators, and the bidirectional controls of Unicode (UAX #9).
fn is_unprintable(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{061C}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_people_give_their_devices_pass() {
        for text in ["phone", "Zoë's laptop", "仕事用", " tablet "] {
            assert_eq!(
                DeviceName::parse(text).map(|name| name.as_str().to_owned()),
                Ok(text.trim().to_owned())
            );
        }
    }

    #[test]
    fn h02_text_that_could_forge_a_line_is_refused() {
        for text in ["", "   ", "a\nb", "a\u{1B}[31m", "a\u{202E}b", "a\u{2028}b", "a\0b", &"x".repeat(65)] {
            assert!(DeviceName::parse(text).is_err(), "{text:?}");
        }
    }
}
