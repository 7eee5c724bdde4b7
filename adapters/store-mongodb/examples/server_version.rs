//! Says what server `TEST_MONGODB_URI` names, for the log of a run of the tests.

#![expect(clippy::print_stdout, reason = "what it says is its purpose")]

use mongodb::Client;
use mongodb::bson::doc;
use std::error::Error;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let client = Client::with_uri_str(std::env::var("TEST_MONGODB_URI")?).await?;
    let build = client.database("admin").run_command(doc! { "buildInfo": 1 }).await?;
    println!("{}", build.get_str("version")?);
    Ok(())
}
