//! Share files with people: a data key, wrapped for each of them.

use crate::authenticate::Authenticated;
use crate::listed::Listed;
use crate::own_files::Position;
use crate::recorder::Happening;
use crate::sight::Sight;
use crate::{Fault, Minting, Recorder};
use core::time::Duration;
use epic_domain::Timestamp;
use epic_domain::audit::{EventKind, GrantMark};
use epic_domain::file::{
    Earlier, EncryptedDataKey, File, IdempotencyKey, Once, Permission, RequestFingerprint, Share,
};
use epic_domain::id::{FileId, ShareId, UserId};
use epic_domain::network::IpPrefix;
use epic_domain::user::{Status, User, Username, key_pair_id};
use epic_outbound::clock::Clock;
use epic_outbound::files::Files;
use epic_outbound::shares::{Granting, Shares};
use epic_outbound::users::Users;
use std::sync::Arc;

/// A share that someone wants to make.
#[derive(Debug, Clone)]
pub struct NewShare {
    /// The file.
    pub file_id: FileId,
    /// With whom.
    pub recipient: Username,
    /// The recipient's key pair that the data key was wrapped for.
    pub recipient_key_id: [u8; 16],
    /// The data key, wrapped for the recipient.
    pub encrypted_data_key: EncryptedDataKey,
    /// What it allows.
    pub permission: Permission,
    /// When it ends by itself, if it does.
    pub expires_at: Option<Timestamp>,
}

/// A share that holds now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MadeShare {
    /// The share.
    pub share_id: ShareId,
    /// Whether it took the place of another with the same person.
    pub replaced: bool,
    /// When it was made.
    pub created_at: Timestamp,
}

/// Why a share was not made.
#[derive(Debug, thiserror::Error)]
pub enum ShareRefused {
    /// The caller has no such file, or it lies in the trash.
    #[error("no such file")]
    NotFound,
    /// A file cannot be shared with its owner.
    #[error("the recipient owns the file")]
    WithOwner,
    /// The end lies in the past.
    #[error("the share would have ended already")]
    EndsInThePast,
    /// The recipient's key is not the one that the data key was wrapped for. A recipient who does not exist has no key, and
    /// is answered the same.
    #[error("the recipient's key is another one")]
    RecipientKeyChanged,
    /// The file has as many shares as it may.
    #[error("too many shares")]
    TooMany,
    /// The idempotency key came with another request before.
    #[error("the idempotency key was used for another request")]
    KeyReused,
    /// The server could not answer.
    #[error(transparent)]
    Fault(#[from] Fault),
}

/// A share as its file's owner sees it.
#[derive(Debug, Clone)]
pub struct OutgoingShare {
    /// The share.
    pub share: Share,
    /// The recipient's name.
    pub recipient: Option<Username>,
}

/// A share as its recipient sees it.
#[derive(Debug, Clone)]
pub struct IncomingShare {
    /// The share.
    pub share: Share,
    /// Its file.
    pub file: File,
    /// The owner, whose signature the recipient verifies.
    pub owner: Arc<User>,
}

/// The ports that sharing needs.
#[derive(Clone)]
pub struct SharingPorts {
    /// Accounts.
    pub users: Arc<dyn Users>,
    /// Files.
    pub files: Arc<dyn Files>,
    /// Shares.
    pub shares: Arc<dyn Shares>,
    /// Time.
    pub clock: Arc<dyn Clock>,
}

/// Makes, shows and ends shares.
#[derive(Clone)]
pub struct Sharing {
    ports: SharingPorts,
    sight: Sight,
    minting: Minting,
    recorder: Recorder,
}

/// The longest that a share or link may hold; one without an end holds until it is ended.
pub(crate) const GRANT_MAX: Duration = Duration::from_secs(10 * 366 * 24 * 60 * 60);

impl Sharing {
    /// Shares through these ports.
    #[must_use]
    pub fn new(ports: SharingPorts, minting: Minting, recorder: Recorder) -> Self {
        let sight = Sight::new(Arc::clone(&ports.files), Arc::clone(&ports.shares), Arc::clone(&ports.clock));
        Self { ports, sight, minting, recorder }
    }

