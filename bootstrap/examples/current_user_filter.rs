//! EPIC Server's "current user" filter in front of someone else's warp route, beside the API itself.
//! `cargo run --example current_user_filter`, sign up at the API it names, then GET /notes with the access token.
#![expect(clippy::print_stdout, reason = "an example")]

use epic_bootstrap::config::{Given, Origin, Settings};
use epic_bootstrap::wire::{Application, Machine, Parts};
use epic_http_warp::{Server, ServerSettings, current_user, recover};
use epic_inbound::authenticate::Authenticated;
use std::error::Error;
use std::net::SocketAddr;
use warp::Filter;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut given = Given::default();
    let data_dir = std::env::var("EPIC_DATA_DIR").unwrap_or_else(|_| "./epic-data".to_owned());
    given.set("data_dir", data_dir, Origin::Environment);
    let settings = Settings::parse(&given, Vec::new())?;
    let parts = Box::pin(Parts::from_settings(settings, Machine::system())).await?;
    let app = Application::assemble(parts)?;
    app.housekeeping.take_up().await?;

    // Somebody else's route: all it knows of EPIC Server is this filter.
    let notes = warp::path!("notes")
        .and(current_user(app.api.authenticate.clone()))
        .map(|caller: Authenticated| format!("the notes of {}\n", caller.user().username))
        .recover(recover);

    let api =
        Server::bind(ServerSettings { listen: ([127, 0, 0, 1], 0).into(), ..ServerSettings::default() })
            .await?;
    println!("API on http://{}", api.local_addr());
    let listener = tokio::net::TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await?;
    println!("notes on http://{}/notes", listener.local_addr()?);
    tokio::join!(warp::serve(notes).incoming(listener).run(), api.serve(app.api, std::future::pending()));
    Ok(())
}
