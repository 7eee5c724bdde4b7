//! The walk along the chain, past every signed head.

use super::AuditError;
use core::fmt;
use core::time::Duration;
use epic_domain::Timestamp;
use epic_domain::audit::{Anchor, Link, SignedHead, verify};
use epic_domain::key_id::KeyId;
use epic_outbound::audit::Audit;
use epic_outbound::head_signer::HeadSigner;
use std::collections::VecDeque;
use std::path::PathBuf;
use std::time::SystemTime;

/// Events and heads read at a time.
const PAGE: u32 = 1_000;

/// Where a signed head was kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum HeadSource {
    /// Beside the chain.
    Store,
    /// In a file.
    File(PathBuf),
}

impl fmt::Display for HeadSource {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Store => formatter.write_str("the database"),
            Self::File(path) => path.display().fmt(formatter),
        }
    }
}

/// A signed head and where it was kept.
#[derive(Debug, Clone)]
pub(super) struct KeptHead {
    pub(super) head: SignedHead,
    pub(super) source: HeadSource,
}

/// A signed head that the chain does not fit, or that is none.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum HeadBreak {
    #[error(
        "the head over {length} events in {source_name} is not genuine: it was changed, or the key {key_id} that should have signed it is not in the key file audit-signing-keys"
    )]
    NotGenuine { length: u64, key_id: KeyId, source_name: HeadSource },
    #[error(
        "event {} or one after it, up to {length}, was rewritten: the first {length} events are not those that were signed at {} ({source_name})", fitting + 1, rfc_3339(*at)
    )]
    Rewritten { length: u64, fitting: u64, at: Timestamp, source_name: HeadSource },
    #[error(
        "event {} should follow but the chain ends: {length} events were signed at {} ({source_name})", end + 1, rfc_3339(*at)
    )]
    CutOff { length: u64, end: u64, at: Timestamp, source_name: HeadSource },
}

fn rfc_3339(at: Timestamp) -> humantime::Rfc3339Timestamp {
    humantime::format_rfc3339_millis(SystemTime::UNIX_EPOCH + Duration::from_millis(at.as_millis()))
}

/// What was shown to hold.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Verified {
    /// Where the chain stands.
    pub(super) anchor: Anchor,
    /// How many signed heads it was checked against.
    pub(super) heads: u64,
    /// How many events the longest of them covers.
    pub(super) signed_length: u64,
}

/// Reads the whole chain and checks it, that it ends where its anchor says, and that it passes through every signed head:
/// those of the store and those that were kept elsewhere. The first event that is wrong is named.
pub(super) async fn verify_chain(
    audit: &dyn Audit,
    signer: Option<&dyn HeadSigner>,
    mut kept: Vec<KeptHead>,
) -> Result<Verified, AuditError> {
    kept.sort_by_key(|kept| kept.head.anchor.length);
    let mut walk = Walk::new(signer, kept.into());
    walk.pass(&mut VecDeque::new())?;
    loop {
        // In this order, since other nodes may append meanwhile: what an anchor or a head tells of is read after it.
        let anchor = audit.anchor().await?;
        // A page of links never takes in more than a page of heads: the store keeps one for a length.
        let stored = audit.signed_heads(walk.verified.anchor.length, PAGE).await?;
        let stored = stored.into_iter().map(|head| KeptHead { head, source: HeadSource::Store });
        let links = audit.read(walk.verified.anchor.length, PAGE).await?;
        if links.is_empty() {
            anchor.matches(walk.verified.anchor)?;
            return walk.end(stored.collect());
        }
        walk.follow(links, stored.collect())?;
    }
}

/// How far the chain was followed.
struct Walk<'a> {
    signer: Option<&'a dyn HeadSigner>,
    /// Heads that lie ahead, the shortest first.
    kept: VecDeque<KeptHead>,
    verified: Verified,
}

impl<'a> Walk<'a> {
    fn new(signer: Option<&'a dyn HeadSigner>, kept: VecDeque<KeptHead>) -> Self {
        let verified = Verified { anchor: Anchor::empty(), heads: 0, signed_length: 0 };
        Self { signer, kept, verified }
    }

    fn follow(&mut self, links: Vec<Link>, mut stored: VecDeque<KeptHead>) -> Result<(), AuditError> {
        for link in links {
            self.verified.anchor = verify(self.verified.anchor, [link])?;
            self.pass(&mut stored)?;
        }
        Ok(())
    }

    /// Checks the heads over as many events as were followed.
    fn pass(&mut self, stored: &mut VecDeque<KeptHead>) -> Result<(), HeadBreak> {
        let anchor = self.verified.anchor;
        let reached = |kept: &mut KeptHead| kept.head.anchor.length <= anchor.length;
        while let Some(kept) = stored.pop_front_if(reached).or_else(|| self.kept.pop_front_if(reached)) {
            let KeptHead { head, source: source_name } = self.genuine(kept)?;
            let (length, at) = (head.anchor.length, head.at);
            if head.anchor != anchor {
                let fitting = self.verified.signed_length;
                return Err(HeadBreak::Rewritten { length, fitting, at, source_name });
            }
            self.verified.heads = self.verified.heads.saturating_add(1);
            self.verified.signed_length = length;
        }
        Ok(())
    }

    /// The chain has ended: no head may lie ahead.
    fn end(mut self, mut stored: VecDeque<KeptHead>) -> Result<Verified, AuditError> {
        let Some(ahead) = stored.pop_front().or_else(|| self.kept.pop_front()) else {
            return Ok(self.verified);
        };
        let KeptHead { head, source: source_name } = self.genuine(ahead)?;
        let (length, end, at) = (head.anchor.length, self.verified.anchor.length, head.at);
        Err(HeadBreak::CutOff { length, end, at, source_name }.into())
    }

    fn genuine(&self, kept: KeptHead) -> Result<KeptHead, HeadBreak> {
        if self.signer.is_some_and(|signer| signer.is_genuine(&kept.head)) {
            return Ok(kept);
        }
        let KeptHead { head, source: source_name } = kept;
        Err(HeadBreak::NotGenuine { length: head.anchor.length, key_id: head.key_id, source_name })
    }
}
