//! Origins for the tests, and imports of them.

use std::collections::BTreeMap;
use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::Connection;
use tempfile::TempDir;
use usage_core::{Filter, LabelNames, Labels, Record, TimeRange, Timestamp, TokenCounts, Usage};
use usage_import::ccrouter::Ccrouter;
use usage_import::{ImportError, ImportEvent, ImportOptions, ImportSummary, Origin, run};
use usage_store::{Store, StoreOptions};

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
    /// An immutable origin, in WAL mode, with that table.
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
    /// has not open: closing any descriptor of a file drops the locks that SQLite holds on it.
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

/// The effects and the words of an import.
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

pub(crate) fn import(store: &Store, path: &Path) -> Result<Outcome, ImportError> {
    import_with(store, path, &ImportOptions::default())
}

pub(crate) fn import_with(
    store: &Store,
    path: &Path,
    options: &ImportOptions,
) -> Result<Outcome, ImportError> {
    let mut refused = Vec::new();
    let mut ccrouter = Ccrouter::open(path, store)?;
    let summary = run(store, &mut ccrouter, options, &mut |event| {
        if let ImportEvent::Refused { place, why } = event {
            refused.push(format!("{}: {why}", place.to_string().trim_start_matches("row ")));
        }
        ControlFlow::Continue(())
    })?;
    assert_eq!(refused.len() as u64, summary.refused);
    Ok(Outcome { counts: counts(&summary), refused })
}

/// An import with an answer to each of its events.
pub(crate) fn go(
    store: &Store,
    path: &Path,
    on_event: &mut dyn FnMut(ImportEvent<'_>) -> ControlFlow<()>,
) -> ImportSummary {
    let mut ccrouter = Ccrouter::open(path, store).unwrap();
    run(store, &mut ccrouter, &ImportOptions::default(), on_event).unwrap()
}

/// Longer than anything here takes on a slow and busy machine.
const DEADLINE: Duration = Duration::from_secs(60);

/// A store that waits for others however slow the machine is.
pub(crate) fn open_patient(path: &Path) -> Store {
    let mut options = StoreOptions::default();
    options.busy_timeout = DEADLINE;
    options.open(path).unwrap()
}

/// Waits until something is so.
///
/// # Panics
/// After a minute, with what it waited for.
pub(crate) fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < DEADLINE, "in {DEADLINE:?} it did not come to this: {what}");
        thread::yield_now();
    }
}

pub(crate) fn record(micros: i64, tokens: u64) -> Record {
    let names = LabelNames::new().with_instance("i").with_profile("p").with_provider("v");
    let labels = Labels::new(names.with_route("r").with_model("m")).unwrap();
    let usage = Usage::new(TokenCounts::unclassified(tokens), Timestamp::from_micros(micros));
    Record::new(labels, usage).unwrap()
}

/// Everything in the ledger, newest first.
pub(crate) fn records(store: &Store) -> Vec<Record> {
    let filter = Filter::default();
    let stored = store.records_by_period(TimeRange::ALL, &filter);
    stored.map(|stored| stored.unwrap().record).collect()
}

/// Returns the number of records that a report sees.
pub(crate) fn requests(store: &Store) -> u64 {
    store.report(TimeRange::ALL, &Filter::default()).unwrap().summary().requests
}
