//! The core with no HTTP at all: register, sign in with a one-time code, run into a limit.
//! `cargo run --example core_without_http`
#![expect(clippy::print_stdout, reason = "an example")]

use epic_bootstrap::config::{Given, Origin, Settings};
use epic_bootstrap::wire::{Application, Machine, Parts};
use epic_domain::network::IpPrefix;
use epic_domain::user::{
    AuthKey, AuthSalt, EncSalt, EncryptionPublicKey, KdfParameters, KeyMaterial, Salts, SecondFactor,
    SigningPublicKey, Username, WrappedKey,
};
use epic_inbound::register::Registration;
use epic_inbound::sign_in::{SignInError, SignInRequest};
use std::error::Error;
use totp_rs::Totp;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let mut given = Given::default();
    given.set("data_dir", folder.path().to_string_lossy().into_owned(), Origin::Flag);
    let machine = Machine::system();
    let clock = machine.clock.clone();
    let parts = Box::pin(Parts::from_settings(Settings::parse(&given, Vec::new())?, machine)).await?;
    let app = Application::assemble(parts)?;

    let (origin, username) = (IpPrefix::unspecified(), Username::parse("alice")?);
    let keys = KeyMaterial {
        encrypted_mek: WrappedKey::parse(&[1; 72])?,
        encrypted_private_key: WrappedKey::parse(&[2; 136])?,
        public_key: EncryptionPublicKey::parse(&[9; 32])?,
        signing_key: SigningPublicKey::parse(&[1; 32])?,
    };
    let (salts, kdf) =
        (Salts::new(AuthSalt::parse(&[3; 16])?, EncSalt::parse(&[4; 16])?)?, KdfParameters::CLIENT_DEFAULT);
    let auth_key = AuthKey::parse(&[5; 32])?;
    let registration =
        Registration { username: username.clone(), salts, kdf, auth_key: auth_key.clone(), keys, origin };
    let registered = app.api.register.register(registration).await.result?;
    let authenticator = Totp::from_url(registered.otpauth_uri.expose())?;

    for attempt in 1..=6 {
        let code = authenticator.generate(clock.now().as_seconds()).to_string();
        let (username, auth_key) = (username.clone(), auth_key.clone());
        let factor = SecondFactor::parse(&code)?;
        let request =
            SignInRequest { username, auth_key, factor, device_name: None, origin, device_pass: None };
        let outcome = match app.api.sign_in.sign_in(request).await.result {
            Ok(signed_in) => format!("signed in, session {}", signed_in.tokens.session_id),
            Err(SignInError::Limited(denial)) => format!("wait {} s", denial.retry_after_seconds()),
            Err(error) => format!("{error}: a code is good once"),
        };
        println!("attempt {attempt}: {outcome}");
    }
    app.store.close().await;
    Ok(())
}
