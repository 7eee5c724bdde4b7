//! How long calls of a route take, and how much time on the processor they cost the server and its database.

use crate::counting::Sent;
use crate::support::consumption::processor_time;
use futures_util::future::join_all;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// Clients that call at the same time.
pub(crate) const CLIENTS: usize = 16;

/// The wall clock, in milliseconds since 1970.
pub(crate) fn now_millis() -> u64 {
    u64::try_from(std::time::UNIX_EPOCH.elapsed().unwrap().as_millis()).unwrap()
}

/// How often a route is called.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Calls {
    /// One after the other.
    pub(crate) sequential: usize,
    /// By each of [`CLIENTS`] clients after that, all at the same time.
    pub(crate) by_each: usize,
}

impl Calls {
    pub(crate) const fn count(self) -> usize {
        self.sequential + CLIENTS * self.by_each
    }
}

/// One of the calls.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Call {
    /// Who makes it: zero for those that come one after the other, the clients from one on otherwise.
    pub(crate) client: usize,
    /// Which of all calls it is, from zero.
    pub(crate) number: usize,
    /// Which of the client's calls it is, from zero.
    pub(crate) turn: usize,
}

/// What a route costs.
#[derive(Debug)]
pub(crate) struct Figures {
    pub(crate) route: &'static str,
    /// How long calls took that came one after the other, in rising order.
    pub(crate) millis: Vec<f64>,
    /// Calls in a second when the clients call at the same time.
    pub(crate) per_second: f64,
    /// The server's time on the processor for a call, then.
    pub(crate) server_millis: f64,
    /// The database's, if there is one whose process is known.
    pub(crate) database_millis: Option<f64>,
    /// What was asked of the database for a call, if somebody counted it.
    pub(crate) commands: BTreeMap<String, f64>,
}

impl Figures {
    /// The time that so many of a hundred calls do not exceed, in milliseconds.
    pub(crate) fn percentile(&self, percent: usize) -> f64 {
        self.millis[(self.millis.len() * percent / 100).min(self.millis.len() - 1)]
    }

    /// Time on the processor for a call, of server and database together.
    pub(crate) fn processor_millis(&self) -> f64 {
        self.server_millis + self.database_millis.unwrap_or(0.0)
    }
}

/// Who is watched.
pub(crate) struct Watch {
    server: u32,
    database: Option<u32>,
    sent: Option<Sent>,
}

/// Milliseconds on the processor so far, of the server and of the database.
type Spent = (u64, Option<u64>);

fn spent(process: u32) -> u64 {
    let time = processor_time(process);
    time.user_millis + time.system_millis
}

impl Watch {
    /// Watches processes.
    pub(crate) const fn of(server: u32, database: Option<u32>) -> Self {
        Self { server, database, sent: None }
    }

    /// Counts what is sent to the database. What else it measures means nothing then.
    pub(crate) const fn counting(server: u32, sent: Sent) -> Self {
        Self { server, database: None, sent: Some(sent) }
    }

    fn spent(&self) -> Spent {
        (spent(self.server), self.database.map(spent))
    }

    /// What the processes use while nobody calls.
    pub(crate) async fn at_rest(&self) -> String {
        const SECONDS: u64 = 5;
        let before = self.spent();
        tokio::time::sleep(Duration::from_secs(SECONDS)).await;
        let after = self.spent();
        let database = after.1.zip(before.1).map(|(after, before)| (after - before) / SECONDS);
        let server = (after.0 - before.0) / SECONDS;
        format!("server {server} ms on the processor in a second, database {database:?}")
    }

    /// Calls a route again and again, and measures.
    pub(crate) async fn route<F: Future<Output = ()>>(
        &self,
        route: &'static str,
        calls: Calls,
        call: impl Fn(Call) -> F,
    ) -> Figures {
        if let Some(sent) = &self.sent {
            sent.lock().clear();
        }
        let mut millis = Vec::new();
        for number in 0..calls.sequential {
            let begun = Instant::now();
            call(Call { client: 0, number, turn: number }).await;
            millis.push(begun.elapsed().as_secs_f64() * 1e3);
        }
        millis.sort_by(f64::total_cmp);
        let commands = self.commands_per(calls.sequential);
        let (before, begun) = (self.spent(), Instant::now());
        join_all((0..CLIENTS).map(|client| run_client(client, calls, &call))).await;
        let (elapsed, after) = (begun.elapsed(), self.spent());
        let together = (CLIENTS * calls.by_each).max(1) as f64;
        let figures = Figures {
            route,
            millis,
            per_second: together / elapsed.as_secs_f64(),
            server_millis: (after.0 - before.0) as f64 / together,
            database_millis: after.1.zip(before.1).map(|(after, before)| (after - before) as f64 / together),
            commands,
        };
        eprintln!("{}", crate::table::line(&figures));
        figures
    }

    fn commands_per(&self, calls: usize) -> BTreeMap<String, f64> {
        let Some(sent) = &self.sent else { return BTreeMap::new() };
        sent.lock().iter().map(|(name, count)| (name.clone(), *count as f64 / calls as f64)).collect()
    }
}

/// The calls of one of the clients that call at the same time.
async fn run_client<F: Future<Output = ()>>(client: usize, calls: Calls, call: &impl Fn(Call) -> F) {
    for turn in 0..calls.by_each {
        let number = calls.sequential + turn * CLIENTS + client;
        call(Call { client: client + 1, number, turn }).await;
    }
}
