//! The whole application in this process: real store, real crypto, real sockets, and a clock in the test's hand.

use super::home::{Home, store_setting};
use super::hosted::{Hosted, Reached};
use super::mongodb::NamedDatabase;
use super::person::encode;
use super::{Client, Person};
use epic_bootstrap::config::{Given, Origin, Settings, StoreChoice};
use epic_bootstrap::wire::Machine;
use epic_domain::Timestamp;
use epic_domain::audit::Link;
use epic_outbound::clock::Clock;
use epic_system::SystemEntropy;
use epic_tests::fakes::FakeClock;
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

/// The database knows only the real clock, which is ahead of the one in the test's hand: by it, everything has expired.
const NEVER: Duration = Duration::from_secs(50 * 365 * 24 * 3_600);

/// The settings a test may change; the limits are off and hashes cheap unless it does.
pub(crate) struct Options {
    pub(crate) limit_login: String,
    pub(crate) limit_register: String,
    pub(crate) limit_totp: String,
    pub(crate) limit_api: String,
    pub(crate) limit_upload: String,
    pub(crate) quota: String,
    pub(crate) content_max: String,
    pub(crate) trusted_proxies: String,
    pub(crate) refresh_grace: String,
    pub(crate) argon2: String,
    pub(crate) sessions_max: String,
    pub(crate) token_algorithm: String,
    pub(crate) introspection_clients: String,
    pub(crate) limit_login_account: String,
}

impl Options {
    /// The limits that the server has without configuration.
    pub(crate) fn with_default_limits(&mut self) {
        self.limit_login = "5/5m".into();
        self.limit_register = "3/1h".into();
        self.limit_totp = "3/5m".into();
        self.limit_api = "100/1h".into();
        self.limit_upload = "10/15m".into();
        self.limit_login_account = "30/1m".into();
    }

    fn given(&self, folder: &std::path::Path) -> Given {
        let mut given = Given::default();
        let data_dir = folder.join("data").to_string_lossy().into_owned();
        let store = store_setting(folder).unwrap_or_else(|| "sqlite".to_owned());
        let texts = [
            ("listen", "127.0.0.1:0"),
            ("data_dir", &data_dir),
            ("store", &store),
            ("shutdown_grace", "2s"),
            ("limit_login", &self.limit_login),
            ("limit_register", &self.limit_register),
            ("limit_totp", &self.limit_totp),
            ("limit_api", &self.limit_api),
            ("limit_upload", &self.limit_upload),
            ("quota", &self.quota),
            ("content_max", &self.content_max),
            ("trusted_proxies", &self.trusted_proxies),
            ("refresh_grace", &self.refresh_grace),
            ("argon2", &self.argon2),
            ("sessions_max", &self.sessions_max),
            ("token_algorithm", &self.token_algorithm),
            ("introspection_clients", &self.introspection_clients),
            ("limit_login_account", &self.limit_login_account),
            ("insecure_argon2", "true"),
        ];
        for (name, text) in texts {
            given.set(name, text.to_owned(), Origin::Environment);
        }
        given
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            limit_login: "off".into(),
            limit_register: "off".into(),
            limit_totp: "off".into(),
            limit_api: "off".into(),
            limit_upload: "off".into(),
            quota: "10GiB".into(),
            content_max: "10GiB".into(),
            trusted_proxies: String::new(),
            refresh_grace: "10s".into(),
            argon2: "8,1,1".into(),
            sessions_max: "50".into(),
            token_algorithm: "hs256".into(),
            introspection_clients: String::new(),
            limit_login_account: "off".into(),
        }
    }
}

/// A deadline that a busy machine keeps, even when sixty-four racers wait for each other.
const PATIENT: Duration = Duration::from_secs(30);

/// A server that answers on a real socket. Its data goes with it.
pub(crate) struct TestServer {
    pub(crate) base: String,
    clock: Arc<FakeClock>,
    options: Options,
    /// None while it is started again.
    hosted: Option<Hosted>,
    home: Home,
}

/// What a login gave.
#[derive(Clone)]
pub(crate) struct SignedIn {
    pub(crate) access_token: String,
    pub(crate) refresh_token: String,
}

async fn host(options: &Options, home: &Home, clock: &Arc<FakeClock>) -> Hosted {
    let mut settings = Settings::parse(&options.given(home.path()), Vec::new()).unwrap();
    if let StoreChoice::Mongodb(options) = &mut settings.storage.store {
        options.expired_kept_for = NEVER;
        options.deadline = PATIENT;
    }
    let clock = Arc::<FakeClock>::clone(clock);
    Hosted::start(settings, Machine { clock, entropy: Arc::new(SystemEntropy) }).await
}

fn base_of(hosted: &Hosted) -> String {
    format!("http://{}", hosted.reached.address)
}

impl TestServer {
    pub(crate) async fn start() -> Self {
        Self::start_with(|_| ()).await
    }

    pub(crate) async fn start_with(change: impl FnOnce(&mut Options)) -> Self {
        let mut options = Options::default();
        change(&mut options);
        let (home, clock) = (Home::new(), Arc::new(FakeClock::default()));
        let hosted = host(&options, &home, &clock).await;
        Self { base: base_of(&hosted), clock, options, hosted: Some(hosted), home }
    }

