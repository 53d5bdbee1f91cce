//! The nearness to the least that SQLite can do: the same rows into the same table by one prepared statement in one
//! transaction, without sums, event ids or names to look up.

use std::collections::HashMap;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use rusqlite::{Connection, Statement};
use usage_core::format::format_count;
use usage_core::{Measure, Record};
use usage_store::Store;
use usage_tracker::Durability;

use crate::figures::aim;
use crate::insert::{fresh, insert_ours};
use crate::rounds::{Times, interleaved, ratio};
use crate::sustained::{self, Way};
use crate::{Setup, workload};

const ROWS: usize = 1_000_000;
/// Rows a transaction where batches are inserted.
const BATCH: usize = 5_000;
/// The numbers that have columns of their own: few records have others.
const NUMBERS: usize = Measure::Fallbacks as usize + 1;
/// The nearness that we want to reach.
const AIM: f64 = 0.7;

pub(crate) fn run(setup: &Setup) -> Result<()> {
    let records = workload::records(setup.rows(ROWS), false)?;
    println!("{} records without event ids", format_count(records.len() as u64));
    let mut way = Way::new("journaled, 1 thread", Durability::Journaled, 1);
    let mut least = || insert_least(&setup.folder, &records);
    let mut batches = || insert_ours(&setup.folder, &records, BATCH);
    let mut sustained = || sustained::store_all(&setup.folder, &records, &mut way);
    let times = interleaved(setup.rounds, &mut [&mut least, &mut batches, &mut sustained])?;
    println!("  {:<26} {:>9.0} rows/s", "the limit", times[0].per_second(records.len()));
    show("insert, 5,000 a batch", &times[0], &times[1], records.len());
    show("sustained, journaled", &times[0], &times[2], records.len());
    Ok(())
}

fn show(name: &str, limit: &Times, ours: &Times, rows: usize) {
    let share = ratio(limit, ours);
    println!(
        "  {name:<26} {:>9.0} rows/s   {:.0} % of the limit ({:.0} to {:.0})",
        ours.per_second(rows),
        100.0 * share.median,
        100.0 * share.min,
        100.0 * share.max
    );
    let number = format!("{:.0} %", 100.0 * share.median);
    aim(&format!("{name}: 70 % of the limit"), share.median >= AIM, &number);
}

/// A ledger as ours, with its names, so that nothing but rows is left to go in.
fn insert_least(folder: &Path, records: &[Record]) -> Result<Duration> {
    let path = fresh(folder, "limit.db")?;
    drop(Store::open(&path)?);
    let mut connection = Connection::open(&path)?;
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    let label_sets = label_sets(&connection, records)?;
    let start = Instant::now();
    let transaction = connection.transaction()?;
    let mut insert = transaction.prepare(
        "INSERT INTO records (ts, id, label_set, input, output, cache_read, cache_write, \
         unclassified, reasoning, fallbacks, event_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL)",
    )?;
    for ((id, record), label_set) in (1_i64..).zip(records).zip(&label_sets) {
        put(&mut insert, id, *label_set, record)?;
    }
    drop(insert);
    transaction.commit()?;
    let took = start.elapsed();
    let found: i64 = connection.query_row("SELECT count(*) FROM records", [], |row| row.get(0))?;
    ensure!(usize::try_from(found)? == records.len(), "{found} of the records are there");
    Ok(took)
}

fn put(
    insert: &mut Statement<'_>,
    id: i64,
    label_set: i64,
    record: &Record,
) -> rusqlite::Result<()> {
    insert.raw_bind_parameter(1, record.timestamp().as_micros())?;
    insert.raw_bind_parameter(2, id)?;
    insert.raw_bind_parameter(3, label_set)?;
    for (index, count) in record.counts().numbers().iter().take(NUMBERS).enumerate() {
        insert.raw_bind_parameter(4 + index, count)?;
    }
    insert.raw_execute().map(drop)
}

/// Adds the names, and returns those of each record.
fn label_sets(connection: &Connection, records: &[Record]) -> Result<Vec<i64>> {
    let mut insert = connection.prepare(
        "INSERT INTO label_sets \
         (instance_id, profile, provider, route, model, tier, project, user, tags) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, '')",
    )?;
    let mut ids = HashMap::new();
    let mut id_of = |record: &Record| match ids.get(record.labels()) {
        Some(id) => Ok(*id),
        None => {
            let id = insert.insert(*record.labels().names().all())?;
            ids.insert(record.labels().clone(), id);
            Ok(id)
        }
    };
    records.iter().map(&mut id_of).collect()
}
