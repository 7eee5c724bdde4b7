//! The hash chain over events, and its check.

use super::{Event, FilePlace};
use sha2::{Digest, Sha256};

/// The hash over the chain up to and including some event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head([u8; 32]);

/// Where a chain stands: how many events it has and the hash over them. Kept apart from the events, it shows a chain
/// that was cut off at its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Anchor {
    /// Number of events.
    pub length: u64,
    /// Hash over them.
    pub head: Head,
}

/// An event in its place in the chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// The event's place, from 1.
    pub sequence: u64,
    /// The event.
    pub event: Event,
    /// The hash over the chain up to here.
    pub head: Head,
    /// The event's place in the chain of its file, if it is about one.
    pub file: Option<FilePlace>,
}

/// The first place where a chain does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Break {
    /// The place, from 1.
    pub sequence: u64,
    /// What is wrong there.
    pub cause: BreakCause,
}

/// What is wrong with a chain at some place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BreakCause {
    /// The place is taken by another number: an event was removed, moved or put in.
    OutOfSequence,
    /// The event is not the one that was hashed.
    Altered,
    /// The chain is shorter than its anchor says, or ends in another hash.
    Truncated,
}

impl core::fmt::Display for Break {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let cause = match self.cause {
            BreakCause::OutOfSequence => "is missing, moved or put in",
            BreakCause::Altered => "was altered",
            BreakCause::Truncated => "should follow but the chain ends",
        };
        write!(formatter, "event {} {cause}", self.sequence)
    }
}

impl core::error::Error for Break {}

impl Head {
    /// The head with these bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl Anchor {
    /// A chain with no events.
    #[must_use]
    pub fn empty() -> Self {
        Self { length: 0, head: Head(Sha256::digest(b"epic/v1/audit").into()) }
    }

    /// The link that puts `event` at the end of the chain. For an event about a file, `of_file` is where that file's chain
    /// stands; the file's chain grows by the same step, and its new head is hashed into this one, so that whoever vouches
    /// for the whole chain vouches for each file's.
    #[must_use]
    pub fn link(&self, event: Event, of_file: Option<Self>) -> Link {
        let sequence = self.length.saturating_add(1);
        let file = FilePlace::next(&event, of_file);
        let head = hash(&self.head, sequence, &event, file.as_ref());
        Link { sequence, event, head, file }
    }
}

impl Link {
    /// Where the chain stands once this link is its last.
    #[must_use]
    pub const fn anchor(&self) -> Anchor {
        Anchor { length: self.sequence, head: self.head }
    }
}

/// Checks that `links` continue the chain at `from`, each in its place, and returns where it stands after them.
///
/// Compare the result with an anchor kept elsewhere by [`Anchor::matches`], or a chain that was cut off passes.
///
/// # Errors
/// The first [`Break`].
pub fn verify(from: Anchor, links: impl IntoIterator<Item = Link>) -> Result<Anchor, Break> {
    links.into_iter().try_fold(from, |anchor, link| {
        let expected = anchor.length.saturating_add(1);
        if link.sequence != expected {
            return Err(Break { sequence: expected, cause: BreakCause::OutOfSequence });
        }
        if hash(&anchor.head, link.sequence, &link.event, link.file.as_ref()) != link.head {
            return Err(Break { sequence: expected, cause: BreakCause::Altered });
        }
        Ok(link.anchor())
    })
}

impl Anchor {
    /// Checks that a verified chain ends where `self` says.
    ///
    /// # Errors
    /// A [`Break`] of cause [`BreakCause::Truncated`] at the first place that is not as anchored.
    pub fn matches(&self, verified: Anchor) -> Result<(), Break> {
        if *self == verified {
            Ok(())
        } else {
            Err(Break {
                sequence: verified.length.min(self.length).saturating_add(1),
                cause: BreakCause::Truncated,
            })
        }
    }
}

/// The hash of a link. Every field is written with a fixed length or a length before it, so that no two events share
/// an encoding.
fn hash(previous: &Head, sequence: u64, event: &Event, file: Option<&FilePlace>) -> Head {
    let mut hasher = Sha256::new();
    hasher.update(b"epic/v1/audit-link\0");
    hasher.update(previous.0);
    hasher.update(sequence.to_be_bytes());
    hasher.update(event.id.as_bytes());
    hasher.update(event.at.as_millis().to_be_bytes());
    update_text(&mut hasher, event.kind.as_str());
    update_optional(&mut hasher, event.user_id.as_ref().map(|id| id.as_bytes().as_slice()));
    update_optional(&mut hasher, event.session_id.as_ref().map(|id| id.as_bytes().as_slice()));
    update_optional(
        &mut hasher,
        event.origin.map(crate::network::IpPrefix::to_bytes).as_ref().map(<[u8; 16]>::as_slice),
    );
    update_optional(&mut hasher, event.reason.map(|reason| reason.as_str().as_bytes()));
    hasher.update(event.count.to_be_bytes());
    update_optional(&mut hasher, event.file.as_ref().map(|mark| mark.file_id.as_bytes().as_slice()));
    let grant = event.file.and_then(|mark| mark.grant).map(super::GrantMark::to_bytes);
    update_optional(&mut hasher, grant.as_ref().map(<[u8; 17]>::as_slice));
    update_optional(&mut hasher, file.map(|place| place.head.as_bytes().as_slice()));
    Head(hasher.finalize().into())
}

pub(super) fn update_text(hasher: &mut Sha256, text: &str) {
    hasher.update(u64::try_from(text.len()).unwrap_or(u64::MAX).to_be_bytes());
    hasher.update(text);
}

pub(super) fn update_optional(hasher: &mut Sha256, bytes: Option<&[u8]>) {
    match bytes {
        None => hasher.update([0]),
        Some(bytes) => {
            hasher.update([1]);
            hasher.update(u64::try_from(bytes.len()).unwrap_or(u64::MAX).to_be_bytes());
            hasher.update(bytes);
        }
    }
}
