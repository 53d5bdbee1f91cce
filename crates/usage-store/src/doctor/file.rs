//! What the file is like, whatever is in it.

use std::fmt;
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use usage_core::Timestamp;
use usage_core::text::format_count;

use crate::error::shown;
use crate::ledger::file::write_ahead_log;
use crate::ledger::schema::SCHEMA_VERSION;

/// About a ledger's file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FileFacts {
    /// The version of its schema, at most [`SCHEMA_VERSION`].
    pub schema_version: i32,
    /// Bytes of the file itself.
    pub bytes: u64,
    /// Bytes of the write-ahead log beside it.
    pub log_bytes: u64,
    /// Bytes of each page.
    pub page_bytes: u64,
    /// How many pages the ledger has.
    pub pages: u64,
    /// How many of them hold nothing.
    pub free_pages: u64,
    /// Whether free pages can be given back to the file system in steps.
    pub is_shrinkable: bool,
}

/// A write-ahead log is recycled at about a thousand pages, which are four megabytes, when nobody
/// is in the middle of reading.
const LARGE_LOG: u64 = 64 << 20;

/// Fewer free pages are not worth a word.
const MANY_FREE_PAGES: u64 = 1_000;

impl FileFacts {
    pub(super) fn read(
        connection: &Connection,
        schema_version: i32,
        path: &Path,
    ) -> rusqlite::Result<Self> {
        let number =
            |pragma: &str| connection.pragma_query_value(None, pragma, |row| row.get::<_, i64>(0));
        let bytes = |path: &Path| path.metadata().map_or(0, |file| file.len());
        Ok(Self {
            schema_version,
            bytes: bytes(path),
            log_bytes: bytes(&write_ahead_log(path)),
            page_bytes: number("page_size")?.unsigned_abs(),
            pages: number("page_count")?.unsigned_abs(),
            free_pages: number("freelist_count")?.unsigned_abs(),
            is_shrinkable: number("auto_vacuum")? == 2,
        })
    }

    /// Bytes of the pages that hold nothing.
    #[must_use]
    pub const fn free_bytes(&self) -> u64 {
        self.free_pages.saturating_mul(self.page_bytes)
    }

    /// Whoever is in the middle of reading is not to blame where the checkpoints fail.
    pub(super) fn advice(&self, failing_checkpoint: Option<String>) -> Vec<Advice> {
        let mut advice = Vec::new();
        if self.schema_version < SCHEMA_VERSION {
            advice.push(Advice::OlderVersion(self.schema_version));
        }
        if !self.is_shrinkable {
            advice.push(Advice::NotShrinkable);
        } else if self.free_pages >= MANY_FREE_PAGES && self.free_pages >= self.pages / 10 {
            advice.push(Advice::FreeSpace(self.free_bytes()));
        }
        match failing_checkpoint {
            Some(why) => advice.push(Advice::FailingCheckpoint(why)),
            None if self.log_bytes > LARGE_LOG => advice.push(Advice::LargeLog(self.log_bytes)),
            None => {}
        }
        advice
    }
}

/// What is not wrong with a ledger, but could be better. Displays as one line, in which `LEDGER`
/// stands for the path.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Advice {
    /// The schema is of this older version.
    OlderVersion(i32),
    /// Its file cannot shrink in steps: it was made, or copied, by another program.
    NotShrinkable,
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
        /// Where the ledger was.
        ledger: PathBuf,
    },
    /// So many records wait in journals that stopped programs have left.
    Waiting(u64),
    /// Records are refused that are older than this instant, which lies after now.
    HorizonAhead(Timestamp),
    /// So many records were refused for that they were older than the ledger took, and are kept.
    Quarantined(u64),
    /// So many more are lost, as there was no room for them.
    QuarantineOverflow(u64),
    /// Records lie more than a day after now.
    FarAhead {
        /// How many.
        records: u64,
        /// The first of them.
        first: Timestamp,
        /// The last of them.
        last: Timestamp,
    },
    /// Records lie before the year 2000, and others do not.
    FarBehind {
        /// How many.
        records: u64,
        /// The first of them.
        first: Timestamp,
        /// The last of them.
        last: Timestamp,
    },
}

impl fmt::Display for Advice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OlderVersion(version) => write!(
                f,
                "the schema is of version {version}; `usage migrate LEDGER` makes it \
                 {SCHEMA_VERSION}, after a copy"
            ),
            Self::NotShrinkable => f.write_str(
                "free pages cannot be given back until, with nobody using the ledger, `sqlite3 \
                 LEDGER \"PRAGMA auto_vacuum = INCREMENTAL; VACUUM\"` has made it anew",
            ),
            Self::FreeSpace(bytes) => write!(f, "`usage vacuum` gives {bytes} bytes back"),
            Self::LargeLog(bytes) => write!(
                f,
                "the write-ahead log has {bytes} bytes: some program has been in the middle of \
                 reading for long"
            ),
            Self::FailingCheckpoint(why) => write!(
                f,
                "the write-ahead log cannot be brought into the ledger's file, so it grows: {why}. \
                 Nothing is lost as long as it can grow; make room, or move both to a sound disk"
            ),
            Self::JournalElsewhere { folder, ledger } => write!(
                f,
                "{} holds a journal of this ledger from when it was {}; if it was moved here, and this \
                 is no copy, move the files of that folder to LEDGER.journal",
                folder.display(),
                ledger.display()
            ),
            Self::Waiting(1) => {
                f.write_str("1 record waits in a journal; `usage vacuum` stores it")
            }
            Self::Waiting(records) => {
                write!(f, "{records} records wait in a journal; `usage vacuum` stores them")
            }
            Self::HorizonAhead(from) => write!(
                f,
                "records older than {} are refused, and that is still to come: a clock was wrong, and \
                 `usage retain --reset-horizon` takes it back",
                shown(*from)
            ),
            Self::Quarantined(records) => write!(
                f,
                "{} quarantined, being older than the ledger takes (`usage retain` says from when): \
                 `usage doctor --retry-quarantine` tries them again, where that was wrong after `usage \
                 retain --reset-horizon`; `usage delete --quarantine` forgets them",
                counted(*records, "record is", "records are")
            ),
            Self::QuarantineOverflow(records) => write!(
                f,
                "{} lost, being older than the ledger takes when the quarantine was full; `usage delete \
                 --quarantine` empties it",
                counted(*records, "record is", "records are")
            ),
            Self::FarAhead { records, first, last } => write!(
                f,
                "{} still to come: if a clock was wrong, {}",
                counted(*records, "record is", "records are"),
                removal(*first, *last)
            ),
            Self::FarBehind { records, first, last } => write!(
                f,
                "{} from before the year 2000: if a clock was wrong, {}",
                counted(*records, "record is", "records are"),
                removal(*first, *last)
            ),
        }
    }
}

fn counted(count: u64, one: &str, many: &str) -> String {
    format!("{} {}", format_count(count), if count == 1 { one } else { many })
}

/// How the records from one to another are removed.
fn removal(first: Timestamp, last: Timestamp) -> String {
    let end = Timestamp::from_micros(last.as_micros().saturating_add(1));
    format!(
        "`usage delete --from {} --to {} --dry-run` shows what would go",
        shown(first),
        shown(end)
    )
}
