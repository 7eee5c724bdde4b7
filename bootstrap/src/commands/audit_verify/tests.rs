//! What the check finds, and what it names.

use super::*;
use async_trait::async_trait;
use epic_domain::Timestamp;
use epic_domain::audit::{Anchor, BreakCause, Event, EventKind, FileLink, Link, SignedHead};
use epic_domain::id::{EventId, FileId, UserId};
use epic_domain::key_id::KeyId;
use epic_domain::secret::Secret;
use epic_outbound::audit::Audit;
use epic_sign_ed25519::HeadKey;

/// A chain in memory with an anchor and signed heads of its own.
struct Chain {
    links: Vec<Link>,
    anchor: Anchor,
    heads: Vec<SignedHead>,
}

#[async_trait]
impl Audit for Chain {
    async fn append(&self, _events: &[Event]) -> Result<(), StoreError> {
        Err(StoreError::Unavailable("read only".into()))
    }

    async fn anchor(&self) -> Result<Anchor, StoreError> {
        Ok(self.anchor)
    }

    async fn read(&self, after: u64, limit: u32) -> Result<Vec<Link>, StoreError> {
        let links = self.links.iter().filter(|link| link.sequence > after);
        Ok(links.take(usize::try_from(limit).unwrap()).cloned().collect())
    }

    async fn list(
        &self,
        _user_id: UserId,
        _kind: Option<EventKind>,
        _before: Option<u64>,
        _limit: u32,
    ) -> Result<Vec<Link>, StoreError> {
        Err(StoreError::Unavailable("not asked for".into()))
    }

    async fn list_of_file(
        &self,
        _file_id: FileId,
        _after: u64,
        _limit: u32,
    ) -> Result<Vec<FileLink>, StoreError> {
        Err(StoreError::Unavailable("not asked for".into()))
    }

    async fn anchor_of_file(&self, _file_id: FileId) -> Result<Anchor, StoreError> {
        Err(StoreError::Unavailable("not asked for".into()))
    }

    async fn keep_signed_head(&self, _head: &SignedHead) -> Result<(), StoreError> {
        Err(StoreError::Unavailable("read only".into()))
    }

    async fn signed_heads(&self, after: u64, limit: u32) -> Result<Vec<SignedHead>, StoreError> {
        let heads = self.heads.iter().filter(|head| head.anchor.length > after);
        Ok(heads.take(usize::try_from(limit).unwrap()).cloned().collect())
    }
}

impl Chain {
    /// The same chain with its heads signed at these lengths.
    fn signed_at(mut self, lengths: &[u64]) -> Self {
        self.heads = lengths.iter().map(|length| self.head_at(*length)).collect();
        self
    }

    fn head_at(&self, length: u64) -> SignedHead {
        let index = usize::try_from(length).unwrap();
        let anchor = index.checked_sub(1).map_or_else(Anchor::empty, |index| self.links[index].anchor());
        signer().sign(anchor, Timestamp::from_millis(1_800_000_000_000)).unwrap()
    }

    /// What is left when the newest events are cut off and the anchor is made to fit.
    fn cut_off_at(mut self, length: u64) -> Self {
        self.links.truncate(usize::try_from(length).unwrap());
        self.anchor = self.links.last().map_or_else(Anchor::empty, Link::anchor);
        self
    }
}

fn signer() -> Ed25519HeadSigner {
    let key = HeadKey::new(KeyId::parse("k1").unwrap(), &Secret::new([7; 32]));
    Ed25519HeadSigner::new(vec![key]).unwrap()
}

/// A chain that counts `count` for the event at `other`: all hashes fit.
fn chain_with(length: u64, other: Option<u64>) -> Chain {
    let mut anchor = Anchor::empty();
    let links = (0..length)
        .map(|number| {
            let at = Timestamp::from_millis(number);
            let id = EventId::from_parts(at, &[7; 10]);
            let (kind, user_id, session_id, origin, reason) = (EventKind::Login, None, None, None, None);
            let count = if other == Some(number + 1) { 2 } else { 1 };
            let event = Event { id, at, kind, user_id, session_id, origin, reason, count, file: None };
            let link = anchor.link(event, None);
            anchor = link.anchor();
            link
        })
        .collect();
    Chain { links, anchor, heads: Vec::new() }
}

fn chain(length: u64) -> Chain {
    chain_with(length, None)
}

fn elsewhere(heads: impl IntoIterator<Item = SignedHead>) -> Vec<KeptHead> {
    let source = || HeadSource::File(PathBuf::from("usb/heads.jsonl"));
    heads.into_iter().map(|head| KeptHead { head, source: source() }).collect()
}

async fn check(chain: &Chain, kept: Vec<KeptHead>) -> Result<Verified, AuditError> {
    verify_chain(chain, Some(&signer()), kept).await
}

async fn first_break(chain: Chain) -> Break {
    match check(&chain, Vec::new()).await {
        Err(AuditError::Broken(found)) => found,
        other => panic!("{other:?}"),
    }
}

