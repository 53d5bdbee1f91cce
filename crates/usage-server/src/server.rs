//! The server: one process in front of a ledger.

use std::fmt;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use chrono_tz::Tz;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinHandle;
use usage_store::Store;
use usage_tracker::{Clock, Durability, ShutdownReport, SystemClock, Tracker};

use crate::app::App;
use crate::connection::{Connections, is_loopback};
use crate::error::ServeError;
use crate::events;
use crate::gate::Gate;
use crate::limits::Limits;
use crate::metrics::Counters;
use crate::owner::Owner;
use crate::question::World;
use crate::received::Received;
use crate::routes;
use crate::tokens::Tokens;

/// Threads for what may wait: questions and large bodies.
const WAITING_THREADS: usize = 16;

/// The settings of a [`Server`].
#[derive(Clone)]
#[non_exhaustive]
pub struct Config {
    /// The tokens that are needed; `None`: whoever reaches it may do all, which is allowed on the loopback alone.
    pub tokens: Option<Tokens>,
    /// Names by which this server is asked for, besides `localhost` and addresses; in lower case.
    pub hosts: Vec<String>,
    /// Bounds on what clients may take.
    pub limits: Limits,
    /// Set to answer only when what was sent survives a power loss.
    pub synced: bool,
    /// The zone of periods and answers, where a question names none. UTC.
    pub zone: Tz,
    /// The clock.
    pub clock: Arc<dyn Clock>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            tokens: None,
            hosts: Vec::new(),
            limits: Limits::default(),
            synced: false,
            zone: Tz::UTC,
            clock: Arc::new(SystemClock::new()),
        }
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("tokens", &self.tokens)
            .field("hosts", &self.hosts)
            .field("limits", &self.limits)
            .field("synced", &self.synced)
            .field("zone", &self.zone)
            .finish_non_exhaustive()
    }
}

/// A server that is running, on threads of its own. Dropping it ends it as [`stop`](Self::stop) does, with nobody to be
/// told what came of it.
#[must_use = "dropping it ends the server"]
pub struct Server {
    runtime: Option<Runtime>,
    app: Arc<App>,
    stop: watch::Sender<bool>,
    listening: Vec<JoinHandle<()>>,
    addresses: Vec<SocketAddr>,
    _owner: Owner,
}

impl Server {
    /// Starts to serve a ledger at these listeners.
    ///
    /// # Errors
    /// When another process serves it, when a listener is not of this machine alone and there are no tokens, and when
    /// the operating system gives no thread.
    pub fn start(
        store: Store,
        listeners: Vec<TcpListener>,
        config: Config,
    ) -> Result<Self, ServeError> {
        let mut addresses = Vec::new();
        for listener in &listeners {
            let address = listener.local_addr().map_err(ServeError::Start)?;
            if config.tokens.is_none() && !is_loopback(&address) {
                return Err(ServeError::Unprotected(address));
            }
            addresses.push(address);
        }
        if addresses.is_empty() {
            return Err(ServeError::Nowhere);
        }
        let mut owner = Owner::claim(store.path())?;
        let at: Vec<_> = addresses.iter().map(|address| format!("http://{address}")).collect();
        owner.say(&format!("process {} at {}", std::process::id(), at.join(", ")))?;
        let runtime = Builder::new_multi_thread()
            .thread_name("usage-serve")
            .max_blocking_threads(WAITING_THREADS)
            .enable_all()
            .build()
            .map_err(ServeError::Start)?;
        let (stop, stopping) = watch::channel(false);
        let app = Arc::new(app(store, config, stopping.clone())?);
        let connections = Connections {
            router: routes::router(&app),
            limits: app.limits,
            places: Arc::new(Semaphore::new(app.limits.connections)),
            stop: stopping,
        };
        let mut listening = Vec::new();
        // Listeners belong to the runtime that is entered.
        let entered = runtime.enter();
        for listener in listeners {
            listener.set_nonblocking(true).map_err(ServeError::Start)?;
            let listener =
                tokio::net::TcpListener::from_std(listener).map_err(ServeError::Start)?;
            listening.push(runtime.spawn(connections.clone().accept(listener)));
        }
        drop(entered);
        runtime.spawn(events::watch(Arc::clone(&app)));
        Ok(Self { runtime: Some(runtime), app, stop, listening, addresses, _owner: owner })
    }

    /// Returns the addresses that it listens on.
    #[must_use]
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// Takes no more connections, answers those that have asked, and stores what was taken; each within `deadline`. What
    /// is not stored by then lies in the journal, if the report is [safe](ShutdownReport::is_safe).
    pub fn stop(mut self, deadline: Duration) -> ShutdownReport {
        self.end(deadline)
    }

    fn end(&mut self, deadline: Duration) -> ShutdownReport {
        self.app.is_ending.store(true, Ordering::Relaxed);
        let _ = self.stop.send(true);
        if let Some(runtime) = self.runtime.take() {
            let listening = std::mem::take(&mut self.listening);
            let _ = runtime.block_on(async {
                let answered = async {
                    for listening in listening {
                        let _ = listening.await;
                    }
                };
                tokio::time::timeout(deadline, answered).await
            });
            // What is still at work then is a question of somebody who does not take the answer.
            runtime.shutdown_timeout(Duration::from_secs(1));
        }
        self.app.tracker.shutdown(deadline)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if self.runtime.is_some() {
            let _ = self.end(Duration::from_secs(5));
        }
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").field("addresses", &self.addresses).finish_non_exhaustive()
    }
}

fn app(store: Store, config: Config, stop: watch::Receiver<bool>) -> Result<App, ServeError> {
    let received = Arc::new(Received::default());
    let of_ledger = Arc::clone(&received);
    let durability = if config.synced { Durability::Synced } else { Durability::Journaled };
    let tracker = Tracker::builder()
        .durability(durability)
        .on_refused(move |_, refusal| of_ledger.refused(refusal))
        .start(store.clone())
        .map_err(ServeError::Start)?;
    let tracker = Arc::new(tracker);
    let limits = config.limits;
    Ok(App {
        gate: Gate::new(&tracker, &limits).map_err(ServeError::Start)?,
        counters: Counters::beside(store.path()),
        store,
        tracker,
        received,
        limits,
        tokens: config.tokens,
        hosts: config.hosts,
        world: World { clock: config.clock, zone: config.zone },
        large: Arc::new(Semaphore::new(limits.large_bodies)),
        questions: Arc::new(Semaphore::new(limits.questions)),
        subscribers: Arc::new(Semaphore::new(limits.subscribers)),
        changes: watch::Sender::new(0),
        stop,
        is_ending: false.into(),
    })
}
