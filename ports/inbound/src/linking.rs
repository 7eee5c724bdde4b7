//! Make links to files: whoever holds one may fetch the file, for a time and a number of times.

use crate::authenticate::Authenticated;
use crate::listed::Listed;
use crate::own_files::Position;
use crate::recorder::Happening;
use crate::sharing::check_end;
use crate::sight::Sight;
use crate::{Fault, Minting, Recorder};
use epic_domain::Timestamp;
use epic_domain::audit::{EventKind, GrantMark};
use epic_domain::file::{Earlier, IdempotencyKey, Link, LinkToken, Once, RequestFingerprint};
use epic_domain::id::{FileId, LinkId};
use epic_domain::network::IpPrefix;
use epic_domain::user::SealedSecret;
use epic_outbound::clock::Clock;
use epic_outbound::files::Files;
use epic_outbound::links::{LinkCreation, Links};
use epic_outbound::sealer::Sealer;
use epic_outbound::shares::Shares;
use std::sync::Arc;

/// A link that someone wants to make.
#[derive(Debug, Clone, Copy)]
pub struct NewLink {
    /// The file.
    pub file_id: FileId,
    /// When it ends by itself, if it does.
    pub expires_at: Option<Timestamp>,
    /// How many downloads it allows, if not any number.
    pub max_downloads: Option<u32>,
}

/// A link that has been made.
#[derive(Debug, Clone)]
pub struct MadeLink {
    /// The link.
    pub link_id: LinkId,
    /// What opens it. It is handed over here and never again.
    pub token: LinkToken,
    /// When it was made.
    pub created_at: Timestamp,
}

/// Why a link was not made.
#[derive(Debug, thiserror::Error)]
pub enum LinkRefused {
    /// The caller has no such file, or it lies in the trash.
    #[error("no such file")]
    NotFound,
    /// The end lies in the past.
    #[error("the link would have ended already")]
    EndsInThePast,
    /// The file has as many links as it may.
    #[error("too many links")]
    TooMany,
    /// The idempotency key came with another request before.
    #[error("the idempotency key was used for another request")]
    KeyReused,
    /// The server could not answer.
    #[error(transparent)]
    Fault(#[from] Fault),
}

/// The ports that linking needs.
#[derive(Clone)]
pub struct LinkingPorts {
    /// Files.
    pub files: Arc<dyn Files>,
    /// Shares.
    pub shares: Arc<dyn Shares>,
    /// Links.
    pub links: Arc<dyn Links>,
    /// Sealing of the answer that may have to be given again.
    pub sealer: Arc<dyn Sealer>,
    /// Time.
    pub clock: Arc<dyn Clock>,
}

/// Makes, shows and ends links.
#[derive(Clone)]
pub struct Linking {
    ports: LinkingPorts,
    sight: Sight,
    minting: Minting,
    recorder: Recorder,
}

impl Linking {
    /// Makes links through these ports.
    #[must_use]
    pub fn new(ports: LinkingPorts, minting: Minting, recorder: Recorder) -> Self {
        let sight = Sight::new(Arc::clone(&ports.files), Arc::clone(&ports.shares), Arc::clone(&ports.clock));
        Self { ports, sight, minting, recorder }
    }

    /// Makes a link to one of the caller's files.
    ///
    /// # Errors
    /// [`LinkRefused`].
    pub async fn make(
        &self,
        caller: &Authenticated,
        new_link: &NewLink,
        key: Option<&IdempotencyKey>,
        origin: IpPrefix,
    ) -> Result<MadeLink, LinkRefused> {
        let own = self.sight.own(caller.user().id, new_link.file_id).await?;
        let (_, ownership) = own.filter(|(file, _)| !file.is_trashed()).ok_or(LinkRefused::NotFound)?;
        let now = self.ports.clock.now();
        check_end(new_link.expires_at, now).map_err(|_| LinkRefused::EndsInThePast)?;
        let token = self.minting.link_token()?;
        let link = Link {
            id: self.minting.link_id()?,
            file_id: new_link.file_id,
            owner: ownership.owner(),
            token_digest: token.digest(),
            expires_at: new_link.expires_at,
            max_downloads: new_link.max_downloads,
            downloads: 0,
            created_at: now,
        };
        let once = key.map(|key| self.once(key, &link, &token)).transpose()?;
        let creation =
            self.ports.links.create(&ownership, &link, Link::PER_FILE_MAX, once.as_ref(), now).await;
        match creation.map_err(Fault::from)? {
            LinkCreation::Created => {}
            LinkCreation::FileGone => return Err(LinkRefused::NotFound),
            LinkCreation::TooMany => return Err(LinkRefused::TooMany),
            LinkCreation::Earlier(Earlier::Same(outcome)) => {
                return self.read_outcome(&outcome)?.ok_or(LinkRefused::KeyReused);
            }
            LinkCreation::Earlier(Earlier::Other) => return Err(LinkRefused::KeyReused),
        }
        self.record(caller, EventKind::LinkCreated, link.file_id, link.id, origin).await?;
        Ok(MadeLink { link_id: link.id, token, created_at: now })
    }

