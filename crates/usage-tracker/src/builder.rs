//! The tracker's settings.

use std::fmt;
use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use usage_core::Record;
use usage_core::sink::{Refusal, Sink};

use crate::batcher::Limits;
use crate::channel::channel;
use crate::clock::{Clock, SystemClock, TimeSource};
use crate::engine::{self, Settings};
use crate::handles::Handles;
use crate::notify::OnRefused;
use crate::policy::{Durability, Overflow};
use crate::retry::BackOff;
use crate::shared::Shared;
use crate::tracker::Tracker;

/// A batch is written when it holds this many records.
pub const DEFAULT_BUFFER_SIZE: usize = 500;
/// A batch is written when its first record has been held for this long.
pub const DEFAULT_FLUSH_TIMEOUT: Duration = Duration::from_secs(1);
/// The number of records that may wait in the channel. A record is 64 bytes.
pub const DEFAULT_CHANNEL_CAPACITY: usize = 65_536;
/// The wait after the first failure of a batch; it doubles with each further one.
pub const DEFAULT_RETRY_MIN: Duration = Duration::from_millis(20);
/// The longest wait between two tries of a batch.
pub const DEFAULT_RETRY_MAX: Duration = Duration::from_secs(1);
/// The time that dropping a tracker may take to write what is left.
pub const DEFAULT_DROP_DEADLINE: Duration = Duration::from_secs(5);

/// The factor by which a batch may grow beyond its threshold when the queue is long.
const MAX_BATCH_FACTOR: usize = 10;
/// The same with a journal. Long batches cost SQLite less a record.
const MAX_JOURNALED_BATCH_FACTOR: usize = 40;

/// The settings of a [`Tracker`]. A zero means the default everywhere.
///
/// ```
/// # use usage_core::sink::{BatchOutcome, Sink};
/// # use usage_core::{Error, Label, Record};
/// # struct Nowhere;
/// # impl Sink for Nowhere {
/// #     fn store(&mut self, batch: &[Record]) -> Result<BatchOutcome, Error> {
/// #         Ok(BatchOutcome::stored(batch.len() as u64))
/// #     }
/// # }
/// use std::time::Duration;
/// use usage_tracker::Tracker;
///
/// let tracker = Tracker::builder()
///     .buffer_size(100)
///     .flush_timeout(Duration::from_millis(250))
///     .on_refused(|record, refusal| {
///         eprintln!("{}: {}", record.labels().name(Label::Model), refusal.of(record));
///     })
///     .start(Nowhere)?;
/// # Ok::<(), std::io::Error>(())
/// ```
#[must_use = "nothing runs before `start`"]
#[derive(Default)]
pub struct Builder {
    buffer_size: usize,
    max_batch: usize,
    flush_timeout: Duration,
    channel_capacity: usize,
    retry_min: Duration,
    retry_max: Duration,
    drop_deadline: Duration,
    durability: Durability,
    journal: usage_journal::Options,
    overflow: Overflow,
    clock: Option<Arc<dyn Clock>>,
    on_refused: Option<OnRefused>,
}

impl Tracker {
    /// Starts a tracker that writes a batch when it holds `buffer_size` records or after
    /// `flush_timeout`. Zero means the default:
    /// [`DEFAULT_BUFFER_SIZE`],
    /// [`DEFAULT_FLUSH_TIMEOUT`].
    ///
    /// # Errors
    /// When the operating system gives no thread.
    pub fn new(
        sink: impl Sink + 'static,
        buffer_size: usize,
        flush_timeout: Duration,
    ) -> io::Result<Self> {
        Self::builder().buffer_size(buffer_size).flush_timeout(flush_timeout).start(sink)
    }

    /// Returns all settings, at their defaults.
    pub fn builder() -> Builder {
        Builder::default()
    }
}

impl Builder {
    /// Sets how safe a record is once it was taken: [`Durability::Journaled`] by default.
    pub fn durability(self, durability: Durability) -> Self {
        Self { durability, ..self }
    }

    /// Sets how large the journal may become, and in what pieces.
    pub fn journal(self, options: usage_journal::Options) -> Self {
        Self { journal: options, ..self }
    }

    /// Sets what happens to a record when the channel has no room: [`Overflow::Return`] by default.
    pub fn overflow(self, overflow: Overflow) -> Self {
        Self { overflow, ..self }
    }

    /// Sets how many records make a batch that is written without waiting for more.
    pub fn buffer_size(self, records: usize) -> Self {
        Self { buffer_size: records, ..self }
    }

    /// Sets how large a batch may become when the queue is long, for instance after the sink was slow.
    /// The default is ten times the buffer size, or forty times with a journal, where a long queue
    /// takes no memory; it is never less than that size.
    pub fn max_batch(self, records: usize) -> Self {
        Self { max_batch: records, ..self }
    }

    /// Sets how long a record may be held for its batch to fill. A record also waits for the batches
    /// before its own to be stored.
    pub fn flush_timeout(self, timeout: Duration) -> Self {
        Self { flush_timeout: timeout, ..self }
    }

    /// Sets how many records may wait in the channel, at 64 bytes each; when it is full, records come
    /// back. The memory is allocated as it is first needed, and all of it at shutdown.
    pub fn channel_capacity(self, records: usize) -> Self {
        Self { channel_capacity: records, ..self }
    }

