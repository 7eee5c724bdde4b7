//! The steps of the demonstration, in order.

use super::account::{NewAccount, text};
use super::derivation::{PasswordKeys, derive};
use super::enrolment::{qr_code, secret_of};
use super::failure::DemoFailure;
use super::http::{Answer, Client};
use super::wrapping::{Purpose, unwrap};
use epic_domain::secret::{Secret, SecretText};
use epic_domain::user::{KdfParameters, OtpStep, TotpSecret, Username};
use epic_otp_totp::{OtpIssuer, TotpCodes};
use epic_outbound::clock::Clock;
use epic_outbound::entropy::Entropy;
use epic_outbound::otp::Otp;
use serde_json::{Value, json};
use std::io::Write;

/// A demonstration under way.
pub(super) struct Demo<'a> {
    pub(super) client: Client,
    pub(super) clock: &'a dyn Clock,
    pub(super) entropy: &'a dyn Entropy,
    pub(super) output: &'a mut dyn Write,
    pub(super) username: Username,
    pub(super) password: SecretText,
}

/// The tokens a client holds.
struct Tokens {
    access: SecretText,
    refresh: SecretText,
}

impl Tokens {
    fn of(answer: &Answer) -> Result<Self, DemoFailure> {
        let token = |name| answer.text(name).map(|token| SecretText::new(token.to_owned()));
        Ok(Self { access: token("access_token")?, refresh: token("refresh_token")? })
    }
}

fn ensure(holds: bool, otherwise: &str) -> Result<(), DemoFailure> {
    if holds { Ok(()) } else { Err(DemoFailure::Answer(otherwise.to_owned())) }
}

