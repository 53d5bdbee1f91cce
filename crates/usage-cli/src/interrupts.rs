//! Signals that end a command.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::{io, thread};

use crate::error::CliError;

/// Says whether the command is to end: it was asked to by a signal.
#[derive(Clone, Debug)]
pub(crate) struct Interrupts(Arc<AtomicBool>);

impl Interrupts {
    /// Takes notice of signals from now on; one wakes this thread where it is parked.
    pub(crate) fn catch() -> Result<Self, CliError> {
        let came = Arc::new(AtomicBool::new(false));
        let (flag, waiting) = (Arc::clone(&came), thread::current());
        on_interrupt(move || {
            flag.store(true, Ordering::Release);
            waiting.unpark();
        })?;
        Ok(Self(came))
    }

    pub(crate) fn came(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

/// Has something done, on a thread of its own, when a signal comes. Those that were ignored when the program began stay
/// so, as `nohup`, `trap '' HUP` and a shell's jobs in the background want it.
pub(crate) fn on_interrupt(handler: impl FnMut() + Send + 'static) -> Result<(), CliError> {
    catch(handler).map_err(|error| CliError::failed(format!("cannot catch interrupts: {error}")))
}

#[cfg(unix)]
fn catch(mut handler: impl FnMut() + Send + 'static) -> io::Result<()> {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    use signal_hook::iterator::Signals;

    let ignored = ignored();
    let signals = [SIGHUP, SIGINT, SIGTERM].into_iter().filter(|signal| !is_in(ignored, *signal));
    let mut signals = Signals::new(signals)?;
    thread::Builder::new().name("signals".to_owned()).spawn(move || {
        for _ in signals.forever() {
            handler();
        }
    })?;
    Ok(())
}

#[cfg(not(unix))]
fn catch(handler: impl FnMut() + Send + 'static) -> io::Result<()> {
    ctrlc::set_handler(handler).map_err(io::Error::other)
}

/// Returns the signals that are ignored, a bit for each. Linux alone tells.
#[cfg(unix)]
fn ignored() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or_default()
}

#[cfg(unix)]
const fn is_in(mask: u64, signal: i32) -> bool {
    mask >> (signal - 1) & 1 == 1
}
