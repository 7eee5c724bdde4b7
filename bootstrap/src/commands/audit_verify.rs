//! `epic-server audit verify`.

#[cfg(test)]
mod tests;
mod walk;

use super::{CommandError, say};
use crate::audit_heads::{HeadsError, audit_heads_file_of, read_heads};
use crate::config::{Settings, StorageSettings};
use crate::keys::read_audit_signing_keys;
use crate::wire::{Store, StoreRefused, database_of};
use epic_domain::audit::Break;
use epic_outbound::StoreError;
use epic_outbound::head_signer::HeadSigner;
use epic_sign_ed25519::Ed25519HeadSigner;
use epic_store_sqlite::OpenError;
use std::path::{Path, PathBuf};
use tokio::runtime::Builder;
use walk::{HeadBreak, HeadSource, KeptHead, Verified, verify_chain};

/// Why the audit log is not shown to be whole.
#[derive(Debug, thiserror::Error)]
enum AuditError {
    #[error("there is no database in {0}")]
    NoDatabase(PathBuf),
    #[error("the data folder {0} is in use: stop the server first, then verify")]
    InUse(PathBuf),
    #[error("the signed heads in {path} cannot be read")]
    Heads {
        path: PathBuf,
        #[source]
        error: HeadsError,
    },
    #[error("the audit log does not hold")]
    Broken(#[from] Break),
    #[error("the audit log does not fit a signed head")]
    Signed(#[from] HeadBreak),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Checks the chain against its own hashes, against the heads signed in the store and in the data folder, and against
/// those in `heads_files`.
pub(super) fn run(settings: &Settings, heads_files: &[PathBuf]) -> Result<(), CommandError> {
    let data_dir = &settings.storage.data_dir;
    if !settings.storage.store.is_mongodb() && !database_of(data_dir).exists() {
        return Err(AuditError::NoDatabase(data_dir.clone()).into());
    }
    let kept = kept_heads(data_dir, heads_files)?;
    let keys = read_audit_signing_keys(data_dir)?;
    // Without a key no head is genuine; without a head none is needed.
    let signer = if keys.is_empty() { None } else { Some(Ed25519HeadSigner::new(keys)?) };
    let signer = signer.as_ref().map(|signer| signer as &dyn HeadSigner);
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let verified = runtime.block_on(verify_store(&settings.storage, signer, kept))?;
    report(&verified);
    Ok(())
}

async fn verify_store(
    storage: &StorageSettings,
    signer: Option<&dyn HeadSigner>,
    kept: Vec<KeptHead>,
) -> Result<Verified, CommandError> {
    let store = Store::open(storage).await.map_err(|error| match error {
        StoreRefused::Sqlite { data_dir, error: OpenError::InUse } => AuditError::InUse(data_dir).into(),
        other => CommandError::from(other),
    })?;
    let verified = verify_chain(store.ports().audit.as_ref(), signer, kept).await;
    store.close().await;
    Ok(verified?)
}

/// The heads of all files, the one in the data folder included if it is there.
fn kept_heads(data_dir: &Path, files: &[PathBuf]) -> Result<Vec<KeptHead>, AuditError> {
    let own = Some(audit_heads_file_of(data_dir)).filter(|file| file.exists());
    let mut kept = Vec::new();
    for path in own.iter().chain(files) {
        let heads = read_heads(path).map_err(|error| AuditError::Heads { path: path.clone(), error })?;
        kept.extend(heads.into_iter().map(|head| KeptHead { head, source: HeadSource::File(path.clone()) }));
    }
    Ok(kept)
}

fn report(verified: &Verified) {
    let Verified { anchor, heads, signed_length } = verified;
    say(&format!("the audit log holds: {} events, none changed, removed, moved or cut off", anchor.length));
    match heads {
        0 => say("no signed head was there to check it against"),
        1 => say(&format!("1 signed head was checked; it covers {signed_length} events")),
        _ => say(&format!("{heads} signed heads were checked; the last covers {signed_length} events")),
    }
}
