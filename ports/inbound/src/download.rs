//! Fetch contents: by those who own a file, have a share of it or hold a link to it.

use crate::authenticate::Authenticated;
use crate::gate::Admission;
use crate::recorder::Happening;
use crate::sight::{Sight, grant_mark};
use crate::{Fault, Recorder};
use bytes::Bytes;
use core::ops::Range;
use epic_domain::audit::EventKind;
use epic_domain::file::{Content, ContentNumber, FileAccess, Link, LinkToken, Right};
use epic_domain::id::FileId;
use epic_domain::network::IpPrefix;
use epic_outbound::blobs::{BlobError, BlobReader, Blobs};
use epic_outbound::clock::Clock;
use epic_outbound::files::Files;
use epic_outbound::links::Links;
use epic_outbound::shares::Shares;
use std::sync::Arc;

/// The ports that fetching needs.
#[derive(Clone)]
pub struct DownloadPorts {
    /// Files.
    pub files: Arc<dyn Files>,
    /// Shares.
    pub shares: Arc<dyn Shares>,
    /// Links.
    pub links: Arc<dyn Links>,
    /// Bytes.
    pub blobs: Arc<dyn Blobs>,
    /// Time.
    pub clock: Arc<dyn Clock>,
}

/// A content that someone may fetch, with the proof.
#[derive(Debug, Clone)]
pub struct Fetchable {
    access: FileAccess,
    content: Content,
}

impl Fetchable {
    /// By what right, and of which file.
    #[must_use]
    pub const fn access(&self) -> &FileAccess {
        &self.access
    }

    /// The content.
    #[must_use]
    pub const fn content(&self) -> &Content {
        &self.content
    }
}

/// A content that the holder of a link may fetch.
#[derive(Debug, Clone)]
pub struct LinkedContent {
    /// The content.
    pub fetchable: Fetchable,
    /// The link.
    pub link: Link,
}

/// The bytes of a content, or a range of them, as they are read.
pub struct ContentStream {
    reader: Box<dyn BlobReader>,
}

impl ContentStream {
    /// The next bytes; `None` at the end, and only there.
    ///
    /// # Errors
    /// [`Fault`] when the rest cannot be read: the reply must break off visibly.
    pub async fn next(&mut self) -> Result<Option<Bytes>, Fault> {
        Ok(self.reader.next().await?)
    }
}

/// Fetches contents.
#[derive(Clone)]
pub struct Download {
    ports: DownloadPorts,
    sight: Sight,
    recorder: Recorder,
}

impl Download {
    /// Fetches through these ports.
    #[must_use]
    pub fn new(ports: DownloadPorts, recorder: Recorder) -> Self {
        let sight = Sight::new(Arc::clone(&ports.files), Arc::clone(&ports.shares), Arc::clone(&ports.clock));
        Self { ports, sight, recorder }
    }

    /// The newest content of a file that the caller may see.
    ///
    /// # Errors
    /// [`Fault`] when the store does not answer.
    pub async fn find(&self, caller: &Authenticated, file_id: FileId) -> Result<Option<Fetchable>, Fault> {
        let seen = self.sight.seen(caller.user().id, file_id).await?;
        Ok(seen.map(|seen| Fetchable { content: seen.access.content().clone(), access: seen.access }))
    }

    /// An earlier content of one of the caller's own files. The present one is found by its number, too.
    ///
    /// # Errors
    /// [`Fault`] when the store does not answer.
    pub async fn find_version(
        &self,
        caller: &Authenticated,
        file_id: FileId,
        number: ContentNumber,
    ) -> Result<Option<Fetchable>, Fault> {
        let own = self.sight.own(caller.user().id, file_id).await?;
        let Some(access) = own.and_then(|(file, _)| file.access_of_owner(caller.user().id)) else {
            return Ok(None);
        };
        if access.content().number == number {
            return Ok(Some(Fetchable { content: access.content().clone(), access }));
        }
        let content = self.ports.files.find_version(file_id, number).await?;
        Ok(content.map(|content| Fetchable { access, content }))
    }

    /// The content that a link opens.
    ///
    /// # Errors
    /// [`Fault`] when the store does not answer.
    pub async fn find_linked(
        &self,
        token: &LinkToken,
        _admission: &Admission,
    ) -> Result<Option<LinkedContent>, Fault> {
        let found = self.ports.links.find(&token.digest()).await?;
        let now = self.ports.clock.now();
        Ok(found.and_then(|(link, file)| {
            let access = FileAccess::by_link(&file, &link, now)?;
            Some(LinkedContent { fetchable: Fetchable { content: file.content, access }, link })
        }))
    }

    /// Opens a range of a content for the caller who may fetch it. That it was fetched is on record before the first byte
    /// is sent.
    ///
    /// # Errors
    /// [`Fault`] when a part of the server does not answer.
    pub async fn fetch(
        &self,
        caller: &Authenticated,
        fetchable: &Fetchable,
        range: Range<u64>,
        origin: IpPrefix,
    ) -> Result<ContentStream, Fault> {
        let reader = self.open(fetchable, range).await?;
        let happening =
            self.fetched(fetchable, origin).of_user(caller.user().id).in_session(caller.claims().session_id);
        self.recorder.record(&[happening]).await?;
        Ok(ContentStream { reader })
    }

    /// Opens a range of a content for the holder of a link, and counts that as a download. `None` when the link has been
    /// used up or has ended meanwhile.
    ///
    /// # Errors
    /// [`Fault`] when a part of the server does not answer. The download may have been counted.
    pub async fn fetch_linked(
        &self,
        linked: &LinkedContent,
        range: Range<u64>,
        origin: IpPrefix,
    ) -> Result<Option<ContentStream>, Fault> {
        let fetchable = &linked.fetchable;
        // Opened before it is counted: bytes that cannot be had cost the holder nothing.
        let reader = self.open(fetchable, range).await?;
        if !self.ports.links.count_download(linked.link.id, self.ports.clock.now()).await? {
            return Ok(None);
        }
        self.recorder.record(&[self.fetched(fetchable, origin)]).await?;
        Ok(Some(ContentStream { reader }))
    }

    /// Opens the bytes. Those of a content that was removed a moment ago are not damaged: whoever asks again is told that it
    /// is gone.
    async fn open(&self, fetchable: &Fetchable, range: Range<u64>) -> Result<Box<dyn BlobReader>, Fault> {
        match self.ports.blobs.read(fetchable.content.blob_id, range).await {
            Err(BlobError::Missing(source)) if !self.is_kept(fetchable).await? => {
                Err(Fault::Unavailable(source))
            }
            opened => Ok(opened?),
        }
    }

    async fn is_kept(&self, fetchable: &Fetchable) -> Result<bool, Fault> {
        let (file_id, content) = (fetchable.access.file().id, &fetchable.content);
        let Some(file) = self.ports.files.find(file_id).await? else { return Ok(false) };
        if file.content.blob_id == content.blob_id {
            return Ok(true);
        }
        let earlier = self.ports.files.find_version(file_id, content.number).await?;
        Ok(earlier.is_some_and(|earlier| earlier.blob_id == content.blob_id))
    }

    fn fetched(&self, fetchable: &Fetchable, origin: IpPrefix) -> Happening {
        let right: Right = fetchable.access.right();
        Happening::new(EventKind::FileFetched, self.ports.clock.now(), origin)
            .to_file(fetchable.access.file().id, grant_mark(right))
    }
}
