//! What a ledger remembers for those who keep a copy of its sums elsewhere: its epoch, and the versions that it gave.

use rusqlite::{Connection, OptionalExtension};

use crate::Store;
use crate::error::{ReadError, Result};

/// Behind it the target: the version that was given for it last.
const PREFIX: &str = "ship:";
const RETIRED: &str = "epochs_retired";

/// The low bits of a version, which are at random: two clones of a ledger that count alike are told apart by them.
const RANDOM: u32 = 16;

/// The epoch of a ledger, as a UUID is written.
pub(super) fn epoch(connection: &Connection) -> rusqlite::Result<String> {
    let mut digits: String = connection
        .prepare_cached("SELECT lower(hex(epoch)) FROM ledger")?
        .query_row([], |row| row.get(0))?;
    for at in [20, 16, 12, 8] {
        if digits.is_char_boundary(at) {
            digits.insert(at, '-');
        }
    }
    Ok(digits)
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
                let sql = "SELECT coalesce(max(CAST(value AS INTEGER)), 0) FROM settings \
                           WHERE substr(name, 1, length(?1)) = ?1";
                let before: i64 = transaction.query_row(sql, [PREFIX], |row| row.get(0))?;
                let before = before.unsigned_abs();
                let version = ((before >> RANDOM) + 1) << RANDOM | u64::from(random);
                put(transaction, &name, &version.to_string())?;
                Ok(Some((before, version)))
            })
        })?;
        self.sync()?;
        Ok(given)
    }

    /// Gives the ledger a new epoch, which tells it from its copies: for one that was restored or cloned. The old one is
    /// among the [retired](Self::retired_epochs) from then on.
    ///
    /// # Errors
    /// When the ledger cannot be written or synced.
    pub fn begin_epoch(&self) -> Result<()> {
        self.write("change the settings of", |writer| {
            writer.ledger.write(|transaction, _| {
                let mut retired = setting(transaction, RETIRED)?.unwrap_or_default();
                retired.push_str(&epoch(transaction)?);
                retired.push(' ');
                put(transaction, RETIRED, &retired)?;
                transaction.execute("UPDATE ledger SET epoch = randomblob(16)", []).map(drop)
            })
        })?;
        self.sync()
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

fn setting(connection: &Connection, name: &str) -> rusqlite::Result<Option<String>> {
    let mut statement = connection.prepare_cached("SELECT value FROM settings WHERE name = ?1")?;
    statement.query_row([name], |row| row.get(0)).optional()
}

fn put(connection: &Connection, name: &str, value: &str) -> rusqlite::Result<()> {
    let sql = "INSERT OR REPLACE INTO settings (name, value) VALUES (?1, ?2)";
    connection.execute(sql, [name, value]).map(drop)
}
