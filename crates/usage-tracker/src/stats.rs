//! The accounts of everything that was recorded.

use usage_core::ErrorKind;

/// One consistent snapshot of a tracker's accounts.
///
/// At any moment, exactly:
/// `submitted == stored + amended + duplicates + refused + dropped + pending`.
///
/// All counts are of records since the tracker was started; what was
/// [`recovered`](Self::recovered) from earlier runs is in none of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Handed to the tracker, taken or not.
    pub submitted: u64,
    /// Stored by the sink.
    pub stored: u64,
    /// Told more of events that the sink had already: each is part of a record that counts once.
    pub amended: u64,
    /// Not stored again: the sink had them already.
    pub duplicates: u64,
    /// Not stored, and somebody was notified: the sink refused them (see
    /// [`Builder::on_refused`](crate::Builder::on_refused)), or they came back to the caller
    /// (`returned`).
    pub refused: u64,
    /// The part of `refused` that came back to a caller: the channel was full, the tracker was
    /// shut down, or they were handed back by a shutdown that could not store them.
    pub returned: u64,
    /// The part of `refused` that the sink has kept apart, so that it can be tried again: records that
    /// are older than a ledger takes, for example, which points to a clock that is or was wrong.
    pub quarantined: u64,
    /// Lost: there was no room and [`Overflow::Drop`](crate::Overflow::Drop) was asked for, nobody
    /// took what a dropped tracker could not store, the journal was damaged before its records were
    /// stored, or the sink broke its contract and did not say what became of them.
    pub dropped: u64,
    /// Not at their end yet: in the channel, held by the writer, in the journal, or waiting to be handed
    /// back. Counted where they are, not derived from the other counts.
    pub pending: u64,
    /// The part of `pending` that lies in the journal, where a killed process does not lose it. What
    /// was found to be there no more, as somebody emptied or took away its file, is not in it.
    pub in_journal: u64,
    /// With [`Durability::Synced`](crate::Durability::Synced): stored, but past a journal that
    /// failed, and not yet known to survive a power loss. Otherwise 0.
    pub undurable: u64,
    /// Ever written to the journal. Where one thread records, nothing came back and the journal never
    /// failed, these are its first so many records.
    pub journaled: u64,
    /// The size of the journal on disk, in bytes.
    pub journal_bytes: u64,
    /// The records found in journals that earlier runs left.
    pub recovered: Recovered,
    /// The number of times that a batch was tried again.
    pub retries: u64,
    /// True when the last try to store a batch, or to write to the journal, failed. Nothing is lost
    /// by that; it is tried again.
    pub degraded: bool,
    /// The kind of failure that the sink answered the last batch with; `None` while it works.
    pub sink_error: Option<ErrorKind>,
    /// A warning of the sink, which stores all the same ([`Sink::warning`]), as of the last batch: with a
    /// ledger of `usage-store`, that its log cannot be brought into its file, and grows. No failure yet,
    /// so not [`degraded`](Self::degraded); somebody should look at it.
    ///
    /// [`Sink::warning`]: usage_core::sink::Sink::warning
    pub sink_warning: Option<String>,
    /// The last failure, kept after it is over.
    pub last_error: Option<String>,
}

/// The fates of the records in journals that stopped processes had left.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Recovered {
    /// Stored now.
    pub stored: u64,
    /// Told more of events that the sink had already.
    pub amended: u64,
    /// Not stored again: the sink had them already.
    pub duplicates: u64,
    /// Refused by the sink.
    pub refused: u64,
    /// Lost to damage of the journal, as far as their number is known.
    pub lost: u64,
    /// The pieces of the journal that could not be read, of which nobody can say how many records were in them: as many
    /// are lost beside [`lost`](Self::lost) as nobody knows.
    pub unknown: u64,
}

impl Stats {
    /// Returns whether the accounts balance. They always do; this is for tests and health checks.
    ///
    /// ```
    /// assert!(usage_tracker::Stats::default().is_balanced());
    /// ```
    #[must_use]
    pub const fn is_balanced(&self) -> bool {
        let Self { submitted, stored, amended, duplicates, refused, dropped, pending, .. } = *self;
        submitted == stored + amended + duplicates + refused + dropped + pending
            && self.returned + self.quarantined <= refused
            && self.in_journal <= pending
    }
}

#[cfg(test)]
mod tests {
    use super::Stats;

    #[test]
    fn balanced_means_every_part_counts_once() {
        let stats = Stats {
            submitted: 63,
            stored: 16,
            amended: 32,
            duplicates: 8,
            refused: 4,
            returned: 4,
            dropped: 2,
            pending: 1,
            in_journal: 1,
            ..Stats::default()
        };
        assert!(stats.is_balanced());
        for wrong in [
            Stats { submitted: 64, ..stats.clone() },
            Stats { amended: 33, ..stats.clone() },
            Stats { stored: 17, ..stats.clone() },
            Stats { duplicates: 9, ..stats.clone() },
            Stats { refused: 5, ..stats.clone() },
            Stats { returned: 5, ..stats.clone() },
            Stats { quarantined: 1, ..stats.clone() },
            Stats { dropped: 3, ..stats.clone() },
            Stats { pending: 2, ..stats.clone() },
            Stats { in_journal: 2, ..stats.clone() },
        ] {
            assert!(!wrong.is_balanced(), "{wrong:?}");
        }
    }
}
