//! Which ports each use case gets.

use super::parts::{OtherNodes, Parts};
use epic_inbound::authenticate::AuthenticatePorts;
use epic_inbound::begin_upload::BeginUploadPorts;
use epic_inbound::change_credentials::ChangeCredentialsPorts;
use epic_inbound::download::DownloadPorts;
use epic_inbound::file_housekeeping::FileHousekeepingPorts;
use epic_inbound::housekeeping::HousekeepingPorts;
use epic_inbound::introspect::IntrospectPorts;
use epic_inbound::linking::LinkingPorts;
use epic_inbound::node_sync::{NodeSync, NodeSyncPorts};
use epic_inbound::own_files::OwnFilesPorts;
use epic_inbound::receive_upload::ReceiveUploadPorts;
use epic_inbound::refresh::RefreshPorts;
use epic_inbound::register::RegisterPorts;
use epic_inbound::sessions::OwnSessionsPorts;
use epic_inbound::sharing::SharingPorts;
use epic_inbound::sign_in::SignInPorts;
use epic_inbound::sign_out::SignOutPorts;
use epic_outbound::changes::UpToDate;
use std::sync::Arc;

impl Parts {
    fn up_to_date(&self) -> Option<Arc<dyn UpToDate>> {
        let last_heard = self.other_nodes.as_ref().map(|others| Arc::clone(&others.last_heard));
        last_heard.map(|last_heard| last_heard as Arc<dyn UpToDate>)
    }

    /// The use case that keeps this node in step with the others, if there are others.
    pub(super) fn node_sync(&self) -> Option<NodeSync> {
        let OtherNodes { changes, last_heard, account_memory } = self.other_nodes.clone()?;
        let ports = NodeSyncPorts {
            changes,
            sessions: Arc::clone(&self.sessions),
            revocations: Arc::clone(&self.revocations),
            account_memory,
            clock: Arc::clone(&self.clock),
        };
        Some(NodeSync::new(ports, last_heard, self.session_policy))
    }

    pub(super) fn register_ports(&self) -> RegisterPorts {
        RegisterPorts {
            users: Arc::clone(&self.users),
            entry_limiter: Arc::clone(&self.entry_limiter),
            hasher: Arc::clone(&self.hasher),
            sealer: Arc::clone(&self.sealer),
            otp: Arc::clone(&self.otp),
            clock: Arc::clone(&self.clock),
        }
    }

    pub(super) fn sign_in_ports(&self) -> SignInPorts {
        SignInPorts {
            users: Arc::clone(&self.users),
            sessions: Arc::clone(&self.sessions),
            revocations: Arc::clone(&self.revocations),
            entry_limiter: Arc::clone(&self.entry_limiter),
            hasher: Arc::clone(&self.hasher),
            sealer: Arc::clone(&self.sealer),
            otp: Arc::clone(&self.otp),
            clock: Arc::clone(&self.clock),
        }
    }

    pub(super) fn refresh_ports(&self) -> RefreshPorts {
        RefreshPorts {
            users: Arc::clone(&self.users),
            sessions: Arc::clone(&self.sessions),
            revocations: Arc::clone(&self.revocations),
            tokens: Arc::clone(&self.tokens),
            clock: Arc::clone(&self.clock),
        }
    }

    pub(super) fn sign_out_ports(&self) -> SignOutPorts {
        SignOutPorts {
            sessions: Arc::clone(&self.sessions),
            revocations: Arc::clone(&self.revocations),
            clock: Arc::clone(&self.clock),
        }
    }

    pub(super) fn own_sessions_ports(&self) -> OwnSessionsPorts {
        OwnSessionsPorts {
            sessions: Arc::clone(&self.sessions),
            revocations: Arc::clone(&self.revocations),
            clock: Arc::clone(&self.clock),
        }
    }

    pub(super) fn change_credentials_ports(&self) -> ChangeCredentialsPorts {
        ChangeCredentialsPorts {
            users: Arc::clone(&self.users),
            hasher: Arc::clone(&self.hasher),
            revocations: Arc::clone(&self.revocations),
            clock: Arc::clone(&self.clock),
        }
    }

