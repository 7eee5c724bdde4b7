//! What is left of a body when its request has been refused.

use core::time::Duration;
use epic_inbound::byte_source::ByteSource;
use http::HeaderMap;
use http::header::EXPECT;
use tokio::time::timeout;

/// How long and how much is read of a body that nobody wants.
const LINGER: Duration = Duration::from_secs(3);
const LINGER_BYTES_MAX: usize = 16 * 1_024 * 1_024;

/// How a client takes a refusal before it has sent everything.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lingering {
    is_wanted: bool,
}

impl Lingering {
    /// A client that asks before it sends (RFC 9110, section 10.1.1) has not begun, and must not be asked to.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        Self { is_wanted: !headers.contains_key(EXPECT) }
    }

    /// Reads on for a while and forgets what comes. A client that is still sending when its connection is closed may lose the
    /// reply that tells why (RFC 9112, section 9.6).
    pub(crate) async fn read_out(self, source: &mut dyn ByteSource) {
        if !self.is_wanted {
            return;
        }
        let reading = async {
            let mut left = LINGER_BYTES_MAX;
            while let Ok(Some(piece)) = source.next().await {
                match left.checked_sub(piece.len()) {
                    Some(rest) => left = rest,
                    None => return,
                }
            }
        };
        // Whether it came to its end makes no difference: the refusal is sent now.
        drop(timeout(LINGER, reading).await);
    }
}
