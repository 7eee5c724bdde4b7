//! The life of a server: take up, listen, serve, end in order.

use crate::background::{Background, causes, sign_audit_head};
use crate::config::NetworkSettings;
use crate::wire::Application;
use core::net::SocketAddr;
use epic_http_warp::{Server, ServerSettings};
use epic_inbound::Fault;
use std::io;

/// Why a server did not serve.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// It cannot listen there.
    #[error("cannot listen on {address}: {error}")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// Why.
        error: io::Error,
    },
    /// What ended before this start could not be taken in, so that ended sessions would work again.
    #[error("the ended sessions could not be read")]
    TakeUp(#[source] Fault),
}

fn server_settings(network: NetworkSettings) -> ServerSettings {
    ServerSettings {
        listen: network.listen,
        trusted_proxies: network.trusted_proxies,
        allowed_origins: network.allowed_origins,
        connections_max: network.connections_max.get(),
        header_timeout: network.header_timeout,
        body_timeout: network.body_timeout,
        write_timeout: network.write_timeout,
        request_timeout: network.request_timeout,
        shutdown_grace: network.shutdown_grace,
    }
}

/// Serves `application` until `shutdown` completes, then ends in order: requests under way end, the calls noted are
/// written down, the store closes. `listening` is told the address once requests are answered.
///
/// # Errors
/// [`ServeError`]; the store is closed then too.
pub async fn serve(
    application: Application,
    network: NetworkSettings,
    listening: impl FnOnce(SocketAddr),
    shutdown: impl Future<Output = ()>,
) -> Result<(), ServeError> {
    let Application { api, housekeeping, file_housekeeping, node_sync, audit_heads_file, store } =
        application;
    let (address, grace) = (network.listen, network.shutdown_grace);
    let served = async {
        housekeeping.take_up().await.map_err(ServeError::TakeUp)?;
        if let Err(fault) = file_housekeeping.take_up().await {
            tracing::warn!(error = causes(&fault), "uploads that were cut off are finished later");
        }
        let server = Server::bind(server_settings(network))
            .await
            .map_err(|error| ServeError::Listen { address, error })?;
        let background = Background::start(&housekeeping, &file_housekeeping, node_sync, &audit_heads_file);
        listening(server.local_addr());
        server.serve(api, shutdown).await;
        background.stop(grace).await;
        if let Err(fault) = housekeeping.record_accesses().await {
            tracing::warn!(error = causes(&fault), "the last calls were not written into the audit log");
        }
        if let Err(fault) = sign_audit_head(&housekeeping, audit_heads_file).await {
            tracing::warn!(error = causes(&fault), "the end of the audit log was not signed");
        }
        Ok(())
    }
    .await;
    store.close().await;
    served
}
