//! The number of bytes that reach the disk for a record, beside the yardstick's.
//!
//! A child process opens a fresh ledger, records for a while at a rate, and closes it, checkpoint
//! included; then it reads in `/proc/self/io` what it has written since it opened the ledger.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use usage_core::format::format_count;
use usage_core::{Record, Timestamp, Usage};
use usage_store::Store;
use usage_tracker::{Durability, Overflow, Tracker};

use crate::figures::{aim, float};
use crate::insert::fresh;
use crate::pace::{Beat, Rate};
use crate::process::Written;
use crate::roles::Talking;
use crate::{Setup, workload, yardstick};

const RATES: [(Rate, u32); 3] =
    [(Rate::PerSecond(10), 20), (Rate::PerSecond(1_000), 10), (Rate::FlatOut, 0)];
const FLAT_OUT: Duration = Duration::from_secs(1);
const LONG: Duration = Duration::from_secs(300);
/// The time of the first record: 2026-06-01T00:00:00Z, in microseconds.
const START: i64 = 1_780_272_000_000_000;
/// The yardstick's batch, by our own rule: as many records, or a second.
const BATCH: usize = 500;

/// Who writes, and how.
const SIDES: [(&str, &str); 4] = [
    ("ours, journaled", "journaled"),
    ("ours, batched", "batched"),
    ("yardstick, one row a commit", "single"),
    ("yardstick, batches like ours", "batches"),
];

pub(crate) fn run(setup: &Setup) -> Result<()> {
    println!("bytes a record: write_bytes (to the disk) and wchar (handed to write), by child");
    println!(
        "  {:<28} | {:>11} {:>8} | {:>11} {:>8} | {:>11} {:>8}",
        "", "10/s: disk", "handed", "1,000: disk", "handed", "flat: disk", "handed"
    );
    let mut to_disk = Vec::new();
    for (name, side) in SIDES {
        let mut cells = Vec::new();
        for (rate, seconds) in RATES {
            // Flat out, a second is enough for millions.
            let time = if rate == Rate::FlatOut { FLAT_OUT } else { setup.seconds(seconds) };
            let [records, disk, handed] = measure(&setup.folder, side, rate, time)?;
            ensure!(records > 0, "no records");
            let each = |bytes| float(bytes) / float(records);
            cells.push([each(disk), each(handed)]);
        }
        let cell = |at: usize| format!("{:>11.0} {:>8.0}", cells[at][0], cells[at][1]);
        println!("  {name:<28} | {} | {} | {}", cell(0), cell(1), cell(2));
        to_disk.push(cells.iter().map(|cell| cell[0]).collect::<Vec<_>>());
    }
    println!("  since the ledger was opened, closing and checkpoint included; yardstick: FULL");
    for (at, (rate, _)) in RATES.iter().enumerate() {
        let (ours, chatty) = (to_disk[0][at], to_disk[2][at]);
        let what = format!("{rate}: no more than the yardstick with one row a commit");
        aim(&what, ours <= chatty, &format!("{:.3} times as much", ours / chatty));
    }
    Ok(())
}

fn measure(folder: &Path, side: &str, rate: Rate, time: Duration) -> Result<[u64; 3]> {
    let path = fresh(folder, "written.db")?;
    let path = path.to_str().context("a path that is not UTF-8")?;
    let (number, millis) = (rate.number().to_string(), time.as_millis().to_string());
    let mut child = Talking::start("count-bytes", &[side, path, &number, &millis])?;
    let figures = child.hear_numbers()?;
    child.end()?;
    Ok(figures)
}

/// The child: records, bytes to the disk, bytes handed over.
pub(crate) fn count_bytes(arguments: &[String]) -> Result<()> {
    let [side, path, rate, millis] = arguments else { bail!("SIDE PATH RATE MILLIS") };
    let (path, rate) = (Path::new(path), Rate::parse(rate)?);
    let stream = Stream {
        records: workload::records(100_000, false)?,
        rate,
        time: Duration::from_millis(millis.parse()?),
    };
    let (before, records) = match side.as_str() {
        "journaled" => tracked(path, Durability::Journaled, &stream)?,
        "batched" => tracked(path, Durability::Batched, &stream)?,
        "single" => compared(path, 1, &stream)?,
        "batches" => compared(path, BATCH, &stream)?,
        other => bail!("no side {other:?}"),
    };
    let Written { to_disk, handed_over } = Written::now()?.since(before);
    println!("{records} {to_disk} {handed_over}");
    Ok(())
}

/// Records that come at a rate for some time.
struct Stream {
    records: Vec<Record>,
    rate: Rate,
    time: Duration,
}

impl Stream {
    /// Returns the number of records that came, each later than the one before.
    fn each(&self, mut take: impl FnMut(Record) -> Result<()>) -> Result<u64> {
        let (start, mut count, mut beat) = (Instant::now(), 0, Beat::new(self.rate, 1));
        for record in self.records.iter().cycle() {
            if start.elapsed() >= self.time {
                break;
            }
            beat.wait();
            let at = Timestamp::from_micros(START + i64::try_from(count)?);
            let (labels, tokens) = (record.labels().clone(), record.tokens());
            take(Record::new(
                labels,
                Usage::new(tokens, at).with_fallbacks(record.fallbacks().into()),
            )?)?;
            count += 1;
        }
        Ok(count)
    }
}

fn tracked(path: &Path, durability: Durability, stream: &Stream) -> Result<(Written, u64)> {
    let store = Store::open(path)?;
    let before = Written::now()?;
    let wait = Overflow::Wait(LONG);
    let tracker = Tracker::builder().durability(durability).overflow(wait).start(store)?;
    let count = stream.each(|record| Ok(tracker.record(record)?))?;
    let end = tracker.shutdown(LONG);
    let what = format_count(count);
    ensure!(end.is_clean() && end.stats.stored == count, "of {what}: {:?}", end.stats);
    drop(tracker);
    Ok((before, count))
}

fn compared(path: &Path, most: usize, stream: &Stream) -> Result<(Written, u64)> {
    let mut connection = yardstick::open(path, "FULL")?;
    let before = Written::now()?;
    let (mut batch, mut since) = (Vec::new(), Instant::now());
    let mut write = |batch: &mut Vec<Record>| {
        yardstick::insert(&mut connection, batch, &yardstick::timestamps(batch))?;
        batch.clear();
        anyhow::Ok(())
    };
    let count = stream.each(|record| {
        if batch.is_empty() {
            since = Instant::now();
        }
        batch.push(record);
        if batch.len() >= most || since.elapsed() >= Duration::from_secs(1) {
            write(&mut batch)?;
        }
        Ok(())
    })?;
    write(&mut batch)?;
    drop(connection);
    Ok((before, count))
}
