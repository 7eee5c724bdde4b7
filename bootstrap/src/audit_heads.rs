//! Signed heads of the audit log in a file: a JSON object a line, to be carried away from the server.
//!
//! The file is only ever added to, so that it may be append-only to the system (`chattr +a`) or a pipe's source. A line
//! that a power cut left half written stays where it is, and is no head.

use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use epic_domain::Timestamp;
use epic_domain::audit::{Anchor, Head, SignedHead};
use epic_domain::key_id::KeyId;
use serde::{Deserialize, Serialize};
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// Only the owner reads and writes: the rate of events is nobody else's business.
const FILE_MODE: u32 = 0o600;

/// The file that the server adds its heads to, in the data folder.
#[must_use]
pub fn audit_heads_file_of(data_dir: &Path) -> PathBuf {
    data_dir.join("audit-heads.jsonl")
}

/// A head as a line says it.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    /// Number of events.
    length: u64,
    /// The hash over them, in hexadecimal.
    head: String,
    /// When it was signed, in milliseconds since 1970.
    at: u64,
    key_id: String,
    /// In base64url without padding.
    signature: String,
}

/// Why a line is no head.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LineError {
    /// It was not written to its end. Not an error in a file of heads: a power cut does that.
    #[error("it ends too early")]
    Torn,
    /// It is another thing.
    #[error("it is no signed head")]
    Malformed,
}

/// The line that says `head`, without its end.
///
/// # Errors
/// Of the JSON writer.
pub fn encode_head(head: &SignedHead) -> io::Result<String> {
    let line = Line {
        length: head.anchor.length,
        head: HEXLOWER.encode(head.anchor.head.as_bytes()),
        at: head.at.as_millis(),
        key_id: head.key_id.as_str().to_owned(),
        signature: BASE64URL_NOPAD.encode(&head.signature),
    };
    Ok(serde_json::to_string(&line)?)
}

/// The head that a line says. Whether it is genuine is for a signer to judge.
///
/// # Errors
/// [`LineError`].
pub fn decode_head(line: &str) -> Result<SignedHead, LineError> {
    let line: Line = serde_json::from_str(line)
        .map_err(|error| if error.is_eof() { LineError::Torn } else { LineError::Malformed })?;
    let whole = || {
        let head = HEXLOWER.decode(line.head.as_bytes()).ok()?;
        let at = Timestamp::from_millis(line.at);
        Some(SignedHead {
            anchor: Anchor { length: line.length, head: Head::from_bytes(head.try_into().ok()?) },
            at: (at.as_millis() == line.at).then_some(at)?,
            key_id: KeyId::parse(&line.key_id).ok()?,
            signature: BASE64URL_NOPAD.decode(line.signature.as_bytes()).ok()?.try_into().ok()?,
        })
    };
    whole().ok_or(LineError::Malformed)
}

/// Adds a head to the file, which is made if it is not there. It is on disk when this returns. Blocks on the disk.
///
/// # Errors
/// The system's; the file may have gained half a line, which [`read_heads`] passes over.
pub fn append_head(path: &Path, head: &SignedHead) -> io::Result<()> {
    let line = encode_head(head)?;
    let mut file = OpenOptions::new().read(true).append(true).create(true).mode(FILE_MODE).open(path)?;
    let is_new = file.metadata()?.len() == 0;
    let start = if is_new || ends_with_newline(&mut file)? { "" } else { "\n" };
    // In one piece, so that another process that reads meanwhile sees a whole line.
    file.write_all(format!("{start}{line}\n").as_bytes())?;
    file.sync_all()?;
    if is_new {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        File::open(folder.unwrap_or(Path::new(".")))?.sync_all()?;
    }
    Ok(())
}

fn ends_with_newline(file: &mut File) -> io::Result<bool> {
    let mut last = [0];
    file.seek(SeekFrom::End(-1))?;
    file.read_exact(&mut last)?;
    Ok(last == [b'\n'])
}

/// Why a file of heads cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum HeadsError {
    /// The system refused.
    #[error(transparent)]
    System(#[from] io::Error),
    /// A line is no head.
    #[error("line {number}: {error}")]
    Line {
        /// Which, from 1.
        number: usize,
        /// Why.
        error: LineError,
    },
}

