//! The chain of one file's events: what its owner sees and can verify without seeing anyone else's.

use super::chain::{update_optional, update_text};
use super::{Anchor, Break, BreakCause, Event, EventKind, GrantMark, Head, Link};
use crate::Timestamp;
use crate::id::{EventId, FileId, UserId};
use sha2::{Digest, Sha256};

/// An event's place in the chain of its file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FilePlace {
    /// The place, from 1.
    pub sequence: u64,
    /// The hash over the file's chain up to here.
    pub head: Head,
}

/// An event in the chain of a file, as its owner sees it: without the sessions and addresses of others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileLink {
    /// The event's place, from 1.
    pub sequence: u64,
    /// The event.
    pub event_id: EventId,
    /// When it happened.
    pub at: Timestamp,
    /// What happened.
    pub kind: EventKind,
    /// Who did it, if that is known: nobody is known who holds a link.
    pub actor: Option<UserId>,
    /// The share or link that it is about, or by whose right it happened.
    pub grant: Option<GrantMark>,
    /// The hash over the chain up to here.
    pub head: Head,
}

impl Anchor {
    /// The chain of a file to which nothing has happened.
    #[must_use]
    pub fn of_file(file_id: FileId) -> Self {
        let mut hasher = Sha256::new();
        hasher.update(b"epic/v1/file-audit\0");
        hasher.update(file_id.as_bytes());
        Self { length: 0, head: Head::from_bytes(hasher.finalize().into()) }
    }
}

impl FilePlace {
    /// The place that `event` takes in the chain of its file, which stands at `of_file`, or has not begun.
    pub(super) fn next(event: &Event, of_file: Option<Anchor>) -> Option<Self> {
        let mark = event.file?;
        let anchor = of_file.unwrap_or_else(|| Anchor::of_file(mark.file_id));
        let link = FileLink {
            sequence: anchor.length.saturating_add(1),
            event_id: event.id,
            at: event.at,
            kind: event.kind,
            actor: event.user_id,
            grant: mark.grant,
            head: anchor.head,
        };
        Some(Self { sequence: link.sequence, head: link.hash_after(&anchor.head) })
    }

    /// Where the file's chain stands once this place is its last.
    #[must_use]
    pub const fn anchor(&self) -> Anchor {
        Anchor { length: self.sequence, head: self.head }
    }
}

impl FileLink {
    /// What the owner of the file sees of a link, if it is about a file.
    #[must_use]
    pub fn of(link: &Link) -> Option<Self> {
        let (place, mark) = (link.file?, link.event.file?);
        Some(Self {
            sequence: place.sequence,
            event_id: link.event.id,
            at: link.event.at,
            kind: link.event.kind,
            actor: link.event.user_id,
            grant: mark.grant,
            head: place.head,
        })
    }

    /// The hash that this link must carry when the chain before it ends in `previous`: SHA-256 over the text
    /// `epic/v1/file-audit-link` and a zero byte, `previous`, the place (8 bytes, big-endian), the event's id (16 bytes),
    /// its time in milliseconds since 1970 (8 bytes), its kind (its length in 8 bytes, then the text), the actor's id and the
    /// grant. Each of the last two is a zero byte when there is none, otherwise a one, its length in 8 bytes and its bytes; a
    /// grant's bytes are `s` for a share or `l` for a link, and its id.
    #[must_use]
    pub fn hash_after(&self, previous: &Head) -> Head {
        let mut hasher = Sha256::new();
        hasher.update(b"epic/v1/file-audit-link\0");
        hasher.update(previous.as_bytes());
        hasher.update(self.sequence.to_be_bytes());
        hasher.update(self.event_id.as_bytes());
        hasher.update(self.at.as_millis().to_be_bytes());
        update_text(&mut hasher, self.kind.as_str());
        update_optional(&mut hasher, self.actor.as_ref().map(|id| id.as_bytes().as_slice()));
        update_optional(&mut hasher, self.grant.map(GrantMark::to_bytes).as_ref().map(<[u8; 17]>::as_slice));
        Head::from_bytes(hasher.finalize().into())
    }
}

/// Checks that `links` continue a file's chain at `from`, each in its place, and returns where it stands after them.
///
/// # Errors
/// The first [`Break`].
pub fn verify_file(from: Anchor, links: impl IntoIterator<Item = FileLink>) -> Result<Anchor, Break> {
    links.into_iter().try_fold(from, |anchor, link| {
        let expected = anchor.length.saturating_add(1);
        if link.sequence != expected {
            return Err(Break { sequence: expected, cause: BreakCause::OutOfSequence });
        }
        if link.hash_after(&anchor.head) != link.head {
            return Err(Break { sequence: expected, cause: BreakCause::Altered });
        }
        Ok(Anchor { length: link.sequence, head: link.head })
    })
}