    /// Stops in order and starts again on the same data.
    pub(crate) async fn restart(&mut self) {
        let hosted = self.hosted.take();
        tokio::task::spawn_blocking(|| drop(hosted)).await.unwrap();
        let hosted = host(&self.options, &self.home, &self.clock).await;
        self.base = base_of(&hosted);
        self.hosted = Some(hosted);
    }

    fn reached(&self) -> &Reached {
        &self.hosted.as_ref().unwrap().reached
    }

    pub(crate) fn client(&self) -> Client {
        Client::new(&self.base)
    }

    pub(crate) fn address(&self) -> String {
        self.base.trim_start_matches("http://").to_owned()
    }

    pub(crate) fn now_millis(&self) -> u64 {
        self.clock.now().as_millis()
    }

    pub(crate) fn advance(&self, span: Duration) {
        self.clock.advance(span);
    }

    /// Moves the wall clock alone, as an operator does.
    pub(crate) fn step_wall_clock(&self, hours: i64) {
        let hour = Duration::from_secs(3_600) * u32::try_from(hours.unsigned_abs()).unwrap();
        let now = self.clock.now();
        self.clock.set_wall(if hours < 0 { now.saturating_sub(hour) } else { now.saturating_add(hour) });
    }

    /// Goes to the next thirty-second step, so that the authenticator shows a new code.
    pub(crate) fn next_step(&self) {
        self.advance(Duration::from_secs(30));
    }

    /// Six digits that are no code of now, the step before or the step after.
    pub(crate) fn wrong_code(&self, person: &Person) -> String {
        let now = self.now_millis();
        let near = [now - 30_000, now, now + 30_000].map(|at| person.code_at(at));
        (0..10).map(|digit| digit.to_string().repeat(6)).find(|code| !near.contains(code)).unwrap()
    }

    /// Registers someone and signs them in for the first time.
    pub(crate) async fn sign_up(&self, username: &str) -> (Person, SignedIn) {
        let mut person = Person::new(username);
        person.register(&self.client()).await.expect(201);
        let session = self.login(&person).await;
        (person, session)
    }

    /// Signs someone in once more, with the next code.
    pub(crate) async fn sign_in(&self, person: &Person) -> SignedIn {
        self.next_step();
        self.login(person).await
    }

    async fn login(&self, person: &Person) -> SignedIn {
        let reply = person.login_with(&self.client(), &person.code_at(self.now_millis())).await.expect(200);
        SignedIn { access_token: reply.text("access_token"), refresh_token: reply.text("refresh_token") }
    }

    /// An access token of the session that says that its owner has just proved who they are.
    pub(crate) async fn step_up(&self, person: &Person, session: &SignedIn) -> String {
        self.next_step();
        let code = person.code_at(self.now_millis());
        let body = json!({ "auth_key": encode(&person.auth_key), "otp": code });
        let reply =
            self.client().post_as(&session.access_token, "/api/auth/step-up", &body).await.expect(200);
        reply.text("access_token")
    }

    /// The session's next tokens.
    pub(crate) async fn refreshed(&self, session: &SignedIn) -> SignedIn {
        let reply = self.client().refresh(&session.refresh_token).await.expect(200);
        SignedIn { access_token: reply.text("access_token"), refresh_token: reply.text("refresh_token") }
    }

    /// Ended sessions that the store remembers.
    pub(crate) async fn live_revocations(&self) -> usize {
        let live = |server: Reached| async move { server.sessions.live_revocations(Timestamp::MIN).await };
        self.reached().within(live).await.unwrap().len()
    }

    /// Lets the server forget what no longer matters, as it does every minute.
    pub(crate) async fn sweep(&self) {
        let sweep = |server: Reached| async move { server.housekeeping.sweep_store().await };
        self.reached().within(sweep).await.unwrap();
    }

    /// Lets the server keep its files in order, and remove the contents that nobody needs, as it does again and again.
    pub(crate) async fn sweep_files(&self) {
        let sweep = |server: Reached| async move {
            server.file_housekeeping.finish_cut_off().await?;
            server.file_housekeeping.sweep().await?;
            server.file_housekeeping.remove_doomed_blobs().await
        };
        self.reached().within(sweep).await.unwrap();
    }

    /// The folder in which the server's data folder is, and nothing else.
    pub(crate) fn folder(&self) -> &std::path::Path {
        self.home.path()
    }

    /// The database beside it, if the store is in one.
    pub(crate) const fn database(&self) -> Option<&NamedDatabase> {
        self.home.database()
    }

    async fn links(&self) -> Vec<Link> {
        let mut links: Vec<Link> = Vec::new();
        loop {
            let after = links.last().map_or(0, |link| link.sequence);
            let read = move |server: Reached| async move { server.audit.read(after, 1_000).await };
            let page = self.reached().within(read).await.unwrap();
            if page.is_empty() {
                return links;
            }
            links.extend(page);
        }
    }

    /// The kinds of all events so far, but for the summed-up calls, which are written when it suits.
    pub(crate) async fn audit_kinds(&self) -> Vec<String> {
        let kinds = self.links().await.into_iter().map(|link| link.event.kind.as_str().to_owned());
        kinds.filter(|kind| kind != "access").collect()
    }

    /// The reasons of all failures so far.
    pub(crate) async fn audit_reasons(&self) -> Vec<String> {
        let links = self.links().await;
        links.iter().filter_map(|link| link.event.reason).map(|reason| reason.as_str().to_owned()).collect()
    }
}