impl Demo<'_> {
    pub(super) fn run(mut self) -> Result<(), DemoFailure> {
        let (account, totp_secret) = self.register()?;
        let keys = self.ask_as_second_device(&account)?;
        let tokens = self.sign_in(&account, &keys, &totp_secret)?;
        let tokens = self.use_and_renew(&tokens)?;
        self.sign_out(&tokens)?;
        self.say("\nEverything was as it should be.")
    }

    fn say(&mut self, line: &str) -> Result<(), DemoFailure> {
        writeln!(self.output, "{line}")
            .and_then(|()| self.output.flush())
            .map_err(|error| DemoFailure::Local(format!("cannot print: {error}")))
    }

    fn register(&mut self) -> Result<(NewAccount, TotpSecret), DemoFailure> {
        self.say(&format!("1. A new account named {}", self.username))?;
        self.say("   Deriving keys from the password on this machine: Argon2id with 64 MiB and 3 passes.")?;
        let account = NewAccount::make(self.username.clone(), self.password.expose(), self.entropy)?;
        self.say("   Made a master key and two key pairs; their private parts leave here only encrypted.")?;
        let registered =
            self.client.post("/api/auth/register", None, &account.registration())?.expect(201)?;
        self.say(&format!("   Registered: user_id {}", registered.text("user_id")?))?;
        let uri = SecretText::new(registered.text("otpauth_uri")?.to_owned());
        ensure(
            registered.text("qr_code")?.starts_with("data:image/"),
            "the registration's qr_code is no picture",
        )?;
        let totp_secret = secret_of(uri.expose())?;
        self.say(
            "\n   An authenticator app could scan this code. It holds this account's one secret that is",
        )?;
        self.say("   printed here, since a client has to show it; the server never shows it again.\n")?;
        self.say(&qr_code(uri.expose())?)?;
        Ok((account, totp_secret))
    }

    fn ask_as_second_device(&mut self, account: &NewAccount) -> Result<PasswordKeys, DemoFailure> {
        self.say("\n2. A second device, which knows the name and the password alone")?;
        let path = format!("/api/user/{}/salts", self.username);
        let answer = self.client.get(&path, None)?.expect(200)?;
        let (auth_salt, enc_salt) = (answer.bytes("auth_salt")?, answer.bytes("enc_salt")?);
        ensure(
            auth_salt == account.auth_salt && enc_salt == account.enc_salt,
            "the server gave other salts than were registered",
        )?;
        let kdf = answer.part("kdf")?;
        let number = |name| answer.number(kdf, name);
        // Its own floor: a hostile server could otherwise ask for a derivation that is easy to guess at.
        let kdf = KdfParameters::new(number("memory_kib")?, number("iterations")?, number("parallelism")?)
            .map_err(|invalid| DemoFailure::Answer(format!("the server's kdf {invalid}")))?;
        self.say("   Got the two public salts and the parameters, the same that were registered.")?;
        let keys = derive(self.password.expose(), &auth_salt, &enc_salt, &kdf)?;
        self.say("   Derived the same keys again.")?;
        Ok(keys)
    }

    fn sign_in(
        &mut self,
        account: &NewAccount,
        keys: &PasswordKeys,
        totp_secret: &TotpSecret,
    ) -> Result<Tokens, DemoFailure> {
        self.say("\n3. Signing in with the key that proves the password and a code of the authenticator")?;
        let body = json!({
            "username": self.username.as_str(),
            "auth_key": text(keys.auth_key.expose()),
            "otp": self.code(totp_secret)?.expose(),
            "device_name": "epic-server demo",
        });
        let answer = self.client.post("/api/auth/login", None, &body)?.expect(200)?;
        self.say(&format!("   Signed in: session_id {}", answer.text("session_id")?))?;
        let codes = answer.part("recovery_codes")?.as_array().map_or(0, Vec::len);
        ensure(codes == 10, "the first login did not bring ten recovery codes")?;
        self.say("   Ten recovery codes came along; a person would write them down. They are not printed.")?;
        self.open_keys(account, keys, &answer)?;
        Tokens::of(&answer)
    }

    fn code(&self, totp_secret: &TotpSecret) -> Result<SecretText, DemoFailure> {
        let code = TotpCodes::new(OtpIssuer::default())
            .code_at(totp_secret, OtpStep::at(self.clock.now()))
            .map_err(|error| DemoFailure::Local(error.to_string()))?;
        let digits = str::from_utf8(code.expose()).map_err(|error| DemoFailure::Local(error.to_string()))?;
        Ok(SecretText::new(digits.to_owned()))
    }

    fn open_keys(
        &mut self,
        account: &NewAccount,
        keys: &PasswordKeys,
        answer: &Answer,
    ) -> Result<(), DemoFailure> {
        let mek = unwrap(&keys.kek, &answer.bytes("encrypted_mek")?, Purpose::MasterKey, &self.username)
            .and_then(|mek| Secret::<32>::from_slice(&mek).ok())
            .filter(|mek| *mek == account.mek)
            .ok_or_else(|| DemoFailure::Answer("the master key did not come back as it was".to_owned()))?;
        let wrapped = answer.bytes("encrypted_private_key")?;
        let same = unwrap(&mek, &wrapped, Purpose::PrivateKeys, &self.username)
            .is_some_and(|halves| halves == account.pairs.private_halves());
        ensure(same, "the private keys did not come back as they were")?;
        self.say("   Decrypted the master key and the private keys here: they are the ones that were made.")
    }

    fn use_and_renew(&mut self, tokens: &Tokens) -> Result<Tokens, DemoFailure> {
        self.say("\n4. Using the session")?;
        let profile = self.client.get("/api/user/profile", Some(tokens.access.expose()))?.expect(200)?;
        ensure(
            profile.text("username")? == self.username.as_str(),
            "the profile belongs to another account",
        )?;
        self.say("   The profile opens with the access token.")?;
        let body = json!({ "refresh_token": tokens.refresh.expose() });
        let renewed = Tokens::of(&self.client.post("/api/auth/refresh", None, &body)?.expect(200)?)?;
        ensure(renewed.refresh.expose() != tokens.refresh.expose(), "the refresh token was not replaced")?;
        self.client.get("/api/user/profile", Some(renewed.access.expose()))?.expect(200)?;
        self.say("   The refresh token bought a new pair, and the new access token opens the profile too.")?;
        Ok(renewed)
    }

    fn sign_out(&mut self, tokens: &Tokens) -> Result<(), DemoFailure> {
        self.say("\n5. Signing out")?;
        self.client
            .post("/api/auth/logout", Some(tokens.access.expose()), &Value::Object(Default::default()))?
            .expect(204)?;
        self.client.get("/api/user/profile", Some(tokens.access.expose()))?.expect(401)?;
        self.say("   Signed out. The access token, not yet expired, is refused: 401.")?;
        let body = json!({ "refresh_token": tokens.refresh.expose() });
        self.client.post("/api/auth/refresh", None, &body)?.expect(401)?;
        self.say("   The refresh token is refused as well: 401.")
    }
}
