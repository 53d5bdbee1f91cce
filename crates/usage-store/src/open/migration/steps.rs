//! From an empty database, at once, or from a ledger of an older version, step by step, to a ledger of this one.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, Transaction, TransactionBehavior};

use crate::error::{ReadError, Result, SqliteErrorKind, StoreError};
use crate::ledger::file_id::OpenedFile;
use crate::ledger::identify::{Identity, identify};
use crate::ledger::migrations::{
    DROP_VIEWS, FIRST_WITH_EVENT_IDS, FIRST_WITH_LABEL_CHECKSUMS, FIRST_WITH_PIECES,
    FIRST_WITH_ROLLUPS, MIGRATIONS, V5_WITHOUT_ROLLUPS,
};
use crate::ledger::schema::{APPLICATION_ID, NEWEST, SCHEMA_VERSION, views};
use crate::ledger::{journal_folders, labels};
use crate::rollups;
use crate::write::event_ids;

/// Makes an empty database a ledger, unless another process has done so meanwhile.
pub(crate) fn fill(connection: &mut Connection, path: &Path, file: &OpenedFile) -> Result<()> {
    let failed = |source| StoreError::sqlite("create the ledger", path, source);
    let transaction =
        connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
    if matches!(identify(&transaction, path)?, Identity::Empty) {
        transaction
            .execute_batch(NEWEST)
            .and_then(|()| finish(&transaction, file))
            .map_err(failed)?;
    }
    transaction.commit().map_err(failed)
}

/// Makes what does not depend on the version that a ledger was of, and marks it as one of this version.
fn finish(transaction: &Transaction<'_>, file: &OpenedFile) -> rusqlite::Result<()> {
    journal_folders::remember_file(transaction, file)?;
    transaction.execute_batch(&views())?;
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", SCHEMA_VERSION)
}

/// Brings the schema of that version up to date, inside a transaction.
pub(super) fn carry_out(
    transaction: &Transaction<'_>,
    path: &Path,
    file: &OpenedFile,
    version: i32,
) -> Result<()> {
    let failed = |source| StoreError::sqlite("migrate the ledger", path, source);
    let read_failed = |error| StoreError::read("migrate the ledger", path, error);
    let done = usize::try_from(version).unwrap_or(0);
    transaction.execute_batch(DROP_VIEWS).map_err(failed)?;
    // What is made of records is made once they have all columns, and what it is made of goes last.
    let steps = MIGRATIONS.iter().skip(done).copied().flatten().copied();
    for step in steps.filter(|step| *step != V5_WITHOUT_ROLLUPS) {
        transaction.execute_batch(step).map_err(failed)?;
    }
    if version < FIRST_WITH_LABEL_CHECKSUMS {
        labels::add_checksums(transaction).map_err(failed)?;
    }
    if version < FIRST_WITH_PIECES {
        bring_rollups(transaction, version).map_err(read_failed)?;
        transaction.execute_batch(V5_WITHOUT_ROLLUPS).map_err(failed)?;
    }
    if version < FIRST_WITH_EVENT_IDS {
        event_ids::fill(transaction, i64::MIN).map_err(read_failed)?;
    }
    finish(transaction, file).map_err(failed)
}

/// Brings along the rollups of the version that had the first ones, or makes those of the records.
fn bring_rollups(connection: &Connection, version: i32) -> Result<(), ReadError> {
    if version < FIRST_WITH_ROLLUPS {
        rollups::rebuild(connection).map(drop)
    } else {
        rollups::transcode(connection)
    }
}

/// The settings that live in the file. The order matters: auto-vacuum stays off when it is set
/// after the switch to WAL, which writes the file's first page.
pub(crate) fn prepare_empty(connection: &Connection, patience: Duration) -> rusqlite::Result<()> {
    connection.pragma_update(None, "auto_vacuum", "INCREMENTAL")?;
    switch_to_wal(connection, patience)
}

