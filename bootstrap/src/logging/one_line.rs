//! Makes one line of an event: whatever could end a line, move the cursor or turn the reading direction is escaped.

use core::fmt::Write;

/// Whether a character could make a log say something it does not.
fn misleads(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            // Line and paragraph separators; marks, embeddings, overrides and isolates of direction (Unicode UAX #9);
            // characters that take no room.
            '\u{2028}' | '\u{2029}' | '\u{061C}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}'
                | '\u{2060}'..='\u{2069}' | '\u{FEFF}'
        )
}

/// An event's bytes as one line, with its end. Escapes look like `\u001b`, which JSON reads too.
pub(super) fn one_line(event: &[u8]) -> Vec<u8> {
    let event = event.strip_suffix(b"\n").unwrap_or(event);
    let mut line = if event.iter().all(|byte| (b' '..=b'~').contains(byte)) {
        event.to_vec()
    } else {
        escaped(&String::from_utf8_lossy(event)).into_bytes()
    };
    line.push(b'\n');
    line
}

fn escaped(event: &str) -> String {
    let mut line = String::with_capacity(event.len());
    for character in event.chars() {
        if misleads(character) {
            // Writing to a String does not fail.
            let _ = write!(line, "\\u{:04x}", u32::from(character));
        } else {
            line.push(character);
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(event: &str) -> String {
        String::from_utf8(one_line(event.as_bytes())).unwrap()
    }

    #[test]
    fn h02_one_event_is_one_line_without_tricks() {
        assert_eq!(line("a\nINFO forged\n"), "a\\u000aINFO forged\n");
        assert_eq!(line("\u{1b}[2J\r\u{7f}\u{9b}\0"), "\\u001b[2J\\u000d\\u007f\\u009b\\u0000\n");
        assert_eq!(line("\u{2028}\u{202e}\u{2066}\u{feff}"), "\\u2028\\u202e\\u2066\\ufeff\n");
    }

    #[test]
    fn honest_text_stays_as_it_is() {
        assert_eq!(line("plain, \"quoted\" and \\\n"), "plain, \"quoted\" and \\\n");
        assert_eq!(line("grüß dich 🦀"), "grüß dich 🦀\n");
    }

    #[test]
    fn escapes_within_a_json_string_read_back() {
        let json: serde_json::Value = serde_json::from_str(&line("{\"user\":\"a\u{2028}b\u{85}\"}")).unwrap();
        assert_eq!(json["user"], "a\u{2028}b\u{85}");
    }
}
