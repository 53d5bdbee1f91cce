//! The yardstick: the design of the Go router's usage package, in Rust. It is what we claim to
//! beat, so it is kept as it is there, with nothing done badly on purpose: names as text in each
//! row, four indexes, timestamps as the text that Go prints, a statement prepared anew for each
//! row, 500 rows a transaction; a report that loads each row and then aggregates.

use std::collections::HashMap;
use std::path::Path;

use anyhow::Result;
use rusqlite::{Connection, params};
use usage_core::{Label, Record};

/// Rows a transaction.
const BATCH: usize = 500;

/// The settings of SQLite's `synchronous` that are compared. `FULL` is the original's.
pub(crate) const SYNCHRONOUS: [&str; 2] = ["FULL", "NORMAL"];

pub(crate) fn open(path: &Path, synchronous: &str) -> Result<Connection> {
    let connection = Connection::open(path)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "busy_timeout", 5_000)?;
    connection.pragma_update(None, "foreign_keys", "ON")?;
    connection.pragma_update(None, "synchronous", synchronous)?;
    connection.execute_batch(
        "CREATE TABLE IF NOT EXISTS usage_records (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            instance_id TEXT NOT NULL,
            profile TEXT NOT NULL DEFAULT '',
            provider TEXT NOT NULL DEFAULT '',
            route TEXT NOT NULL,
            model TEXT NOT NULL,
            tokens INTEGER NOT NULL,
            fallbacks INTEGER NOT NULL DEFAULT 0,
            timestamp DATETIME DEFAULT CURRENT_TIMESTAMP
        );
        CREATE INDEX IF NOT EXISTS idx_instance_route ON usage_records (instance_id, route);
        CREATE INDEX IF NOT EXISTS idx_timestamp ON usage_records (timestamp);
        CREATE INDEX IF NOT EXISTS idx_profile ON usage_records (profile);
        CREATE INDEX IF NOT EXISTS idx_provider ON usage_records (provider);",
    )?;
    Ok(connection)
}

/// Timestamps as Go prints them, made before the clock starts.
pub(crate) fn timestamps(records: &[Record]) -> Vec<String> {
    records
        .iter()
        .map(|record| {
            let micros = record.timestamp().as_micros();
            let utc = record.timestamp().to_utc().unwrap_or_default();
            format!(
                "{} +0000 UTC m=+{}.{:06}000",
                utc.format("%Y-%m-%d %H:%M:%S%.6f"),
                micros / 1_000_000 % 1_000_000,
                micros % 1_000_000
            )
        })
        .collect()
}

pub(crate) fn insert(
    connection: &mut Connection,
    records: &[Record],
    timestamps: &[String],
) -> Result<()> {
    for (batch, timestamps) in records.chunks(BATCH).zip(timestamps.chunks(BATCH)) {
        let transaction = connection.transaction()?;
        for (record, timestamp) in batch.iter().zip(timestamps) {
            let names = record.labels().names();
            let mut statement = transaction.prepare(
                "INSERT INTO usage_records
                    (instance_id, profile, provider, route, model, tokens, fallbacks, timestamp)
                 VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            )?;
            statement.execute(params![
                names.get(Label::Instance),
                names.get(Label::Profile),
                names.get(Label::Provider),
                names.get(Label::Route),
                names.get(Label::Model),
                i64::try_from(record.tokens().total())?,
                record.fallbacks(),
                timestamp,
            ])?;
        }
        transaction.commit()?;
    }
    Ok(())
}

/// A row as the original's report holds it: each with text of its own.
struct Row {
    profile: String,
    provider: String,
    route: String,
    model: String,
    tokens: i64,
    fallbacks: i64,
    _id: i64,
    _instance: String,
    _timestamp: String,
}

/// The original's report of all time: every row is loaded, then aggregated. Returns how many
/// requests and tokens it found.
pub(crate) fn report(connection: &Connection) -> Result<(usize, i64)> {
    let mut statement = connection.prepare(
        "SELECT id, instance_id, profile, provider, route, model, tokens, fallbacks, timestamp
         FROM usage_records WHERE timestamp >= ? AND timestamp <= ? ORDER BY timestamp DESC",
    )?;
    let rows: Vec<Row> = statement
        .query_map(["0001-01-01", "2126-01-01"], |row| {
            Ok(Row {
                _id: row.get(0)?,
                _instance: row.get(1)?,
                profile: row.get(2)?,
                provider: row.get(3)?,
                route: row.get(4)?,
                model: row.get(5)?,
                tokens: row.get(6)?,
                fallbacks: row.get(7)?,
                _timestamp: row.get(8)?,
            })
        })?
        .collect::<rusqlite::Result<_>>()?;
    let mut by_route = HashMap::<String, (usize, i64, i64)>::new();
    for row in &rows {
        let key = format!("{}/{}.{}", row.profile, row.provider, row.route);
        let group = by_route.entry(key).or_default();
        *group = (group.0 + 1, group.1 + row.tokens, group.2 + row.fallbacks);
    }
    let mut by_model = HashMap::<String, (usize, i64)>::new();
    for row in &rows {
        let key = format!("{}/{}.{}", row.profile, row.provider, row.model);
        let group = by_model.entry(key).or_default();
        *group = (group.0 + 1, group.1 + row.tokens);
    }
    let total = by_model.values().fold((0, 0), |sum, group| (sum.0 + group.0, sum.1 + group.1));
    std::hint::black_box(&by_route);
    Ok(total)
}