    /// Shares one of the caller's files, or puts a new share in the place of the one the recipient has.
    ///
    /// # Errors
    /// [`ShareRefused`].
    pub async fn share(
        &self,
        caller: &Authenticated,
        new_share: NewShare,
        key: Option<&IdempotencyKey>,
        origin: IpPrefix,
    ) -> Result<MadeShare, ShareRefused> {
        let owner = caller.user().id;
        let own = self.sight.own(owner, new_share.file_id).await?;
        let (_, ownership) = own.filter(|(file, _)| !file.is_trashed()).ok_or(ShareRefused::NotFound)?;
        let now = self.ports.clock.now();
        check_end(new_share.expires_at, now).map_err(|_| ShareRefused::EndsInThePast)?;
        if new_share.recipient == caller.user().username {
            return Err(ShareRefused::WithOwner);
        }
        let recipient = self.recipient(&new_share).await?.ok_or(ShareRefused::RecipientKeyChanged)?;
        let share = self.draft(owner, recipient, &new_share, now)?;
        let once = key.map(|key| once(key, &share));
        let granting =
            self.ports.shares.grant(&ownership, &share, Share::PER_FILE_MAX, once.as_ref(), now).await;
        let made = match granting.map_err(Fault::from)? {
            Granting::Granted => MadeShare { share_id: share.id, replaced: false, created_at: now },
            Granting::Replaced(share_id) => MadeShare { share_id, replaced: true, created_at: now },
            Granting::FileGone => return Err(ShareRefused::NotFound),
            Granting::RecipientGone => return Err(ShareRefused::RecipientKeyChanged),
            Granting::TooMany => return Err(ShareRefused::TooMany),
            Granting::Earlier(Earlier::Same(outcome)) => {
                return self.made_earlier(&share, &outcome).await;
            }
            Granting::Earlier(Earlier::Other) => return Err(ShareRefused::KeyReused),
        };
        let kind = if made.replaced { EventKind::ShareReplaced } else { EventKind::FileShared };
        self.record(caller, kind, share.file_id, made.share_id, origin).await?;
        Ok(made)
    }

    /// At most `limit` live shares of one of the caller's files, the newest first. `None` when there is no such file.
    ///
    /// # Errors
    /// [`Fault`] when the store does not answer.
    pub async fn list(
        &self,
        caller: &Authenticated,
        file_id: FileId,
        after: Option<Position>,
        limit: u32,
    ) -> Result<Option<Listed<OutgoingShare, Position>>, Fault> {
        let Some((_, ownership)) = self.sight.own(caller.user().id, file_id).await? else { return Ok(None) };
        let (wanted, now) = (limit.saturating_add(1), self.ports.clock.now());
        let shares = self.ports.shares.list(&ownership, after, wanted, now).await?;
        let Listed { items, next } = Listed::cut(shares, limit, position);
        let mut named = Vec::with_capacity(items.len());
        for share in items {
            let recipient = self.ports.users.find_by_id(share.recipient).await?;
            named.push(OutgoingShare { share, recipient: recipient.map(|user| user.username.clone()) });
        }
        Ok(Some(Listed { items: named, next }))
    }

    /// At most `limit` live shares that others have made with the caller, the newest first.
    ///
    /// # Errors
    /// [`Fault`] when the store does not answer.
    pub async fn incoming(
        &self,
        caller: &Authenticated,
        after: Option<Position>,
        limit: u32,
    ) -> Result<Listed<IncomingShare, Position>, Fault> {
        let (wanted, now) = (limit.saturating_add(1), self.ports.clock.now());
        let shares = self.ports.shares.incoming(caller.user().id, after, wanted, now).await?;
        let Listed { items, next } = Listed::cut(shares, limit, |(share, _)| position(share));
        let mut named = Vec::with_capacity(items.len());
        for (share, file) in items {
            // An owner who is gone took the file along a moment ago.
            if let Some(owner) = self.ports.users.find_by_id(share.owner).await? {
                named.push(IncomingShare { share, file, owner });
            }
        }
        Ok(Listed { items: named, next })
    }

