//! What a ledger remembers for those who keep a copy of its sums elsewhere: its epoch, and a text for each.

use rusqlite::{Connection, OptionalExtension};

use crate::Store;
use crate::error::{ReadError, Result};

const PREFIX: &str = "ship:";
const RETIRED: &str = "epochs_retired";

/// The epoch of a ledger, as the digits of a UUID.
pub(super) fn epoch(connection: &Connection) -> rusqlite::Result<String> {
    connection
        .prepare_cached("SELECT lower(hex(epoch)) FROM ledger")?
        .query_row([], |row| row.get(0))
}

impl Store {
    /// Returns what was noted last for a target of shipping; `None` where nothing was.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn shipping_note(&self, target: &str) -> Result<Option<String>> {
        self.read("read the settings of", |connection| {
            Ok::<_, ReadError>(setting(connection, &format!("{PREFIX}{target}"))?)
        })
    }

    /// Notes a text for a target of shipping in place of another one, in a transaction of the ledger and on its disk: what
    /// was noted before anything is sent is there after a power loss. `false` where something else was noted meanwhile.
    ///
    /// # Errors
    /// When the ledger cannot be written or synced.
    pub fn note_shipping(&self, target: &str, was: Option<&str>, note: &str) -> Result<bool> {
        let name = format!("{PREFIX}{target}");
        let noted = self.write("change the settings of", |writer| {
            writer.ledger.write(|transaction, _| {
                if setting(transaction, &name)?.as_deref() != was {
                    return Ok::<_, rusqlite::Error>(false);
                }
                put(transaction, &name, note).map(|()| true)
            })
        })?;
        self.sync()?;
        Ok(noted)
    }

    /// Gives the ledger a new epoch, which tells it from its copies: for one that was restored or cloned. The old one is
    /// among the [retired](Self::retired_epochs) from then on, and what was noted for targets is forgotten.
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
                transaction.execute("UPDATE ledger SET epoch = randomblob(16)", [])?;
                let sql = "DELETE FROM settings WHERE substr(name, 1, length(?1)) = ?1";
                transaction.execute(sql, [PREFIX]).map(drop)
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
