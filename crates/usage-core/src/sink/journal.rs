//! The journals in front of a ledger, as it remembers them.
//!
//! A writer of records may keep what the ledger does not have yet in *segments* of a journal. The
//! ledger's part is to remember, in the very transaction that stores records, how far each segment
//! is stored: then nothing is stored twice, whoever replays it and however often.

use std::fmt;
use std::path::PathBuf;

use super::{BatchOutcome, Damage};
use crate::{Error, Record};

macro_rules! random_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; 16]);

        impl $name {
            /// The id of these bytes.
            #[must_use]
            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(bytes)
            }

            /// Its bytes.
            #[must_use]
            pub const fn as_bytes(&self) -> &[u8; 16] {
                &self.0
            }
        }

        /// As 32 hexadecimal digits.
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }
    };
}

random_id! {
    /// Sixteen random bytes that name a ledger, wherever its file lies.
    LedgerId
}

random_id! {
    /// Sixteen random bytes that name a segment of a journal.
    SegmentId
}

/// The place up to which a segment is stored. In the order in which a segment is used and stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The number of times that the segment has been used, from 1.
    pub generation: u64,
    /// The number of records of that generation that are stored, or gone for good: the next has this number.
    pub sequence: u64,
}

impl Position {
    /// Returns the position where nothing of a generation is stored.
    #[must_use]
    pub const fn start(generation: u64) -> Self {
        Self { generation, sequence: 0 }
    }

    /// Returns where a ledger stands for a reader of this generation of a segment: at its start, where
    /// nothing of it is stored (there is no position, or one of an older generation).
    #[must_use]
    pub fn stands(stored: Option<Self>, generation: u64) -> Self {
        let start = Self::start(generation);
        stored.unwrap_or(start).max(start)
    }
}

/// The records that come next from a segment.
#[derive(Clone, Copy, Debug)]
pub struct Replay<'a> {
    /// The segment.
    pub segment: SegmentId,
    /// The place where it begins. Stored is only what begins where the ledger stands.
    pub from: Position,
    /// The place where the ledger stands when it is stored; of the same generation.
    pub to: Position,
    /// The records, in order.
    pub records: &'a [Record],
    /// The damage between them that could not be read.
    pub damage: &'a [Damage],
}

/// The outcome of a [`Replay`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReplayOutcome {
    /// It is stored, with this outcome, and so is the new position.
    Stored(BatchOutcome),
    /// Nothing was stored: the ledger stands elsewhere in this segment, at this position. Somebody
    /// else stored it, or an earlier call that failed has succeeded after all.
    Moved(Position),
}

/// The part of a sink that remembers how far journals are stored. See
/// [`Sink::journal`](super::Sink::journal).
pub trait JournalSink: Send {
    /// The ledger's own id.
    ///
    /// # Errors
    /// When the ledger cannot be read now.
    fn ledger_id(&mut self) -> Result<LedgerId, Error>;

    /// The folder in which to keep a journal for this ledger. Whoever replays the ledger's journals
    /// later finds it there.
    ///
    /// # Errors
    /// When the ledger cannot be read or written now.
    fn journal_folder(&mut self) -> Result<PathBuf, Error>;

    /// All folders in which earlier runs may have left journals of this ledger. Only the one that
    /// [`journal_folder`](Self::journal_folder) names, unless the ledger remembers others.
    ///
    /// # Errors
    /// When the ledger cannot be read now.
    fn journal_folders(&mut self) -> Result<Vec<PathBuf>, Error> {
        Ok(vec![self.journal_folder()?])
    }

    /// Returns whether several users of one group write to the ledger: they must then be let into the folder
    /// of its journals. By default they are not.
    fn is_shared_with_group(&mut self) -> bool {
        false
    }

    /// Returns how far a segment is stored; `None` when nothing of it ever was.
    ///
    /// # Errors
    /// When the ledger cannot be read now.
    fn position(&mut self, segment: SegmentId) -> Result<Option<Position>, Error>;

    /// Stores what comes next from a segment, and the new position, whole or not at all.
    ///
    /// Nothing is stored unless `replay.from` is where the ledger [stands](Position::stands).
    ///
    /// # Errors
    /// When it could not be stored now. The same replay may be given again.
    fn replay(&mut self, replay: &Replay<'_>) -> Result<ReplayOutcome, Error>;

    /// Makes all that was stored safe from a power loss, and makes sure that it went into the
    /// ledger that others will find. Until it has answered, no segment is given up.
    ///
    /// # Errors
    /// When that is not so. A later call may succeed only when everything was written anew: once a
    /// sync has failed, the operating system's next one says nothing about what was written before.
    fn make_durable(&mut self) -> Result<(), Error>;

    /// Forgets the position of a segment whose file is gone.
    ///
    /// # Errors
    /// When the ledger cannot be written now. A position too many does no harm.
    fn forget(&mut self, segment: SegmentId) -> Result<(), Error>;
}
