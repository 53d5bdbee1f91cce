//! Looking after the journal: whether it still lies where others will find it.

use std::time::Duration;

use usage_core::error::chain;
use usage_journal::{Journal, Watched};

use crate::accounts::{Books, release};
use crate::shared::Shared;

/// The time between two looks while records come.
const IN_TRAFFIC: Duration = Duration::from_millis(250);
/// The time between two looks while none come, and something is in it.
pub(super) const WHEN_IDLE: Duration = Duration::from_secs(1);

/// The time of the next look, and the finding of the last one.
#[derive(Debug, Default)]
pub(super) struct Watch {
    /// When to look again if nobody asks.
    next: Duration,
    /// Set when the last look has found what could not be mended.
    worried: bool,
}

impl Watch {
    /// Returns whether something is wrong with the journal's files though it can be written.
    pub(super) const fn is_worried(&self) -> bool {
        self.worried
    }

    /// Looks when it is time, or when somebody asks.
    pub(super) fn look(&mut self, shared: &Shared, journal: &mut Journal) {
        let due = shared.sender.clock.monotonic() >= self.next;
        let books = shared.accounts.lock();
        let callers = &books.state.callers;
        let asked = callers.checks_asked > callers.checks_done;
        let look = asked || (due && books.counters.in_journal > 0);
        drop(books);
        if look {
            self.look_now(shared, journal);
        }
    }

    pub(super) fn look_now(&mut self, shared: &Shared, journal: &mut Journal) {
        self.next = shared.sender.clock.monotonic().saturating_add(IN_TRAFFIC);
        // Whoever asks from here on wants another look.
        let asked = shared.accounts.lock().state.callers.checks_asked;
        let watched = journal.check();
        let mut books = shared.accounts.lock();
        let callers = &mut books.state.callers;
        callers.checks_done = callers.checks_done.max(asked);
        books.counters.journal_bytes = journal.bytes();
        let was_worried = std::mem::replace(&mut self.worried, note(&mut books, &watched));
        if was_worried && !self.worried {
            books.state.health.journal_works();
        }
        shared.accounts.changed();
        release(books);
    }

    /// Answers those who ask while there is no journal to be looked at.
    pub(super) fn nothing(shared: &Shared) {
        let mut books = shared.accounts.lock();
        let callers = &mut books.state.callers;
        if callers.checks_asked > callers.checks_done {
            callers.checks_done = callers.checks_asked;
            drop(books);
            shared.accounts.changed();
        }
    }
}

/// Notes in the accounts what a look has found. Returns whether something is still wrong.
pub(super) fn note(books: &mut Books, watched: &Watched) -> bool {
    books.counters.at_risk = watched.at_risk;
    let Some(error) = &watched.error else { return false };
    books.state.health.journal_failed(chain(error));
    // What was written anew is as safe as it was.
    if watched.at_risk == 0 && watched.restored > 0 {
        books.state.health.journal_works();
        return false;
    }
    true
}