    /// At most `limit` links to one of the caller's files, the newest first. `None` when there is no such file.
    ///
    /// # Errors
    /// [`Fault`] when the store does not answer.
    pub async fn list(
        &self,
        caller: &Authenticated,
        file_id: FileId,
        after: Option<Position>,
        limit: u32,
    ) -> Result<Option<Listed<Link, Position>>, Fault> {
        let Some((_, ownership)) = self.sight.own(caller.user().id, file_id).await? else { return Ok(None) };
        let links = self.ports.links.list(&ownership, after, limit.saturating_add(1)).await?;
        let position = |link: &Link| Position { at: link.created_at, id: *link.id.as_bytes() };
        Ok(Some(Listed::cut(links, limit, position)))
    }

    /// Ends a link to one of the caller's files. False when there is none such.
    ///
    /// # Errors
    /// [`Fault`]; it may or may not have ended.
    pub async fn end(
        &self,
        caller: &Authenticated,
        file_id: FileId,
        link_id: LinkId,
        origin: IpPrefix,
    ) -> Result<bool, Fault> {
        let Some((_, ownership)) = self.sight.own(caller.user().id, file_id).await? else { return Ok(false) };
        if !self.ports.links.end(&ownership, link_id).await? {
            return Ok(false);
        }
        self.record(caller, EventKind::LinkEnded, file_id, link_id, origin).await?;
        Ok(true)
    }

    async fn record(
        &self,
        caller: &Authenticated,
        kind: EventKind,
        file_id: FileId,
        link_id: LinkId,
        origin: IpPrefix,
    ) -> Result<(), Fault> {
        let happening = Happening::new(kind, self.ports.clock.now(), origin)
            .of_user(caller.user().id)
            .in_session(caller.claims().session_id)
            .to_file(file_id, Some(GrantMark::Link(link_id)));
        self.recorder.record(&[happening]).await
    }

    /// The request, remembered with its answer. The answer holds the token, so it is sealed.
    fn once(&self, key: &IdempotencyKey, link: &Link, token: &LinkToken) -> Result<Once, Fault> {
        let expires_at = link.expires_at.map_or(0, Timestamp::as_millis).to_be_bytes();
        let max_downloads =
            link.max_downloads.map_or(0, |most| u64::from(most).saturating_add(1)).to_be_bytes();
        let parts: [&[u8]; 3] = [link.file_id.as_bytes(), &expires_at, &max_downloads];
        let sealed = self.ports.sealer.seal_link_token(link.id, token)?;
        let mut outcome = link.id.as_bytes().to_vec();
        outcome.extend_from_slice(&link.created_at.as_millis().to_be_bytes());
        outcome.extend_from_slice(sealed.as_bytes());
        Ok(Once::new(key, RequestFingerprint::of("link", &parts), outcome, link.created_at))
    }

    fn read_outcome(&self, outcome: &[u8]) -> Result<Option<MadeLink>, Fault> {
        let parts = outcome.split_first_chunk::<16>().and_then(|(link_id, rest)| {
            let (created_at, sealed) = rest.split_first_chunk::<8>()?;
            let sealed = SealedSecret::parse(sealed).ok()?;
            Some((
                LinkId::from_bytes(*link_id),
                Timestamp::from_millis(u64::from_be_bytes(*created_at)),
                sealed,
            ))
        });
        let Some((link_id, created_at, sealed)) = parts else { return Ok(None) };
        let token = self.ports.sealer.open_link_token(link_id, &sealed)?;
        Ok(Some(MadeLink { link_id, token, created_at }))
    }
}
