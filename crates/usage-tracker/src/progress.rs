//! How far the records have got, for who counts them from the moment they are handed over.

use usage_core::sink::Progress;

use crate::shared::Shared;
use crate::tracker::Tracker;

/// Records leave the channel in the order in which they entered it, and are acknowledged in that order.
impl Progress for Tracker {
    fn accepted(&self) -> u64 {
        let Shared { sender, accounts, .. } = &*self.shared;
        let books = accounts.lock();
        books.counters.received + sender.queued(&books) as u64
    }

    fn ended(&self) -> u64 {
        self.shared.accounts.lock().counters.acknowledged()
    }
}
