//! The ledgers that everything is measured on, kept from run to run.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::Result;
use usage_core::{Filter, Record, TimeRange};
use usage_store::{SCHEMA_VERSION, Store};

use super::{Told, per_second, times, told};
use crate::insert::fresh;
use crate::rounds::as_float;
use crate::{workload, yardstick};

/// A ledger of a size, and the yardstick's with the same rows where it is not too large for that.
pub(super) struct Built {
    pub(super) rows: usize,
    pub(super) path: PathBuf,
    pub(super) yardstick: Option<PathBuf>,
    pub(super) told: Told,
}

/// The number of rows that the rates of inserting are taken from, at the end of the ledger: by then it has its size.
const LAST: usize = 100_000;

pub(super) fn build(folder: &Path, rows: usize, with_yardstick: bool) -> Result<Built> {
    let records = workload::records(rows, false)?;
    let path = folder.join(format!("full-{rows}-v{SCHEMA_VERSION}.db"));
    if !is_complete(&path, rows) {
        let _ = fresh(folder, &format!("full-{rows}-v{SCHEMA_VERSION}.db"))?;
        insert(&Store::open(&path)?, &records, 5_000)?;
    }
    let mut told_of = vec![told("bytes a row, sums included", {
        let bytes = usize::try_from(fs::metadata(&path)?.len())?;
        format!("{:.1}", as_float(bytes) / as_float(rows))
    })];
    // Into a copy, without the rows that are to be inserted.
    let last = &records[rows.saturating_sub(LAST)..];
    let rates = [500, 5_000].map(|batch| last_rows(folder, &path, last, batch));
    let [small, large] = rates;
    let (small, large) = (small?, large?);
    told_of.push(told("insert, 500 a batch", per_second(last.len(), small)));
    told_of.push(told("insert, 5,000 a batch", per_second(last.len(), large)));
    let mut found = None;
    if with_yardstick {
        let path = folder.join(format!("yardstick-{rows}.db"));
        let fits = yardstick::open(&path, "FULL").and_then(|connection| {
            let sql = "SELECT count(*) FROM usage_records";
            Ok(connection.query_row(sql, [], |row| row.get::<_, i64>(0))?)
        });
        let timestamps = yardstick::timestamps(&records);
        if fits.ok() != i64::try_from(rows).ok() {
            let path = fresh(folder, &format!("yardstick-{rows}.db"))?;
            yardstick::insert(&mut yardstick::open(&path, "NORMAL")?, &records, &timestamps)?;
        }
        // The same rows once more, into an empty one: nothing is in its way.
        let mut empty = yardstick::open(&fresh(folder, "yardstick.db")?, "FULL")?;
        let start = Instant::now();
        yardstick::insert(&mut empty, last, &timestamps[rows.saturating_sub(LAST)..])?;
        let old = start.elapsed();
        told_of.push(told("  500 a batch beside the yardstick, FULL", times(old, small)));
        told_of.push(told("  5,000 a batch beside it", times(old, large)));
        found = Some(path);
    } else {
        told_of.push(told("  500 a batch beside the yardstick, FULL", "-"));
        told_of.push(told("  5,000 a batch beside it", "-"));
    }
    Ok(Built { rows, path, yardstick: found, told: told_of })
}

pub(super) fn insert(store: &Store, records: &[Record], batch: usize) -> Result<()> {
    for batch in records.chunks(batch) {
        store.insert_batch(batch)?;
    }
    Ok(())
}

fn is_complete(path: &Path, rows: usize) -> bool {
    Store::open_existing(path)
        .and_then(|store| store.report(TimeRange::ALL, &Filter::default()))
        .is_ok_and(|usage| usage.summary().requests == rows as u64)
}

/// Measures the time it takes to insert these rows behind all others.
fn last_rows(folder: &Path, path: &Path, records: &[Record], batch: usize) -> Result<Duration> {
    let copy = fresh(folder, "full-copy.db")?;
    fs::copy(path, &copy)?;
    let store = Store::open(&copy)?;
    let start = Instant::now();
    insert(&store, records, batch)?;
    Ok(start.elapsed())
}
