//! The application: use cases put together by hand from the parts.

use super::parts::Parts;
use super::store::Store;
use epic_http_warp::Api;
use epic_inbound::audit_trail::AuditTrail;
use epic_inbound::authenticate::Authenticate;
use epic_inbound::begin_upload::BeginUpload;
use epic_inbound::change_credentials::ChangeCredentials;
use epic_inbound::delete_account::DeleteAccount;
use epic_inbound::download::Download;
use epic_inbound::file_audit::FileAudit;
use epic_inbound::file_housekeeping::{FileHousekeeping, StoreUse};
use epic_inbound::fresh::Freshness;
use epic_inbound::gate::Gate;
use epic_inbound::housekeeping::Housekeeping;
use epic_inbound::introspect::Introspect;
use epic_inbound::linking::Linking;
use epic_inbound::node_sync::NodeSync;
use epic_inbound::own_files::OwnFiles;
use epic_inbound::public_keys::LookUpPublicKeys;
use epic_inbound::published_keys::PublishedKeys;
use epic_inbound::readiness::Readiness;
use epic_inbound::receive_upload::ReceiveUpload;
use epic_inbound::recover::Recover;
use epic_inbound::recovery_codes::RenewRecoveryCodes;
use epic_inbound::recovery_key::SetRecoveryKey;
use epic_inbound::refresh::Refresh;
use epic_inbound::register::Register;
use epic_inbound::replace_totp::ReplaceTotp;
use epic_inbound::request_ids::RequestIds;
use epic_inbound::salts::LookUpSalts;
use epic_inbound::send_whole::SendWhole;
use epic_inbound::sessions::OwnSessions;
use epic_inbound::sharing::Sharing;
use epic_inbound::sign_in::SignIn;
use epic_inbound::sign_out::SignOut;
use epic_inbound::step_up::StepUp;
use epic_inbound::storage_usage::StorageUsage;
use epic_inbound::{Fault, Minting, Recorder, TokenIssuer};
use std::path::PathBuf;
use std::sync::Arc;

/// Everything there is to serve and to keep in order.
pub struct Application {
    /// What the HTTP API exposes.
    pub api: Api,
    /// What the server does by itself.
    pub housekeeping: Housekeeping,
    /// What the server does by itself for files.
    pub file_housekeeping: FileHousekeeping,
    /// What keeps this node in step with the others, if there are others.
    pub node_sync: Option<NodeSync>,
    /// The file to which signed heads of the audit log are added.
    pub audit_heads_file: PathBuf,
    /// The store, to be closed last.
    pub store: Store,
}

/// What several use cases share.
struct Common {
    minting: Minting,
    recorder: Recorder,
    issuer: TokenIssuer,
    gate: Gate,
}

impl Application {
    /// Puts the parts together.
    ///
    /// # Errors
    /// [`Fault`] when there is no randomness.
    pub fn assemble(parts: Parts) -> Result<Self, Fault> {
        let minting = Minting::new(Arc::clone(&parts.entropy));
        let common = Common {
            recorder: Recorder::new(Arc::clone(&parts.audit), minting.clone()),
            issuer: TokenIssuer::new(Arc::clone(&parts.tokens), minting.clone(), parts.session_policy),
            gate: Gate::new(Arc::clone(&parts.limiter), Arc::clone(&parts.clock)),
            minting,
        };
        let api = parts.api(&common)?;
        let file_housekeeping = FileHousekeeping::new(
            parts.file_housekeeping_ports(),
            api.receive_upload.clone(),
            common.recorder.clone(),
            parts.file_policy,
            if parts.other_nodes.is_some() { StoreUse::Shared } else { StoreUse::Alone },
        );
        let node_sync = parts.node_sync();
        let housekeeping = Housekeeping::new(
            parts.housekeeping_ports(),
            Arc::clone(&parts.audit),
            Arc::clone(&parts.head_signer),
            common.recorder,
            parts.session_policy,
        );
        Ok(Self {
            api,
            housekeeping,
            file_housekeeping,
            node_sync,
            audit_heads_file: parts.audit_heads_file,
            store: parts.store,
        })
    }
}

impl Parts {
    fn api(&self, common: &Common) -> Result<Api, Fault> {
        let Common { minting, recorder, issuer, gate } = common;
        let (minting, recorder, issuer, gate) =
            (|| minting.clone(), || recorder.clone(), || issuer.clone(), || gate.clone());
        let (users, hasher, clock) =
            (|| Arc::clone(&self.users), || Arc::clone(&self.hasher), || Arc::clone(&self.clock));
        let revocations = || Arc::clone(&self.revocations);
        let passes = || Arc::clone(&self.passes);
        let begin_upload =
            BeginUpload::new(self.begin_upload_ports(), minting(), recorder(), self.file_policy);
        Ok(Api {
            register: Register::new(self.register_ports(), minting(), recorder(), self.quota_bytes),
            sign_in: SignIn::new(self.sign_in_ports(), passes(), minting(), recorder(), issuer()),
            refresh: Refresh::new(self.refresh_ports(), recorder(), issuer()),
            sign_out: SignOut::new(self.sign_out_ports(), recorder(), issuer()),
            own_sessions: OwnSessions::new(self.own_sessions_ports(), recorder(), issuer()),
            step_up: StepUp::new(self.sign_in_ports(), minting(), recorder(), issuer()),
            freshness: Freshness::new(clock(), self.session_policy),
            change_credentials: ChangeCredentials::new(self.change_credentials_ports(), recorder(), issuer()),
            replace_totp: ReplaceTotp::new(self.sign_in_ports(), minting(), recorder(), issuer()),
            renew_recovery_codes: RenewRecoveryCodes::new(users(), hasher(), clock(), minting(), recorder()),
            set_recovery_key: SetRecoveryKey::new(users(), hasher(), clock(), recorder()),
            recover: Recover::new(self.sign_in_ports(), passes(), minting(), recorder(), issuer()),
            delete_account: DeleteAccount::new(users(), revocations(), clock(), recorder(), issuer()),
            audit_trail: AuditTrail::new(Arc::clone(&self.audit)),
            public_keys: LookUpPublicKeys::new(users()),
            introspect: Introspect::new(self.introspect_ports(), self.introspection_clients.clone(), gate()),
            published_keys: PublishedKeys::new(Arc::clone(&self.tokens)),
            authenticate: Authenticate::new(self.authenticate_ports(), gate()),
            salts: LookUpSalts::new(users(), clock(), self.decoys.clone()),
            send_whole: SendWhole::new(begin_upload.clone()),
            begin_upload,
            receive_upload: ReceiveUpload::new(self.receive_upload_ports(), recorder(), self.file_policy),
            own_files: OwnFiles::new(self.own_files_ports(), recorder()),
            download: Download::new(self.download_ports(), recorder()),
            sharing: Sharing::new(self.sharing_ports(), minting(), recorder()),
            linking: Linking::new(self.linking_ports(), minting(), recorder()),
            file_audit: FileAudit::new(
                Arc::clone(&self.audit),
                Arc::clone(&self.files),
                Arc::clone(&self.shares),
                clock(),
            ),
            storage_usage: StorageUsage::new(Arc::clone(&self.usages)),
            readiness: Readiness::new(Arc::clone(&self.audit), Arc::clone(&self.blobs)),
            gate: gate(),
            request_ids: Arc::new(RequestIds::new(clock(), self.entropy.as_ref())?),
        })
    }
}