async fn head_break(chain: &Chain, kept: Vec<KeptHead>) -> HeadBreak {
    match check(chain, kept).await {
        Err(AuditError::Signed(found)) => found,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_whole_chain_of_several_pages_holds() {
    for length in [0, 1, 1_000, 2_345] {
        let verified = check(&chain(length), Vec::new()).await.unwrap();
        assert_eq!((verified.anchor.length, verified.heads), (length, 0));
    }
}

#[tokio::test]
async fn h03_the_first_bad_event_is_named() {
    let mut altered = chain(1_500);
    altered.links[1_199].event.count = 2;
    assert_eq!(first_break(altered).await, Break { sequence: 1_200, cause: BreakCause::Altered });

    let mut removed = chain(1_500);
    removed.links.remove(1_000);
    assert_eq!(first_break(removed).await, Break { sequence: 1_001, cause: BreakCause::OutOfSequence });

    let mut cut_off = chain(1_500);
    cut_off.links.truncate(1_400);
    assert_eq!(first_break(cut_off).await, Break { sequence: 1_401, cause: BreakCause::Truncated });
}

#[tokio::test]
async fn every_signed_head_is_checked_wherever_it_was_kept() {
    let chain = chain(2_345).signed_at(&[1, 999, 1_000, 1_001, 2_000, 2_345]);
    let kept = elsewhere([2_345, 1_000, 0, 17].map(|length| chain.head_at(length)));
    let verified = check(&chain, kept).await.unwrap();
    assert_eq!(verified, Verified { anchor: chain.anchor, heads: 10, signed_length: 2_345 });
}

#[tokio::test]
async fn a_head_over_each_event_is_not_too_many() {
    let lengths: Vec<u64> = (1..=2_100).collect();
    let chain = chain(2_100).signed_at(&lengths);
    assert_eq!(check(&chain, Vec::new()).await.unwrap().heads, 2_100);
}

#[tokio::test]
async fn h03_a_chain_written_anew_from_some_event_on_does_not_fit_the_heads_signed_after_it() {
    let honest = chain(1_500).signed_at(&[500, 1_200, 1_400]);
    let heads = honest.heads.clone();
    let rewritten = Chain { heads: heads.clone(), ..chain_with(1_500, Some(700)) };
    let found = head_break(&rewritten, Vec::new()).await;
    let HeadBreak::Rewritten { length: 1_200, fitting: 500, .. } = found else { panic!("{found:?}") };
    let text = found.to_string();
    assert!(text.contains("event 501 or one after it, up to 1200, was rewritten"), "{text}");
    assert!(text.contains("2027-01-15T08:00:00.000Z") && text.contains("the database"), "{text}");

    // Whoever rewrites the chain removes the heads beside it too; not those that were carried away.
    let bare = chain_with(1_500, Some(700));
    assert!(check(&bare, Vec::new()).await.is_ok());
    let found = head_break(&bare, elsewhere(heads)).await;
    assert!(found.to_string().contains("usb/heads.jsonl"), "{found}");
}

#[tokio::test]
async fn h03_a_chain_cut_off_together_with_its_anchor_is_shorter_than_a_head() {
    let honest = chain(1_500).signed_at(&[400, 1_450]);
    let kept = elsewhere(honest.heads.clone());
    let cut_off = honest.cut_off_at(1_400);
    let found = head_break(&cut_off, Vec::new()).await;
    assert!(matches!(found, HeadBreak::CutOff { length: 1_450, end: 1_400, .. }), "{found:?}");
    assert!(found.to_string().contains("event 1401 should follow but the chain ends"), "{found}");

    let bare = Chain { heads: Vec::new(), ..cut_off };
    assert!(check(&bare, Vec::new()).await.is_ok());
    let found = head_break(&bare, kept).await;
    assert!(matches!(found, HeadBreak::CutOff { length: 1_450, end: 1_400, .. }), "{found:?}");

    let emptied = chain(1_500).cut_off_at(0);
    let found = head_break(&emptied, elsewhere([chain(3).head_at(3)])).await;
    assert!(matches!(found, HeadBreak::CutOff { length: 3, end: 0, .. }), "{found:?}");
}

#[tokio::test]
async fn a_head_that_was_changed_or_signed_by_another_is_not_believed() {
    let mut chain = chain(1_500).signed_at(&[700]);
    chain.heads[0].signature[0] ^= 1;
    let found = head_break(&chain, Vec::new()).await;
    assert!(matches!(found, HeadBreak::NotGenuine { length: 700, .. }), "{found:?}");

    // One that lies past the end cannot make the chain look cut off.
    let chain = self::chain(1_500).signed_at(&[700]);
    let mut foreign = chain.head_at(1_000);
    foreign.anchor.length = 9_999;
    let found = head_break(&chain, elsewhere([foreign.clone()])).await;
    assert!(matches!(found, HeadBreak::NotGenuine { length: 9_999, .. }), "{found:?}");
    foreign.anchor.length = 1_000;
    foreign.key_id = KeyId::parse("k2").unwrap();
    let found = head_break(&chain, elsewhere([foreign])).await;
    assert!(found.to_string().contains("the key k2"), "{found}");
}

#[tokio::test]
async fn without_a_key_heads_are_not_believed_and_without_heads_no_key_is_needed() {
    let bare = chain(10);
    assert!(verify_chain(&bare, None, Vec::new()).await.is_ok());
    let signed = chain(10).signed_at(&[5]);
    let refused = verify_chain(&signed, None, Vec::new()).await;
    assert!(matches!(refused, Err(AuditError::Signed(HeadBreak::NotGenuine { length: 5, .. }))));
}

#[test]
fn heads_are_gathered_from_the_data_folder_and_from_where_one_says() {
    let data = tempfile::tempdir().unwrap();
    let other = data.path().join("carried-away");
    assert!(kept_heads(data.path(), &[]).unwrap().is_empty());
    let chain = chain(3);
    crate::audit_heads::append_head(&audit_heads_file_of(data.path()), &chain.head_at(1)).unwrap();
    crate::audit_heads::append_head(&other, &chain.head_at(2)).unwrap();
    let kept = kept_heads(data.path(), std::slice::from_ref(&other)).unwrap();
    assert_eq!(kept.iter().map(|kept| kept.head.anchor.length).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(kept[1].source, HeadSource::File(other));
    let absent = kept_heads(data.path(), &[data.path().join("absent")]).unwrap_err();
    assert!(matches!(absent, AuditError::Heads { .. }));
}
