//! Any bytes as an origin's database, and a small one with some bytes changed: imported or
//! refused, with every row accounted for, twice the same, and nothing of it changed.
#![no_main]

use std::fs;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use libfuzzer_sys::{arbitrary, fuzz_target};
use rusqlite::Connection;
use usage_store::Store;
use usage_import::ccrouter::Ccrouter;
use usage_import::{ImportError, ImportEvent, ImportOptions, ImportSummary, Origin, run};

#[derive(Debug, arbitrary::Arbitrary)]
enum Input<'a> {
    /// The whole file, and perhaps a log beside it.
    Bytes { file: &'a [u8], log: Option<&'a [u8]> },
    /// A good database of one of the schemas, changed at these places.
    Changed { older: bool, log: bool, changes: Vec<(u16, u8)> },
    /// Any value in each column.
    Values { values: Vec<[Value<'a>; 8]> },
}

#[derive(Debug, arbitrary::Arbitrary)]
enum Value<'a> {
    Null,
    Integer(i64),
    Real(f64),
    Text(&'a str),
    Blob(&'a [u8]),
    Good,
}

struct World {
    folder: PathBuf,
    store: Store,
    /// Each schema at rest, and with a log.
    good: [[(Vec<u8>, Vec<u8>); 2]; 2],
}

static WORLD: OnceLock<World> = OnceLock::new();

impl World {
    fn get() -> &'static Self {
        WORLD.get_or_init(|| {
            let folder = std::env::temp_dir().join(format!("usage-fuzz-{}", std::process::id()));
            fs::create_dir_all(&folder).unwrap();
            let good =
                [false, true].map(|older| [false, true].map(|log| good(&folder, older, log)));
            let store = Store::open(folder.join("ledger.db")).unwrap();
            Self { folder, store, good }
        })
    }

    fn origin(&self) -> PathBuf {
        self.folder.join("origin.db")
    }

    fn put(&self, file: &[u8], log: Option<&[u8]>) {
        fs::write(self.origin(), file).unwrap();
        let beside = self.folder.join("origin.db-wal");
        match log {
            Some(log) => fs::write(beside, log).unwrap(),
            None => drop(fs::remove_file(beside)),
        }
    }

    /// The files that the origin consists of.
    fn files(&self) -> Vec<(String, Vec<u8>)> {
        let mut files: Vec<_> = fs::read_dir(&self.folder)
            .unwrap()
            .map(|entry| entry.unwrap())
            .filter(|entry| entry.file_name().to_string_lossy().starts_with("origin"))
            .map(|entry| {
                (entry.file_name().to_string_lossy().into_owned(), fs::read(entry.path()).unwrap())
            })
            .collect();
        files.sort();
        files
    }
}

const NAMES: [&str; 8] =
    ["instance_id", "profile", "provider", "route", "model", "tokens", "fallbacks", "timestamp"];

fn good(folder: &PathBuf, older: bool, log: bool) -> (Vec<u8>, Vec<u8>) {
    let path = folder.join("good.db");
    let connection = Connection::open(&path).unwrap();
    let names = if older { "" } else { "profile TEXT NOT NULL, provider TEXT NOT NULL," };
    connection
        .execute_batch(&format!(
            "PRAGMA page_size = 512; PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0;
             CREATE TABLE usage_records (id INTEGER PRIMARY KEY AUTOINCREMENT, instance_id TEXT,
             {names} route TEXT, model TEXT, tokens INTEGER, fallbacks INTEGER,
             timestamp DATETIME);
             CREATE INDEX idx_timestamp ON usage_records (timestamp);"
        ))
        .unwrap();
    if !log {
        connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
    }
    let values = if older { "'i'" } else { "'i', 'p', 'v'" };
    for id in 1..=12 {
        connection
            .execute_batch(&format!(
                "INSERT INTO usage_records VALUES ({id}, {values}, 'r', 'm', {id}, 0,
                 '2026-05-03 13:56:{:02}.5 +0800 CST m=+1.000000000')",
                id % 6
            ))
            .unwrap();
    }
    if !log {
        connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
    }
    let files = (fs::read(&path).unwrap(), fs::read(folder.join("good.db-wal")).unwrap());
    drop(connection);
    fs::remove_file(&path).unwrap();
    files
}

fn import(store: &Store, path: &PathBuf, rescan: bool) -> Result<ImportSummary, ImportError> {
    let (mut refused, mut options) = (0, ImportOptions::default());
    options.rescan = rescan;
    let mut ccrouter = Ccrouter::open(path, store)?;
    let summary = run(store, &mut ccrouter, &options, &mut |event| {
        if let ImportEvent::Refused { why, .. } = event {
            assert!(!why.to_string().is_empty());
            refused += 1;
        }
        ControlFlow::Continue(())
    })?;
    assert_eq!(summary.refused, refused);
    assert_eq!(summary.items(), summary.imported + summary.already_there + summary.refused);
    Ok(summary)
}

fuzz_target!(|input: Input<'_>| {
    let world = World::get();
    match &input {
        Input::Bytes { file, log } => world.put(file, *log),
        Input::Changed { older, log, changes } => {
            let (mut file, mut wal) = world.good[usize::from(*older)][usize::from(*log)].clone();
            for (at, byte) in changes {
                let at = usize::from(*at) % (file.len() + wal.len());
                match at.checked_sub(file.len()) {
                    None => file[at] = *byte,
                    Some(at) => wal[at] = *byte,
                }
            }
            world.put(&file, log.then_some(&wal));
        }
        Input::Values { values } => {
            world.put(&[], None);
            let connection = Connection::open(world.origin()).unwrap();
            let columns = NAMES.join(", ");
            connection
                .execute_batch(&format!(
                    "CREATE TABLE usage_records (id INTEGER PRIMARY KEY, {columns})"
                ))
                .unwrap();
            for row in values {
                insert(&connection, row);
            }
        }
    }
    let store = &world.store;
    let before = world.files();
    match (import(store, &world.origin(), true), import(store, &world.origin(), false)) {
        // A sound one again: not one row more. In a damaged one a search need not find what a
        // walk has found.
        (Ok(first), Ok(again)) if matches!(input, Input::Values { .. }) => {
            assert_eq!(again.items(), 0, "{input:?}");
            assert_eq!(again.from_earlier_imports, first.items());
        }
        (first, _) => assert!(!matches!(input, Input::Values { .. }), "{first:?} {input:?}"),
    }
    assert!(world.files() == before, "the origin was changed: {input:?}");
    // It may hold records of earlier inputs, but not without end.
    if input_count() % 1_000 == 0 {
        store.delete_all_records().unwrap();
    }
});

fn input_count() -> u64 {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    COUNT.fetch_add(1, Ordering::Relaxed)
}

fn insert(connection: &Connection, row: &[Value<'_>; 8]) {
    use rusqlite::types::Value as Sql;
    let values: Vec<Sql> = row
        .iter()
        .zip(NAMES)
        .map(|(value, name)| match value {
            Value::Null => Sql::Null,
            Value::Integer(number) => Sql::Integer(*number),
            Value::Real(number) => Sql::Real(*number),
            Value::Text(text) => Sql::Text((*text).to_owned()),
            Value::Blob(blob) => Sql::Blob(blob.to_vec()),
            Value::Good => match name {
                "tokens" | "fallbacks" => Sql::Integer(1),
                "timestamp" => Sql::Text("2026-05-03 13:56:01".to_owned()),
                _ => Sql::Text("name".to_owned()),
            },
        })
        .collect();
    connection
        .execute(
            "INSERT INTO usage_records VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?)",
            rusqlite::params_from_iter(values),
        )
        .unwrap();
}
