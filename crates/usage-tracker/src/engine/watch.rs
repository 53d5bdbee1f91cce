//! Looking after the journal: checking that it still lies where others will find it.

use std::time::Duration;

use usage_core::error::chain;
use usage_journal::{JournalCheck, JournalWriter};

use crate::accounts::{Books, release};
use crate::shared::Shared;

/// The time between two looks while records come.
const IN_TRAFFIC: Duration = Duration::from_millis(250);
/// The time between two looks while none come, and something is in it.
pub(super) const WHEN_IDLE: Duration = Duration::from_secs(1);

/// The time of the next look, and the finding of the last one.
#[derive(Debug, Default)]
pub(super) struct JournalWatch {
    /// The time to look again if nobody asks.
    next: Duration,
    /// Set when the last look has found a fault that could not be mended.
    worried: bool,
}

impl JournalWatch {
    /// Returns whether something is wrong with the journal's files though it can be written.
    pub(super) const fn is_worried(&self) -> bool {
        self.worried
    }

    /// Checks the journal when it is time, or when somebody asks.
    pub(super) fn check_if_due(&mut self, shared: &Shared, journal: &mut JournalWriter) {
        let due = shared.sender.clock.monotonic() >= self.next;
        let books = shared.accounts.lock();
        let callers = &books.state.callers;
        let asked = callers.checks_asked > callers.checks_done;
        let look = asked || (due && books.counters.in_journal > 0);
        drop(books);
        if look {
            self.check_now(shared, journal);
        }
    }

    /// Checks the journal, and notes the result in the accounts.
    pub(super) fn check_now(&mut self, shared: &Shared, journal: &mut JournalWriter) {
        self.next = shared.sender.clock.monotonic().saturating_add(IN_TRAFFIC);
        // Whoever asks from here on wants another look.
        let asked = shared.accounts.lock().state.callers.checks_asked;
        let checked = journal.check();
        let mut books = shared.accounts.lock();
        let callers = &mut books.state.callers;
        callers.checks_done = callers.checks_done.max(asked);
        books.counters.journal_bytes = journal.bytes();
        let was_worried = std::mem::replace(&mut self.worried, note(&mut books, &checked));
        if was_worried && !self.worried {
            books.state.health.journal_works();
        }
        shared.accounts.changed();
        release(books);
    }

    /// Answers those who ask while there is no journal to be looked at.
    pub(super) fn answer_without_journal(shared: &Shared) {
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
pub(super) fn note(books: &mut Books, checked: &JournalCheck) -> bool {
    books.counters.at_risk = checked.at_risk;
    let Some(error) = &checked.error else { return false };
    books.state.health.journal_failed(chain(error));
    // What was written anew is as safe as it was.
    if checked.at_risk == 0 && checked.restored > 0 {
        books.state.health.journal_works();
        return false;
    }
    true
}
