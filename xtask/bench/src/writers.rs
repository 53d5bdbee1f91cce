//! Several processes that record on one ledger while others read it: each gets its turn.

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use usage_core::format::format_count;
use usage_core::{Filter, TimeRange};
use usage_store::Store;
use usage_tracker::{Overflow, Tracker};

use crate::Setup;
use crate::commits::Noting;
use crate::figures::{aim, float, time};
use crate::insert::fresh;
use crate::numbered::{Numbered, look_through};
use crate::pace::{Beat, Rate, nanos};
use crate::roles::Talking;

const WRITERS: usize = 8;
const READERS: usize = 2;
/// Of each writer. Flat out is no load that a ledger can keep up with, so only its sharing counts.
const RATES: [Rate; 3] = [Rate::PerSecond(5_000), Rate::PerSecond(25_000), Rate::FlatOut];
const LONG: Duration = Duration::from_secs(300);
/// Of the commits, a writer's least share; half of an even one.
const SHARE: f64 = 1.0 / 16.0;
const BACKLOG: u64 = 5_000_000_000;

pub(crate) fn run(setup: &Setup) -> Result<()> {
    let recording = setup.seconds(5);
    println!(
        "{WRITERS} processes record on one ledger for {recording:?}, {READERS} threads report;"
    );
    println!("flat out for a fifth of that");
    println!(
        "  {:<10} {:>11} {:>7} {:>7} | {:>8} {:>7} {:>7} | {:>8} {:>8}",
        "each", "records", "missing", "doubled", "commits", "least", "most", "backlog", "reports"
    );
    let (mut wrong, mut least, mut backlog) = (0, f64::INFINITY, 0);
    for rate in RATES {
        let long = if rate == Rate::FlatOut { recording / 5 } else { recording };
        let row = measure(setup, rate, long)?;
        println!(
            "  {rate:<10} {:>11} {:>7} {:>7} | {:>8} {:>5.1} % {:>5.1} % | {:>8} {:>8}",
            format_count(row.records),
            row.missing,
            row.doubled,
            format_count(row.commits.iter().sum()),
            100.0 * row.share(row.commits.iter().min()),
            100.0 * row.share(row.commits.iter().max()),
            time(row.backlog),
            format_count(row.reports),
        );
        wrong += row.missing + row.doubled;
        least = least.min(row.share(row.commits.iter().min()));
        if rate != Rate::FlatOut {
            backlog = backlog.max(row.backlog);
        }
    }
    println!(
        "  commits: until the first one had all stored; least, most: a writer's share of them"
    );
    println!("  backlog: from a writer's last record until all of its own are stored, the longest");
    aim("each record once", wrong == 0, &format!("{wrong} missing or doubled"));
    aim(
        "each writer at least 1/16 of the commits",
        least >= SHARE,
        &format!("1/{:.1}", 1.0 / least),
    );
    aim("all stored 5 s after the end (not flat out)", backlog <= BACKLOG, &time(backlog));
    Ok(())
}

struct Row {
    records: u64,
    missing: u64,
    doubled: u64,
    /// Of each writer, as long as all had something to store.
    commits: Vec<u64>,
    backlog: u64,
    reports: u64,
}

impl Row {
    fn share(&self, commits: Option<&u64>) -> f64 {
        float(commits.copied().unwrap_or(0)) / float(self.commits.iter().sum::<u64>().max(1))
    }
}

fn measure(setup: &Setup, rate: Rate, recording: Duration) -> Result<Row> {
    let ledger = fresh(&setup.folder, "together.db")?;
    let store = Store::open(&ledger)?;
    let (over, reports) = (AtomicBool::new(false), AtomicU64::new(0));
    let told = thread::scope(|scope| {
        for _ in 0..READERS {
            scope.spawn(|| -> Result<()> {
                while !over.load(Ordering::Acquire) {
                    store.report(TimeRange::ALL, &Filter::default())?;
                    reports.fetch_add(1, Ordering::Relaxed);
                }
                Ok(())
            });
        }
        let told = let_write(&ledger, rate, recording);
        over.store(true, Ordering::Release);
        told
    })?;
    let seen = look_through(&store, WRITERS)?;
    let (mut missing, mut doubled) = (0, 0);
    for (seen, told) in seen.iter().zip(&told) {
        missing += seen.missing_of(told.records.max(seen.end));
        doubled += seen.doubled + seen.invented + seen.end.saturating_sub(told.records);
    }
    // From then on the others were fewer.
    let first = told.iter().map(|told| told.commits.last().copied().unwrap_or(0)).min();
    let until =
        |commits: &[u64]| commits.iter().filter(|commit| Some(**commit) <= first).count() as u64;
    Ok(Row {
        records: told.iter().map(|told| told.records).sum(),
        missing,
        doubled,
        commits: told.iter().map(|told| until(&told.commits)).collect(),
        backlog: told.iter().map(|told| told.backlog).max().unwrap_or(0),
        reports: reports.into_inner(),
    })
}

/// The words of a writer at its end.
struct Told {
    records: u64,
    backlog: u64,
    /// When, in microseconds since it began.
    commits: Vec<u64>,
}

fn let_write(ledger: &Path, rate: Rate, recording: Duration) -> Result<Vec<Told>> {
    let ledger = ledger.to_str().context("a path that is not UTF-8")?;
    let (rate, millis) = (rate.number().to_string(), recording.as_millis().to_string());
    let start =
        |run: usize| Talking::start("write-together", &[ledger, &run.to_string(), &rate, &millis]);
    let mut writers = (0..WRITERS).map(start).collect::<Result<Vec<_>>>()?;
    for writer in &mut writers {
        ensure!(writer.hear()? == "ready");
    }
    for writer in &mut writers {
        writer.say("go")?;
    }
    let end = |mut writer: Talking| {
        let [records, backlog] = writer.hear_numbers()?;
        let commits = writer.hear()?.split(' ').map(str::parse).collect::<Result<_, _>>()?;
        writer.end()?;
        Ok(Told { records, commits, backlog })
    };
    writers.into_iter().map(end).collect()
}

/// One of the writers.
pub(crate) fn write_together(arguments: &[String]) -> Result<()> {
    let [ledger, run, rate, millis] = arguments else { anyhow::bail!("LEDGER RUN RATE MILLIS") };
    let (source, rate) = (Numbered::of(run.parse()?)?, Rate::parse(rate)?);
    let time = Duration::from_millis(millis.parse()?);
    let commits = Arc::new(Mutex::new(Vec::new()));
    let sink = Noting { store: Store::open(ledger)?, commits: Arc::clone(&commits) };
    let tracker = Tracker::builder().overflow(Overflow::Wait(LONG)).start(sink)?;
    println!("ready");
    std::io::stdin().read_line(&mut String::new())?;

    let (start, mut records, mut beat) = (Instant::now(), 0, Beat::in_bursts(rate));
    while start.elapsed() < time {
        beat.wait();
        tracker.record(source.record(records)?)?;
        records += 1;
    }
    let end = Instant::now();
    tracker.flush(LONG)?;
    let backlog = nanos(end.elapsed());
    let end = tracker.shutdown(LONG);
    ensure!(end.is_clean(), "not clean: {:?}", end.stats);
    println!("{records} {backlog}");
    let commits = commits.lock().unwrap_or_else(PoisonError::into_inner);
    let micros = |commit: &Instant| (*commit - start).as_micros().to_string();
    println!("{}", commits.iter().map(micros).collect::<Vec<_>>().join(" "));
    Ok(())
}
