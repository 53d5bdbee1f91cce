//! Choices of the owner of a tracker: how safe a record is, and what happens when there is no room for
//! it.

use std::time::Duration;

/// The level of safety of a record once it was taken.
///
/// | | killed process (SIGKILL, OOM, panic=abort) | power loss | costs |
/// |---|---|---|---|
/// | `Synced` | loses what was taken in the last milliseconds, and what still waits in a full channel | the same, and what one sync of the disk takes; what [`flush_to_journal`] waited for is safe, where the disk honours a flush | as `Journaled`, and a flush of the disk for each group of records |
/// | `Journaled` | loses what was taken in the last milliseconds, and what still waits in a full channel | loses what was taken since the operating system last wrote by itself, on Linux up to 35 seconds: neither the journal nor, with SQLite's `synchronous=NORMAL`, the last commits were synced | a second file beside the ledger, 4 MiB at least; each record is written twice; one thread more |
/// | `Batched` | loses what is not stored yet: the last batch, a second of traffic, and everything that waits while the ledger is locked or full | loses the last batch, and the last commits | nothing |
///
/// A ledger with `synchronous=FULL` keeps its *commits* through a power loss, at the price of a disk
/// flush each; what has not been committed yet is then as safe as the table says. No level makes
/// [`record`](crate::Tracker::record) itself wait for a disk;
/// [`flush`](crate::Tracker::flush) and [`flush_to_journal`] do, where that is wanted.
///
/// [`flush_to_journal`]: crate::Tracker::flush_to_journal
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Durability {
    /// Records go to a journal first, and from there to the sink; what was in the journal when the
    /// process stopped is stored by the next one that opens the ledger for writing. The default,
    /// where the sink remembers how far journals are stored ([`Sink::journal`]); without that, as
    /// `Batched`.
    ///
    /// [`Sink::journal`]: usage_core::sink::Sink::journal
    #[default]
    Journaled,
    /// Adds to `Journaled` that what is in the journal is on the disk: one sync serves all records that
    /// came meanwhile. Then [`flush_to_journal`](crate::Tracker::flush_to_journal),
    /// [`Stats::in_journal`](crate::Stats::in_journal) and
    /// [`ShutdownReport::is_safe`](crate::ShutdownReport::is_safe) speak of what survives a power
    /// loss. What goes past a broken journal counts as safe only when the sink has made it durable.
    /// A tracker with a sink that has no journal does not start with this.
    Synced,
    /// Records stay in memory until they are stored.
    Batched,
}

/// The answer of [`record`](crate::Tracker::record) to a record for which the channel has no room,
/// because records come faster than they can be written for longer than the channel can bridge.
///
/// Whatever it is, a tracker that was shut down returns the record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Overflow {
    /// Return it in the error, at once. The default.
    #[default]
    Return,
    /// Hold the recording thread up for this long at most, then return it. Not for async code,
    /// which has [`record_async`](crate::Tracker::record_async).
    Wait(Duration),
    /// Drop it and count it as [`dropped`](crate::Stats::dropped). `record` then says `Ok`.
    Drop,
}