    /// Ends a share: the caller's own, or one that was made with the caller. False when there is none such.
    ///
    /// # Errors
    /// [`Fault`]; it may or may not have ended.
    pub async fn end(
        &self,
        caller: &Authenticated,
        file_id: FileId,
        share_id: ShareId,
        origin: IpPrefix,
    ) -> Result<bool, Fault> {
        let Some(share) = self.ports.shares.end(file_id, share_id, caller.user().id).await? else {
            return Ok(false);
        };
        self.record(caller, EventKind::ShareEnded, share.file_id, share.id, origin).await?;
        Ok(true)
    }

    /// Whom a share is for, if their key is still the one it was made for.
    async fn recipient(&self, new_share: &NewShare) -> Result<Option<UserId>, Fault> {
        let user = self.ports.users.find_by_username(&new_share.recipient).await?;
        Ok(user
            .filter(|user| user.status == Status::Active)
            .filter(|user| {
                key_pair_id(&user.keys.public_key, &user.keys.signing_key) == new_share.recipient_key_id
            })
            .map(|user| user.id))
    }

    /// The share that an earlier request made. If the recipient had one already, that one kept its id; the outcome was
    /// written before that was known.
    async fn made_earlier(&self, draft: &Share, outcome: &[u8]) -> Result<MadeShare, ShareRefused> {
        let (drafted_id, created_at) = read_outcome(outcome).ok_or(ShareRefused::KeyReused)?;
        let held = self.ports.shares.find_for(draft.file_id, draft.recipient).await.map_err(Fault::from)?;
        let share_id = held.map_or(drafted_id, |share| share.id);
        Ok(MadeShare { share_id, replaced: share_id != drafted_id, created_at })
    }

    fn draft(
        &self,
        owner: UserId,
        recipient: UserId,
        new_share: &NewShare,
        now: Timestamp,
    ) -> Result<Share, Fault> {
        Ok(Share {
            id: self.minting.share_id()?,
            file_id: new_share.file_id,
            owner,
            recipient,
            recipient_key_id: new_share.recipient_key_id,
            encrypted_data_key: new_share.encrypted_data_key.clone(),
            permission: new_share.permission,
            expires_at: new_share.expires_at,
            created_at: now,
        })
    }

    async fn record(
        &self,
        caller: &Authenticated,
        kind: EventKind,
        file_id: FileId,
        share_id: ShareId,
        origin: IpPrefix,
    ) -> Result<(), Fault> {
        let happening = Happening::new(kind, self.ports.clock.now(), origin)
            .of_user(caller.user().id)
            .in_session(caller.claims().session_id)
            .to_file(file_id, Some(GrantMark::Share(share_id)));
        self.recorder.record(&[happening]).await
    }
}

/// The end of a share or link lies outside of what can be.
pub(crate) struct EndRefused;

/// Whether something may end at that time.
pub(crate) fn check_end(expires_at: Option<Timestamp>, now: Timestamp) -> Result<(), EndRefused> {
    match expires_at {
        Some(at) if at <= now || at > now.saturating_add(GRANT_MAX) => Err(EndRefused),
        _ => Ok(()),
    }
}

fn position(share: &Share) -> Position {
    Position { at: share.created_at, id: *share.id.as_bytes() }
}

fn once(key: &IdempotencyKey, share: &Share) -> Once {
    let expires_at = share.expires_at.map_or(0, Timestamp::as_millis);
    let parts: [&[u8]; 6] = [
        share.file_id.as_bytes(),
        share.recipient.as_bytes(),
        &share.recipient_key_id,
        share.encrypted_data_key.as_bytes(),
        share.permission.as_str().as_bytes(),
        &expires_at.to_be_bytes(),
    ];
    let mut outcome = share.id.as_bytes().to_vec();
    outcome.extend_from_slice(&share.created_at.as_millis().to_be_bytes());
    Once::new(key, RequestFingerprint::of("share", &parts), outcome, share.created_at)
}

fn read_outcome(outcome: &[u8]) -> Option<(ShareId, Timestamp)> {
    let (share_id, created_at) = outcome.split_first_chunk::<16>()?;
    let created_at = Timestamp::from_millis(u64::from_be_bytes(created_at.try_into().ok()?));
    Some((ShareId::from_bytes(*share_id), created_at))
}
