//! Readiness: the server is ready when its store answers.

use crate::support::{Ports, unanswered};
use epic_domain::audit::Anchor;
use epic_inbound::Fault;
use epic_outbound::StoreError;
use epic_outbound::audit::MockAudit;
use std::sync::Arc;

async fn readiness_with(anchor: Result<Anchor, StoreError>) -> Result<(), Fault> {
    let mut audit = MockAudit::new();
    audit.expect_anchor().times(1).return_once(|| anchor);
    Ports { audit: Arc::new(audit), ..Ports::untouched() }.readiness().check().await
}

#[tokio::test]
async fn a_store_that_answers_makes_the_server_ready() {
    assert!(readiness_with(Ok(Anchor::empty())).await.is_ok());
}

#[tokio::test]
async fn a_store_that_does_not_answer_makes_it_unready() {
    assert!(matches!(readiness_with(Err(unanswered())).await, Err(Fault::Unavailable(_))));
}
