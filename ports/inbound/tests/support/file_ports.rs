//! The use cases of files, built from the bundle of ports.

use super::Ports;
use epic_domain::file::FilePolicy;
use epic_inbound::begin_upload::{BeginUpload, BeginUploadPorts};
use epic_inbound::download::{Download, DownloadPorts};
use epic_inbound::file_audit::FileAudit;
use epic_inbound::file_housekeeping::{FileHousekeeping, FileHousekeepingPorts, StoreUse};
use epic_inbound::linking::{Linking, LinkingPorts};
use epic_inbound::own_files::{OwnFiles, OwnFilesPorts};
use epic_inbound::receive_upload::{ReceiveUpload, ReceiveUploadPorts};
use epic_inbound::send_whole::SendWhole;
use epic_inbound::sharing::{Sharing, SharingPorts};
use epic_inbound::storage_usage::StorageUsage;

/// The rules for files in these tests: those of the design, with contents of at most 100 MiB.
pub(crate) const FILE_POLICY: FilePolicy = FilePolicy { content_bytes_max: 100 << 20, ..FilePolicy::DEFAULT };

impl Ports {
    pub(crate) fn begin_upload(self) -> BeginUpload {
        let (minting, recorder) = (self.minting(), self.recorder());
        let Self { files, usages, shares, uploads, blobs, users, limiter, clock, .. } = self;
        let ports = BeginUploadPorts { files, usages, shares, uploads, blobs, users, limiter, clock };
        BeginUpload::new(ports, minting, recorder, FILE_POLICY)
    }

    pub(crate) fn receive_upload(self) -> ReceiveUpload {
        let recorder = self.recorder();
        let Self { uploads, shares, blobs, usages, clock, .. } = self;
        ReceiveUpload::new(
            ReceiveUploadPorts { uploads, shares, blobs, usages, clock },
            recorder,
            FILE_POLICY,
        )
    }

    pub(crate) fn send_whole(self) -> SendWhole {
        SendWhole::new(self.begin_upload())
    }

    pub(crate) fn own_files(self) -> OwnFiles {
        let recorder = self.recorder();
        let Self { files, usages, shares, clock, .. } = self;
        OwnFiles::new(OwnFilesPorts { files, usages, shares, clock }, recorder)
    }

    pub(crate) fn download(self) -> Download {
        let recorder = self.recorder();
        let Self { files, shares, links, blobs, clock, .. } = self;
        Download::new(DownloadPorts { files, shares, links, blobs, clock }, recorder)
    }

    pub(crate) fn sharing(self) -> Sharing {
        let (minting, recorder) = (self.minting(), self.recorder());
        let Self { users, files, shares, clock, .. } = self;
        Sharing::new(SharingPorts { users, files, shares, clock }, minting, recorder)
    }

    pub(crate) fn linking(self) -> Linking {
        let (minting, recorder) = (self.minting(), self.recorder());
        let Self { files, shares, links, sealer, clock, .. } = self;
        Linking::new(LinkingPorts { files, shares, links, sealer, clock }, minting, recorder)
    }

    pub(crate) fn file_audit(self) -> FileAudit {
        FileAudit::new(self.audit, self.files, self.shares, self.clock)
    }

    pub(crate) fn storage_usage(self) -> StorageUsage {
        StorageUsage::new(self.usages)
    }

    /// Of the only node on the store.
    pub(crate) fn file_housekeeping(self) -> FileHousekeeping {
        self.file_housekeeping_of(StoreUse::Alone)
    }

    pub(crate) fn file_housekeeping_of(self, store_use: StoreUse) -> FileHousekeeping {
        let (recorder, receive) = (self.recorder(), self.clone().receive_upload());
        let Self { files, usages, uploads, shares, links, ledger, blobs, clock, .. } = self;
        let ports = FileHousekeepingPorts { files, usages, uploads, shares, links, ledger, blobs, clock };
        FileHousekeeping::new(ports, receive, recorder, FILE_POLICY, store_use)
    }
}
