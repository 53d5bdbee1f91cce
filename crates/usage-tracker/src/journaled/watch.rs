//! Looking after the journal: whether it still lies where others will find it.

use std::time::Duration;

use usage_journal::{Journal, Watched};

use crate::accounts::Ledger;
use crate::telling::chain;
use crate::tracker::Shared;

/// So often it is looked at while records come.
const IN_TRAFFIC: Duration = Duration::from_millis(250);
/// So often while none come, and something is in it.
pub(super) const WHEN_IDLE: Duration = Duration::from_secs(1);

/// When the journal was looked at, and what was found.
#[derive(Debug, Default)]
pub(super) struct Watch {
    /// When to look again if nobody asks.
    next: Duration,
    /// Whether the last look has found what could not be mended.
    worried: bool,
}

impl Watch {
    /// Whether something is wrong with the journal's files though it can be written.
    pub(super) const fn is_worried(&self) -> bool {
        self.worried
    }

    /// Looks when it is time, or when somebody asks.
    pub(super) fn look(&mut self, shared: &Shared, journal: &mut Journal) {
        let due = shared.intake.clock.monotonic() >= self.next;
        let ledger = shared.accounts.lock();
        let asked = ledger.check_asked > ledger.check_done;
        let look = asked || (due && ledger.in_journal > 0);
        drop(ledger);
        if look {
            self.look_now(shared, journal);
        }
    }

    pub(super) fn look_now(&mut self, shared: &Shared, journal: &mut Journal) {
        self.next = shared.intake.clock.monotonic().saturating_add(IN_TRAFFIC);
        // Whoever asks from here on wants another look.
        let asked = shared.accounts.lock().check_asked;
        let watched = journal.check();
        let mut ledger = shared.accounts.lock();
        ledger.check_done = ledger.check_done.max(asked);
        ledger.journal_bytes = journal.bytes();
        let was_worried = std::mem::replace(&mut self.worried, tell(&mut ledger, &watched));
        if was_worried && !self.worried {
            ledger.health.journal_works();
        }
        drop(ledger);
        shared.accounts.changed();
    }

    /// There is no journal to be looked at.
    pub(super) fn nothing(shared: &Shared) {
        let mut ledger = shared.accounts.lock();
        if ledger.check_asked > ledger.check_done {
            ledger.check_done = ledger.check_asked;
            drop(ledger);
            shared.accounts.changed();
        }
    }
}

/// Says what a look has found, in the accounts; whether something is still wrong.
pub(super) fn tell(ledger: &mut Ledger, watched: &Watched) -> bool {
    ledger.at_risk = watched.at_risk;
    let Some(error) = &watched.error else { return false };
    ledger.health.journal_failed(chain(error));
    // What was written anew is as safe as it was.
    if watched.at_risk == 0 && watched.restored > 0 {
        ledger.health.journal_works();
        return false;
    }
    true
}
