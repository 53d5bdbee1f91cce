//! Says how far the tracker has come.

use std::io::{Write as _, stdout};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use driver::Snapshot;
use usage_tracker::Tracker;

/// The interval at which it looks. What it says is at most this old when the gateway is killed.
const LOOK: Duration = Duration::from_millis(1);
/// The accounts are shown at every so manieth look.
const SHOW: u32 = 16;

/// The thread that looks, and how to end it.
pub(crate) struct Watch {
    thread: JoinHandle<()>,
    is_over: Arc<AtomicBool>,
}

pub(crate) fn start(tracker: Arc<Tracker>) -> Watch {
    let is_over = Arc::new(AtomicBool::new(false));
    let over = Arc::clone(&is_over);
    let thread = thread::spawn(move || look(&tracker, &over));
    Watch { thread, is_over }
}

impl Watch {
    pub(crate) fn end(self) {
        self.is_over.store(true, Ordering::Relaxed);
        let _ = self.thread.join();
    }
}

fn look(tracker: &Tracker, is_over: &AtomicBool) {
    let (mut watermark, mut shown) = (0, Snapshot::default());
    let mut looks = 0_u32;
    while !is_over.load(Ordering::Relaxed) {
        let stats = Snapshot::from(tracker.stats());
        if stats.journaled != watermark {
            watermark = stats.journaled;
            // Whoever reads this may kill the process at once: what is said must be true by now.
            println!("journaled {watermark}");
        }
        if !stats.is_balanced() {
            // The next look may find them right again.
            println!("stats {}", text(&stats));
        }
        // Who waits for something to be recovered wants to know at once.
        let is_due = looks.is_multiple_of(SHOW) || stats.recovered != shown.recovered;
        if is_due && stats != shown {
            show(tracker);
            shown = stats;
        }
        looks = looks.wrapping_add(1);
        // sleep: a watermark at most every millisecond.
        thread::sleep(LOOK);
    }
}

/// Shows the accounts. Two threads do that, and what is shown later must not be older.
pub(crate) fn show(tracker: &Tracker) {
    let mut output = stdout().lock();
    let stats = Snapshot::from(tracker.stats());
    // Nobody is left to be told that the pipe is closed.
    let _ = writeln!(output, "stats {}", text(&stats));
}

fn text(stats: &Snapshot) -> String {
    // Numbers and a text always serialise.
    serde_json::to_string(stats).unwrap_or_default()
}
