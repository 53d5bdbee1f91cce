//! What a ledger remembers for those who keep a copy of its sums elsewhere: its epoch, and the versions that it gave.

use rusqlite::{Connection, OptionalExtension};

use crate::Store;
use crate::error::{ReadError, Result};

/// Behind it the target: the version that was given for it last.
const PREFIX: &str = "ship:";
const RETIRED: &str = "ship_epochs_retired";

/// The low bits of a version, which are at random: two clones of a ledger that count alike are told apart by them.
const RANDOM: u32 = 16;

/// The name of the setting with the epoch, as a UUID is written, and behind a space that of the ledger itself then: a copy
/// has another one.
const EPOCH: &str = "ship_epoch";

/// Returns the epoch under which a ledger is shipped, and whether the ledger is the very one that began it.
pub(super) fn epoch(connection: &Connection) -> rusqlite::Result<Option<(String, bool)>> {
    let Some(text) = setting(connection, EPOCH)? else { return Ok(None) };
    let Some((epoch, of)) = text.split_once(' ') else { return Ok(None) };
    Ok(Some((epoch.to_owned(), of == own(connection)?)))
}

/// The epoch of the ledger itself, which each copy begins anew.
fn own(connection: &Connection) -> rusqlite::Result<String> {
    connection
        .prepare_cached("SELECT coalesce(lower(hex(epoch)), '') FROM ledger")?
        .query_row([], |row| row.get(0))
}

impl Store {
    /// Returns the version that was given last for a target of shipping; `None` where none was.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn shipping_version(&self, target: &str) -> Result<Option<u64>> {
        self.read("read the settings of", |connection| {
            let version = setting(connection, &format!("{PREFIX}{target}"))?;
            Ok::<_, ReadError>(version.and_then(|version| version.parse().ok()))
        })
    }

    /// Returns the greatest version that was given, whatever for; 0 where none was.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn greatest_shipping_version(&self) -> Result<u64> {
        self.read("read the settings of", |connection| Ok::<_, ReadError>(greatest(connection)?))
    }

    /// Gives a version for what is about to be sent to a target, in a transaction of the ledger and on its disk, so that
    /// it is there after a power loss; with the greatest that was given before, whatever for. `None` where another one than
    /// `was` had been given for this target: somebody else is shipping there.
    ///
    /// # Errors
    /// When the ledger cannot be written or synced.
    pub fn next_shipping_version(
        &self,
        target: &str,
        was: Option<u64>,
        random: u16,
    ) -> Result<Option<(u64, u64)>> {
        let name = format!("{PREFIX}{target}");
        let given = self.write("change the settings of", |writer| {
            writer.ledger.write(|transaction, _| {
                let now = setting(transaction, &name)?.and_then(|version| version.parse().ok());
                if now != was {
                    return Ok::<_, rusqlite::Error>(None);
                }
                let before = greatest(transaction)?;
                let version = ((before >> RANDOM) + 1) << RANDOM | u64::from(random);
                put(transaction, &name, &version.to_string())?;
                Ok(Some((before, version)))
            })
        })?;
        self.sync()?;
        Ok(given)
    }

    /// Returns the epoch under which the ledger is shipped, a UUID, and whether it is the very ledger that began it: a
    /// copy that was restored is not. `None` where it never was shipped.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn shipping_epoch(&self) -> Result<Option<(String, bool)>> {
        self.read("read the settings of", |connection| Ok::<_, ReadError>(epoch(connection)?))
    }

    /// Begins a new epoch under which the ledger is shipped, and returns it. The one before is among the
    /// [retired](Self::retired_epochs) from then on.
    ///
    /// # Errors
    /// When the ledger cannot be written or synced.
    pub fn begin_shipping_epoch(&self) -> Result<String> {
        let begun = self.write("change the settings of", |writer| {
            writer.ledger.write(|transaction, _| {
                if let Some((before, _)) = epoch(transaction)? {
                    let retired = setting(transaction, RETIRED)?.unwrap_or_default();
                    put(transaction, RETIRED, &format!("{retired}{before} "))?;
                }
                let random = "SELECT lower(hex(randomblob(16)))";
                let mut begun: String = transaction.query_row(random, [], |row| row.get(0))?;
                [20, 16, 12, 8].into_iter().for_each(|at| begun.insert(at, '-'));
                put(transaction, EPOCH, &format!("{begun} {}", own(transaction)?))?;
                Ok::<_, rusqlite::Error>(begun)
            })
        })?;
        self.sync()?;
        Ok(begun)
    }

    /// Returns the epochs that the ledger had before.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn retired_epochs(&self) -> Result<Vec<String>> {
        self.read("read the settings of", |connection| {
            let retired = setting(connection, RETIRED)?.unwrap_or_default();
            Ok::<_, ReadError>(retired.split_whitespace().map(str::to_owned).collect())
        })
    }
}

fn greatest(connection: &Connection) -> rusqlite::Result<u64> {
    let sql = "SELECT coalesce(max(CAST(value AS INTEGER)), 0) FROM settings \
               WHERE substr(name, 1, length(?1)) = ?1";
    let greatest: i64 = connection.prepare_cached(sql)?.query_row([PREFIX], |row| row.get(0))?;
    Ok(greatest.unsigned_abs())
}

fn setting(connection: &Connection, name: &str) -> rusqlite::Result<Option<String>> {
    let mut statement = connection.prepare_cached("SELECT value FROM settings WHERE name = ?1")?;
    statement.query_row([name], |row| row.get(0)).optional()
}

fn put(connection: &Connection, name: &str, value: &str) -> rusqlite::Result<()> {
    let sql = "INSERT OR REPLACE INTO settings (name, value) VALUES (?1, ?2)";
    connection.execute(sql, [name, value]).map(drop)
}
