//! The last copy of a ledger, which it remembers itself where it can be written.

use rusqlite::{Connection, OptionalExtension as _};
use serde::{Deserialize, Serialize};
use usage_core::Timestamp;

use crate::error::{Result, shown};
use crate::{Backup, Store};

/// The name of the setting.
const SETTING: &str = "last_backup";

/// The last copy that is remembered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct LastBackup {
    /// When it was taken.
    #[serde(serialize_with = "as_instant")]
    pub at: Timestamp,
    /// Where it was put.
    pub path: String,
    /// Its size in bytes.
    pub bytes: u64,
    /// The number of records that were stored since then, at most.
    pub records_since: u64,
}

fn as_instant<S: serde::Serializer>(at: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&shown(*at))
}

/// As it lies in the ledger.
#[derive(Serialize, Deserialize)]
struct Remembered {
    /// In microseconds.
    at: i64,
    path: String,
    bytes: u64,
    next_record_id: i64,
}

impl LastBackup {
    /// Reads it; nothing where none is remembered, or what is remembered makes no sense.
    pub(crate) fn read(connection: &Connection) -> rusqlite::Result<Option<Self>> {
        let text: Option<String> = connection
            .prepare_cached("SELECT value FROM settings WHERE name = ?1")?
            .query_row([SETTING], |row| row.get(0))
            .optional()?;
        let Some(Remembered { at, path, bytes, next_record_id }) =
            text.and_then(|text| serde_json::from_str(&text).ok())
        else {
            return Ok(None);
        };
        let since = next_id(connection)?.saturating_sub(next_record_id);
        let records_since = u64::try_from(since).unwrap_or(0);
        Ok(Some(Self { at: Timestamp::from_micros(at), path, bytes, records_since }))
    }
}

impl Store {
    /// Remembers in the ledger that a copy was taken at an instant, for [`status`](Store::status).
    ///
    /// # Errors
    /// When the ledger cannot be written.
    pub fn remember_backup(&self, backup: &Backup, at: Timestamp) -> Result<()> {
        let copy = Store::open_existing(&backup.path)?;
        let next_record_id = copy.read("read the copy", |connection| Ok(next_id(connection)?))?;
        let remembered = Remembered {
            at: at.as_micros(),
            path: backup.path.display().to_string(),
            bytes: backup.bytes,
            next_record_id,
        };
        // Texts and numbers always serialise.
        let text = serde_json::to_string(&remembered).unwrap_or_default();
        self.write("write to the ledger", |writer| {
            writer.ledger.write(|transaction, _| {
                transaction
                    .execute(
                        "INSERT OR REPLACE INTO settings (name, value) VALUES (?1, ?2)",
                        [SETTING, &text],
                    )
                    .map(drop)
            })
        })
    }
}

fn next_id(connection: &Connection) -> rusqlite::Result<i64> {
    connection.query_row("SELECT next_record_id FROM ledger", [], |row| row.get(0))
}
