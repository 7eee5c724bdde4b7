//! Work that lasts as long as its client keeps sending: it has a deadline between bytes, and none for the whole.

use crate::carried;
use core::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use warp::reply::Response;

type Work = Pin<Box<dyn Future<Output = Response> + Send>>;

/// Tells that bytes still come.
#[derive(Debug, Clone, Default)]
pub(crate) struct Pulse(Arc<AtomicBool>);

impl Pulse {
    /// Bytes have come.
    pub(crate) fn beat(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether bytes have come since this was last asked.
    pub(crate) fn has_beaten(&self) -> bool {
        self.0.swap(false, Ordering::Relaxed)
    }
}

/// Work that a route goes on with once it has answered everything it can refuse at once.
pub(crate) struct Unhurried {
    /// Becomes the reply.
    pub(crate) work: Work,
    /// Beats while the work goes on.
    pub(crate) pulse: Pulse,
}

/// A reply that is yet to come of `work`. The edge of the server waits for it for as long as `pulse` beats.
pub(crate) fn later(pulse: Pulse, work: impl Future<Output = Response> + Send + 'static) -> Response {
    let mut response = Response::default();
    carried::put(&mut response, Unhurried { work: Box::pin(work), pulse });
    response
}

/// The work behind a reply, if it is yet to come.
pub(crate) fn take(response: &mut Response) -> Option<Unhurried> {
    carried::take(response)
}
