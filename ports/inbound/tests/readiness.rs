//! Readiness: the server is ready when its store and its blob store answer.

use crate::support::{Ports, unanswered};
use epic_domain::audit::Anchor;
use epic_inbound::Fault;
use epic_outbound::StoreError;
use epic_outbound::audit::MockAudit;
use epic_outbound::blobs::{BlobError, MockBlobs};
use std::sync::Arc;

async fn readiness_with(
    anchor: Result<Anchor, StoreError>,
    blobs: Result<(), BlobError>,
) -> Result<(), Fault> {
    let mut audit = MockAudit::new();
    audit.expect_anchor().times(1).return_once(|| anchor);
    let mut blob_store = MockBlobs::new();
    blob_store.expect_check().times(..=1).return_once(|| blobs);
    let ports = Ports { audit: Arc::new(audit), blobs: Arc::new(blob_store), ..Ports::untouched() };
    ports.readiness().check().await
}

#[tokio::test]
async fn stores_that_answer_make_the_server_ready() {
    assert!(readiness_with(Ok(Anchor::empty()), Ok(())).await.is_ok());
}

#[tokio::test]
async fn a_store_that_does_not_answer_makes_it_unready() {
    assert!(matches!(readiness_with(Err(unanswered()), Ok(())).await, Err(Fault::Unavailable(_))));
}

#[tokio::test]
async fn a_blob_store_that_does_not_answer_makes_it_unready() {
    let gone = Err(BlobError::Unavailable("the folder is gone".into()));
    assert!(matches!(readiness_with(Ok(Anchor::empty()), gone).await, Err(Fault::Unavailable(_))));
}