/// The heads of a file, in its order. Lines that were not written to their end and empty ones are passed over: whoever
/// could cut a line could remove it.
///
/// # Errors
/// [`HeadsError`].
pub fn read_heads(path: &Path) -> Result<Vec<SignedHead>, HeadsError> {
    let mut heads = Vec::new();
    for (index, line) in BufReader::new(File::open(path)?).lines().enumerate() {
        let line = line?;
        if line.trim().is_empty() {
            continue;
        }
        match decode_head(&line) {
            Ok(head) => heads.push(head),
            Err(LineError::Torn) => {}
            Err(error) => return Err(HeadsError::Line { number: index.saturating_add(1), error }),
        }
    }
    Ok(heads)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::MetadataExt;

    fn head(length: u64) -> SignedHead {
        SignedHead {
            anchor: Anchor { length, head: Head::from_bytes([0xA7; 32]) },
            at: Timestamp::from_millis(1_800_000_000_123),
            key_id: KeyId::parse("k1").unwrap(),
            signature: [0x5C; 64],
        }
    }

    #[test]
    fn a_line_says_what_the_manual_says_and_reads_back() {
        let line = encode_head(&head(7)).unwrap();
        let (hash, signature) = ("a7".repeat(32), BASE64URL_NOPAD.encode(&[0x5C; 64]));
        assert_eq!(
            line,
            format!(
                r#"{{"length":7,"head":"{hash}","at":1800000000123,"key_id":"k1","signature":"{signature}"}}"#
            )
        );
        assert_eq!(decode_head(&line), Ok(head(7)));
        for length in [0, u64::MAX] {
            assert_eq!(decode_head(&encode_head(&head(length)).unwrap()), Ok(head(length)));
        }
    }

    #[test]
    fn what_is_no_head_is_refused_and_what_was_cut_off_is_told_from_it() {
        let good = encode_head(&head(7)).unwrap();
        for end in 1..good.len() {
            assert_eq!(decode_head(&good[..end]), Err(LineError::Torn), "{}", &good[..end]);
        }
        for (from, to) in [
            (":7", ":-7"),
            (":7", ":7.0"),
            (":7", ":\"7\""),
            ("a7a7", "A7A7"),
            ("a7a7", "a7"),
            ("a7a7", "zza7"),
            ("1800000000123", "253402207200000"),
            ("\"k1\"", "\"k 1\""),
            ("\"k1\"", "null"),
            ("XFxc", "XFx"),
            ("XFxc", "XF+c"),
            ("\"length\"", "\"extra\":1,\"length\""),
            ("\"at\":1800000000123,", ""),
            ("}", "} {}"),
        ] {
            let bad = good.replacen(from, to, 1);
            assert_ne!(bad, good, "{from}");
            assert_eq!(decode_head(&bad), Err(LineError::Malformed), "{bad}");
        }
        for text in ["null", "[]", "x"] {
            assert_eq!(decode_head(text), Err(LineError::Malformed), "{text}");
        }
    }

    #[test]
    fn what_is_added_stays_in_order_in_a_private_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = audit_heads_file_of(folder.path());
        for length in 1..=3 {
            append_head(&path, &head(length)).unwrap();
        }
        assert_eq!(read_heads(&path).unwrap(), [head(1), head(2), head(3)]);
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_half_written_line_spoils_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let path = audit_heads_file_of(folder.path());
        append_head(&path, &head(1)).unwrap();
        let half = &encode_head(&head(2)).unwrap()[..80];
        OpenOptions::new().append(true).open(&path).unwrap().write_all(half.as_bytes()).unwrap();
        assert_eq!(read_heads(&path).unwrap(), [head(1)]);
        append_head(&path, &head(3)).unwrap();
        assert_eq!(read_heads(&path).unwrap(), [head(1), head(3)]);
        assert!(fs::read_to_string(&path).unwrap().contains(half), "nothing is taken away");
    }

    #[test]
    fn a_line_that_is_something_else_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("heads");
        fs::write(&path, format!("{}\n\nhello\n", encode_head(&head(1)).unwrap())).unwrap();
        let refused = read_heads(&path).unwrap_err();
        assert!(matches!(refused, HeadsError::Line { number: 3, .. }), "{refused}");
        assert!(matches!(read_heads(&folder.path().join("absent")), Err(HeadsError::System(_))));
    }

    #[test]
    fn where_nothing_can_be_written_that_is_said() {
        let folder = tempfile::tempdir().unwrap();
        assert!(append_head(&folder.path().join("absent/heads"), &head(1)).is_err());
        assert!(append_head(folder.path(), &head(1)).is_err());
    }
}
