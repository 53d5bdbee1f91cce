//! Origins for the tests, and imports of them.

use std::collections::BTreeMap;
use std::fs;
use std::ops::ControlFlow;
use std::path::PathBuf;

use rusqlite::Connection;
use tempfile::TempDir;
use usage_store::Store;
use usage_store::import::{ImportError, ImportEvent, ImportOptions, ImportSummary};

use super::super::support::open_patient;

/// The origin's table.
pub(crate) const NEWER: &str = "CREATE TABLE usage_records (
    id INTEGER PRIMARY KEY AUTOINCREMENT, instance_id TEXT NOT NULL,
    profile TEXT NOT NULL DEFAULT '', provider TEXT NOT NULL DEFAULT '', route TEXT NOT NULL,
    model TEXT NOT NULL, tokens INTEGER NOT NULL, fallbacks INTEGER NOT NULL DEFAULT 0,
    timestamp DATETIME DEFAULT CURRENT_TIMESTAMP);
    CREATE INDEX idx_timestamp ON usage_records(timestamp);";

/// The origin's table before it knew profiles and providers.
pub(crate) const OLDER: &str = "CREATE TABLE usage_records (
    id INTEGER PRIMARY KEY AUTOINCREMENT, instance_id TEXT NOT NULL, route TEXT NOT NULL,
    model TEXT NOT NULL, tokens INTEGER NOT NULL, fallbacks INTEGER NOT NULL DEFAULT 0,
    timestamp DATETIME DEFAULT CURRENT_TIMESTAMP);";

/// The same columns without their constraints, for what a damaged origin could hold.
pub(crate) const LAX: &str = "CREATE TABLE usage_records (
    id INTEGER PRIMARY KEY, instance_id, profile, provider, route, model, tokens, fallbacks,
    timestamp);";

/// A folder with nothing but an origin in it, and a ledger elsewhere.
pub(crate) struct Place {
    origin: TempDir,
    ledger: TempDir,
    pub(crate) path: PathBuf,
}

impl Place {
    /// An origin at rest, in WAL mode, with that table.
    pub(crate) fn new(table: &str) -> Self {
        let (origin, ledger) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let path = origin.path().join("origin.db");
        let place = Self { origin, ledger, path };
        place.execute(&format!("PRAGMA journal_mode = WAL; {table}"));
        place
    }

    /// An origin with so many rows, a millisecond apart.
    pub(crate) fn with_rows(count: i64) -> Self {
        let place = Self::new(NEWER);
        place.add(1..=count);
        place
    }

    /// Adds a row for each number. Rows of the same number have the same content.
    pub(crate) fn add(&self, numbers: impl IntoIterator<Item = i64>) {
        let mut connection = Connection::open(&self.path).unwrap();
        let transaction = connection.transaction().unwrap();
        for number in numbers {
            transaction.execute(INSERT, [number]).unwrap();
        }
        transaction.commit().unwrap();
    }

    /// Runs statements in the origin and closes it again.
    pub(crate) fn execute(&self, sql: &str) {
        Connection::open(&self.path).unwrap().execute_batch(sql).unwrap();
    }

    pub(crate) fn beside(&self, name: &str) -> PathBuf {
        self.origin.path().join(name)
    }

    pub(crate) fn ledger(&self) -> PathBuf {
        self.ledger.path().join("usage.db")
    }

    pub(crate) fn store(&self) -> Store {
        open_patient(&self.ledger())
    }

    pub(crate) fn import(&self) -> Outcome {
        import(&self.store(), &self.path).unwrap()
    }

    /// Every file in the origin's folder, with its bytes. Only for an origin that this process
    /// has not open: see the other support module.
    pub(crate) fn files(&self) -> BTreeMap<String, Vec<u8>> {
        let entries = fs::read_dir(self.origin.path()).unwrap().map(|entry| entry.unwrap());
        entries
            .map(|entry| {
                let bytes = fs::read(entry.path()).unwrap();
                (entry.file_name().into_string().unwrap(), bytes)
            })
            .collect()
    }
}

/// A row of a number, as the origin writes it: with nanoseconds that differ.
pub(crate) const INSERT: &str = "INSERT INTO usage_records (instance_id, route, model, tokens, \
    fallbacks, timestamp) VALUES ('i', 'r', 'm', ?1, ?1 % 3, \
    strftime('%Y-%m-%d %H:%M:%S', 1777787761 + ?1 / 1000, 'unixepoch', '+8 hours') \
    || printf('.%03d000001 +0800 CST m=+%d.000000000', ?1 % 1000, ?1))";

/// What an import did and said.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    /// Imported, already there, refused, and from earlier imports.
    pub(crate) counts: [u64; 4],
    /// `id: why`.
    pub(crate) refused: Vec<String>,
}

pub(crate) fn counts(summary: &ImportSummary) -> [u64; 4] {
    assert!(!summary.is_stopped);
    [summary.imported, summary.already_there, summary.refused, summary.from_earlier_imports]
}

pub(crate) fn import(store: &Store, path: &PathBuf) -> Result<Outcome, ImportError> {
    import_with(store, path, &ImportOptions::default())
}

pub(crate) fn import_with(
    store: &Store,
    path: &PathBuf,
    options: &ImportOptions,
) -> Result<Outcome, ImportError> {
    let mut refused = Vec::new();
    let summary = store.import_ccrouter_with(path, options, &mut |event| {
        if let ImportEvent::Refused { id, error } = event {
            refused.push(format!("{id}: {error}"));
        }
        ControlFlow::Continue(())
    })?;
    assert_eq!(refused.len() as u64, summary.refused);
    Ok(Outcome { counts: counts(&summary), refused })
}