/// Sees to it that readers do not block writers. A backup that was restored may not be in WAL
/// mode.
pub(crate) fn ensure_wal(connection: &Connection, patience: Duration) -> rusqlite::Result<()> {
    let mode: String = connection.pragma_query_value(None, "journal_mode", |row| row.get(0))?;
    if mode == "wal" { Ok(()) } else { switch_to_wal(connection, patience) }
}

/// SQLite answers "locked" here at once, whatever the time-out, when several processes make the
/// same switch. Whoever wins, the others find it done.
fn switch_to_wal(connection: &Connection, patience: Duration) -> rusqlite::Result<()> {
    let mut waited = Duration::ZERO;
    loop {
        let switched: rusqlite::Result<String> =
            connection.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0));
        match switched {
            Ok(_) => return Ok(()),
            Err(error)
                if SqliteErrorKind::of(&error) == SqliteErrorKind::Busy && waited < patience =>
            {
                waited += WAL_SWITCH_PAUSE;
                // sleep: a lock of another process; SQLite offers nothing to wait for.
                std::thread::sleep(WAL_SWITCH_PAUSE);
            }
            Err(error) => return Err(error),
        }
    }
}

const WAL_SWITCH_PAUSE: Duration = Duration::from_millis(10);

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use rusqlite::types::Value;

    use super::*;

    /// What was made by chance.
    const RANDOM: [&str; 3] = ["ledger_id", "epoch", "event_id_key"];

    /// Each object with its statement, on one line, and every value of every table.
    fn everything(connection: &Connection) -> BTreeSet<Vec<String>> {
        let mut found = BTreeSet::new();
        let mut add = |sql: &str, first: &str| {
            let mut statement = connection.prepare(sql).unwrap();
            let names: Vec<_> = statement.column_names().into_iter().map(str::to_owned).collect();
            let mut rows = statement.query([]).unwrap();
            while let Some(row) = rows.next().unwrap() {
                let mut line = vec![first.to_owned()];
                for (column, name) in names.iter().enumerate() {
                    let value = match row.get(column).unwrap() {
                        Value::Blob(bytes) if RANDOM.contains(&&**name) => bytes.len().to_string(),
                        Value::Text(text) => text.split_whitespace().collect::<Vec<_>>().join(" "),
                        other => format!("{other:?}"),
                    };
                    line.push(format!("{name}: {value}"));
                }
                found.insert(line);
            }
        };
        add("SELECT type, name, tbl_name, sql FROM sqlite_schema", "");
        for pragma in ["application_id", "user_version", "encoding", "page_size"] {
            add(&format!("PRAGMA {pragma}"), "");
        }
        let mut statement =
            connection.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").unwrap();
        let tables = statement.query_map([], |row| row.get::<_, String>(0)).unwrap();
        for table in tables.map(Result::unwrap) {
            add(&format!("SELECT * FROM {table}"), &table);
        }
        found
    }

    /// A new ledger is what one of the first version that nobody has written to becomes.
    #[test]
    fn a_new_ledger_is_what_the_steps_come_to() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("usage.db");
        std::fs::write(&path, "").unwrap();
        let file = OpenedFile::at(&path).unwrap();
        let made = |work: &dyn Fn(&mut Connection)| {
            let mut connection = Connection::open_in_memory().unwrap();
            work(&mut connection);
            everything(&connection)
        };
        let at_once = made(&|connection| fill(connection, &path, &file).unwrap());
        let step_by_step = made(&|connection| {
            let transaction = connection.transaction().unwrap();
            carry_out(&transaction, &path, &file, 0).unwrap();
            transaction.commit().unwrap();
        });
        assert!(at_once.len() > 30, "{at_once:#?}");
        let differ: Vec<_> = at_once.symmetric_difference(&step_by_step).collect();
        assert!(differ.is_empty(), "{differ:#?}");
    }
}
