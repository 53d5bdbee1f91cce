//! The advice on a ledger: data, which a program puts into words of its own. So that it has words for each of them, the
//! enums are not `non_exhaustive`.

use std::path::PathBuf;

use usage_core::Timestamp;

/// Something that is not wrong with a ledger, but could be better.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Advice {
    /// The schema is of this older version.
    OlderVersion(i32),
    /// Its file cannot shrink in steps: it was made, or copied, by another program.
    NotShrinkable,
    /// Forgetting was stopped before the file was wiped.
    Forgetting,
    /// So many bytes hold nothing.
    FreeSpace(u64),
    /// The write-ahead log has so many bytes.
    LargeLog(u64),
    /// The write-ahead log cannot be brought into the ledger's file, and why.
    FailingCheckpoint(String),
    /// A folder holds a journal of this ledger, which was at another path then. As nothing tells a
    /// ledger that was moved to another disk from a copy, nobody looks into it.
    JournalElsewhere {
        /// The folder.
        folder: PathBuf,
        /// The place where the ledger was.
        ledger: PathBuf,
    },
    /// So many records wait in journals that stopped programs have left.
    Backlog(u64),
    /// Records are refused that are older than this instant, which lies after now.
    HorizonAhead(Timestamp),
    /// So many records were refused for that they were older than the ledger took, and are kept.
    Quarantined(u64),
    /// So many more are lost, as there was no room for them.
    QuarantineOverflow(u64),
    /// Records lie more than a day after now.
    FarAhead {
        /// Their number.
        records: u64,
        /// The first of them.
        first: Timestamp,
        /// The last of them.
        last: Timestamp,
    },
    /// Records lie before the year 2000, and others do not.
    FarBehind {
        /// Their number.
        records: u64,
        /// The first of them.
        first: Timestamp,
        /// The last of them.
        last: Timestamp,
    },
}

/// The remedy for something that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Remedy {
    /// Only a backup or a recovery helps.
    Restore,
    /// SQLite can make an index again.
    Reindex,
    /// With this statement, what is missing is made again.
    MakeAgain(String),
    /// A record that cannot be right has to go.
    RemoveRecord {
        /// Its id.
        id: i64,
        /// Its time, in microseconds: with the id, the table's key.
        timestamp: Timestamp,
    },
    /// [`rebuild`](super::rebuild()) makes rollups and known event ids again.
    Rebuild,
    /// A counter has to be set.
    SetNextRecordId(i64),
    /// The state that is remembered of an import has to be forgotten: the next one finds out again.
    ForgetImport,
    /// A book of prices has to be put in again.
    PutBookAgain,
    /// [`rebuild`](super::rebuild()) makes records with damaged terms ones that are not priced yet, and then they can be
    /// priced again.
    PriceAgain,
    /// A newer version of this program can read it.
    Update,
    /// A file of no more use has to be moved elsewhere.
    MoveAway,
}
