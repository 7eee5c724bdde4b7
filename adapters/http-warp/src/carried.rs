//! What a route hands to the edge of the server beside its reply.
//!
//! It travels as an extension of the reply, and those must be `Clone` and `Sync`; streams and futures are neither. So it lies
//! in a box that is shared, and is taken out once.

use http::Response;
use std::sync::{Arc, Mutex};

struct Carrier<T>(Arc<Mutex<Option<T>>>);

impl<T> Clone for Carrier<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

/// Sends something along with a reply.
pub(crate) fn put<B, T: Send + 'static>(response: &mut Response<B>, carried: T) {
    response.extensions_mut().insert(Carrier(Arc::new(Mutex::new(Some(carried)))));
}

/// Takes what came along with a reply, if something of this type did.
pub(crate) fn take<B, T: Send + 'static>(response: &mut Response<B>) -> Option<T> {
    let Carrier(carried) = response.extensions_mut().remove::<Carrier<T>>()?;
    carried.lock().ok()?.take()
}
