//! Everything at 100,000, 1,000,000 and 10,000,000 rows: what grows with the ledger, and how much.
//! Only when asked for by name, as it takes some minutes and a gigabyte of disk.

mod ledgers;
mod pruning;
mod reports;

use std::time::{Duration, Instant};

use anyhow::Result;

use crate::Setup;
use crate::rounds::as_float;

/// The numbers of rows, unless `--rows` sets a limit.
const SIZES: [usize; 3] = [100_000, 1_000_000, 10_000_000];
/// With more rows than this the yardstick takes too long, and too much memory.
const YARDSTICK_UP_TO: usize = 1_000_000;

/// A line of the table: what, at each size.
struct Line {
    what: String,
    cells: Vec<String>,
}

pub(crate) fn run(setup: &Setup) -> Result<()> {
    let most = setup.rows(SIZES[2]);
    let sizes: Vec<_> = SIZES.into_iter().filter(|rows| *rows <= most).collect();
    let mut lines: Vec<Line> = Vec::new();
    for rows in sizes.iter().copied() {
        let built = ledgers::build(&setup.folder, rows, rows <= YARDSTICK_UP_TO)?;
        let mut told = built.told.clone();
        told.extend(reports::measure(setup, &built)?);
        told.extend(pruning::measure(setup, &built)?);
        for (at, (what, cell)) in told.into_iter().enumerate() {
            match lines.get_mut(at) {
                Some(line) => line.cells.push(cell),
                None => lines.push(Line { what, cells: vec![cell] }),
            }
        }
    }
    print!("  {:<44}", "rows");
    for rows in &sizes {
        print!(" {:>15}", usage_core::format::format_count(*rows as u64));
    }
    println!();
    for Line { what, cells } in &lines {
        print!("  {what:<44}");
        cells.iter().for_each(|cell| print!(" {cell:>15}"));
        println!();
    }
    Ok(())
}

/// The results that are told of a size: what each is, and the figure.
type Told = Vec<(String, String)>;

fn told(what: &str, figure: impl Into<String>) -> (String, String) {
    (what.to_owned(), figure.into())
}

/// The median of some runs.
fn median(runs: usize, mut work: impl FnMut() -> Result<()>) -> Result<Duration> {
    let mut times = Vec::with_capacity(runs);
    for _ in 0..runs {
        let start = Instant::now();
        work()?;
        times.push(start.elapsed());
    }
    times.sort_unstable();
    Ok(times[times.len() / 2])
}

fn millis(time: Duration) -> String {
    format!("{:.2} ms", time.as_secs_f64() * 1_000.0)
}

fn per_second(rows: usize, time: Duration) -> String {
    let rate = as_float(rows) / time.as_secs_f64();
    format!("{rate:.0}/s")
}

fn times(other: Duration, ours: Duration) -> String {
    format!("{:.1} times", other.as_secs_f64() / ours.as_secs_f64())
}
