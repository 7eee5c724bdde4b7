//! What the HTTP API needs of the core.

use epic_inbound::audit_trail::AuditTrail;
use epic_inbound::authenticate::Authenticate;
use epic_inbound::begin_upload::BeginUpload;
use epic_inbound::change_credentials::ChangeCredentials;
use epic_inbound::delete_account::DeleteAccount;
use epic_inbound::download::Download;
use epic_inbound::file_audit::FileAudit;
use epic_inbound::fresh::Freshness;
use epic_inbound::gate::Gate;
use epic_inbound::introspect::Introspect;
use epic_inbound::linking::Linking;
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
use std::sync::Arc;

/// The use cases that the API exposes.
#[derive(Clone)]
pub struct Api {
    /// Register an account.
    pub register: Register,
    /// Sign in.
    pub sign_in: SignIn,
    /// Renew a session's tokens.
    pub refresh: Refresh,
    /// End sessions.
    pub sign_out: SignOut,
    /// See one's sessions and end one.
    pub own_sessions: OwnSessions,
    /// Prove again who one is.
    pub step_up: StepUp,
    /// Ask whether that was lately.
    pub freshness: Freshness,
    /// Change the password.
    pub change_credentials: ChangeCredentials,
    /// Replace the authenticator.
    pub replace_totp: ReplaceTotp,
    /// Renew the recovery codes.
    pub renew_recovery_codes: RenewRecoveryCodes,
    /// Set the recovery key up.
    pub set_recovery_key: SetRecoveryKey,
    /// Recover an account by it.
    pub recover: Recover,
    /// Delete the account.
    pub delete_account: DeleteAccount,
    /// See what happened to one's account.
    pub audit_trail: AuditTrail,
    /// Find others' public keys.
    pub public_keys: LookUpPublicKeys,
    /// Tell other services whether a token is good.
    pub introspect: Introspect,
    /// Publish the token issuer's keys.
    pub published_keys: PublishedKeys,
    /// Find out who is calling.
    pub authenticate: Authenticate,
    /// Look salts up.
    pub salts: LookUpSalts,
    /// Begin uploads.
    pub begin_upload: BeginUpload,
    /// Receive uploads piece by piece.
    pub receive_upload: ReceiveUpload,
    /// Take whole files in one request.
    pub send_whole: SendWhole,
    /// Look after one's files.
    pub own_files: OwnFiles,
    /// Fetch contents.
    pub download: Download,
    /// Share files with people.
    pub sharing: Sharing,
    /// Make links to files.
    pub linking: Linking,
    /// See what happened to one's file.
    pub file_audit: FileAudit,
    /// See how much one stores.
    pub storage_usage: StorageUsage,
    /// Ask whether the server can work.
    pub readiness: Readiness,
    /// The limit of ordinary calls.
    pub gate: Gate,
    /// Names for requests.
    pub request_ids: Arc<RequestIds>,
}
