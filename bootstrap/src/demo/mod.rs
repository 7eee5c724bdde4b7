//! A demonstration: a real client that registers, signs in and out over HTTP, and says what it does in plain words.
//!
//! The server sees what any client sends it. Passwords, keys and tokens are not printed; the QR code, which holds the
//! new account's authenticator secret, is, as a client must show it.

mod account;
mod derivation;
mod enrolment;
mod failure;
mod http;
mod key_pairs;
mod steps;
mod wrapping;

pub use failure::DemoFailure;

use account::fresh;
use data_encoding::BASE32_NOPAD;
use epic_domain::secret::SecretText;
use epic_domain::user::Username;
use epic_outbound::clock::Clock;
use epic_outbound::entropy::Entropy;
use http::Client;
use std::io::Write;

/// What to demonstrate with.
#[derive(Debug)]
pub struct DemoOptions {
    /// The server, such as `http://127.0.0.1:8080`.
    pub url: String,
    /// The name to register; a random one if there is none.
    pub username: Option<String>,
    /// The password; a random one if there is none.
    pub password: Option<SecretText>,
}

/// Goes through the life of an account against a running server.
///
/// # Errors
/// [`DemoFailure`]: the first thing that was not as it should be.
pub fn run(
    options: DemoOptions,
    clock: &dyn Clock,
    entropy: &dyn Entropy,
    output: &mut dyn Write,
) -> Result<(), DemoFailure> {
    let username = match options.username {
        Some(name) => name,
        None => format!("demo-{}", random_word(entropy)?),
    };
    let username = Username::parse(&username)
        .map_err(|invalid| DemoFailure::Local(format!("the username {invalid}")))?;
    let password = match options.password {
        Some(password) => password,
        None => SecretText::new(random_word(entropy)? + &random_word(entropy)?),
    };
    let client = Client::new(&options.url)?;
    steps::Demo { client, clock, entropy, output, username, password }.run()
}

/// Eight random letters and digits.
fn random_word(entropy: &dyn Entropy) -> Result<String, DemoFailure> {
    Ok(BASE32_NOPAD.encode(&fresh::<5>(entropy)?).to_ascii_lowercase())
}