    /// Sets how long to wait before a failed batch is tried again: `min` at first, doubling up to `max`
    /// (at least `min`).
    pub fn retry_back_off(self, min: Duration, max: Duration) -> Self {
        Self { retry_min: min, retry_max: max, ..self }
    }

    /// Sets how long dropping the tracker may take to write what is left. Waiting even a moment is not
    /// an option in some places; call [`Tracker::shutdown`] with `Duration::ZERO` first there.
    pub fn drop_deadline(self, deadline: Duration) -> Self {
        Self { drop_deadline: deadline, ..self }
    }

    /// Sets where the time comes from, [`SystemClock`] by default.
    pub fn clock(self, clock: Arc<dyn Clock>) -> Self {
        Self { clock: Some(clock), ..self }
    }

    /// Sets a function that is called on the writer thread for each record that the sink refuses, before its batch counts
    /// as acknowledged. The writer waits for it; a panic in it is caught and reported as an event.
    pub fn on_refused(self, callback: impl FnMut(&Record, &Refusal) + Send + 'static) -> Self {
        Self { on_refused: Some(Box::new(callback)), ..self }
    }

    /// Starts the writer: one thread, or two with a journal.
    ///
    /// A journal that cannot be made, because its folder cannot be written or its disk is full, is
    /// no error: the tracker is then [`degraded`](crate::Stats::degraded) and stores without one,
    /// until it can be made.
    ///
    /// # Errors
    /// When the operating system gives no thread. Of kind [`Unsupported`](io::ErrorKind::Unsupported)
    /// for [`Durability::Synced`] with a sink that has no [`journal`](Sink::journal): nothing of what
    /// that promises could be kept.
    pub fn start(self, mut sink: impl Sink + 'static) -> io::Result<Tracker> {
        let capacity = or_default(self.channel_capacity, DEFAULT_CHANNEL_CAPACITY);
        let has_journal = self.durability != Durability::Batched && sink.journal().is_some();
        if self.durability == Durability::Synced && !has_journal {
            let error = "Durability::Synced needs a sink with a journal, and this one has none";
            return Err(io::Error::new(io::ErrorKind::Unsupported, error));
        }
        let limits = self.limits(has_journal);
        let clock =
            self.clock.map_or_else(|| TimeSource::System(SystemClock::new()), TimeSource::Given);
        let (sender, receiver) = channel(capacity, clock, self.overflow);
        let shared = Arc::new(Shared::new(sender));
        let mut options = self.journal;
        options.sync |= self.durability == Durability::Synced;
        let settings = Settings {
            limits,
            journal: has_journal.then_some(options),
            on_refused: self.on_refused,
        };
        let thread = engine::start(&shared, receiver, Box::new(sink), settings)?;
        Ok(Tracker {
            shared,
            thread: Mutex::new(Some(thread)),
            handles: Mutex::new(Handles::new()),
            drop_deadline: or_default(self.drop_deadline, DEFAULT_DROP_DEADLINE),
            has_journal,
            process: std::process::id(),
        })
    }

    fn limits(&self, has_journal: bool) -> Limits {
        let threshold = or_default(self.buffer_size, DEFAULT_BUFFER_SIZE);
        let factor = if has_journal { MAX_JOURNALED_BATCH_FACTOR } else { MAX_BATCH_FACTOR };
        let ceiling = threshold.saturating_mul(factor);
        let retry_min = or_default(self.retry_min, DEFAULT_RETRY_MIN);
        let retry_max = or_default(self.retry_max, DEFAULT_RETRY_MAX).max(retry_min);
        Limits {
            threshold,
            max_batch: or_default(self.max_batch, ceiling).max(threshold),
            flush_timeout: or_default(self.flush_timeout, DEFAULT_FLUSH_TIMEOUT),
            back_off: BackOff::new(retry_min, retry_max),
        }
    }
}

/// Returns the default for a zero, which is no sensible value of any setting.
fn or_default<T: Default + PartialEq>(value: T, default: T) -> T {
    if value == T::default() { default } else { value }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("limits", &self.limits(false))
            .field("channel_capacity", &or_default(self.channel_capacity, DEFAULT_CHANNEL_CAPACITY))
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use usage_core::ErrorKind;

    use super::*;

    #[test]
    fn zero_means_the_default() {
        let limits = Builder::default().buffer_size(0).flush_timeout(Duration::ZERO).limits(false);
        assert_eq!((limits.threshold, limits.max_batch), (500, 5_000));
        assert_eq!(limits.flush_timeout, Duration::from_secs(1));
        let mut back_off = limits.back_off;
        assert_eq!(back_off.after(ErrorKind::Other, 1.0), DEFAULT_RETRY_MIN);
        assert_eq!(Builder::default().limits(true).max_batch, 20_000);
    }

    #[test]
    fn a_ceiling_is_never_below_its_floor() {
        let builder = Builder::default().buffer_size(700).max_batch(20);
        let long = Duration::from_secs(9);
        let limits = builder.retry_back_off(long, Duration::from_secs(3)).limits(false);
        assert_eq!((limits.threshold, limits.max_batch), (700, 700));
        let mut back_off = limits.back_off;
        assert_eq!([(); 2].map(|()| back_off.after(ErrorKind::Other, 1.0)), [long; 2]);
        let limits = Builder::default().buffer_size(usize::MAX).limits(true);
        assert_eq!(limits.max_batch, usize::MAX);
        assert_eq!(Builder::default().buffer_size(7).max_batch(8).limits(false).max_batch, 8);
    }
}
