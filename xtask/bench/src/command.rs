//! The command as a whole process: recording NDJSON, parsing included, and reporting.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use usage_core::Record;
use usage_core::format::format_count;
use usage_core::record::line;

use crate::insert::fresh;
use crate::rounds::{interleaved, ratio};
use crate::{ROWS, Setup, child, workload, yardstick};

/// `usage record` against the yardstick's inserting, which has no text to parse.
pub(crate) fn record(setup: &Setup) -> Result<()> {
    for with_event_ids in [false, true] {
        let records = workload::records(setup.rows(ROWS), with_event_ids)?;
        let timestamps = yardstick::timestamps(&records);
        let input = write_lines(&setup.folder, "records.ndjson", &records)?;
        println!("{}:", if with_event_ids { "with event ids" } else { "without event ids" });
        for synchronous in yardstick::SYNCHRONOUS {
            let mut peak = 0;
            let mut old = || {
                let path = fresh(&setup.folder, "yardstick.db")?;
                let mut connection = yardstick::open(&path, synchronous)?;
                let start = Instant::now();
                yardstick::insert(&mut connection, &records, &timestamps)?;
                Ok(start.elapsed())
            };
            let mut ours = || {
                let ledger = fresh(&setup.folder, "ours.db")?;
                let command =
                    [path(&setup.usage)?, "--db", path(&ledger)?, "record", path(&input)?];
                let run = child::measured(&command)?;
                let count = format_count(records.len() as u64);
                let all_stored = format!("Lines: {count}  |  Stored: {count}  |");
                ensure!(run.stdout.starts_with(&all_stored), "not all is stored: {}", run.stdout);
                peak = peak.max(run.peak_kib);
                Ok(run.wall)
            };
            let times = interleaved(setup.rounds, &mut [&mut old, &mut ours])?;
            println!(
                "  yardstick, {synchronous:<6} {:>9.0} rows/s\n  usage record      {:>9.0} rows/s   {}   peak {:.1} MB",
                times[0].per_second(records.len()),
                times[1].per_second(records.len()),
                ratio(&times[0], &times[1]),
                megabytes(peak),
            );
        }
        std::fs::remove_file(input)?;
    }
    Ok(())
}

/// `usage report` of all time against the yardstick's loading of all rows.
pub(crate) fn report(setup: &Setup) -> Result<()> {
    let records = workload::records(setup.rows(ROWS), false)?;
    let old_path = fresh(&setup.folder, "yardstick.db")?;
    let mut connection = yardstick::open(&old_path, "NORMAL")?;
    yardstick::insert(&mut connection, &records, &yardstick::timestamps(&records))?;
    let ledger = fresh(&setup.folder, "ours.db")?;
    let store = usage_store::Store::open(&ledger)?;
    for batch in records.chunks(5_000) {
        store.insert_batch(batch)?;
    }
    drop(store);
    let tokens: u64 = records.iter().map(|record| record.tokens().total()).sum();

    let mut peak = 0;
    let mut old = || {
        let start = Instant::now();
        let found = yardstick::report(&connection)?;
        let took = start.elapsed();
        ensure!(found == (records.len(), i64::try_from(tokens)?), "the yardstick found {found:?}");
        Ok(took)
    };
    let mut ours = || -> Result<Duration> {
        let command = [path(&setup.usage)?, "--db", path(&ledger)?, "report", "--format", "json"];
        let run = child::measured(&command)?;
        let total = format!(r#""summary":{{"requests":{},"tokens":{tokens},"#, records.len());
        ensure!(run.stdout.contains(&total), "the report is wrong: {}", run.stdout);
        peak = peak.max(run.peak_kib);
        Ok(run.wall)
    };
    let times = interleaved(setup.rounds, &mut [&mut old, &mut ours])?;
    println!(
        "  yardstick         {:>9.3} s\n  usage report      {:>9.3} s   {}   peak {:.1} MB",
        times[0].median().as_secs_f64(),
        times[1].median().as_secs_f64(),
        ratio(&times[0], &times[1]),
        megabytes(peak),
    );
    Ok(())
}

pub(crate) fn write_lines(folder: &Path, name: &str, records: &[Record]) -> Result<PathBuf> {
    let path = folder.join(name);
    let mut file = BufWriter::new(File::create(&path)?);
    for record in records {
        writeln!(file, "{}", line::write(record))?;
    }
    file.flush()?;
    Ok(path)
}

pub(crate) fn path(path: &Path) -> Result<&str> {
    path.to_str().context("a path that is not UTF-8")
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
fn megabytes(kib: u64) -> f64 {
    kib as f64 / 1_024.0
}