    pub(super) fn introspect_ports(&self) -> IntrospectPorts {
        IntrospectPorts {
            users: Arc::clone(&self.users),
            sessions: Arc::clone(&self.sessions),
            revocations: Arc::clone(&self.revocations),
            up_to_date: self.up_to_date(),
            tokens: Arc::clone(&self.tokens),
            clock: Arc::clone(&self.clock),
        }
    }

    pub(super) fn authenticate_ports(&self) -> AuthenticatePorts {
        AuthenticatePorts {
            users: Arc::clone(&self.users),
            revocations: Arc::clone(&self.revocations),
            sessions: Arc::clone(&self.sessions),
            up_to_date: self.up_to_date(),
            tokens: Arc::clone(&self.tokens),
            access_log: Arc::clone(&self.access_log),
            clock: Arc::clone(&self.clock),
        }
    }

    pub(super) fn housekeeping_ports(&self) -> HousekeepingPorts {
        HousekeepingPorts {
            users: Arc::clone(&self.users),
            sessions: Arc::clone(&self.sessions),
            revocations: Arc::clone(&self.revocations),
            limiter: Arc::clone(&self.limiter),
            access_log: Arc::clone(&self.access_log),
            clock: Arc::clone(&self.clock),
        }
    }

    pub(super) fn begin_upload_ports(&self) -> BeginUploadPorts {
        BeginUploadPorts {
            files: Arc::clone(&self.files),
            usages: Arc::clone(&self.usages),
            shares: Arc::clone(&self.shares),
            uploads: Arc::clone(&self.uploads),
            blobs: Arc::clone(&self.blobs),
            users: Arc::clone(&self.users),
            limiter: Arc::clone(&self.limiter),
            clock: Arc::clone(&self.clock),
        }
    }

    pub(super) fn receive_upload_ports(&self) -> ReceiveUploadPorts {
        ReceiveUploadPorts {
            uploads: Arc::clone(&self.uploads),
            shares: Arc::clone(&self.shares),
            blobs: Arc::clone(&self.blobs),
            usages: Arc::clone(&self.usages),
            clock: Arc::clone(&self.clock),
        }
    }

    pub(super) fn own_files_ports(&self) -> OwnFilesPorts {
        OwnFilesPorts {
            files: Arc::clone(&self.files),
            usages: Arc::clone(&self.usages),
            shares: Arc::clone(&self.shares),
            clock: Arc::clone(&self.clock),
        }
    }

    pub(super) fn download_ports(&self) -> DownloadPorts {
        DownloadPorts {
            files: Arc::clone(&self.files),
            shares: Arc::clone(&self.shares),
            links: Arc::clone(&self.links),
            blobs: Arc::clone(&self.blobs),
            clock: Arc::clone(&self.clock),
        }
    }

    pub(super) fn sharing_ports(&self) -> SharingPorts {
        SharingPorts {
            users: Arc::clone(&self.users),
            files: Arc::clone(&self.files),
            shares: Arc::clone(&self.shares),
            clock: Arc::clone(&self.clock),
        }
    }

    pub(super) fn linking_ports(&self) -> LinkingPorts {
        LinkingPorts {
            files: Arc::clone(&self.files),
            shares: Arc::clone(&self.shares),
            links: Arc::clone(&self.links),
            sealer: Arc::clone(&self.sealer),
            clock: Arc::clone(&self.clock),
        }
    }

    pub(super) fn file_housekeeping_ports(&self) -> FileHousekeepingPorts {
        FileHousekeepingPorts {
            files: Arc::clone(&self.files),
            usages: Arc::clone(&self.usages),
            uploads: Arc::clone(&self.uploads),
            shares: Arc::clone(&self.shares),
            links: Arc::clone(&self.links),
            ledger: Arc::clone(&self.blob_ledger),
            blobs: Arc::clone(&self.blobs),
            clock: Arc::clone(&self.clock),
        }
    }
}
