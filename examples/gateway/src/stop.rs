//! When to stop: after the first signal, and when to wait no longer.

use std::future::Future;
use std::time::Duration;

use anyhow::Result;
use tokio::sync::watch;
use tokio::time::timeout;

/// The number of signals to stop that have come.
pub(crate) struct Stop(watch::Receiver<u32>);

impl Stop {
    /// Listens for signals from now on.
    pub(crate) fn listen() -> Result<Self> {
        let (told, tell) = watch::channel(0);
        let mut signals = Signals::new()?;
        tokio::spawn(async move {
            while signals.next().await {
                told.send_modify(|count| *count += 1);
            }
        });
        Ok(Self(tell))
    }

    /// Is ready after the first signal.
    pub(crate) fn first(&self) -> impl Future<Output = ()> + Send + use<> {
        self.nth(1)
    }

    /// Is ready when the time after the first signal is over, or after the second.
    pub(crate) async fn out_of_patience(&self, grace: Duration) {
        self.first().await;
        // Either way it is over.
        let _ = timeout(grace, self.nth(2)).await;
    }

    fn nth(&self, count: u32) -> impl Future<Output = ()> + Send + use<> {
        let mut signals = self.0.clone();
        async move {
            // Nobody counts any more only when the runtime ends.
            let _ = signals.wait_for(|seen| *seen >= count).await;
        }
    }
}

#[cfg(unix)]
struct Signals {
    terminate: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn new() -> Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        let (terminate, interrupt) =
            (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
        Ok(Self { terminate, interrupt })
    }

    async fn next(&mut self) -> bool {
        tokio::select! {
            signal = self.terminate.recv() => signal.is_some(),
            signal = self.interrupt.recv() => signal.is_some(),
        }
    }
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn new() -> Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) -> bool {
        tokio::signal::ctrl_c().await.is_ok()
    }
}
