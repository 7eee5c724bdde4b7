//! The end of the audit chain, where events are put.
//!
//! The anchor's document decides: in one step it moves from where an append begins to where it ends, and takes the links
//! between along. They are put in their places after that, in order. Whoever goes on from an anchor, or tells of it, makes
//! sure first that its links are in their places: a node that dies half-way loses nothing and holds nobody up, as it would
//! with a transaction that it leaves open.

use crate::audit::anchor_of_file;
use crate::collections::Collections;
use crate::documents::anchor::{move_to, standing_at, the_anchor};
use crate::documents::link::{LinkDocument, PresentDocument, among};
use crate::errors::Failure;
use epic_domain::audit::{Anchor, Event};
use epic_domain::id::FileId;
use futures_util::{StreamExt, TryStreamExt, stream};
use mongodb::options::ReadConcern;
use std::collections::{HashMap, HashSet};

/// How often an append begins anew when the anchor was not where it was remembered. Each time another node has appended.
const TRIES_MAX: u32 = 128;
/// Chains of files that are asked for at once.
const READS_AT_ONCE: usize = 8;

/// Appends, and remembers where the chain stands then.
pub(crate) async fn append_together(
    collections: &Collections,
    remembered: &mut Option<Anchor>,
    events: &[Event],
) -> Result<(), Failure> {
    let mut attempted = None;
    for _ in 0..TRIES_MAX {
        // What was remembered is good for one try: another node may have moved the anchor.
        let from = match remembered.take() {
            Some(from) => from,
            None => settled(collections).await?,
        };
        // The driver asks again when an answer is lost, and a server may have forgotten that it has done this before.
        if attempted == Some(from) {
            *remembered = attempted;
            return Ok(());
        }
        // The file chains grow only with this one, so that what is read of them holds once the anchor has moved.
        let (end, links) = Chain::read(collections, from, events).await?.grow(events)?;
        let moved = collections.audit_anchor.update_one(standing_at(from)?, move_to(end, &links)?).await?;
        if moved.matched_count == 1 {
            put_in_place(collections, &links).await?;
            *remembered = Some(end);
            return Ok(());
        }
        attempted = Some(end);
    }
    Err(Failure::Contended)
}

/// Where the chain stands, every link up to there in its place. An anchor that is missing is damage: it was made with the
/// database.
pub(crate) async fn settled(collections: &Collections) -> Result<Anchor, Failure> {
    let stored = collections.audit_anchor.find_one(the_anchor()).await?;
    let stored = stored.ok_or(Failure::Damaged("anchor"))?;
    let anchor = stored.decode()?;
    put_missing(collections, stored.links()).await?;
    Ok(anchor)
}

/// Puts new links in their places.
async fn put_in_place(collections: &Collections, links: &[LinkDocument]) -> Result<(), Failure> {
    match insert(collections, links).await {
        // Another node has met the anchor and is at it, too.
        Err(failure) if failure.is_duplicate_key() => put_missing(collections, links).await,
        other => other,
    }
}

/// Puts those links in their places that are not there yet.
async fn put_missing(collections: &Collections, links: &[LinkDocument]) -> Result<(), Failure> {
    let mut left = missing(collections, links).await?;
    while !left.is_empty() {
        match insert(collections, left).await {
            Err(failure) if failure.is_duplicate_key() => {}
            other => return other,
        }
        let still = missing(collections, links).await?;
        // Whoever else puts the same links there has put one at least. Anything else in their way does not belong there.
        if still.len() >= left.len() {
            return Err(Failure::Damaged("link"));
        }
        left = still;
    }
    Ok(())
}

/// One after the other, so that a place is never filled before those that come before it.
async fn insert(collections: &Collections, links: &[LinkDocument]) -> Result<(), Failure> {
    collections.audit.insert_many(links).ordered(true).await?;
    Ok(())
}

/// Those of consecutive links that are not in their places yet: what follows those that are.
async fn missing<'links>(
    collections: &Collections,
    links: &'links [LinkDocument],
) -> Result<&'links [LinkDocument], Failure> {
    let places = collections.audit.clone_with_type::<PresentDocument>();
    // What a majority holds may lie behind. The anchor, which a majority does hold, has these links too.
    let there = places.find(among(links)).projection(PresentDocument::projection());
    let there = there.read_concern(ReadConcern::local()).await?;
    let there: Vec<PresentDocument> = there.try_collect().await?;
    Ok(links.get(there.len()..).unwrap_or_default())
}

/// The chain, and those of the files that events are about.
struct Chain {
    anchor: Anchor,
    of_files: HashMap<FileId, Anchor>,
}

impl Chain {
    async fn read(collections: &Collections, anchor: Anchor, events: &[Event]) -> Result<Self, Failure> {
        let files: HashSet<FileId> = events.iter().filter_map(|event| Some(event.file?.file_id)).collect();
        let read = |file_id| async move {
            // What a majority holds may lie behind, at a new primary even behind what was answered. The anchor decides, which
            // is written where this is read.
            let anchor = anchor_of_file(collections, file_id, ReadConcern::local()).await?;
            Ok::<_, Failure>((file_id, anchor))
        };
        let anchors = stream::iter(files).map(read).buffer_unordered(READS_AT_ONCE);
        Ok(Self { anchor, of_files: anchors.try_collect::<HashMap<_, _>>().await? })
    }

    /// The links of the events, and where the chain stands after them.
    fn grow(mut self, events: &[Event]) -> Result<(Anchor, Vec<LinkDocument>), Failure> {
        let mut links = Vec::with_capacity(events.len());
        for event in events {
            let mut of_file = event.file.and_then(|mark| self.of_files.get_mut(&mark.file_id));
            let link = self.anchor.link(event.clone(), of_file.as_deref().copied());
            self.anchor = link.anchor();
            if let (Some(anchor), Some(place)) = (&mut of_file, &link.file) {
                **anchor = place.anchor();
            }
            links.push(LinkDocument::encode(&link)?);
        }
        Ok((self.anchor, links))
    }
}
