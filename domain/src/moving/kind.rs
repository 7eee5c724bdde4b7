//! The kinds of records, in the order in which they move.

use crate::audit::named_variants;

named_variants! {
    /// A kind of record. What others refer to comes before them: accounts before their sessions, files before their shares.
    Kind {
        /// Accounts with their recovery codes.
        Account = "accounts",
        /// Sessions that have not ended.
        Session = "sessions",
        /// Sessions that have ended, while tokens of theirs may still be about.
        Revocation = "revocations",
        /// How much accounts store, and which change of their files was the last.
        Usage = "usages",
        /// Files with their newest contents, the trash included.
        File = "files",
        /// Files that were removed for good, as changes.
        RemovedFile = "removed_files",
        /// Earlier contents of files.
        EarlierContent = "earlier_contents",
        /// Uploads under way.
        Upload = "uploads",
        /// Shares.
        Share = "shares",
        /// Links.
        Link = "links",
        /// Requests that are to take effect once, and did.
        Request = "requests",
        /// Blobs that nothing needs any more and that are still in the blob store.
        DoomedBlob = "doomed_blobs",
        /// Events in their places in the audit chain.
        Event = "events",
        /// Where the audit chain stands.
        Anchor = "anchor",
        /// Where it stood, signed.
        SignedHead = "signed_heads",
    }
}

impl Kind {
    /// The kind that moves after this one.
    #[must_use]
    pub fn next(self) -> Option<Self> {
        Self::ALL.iter().copied().skip_while(|kind| *kind != self).nth(1)
    }
}

impl core::fmt::Display for Kind {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        formatter.write_str(&self.as_str().replace('_', " "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn from_the_first_kind_the_next_leads_through_all() {
        let walked: Vec<_> = core::iter::successors(Some(Kind::Account), |kind| kind.next()).collect();
        assert_eq!(walked, Kind::ALL);
    }
}
