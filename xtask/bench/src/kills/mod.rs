//! Processes that are killed while they record: what their journal had is there afterwards, once.

mod age;
mod recorder;

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::Stdio;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use usage_core::format::format_count;
use usage_store::Store;
use usage_tracker::Tracker;

use crate::figures::aim;
use crate::insert::fresh;
use crate::numbered::look_through;
use crate::pace::Rate;
use crate::workload::Random;
use crate::{Setup, roles};

pub(crate) use recorder::record_until_killed;

const RATES: [Rate; 3] = [Rate::PerSecond(200), Rate::PerSecond(1_000), Rate::FlatOut];
/// The number of processes in a row that are killed on one ledger: each but the first begins with
/// what the one before left, and may be killed in the middle of that.
const LIVES: usize = 4;
/// The time when a process is killed, at most so many microseconds after it was started. Flat out, a moment
/// is enough for more records than all others have together.
const LONGEST_LIFE: u64 = 400_000;
const LONGEST_LIFE_FLAT_OUT: u64 = 100_000;
const PATIENCE: Duration = Duration::from_secs(60);

/// The outcome of the records of all processes at one rate.
#[derive(Default)]
struct Outcome {
    kills: usize,
    records: u64,
    missing: u64,
    doubled: u64,
    invented: u64,
    /// Saved although the process had not yet said that they are in the journal.
    beyond: u64,
}

pub(crate) fn run(setup: &Setup) -> Result<()> {
    println!(
        "killed by SIGKILL up to 0.4 s (flat out 0.1 s) after its start, {LIVES} in a row on a"
    );
    println!("ledger: each but the first begins by storing what the one before has left");
    println!(
        "  {:<10} {:>6} {:>12} {:>8} {:>8} {:>9} {:>16}",
        "records", "kills", "found", "missing", "doubled", "invented", "beyond watermark"
    );
    let mut random = Random::new(11);
    let mut worst = [0; 3];
    for rate in RATES {
        let mut outcome = Outcome::default();
        let mut ledgers = 0;
        while outcome.kills < setup.kills {
            let lives = LIVES.min(setup.kills - outcome.kills);
            kill_in_a_row(&setup.folder, rate, lives, ledgers % 2 == 0, &mut random, &mut outcome)?;
            ledgers += 1;
        }
        let Outcome { kills, records, missing, doubled, invented, beyond } = outcome;
        println!(
            "  {rate:<10} {kills:>6} {:>12} {missing:>8} {doubled:>8} {invented:>9} {:>16}",
            format_count(records),
            format_count(beyond),
        );
        for (worst, count) in worst.iter_mut().zip([missing, doubled, invented]) {
            *worst += count;
        }
    }
    println!("  missing: at or below the last watermark that the process had told");
    for (name, count) in ["no record missing", "none twice", "none invented"].iter().zip(worst) {
        aim(name, count == 0, &count.to_string());
    }
    age::run(setup, &RATES)
}

/// Kills processes on one fresh ledger, stores what they left, and compares.
fn kill_in_a_row(
    folder: &Path,
    rate: Rate,
    lives: usize,
    with_tracker: bool,
    random: &mut Random,
    outcome: &mut Outcome,
) -> Result<()> {
    let ledger = fresh(folder, "killed.db")?;
    let longest = if rate == Rate::FlatOut { LONGEST_LIFE_FLAT_OUT } else { LONGEST_LIFE };
    let mut watermarks = Vec::new();
    for run in 0..lives {
        let life = Duration::from_micros(random.next() % longest);
        watermarks.push(one_life(&ledger, run, rate, life)?);
    }
    let store = Store::open(&ledger)?;
    if with_tracker {
        let tracker = Tracker::builder().start(store.clone())?;
        tracker.flush(PATIENCE)?;
        ensure!(tracker.shutdown(PATIENCE).is_clean(), "what was left could not be stored");
    } else {
        store.journals().recover()?;
    }
    for (seen, watermark) in look_through(&store, lives)?.iter().zip(watermarks) {
        outcome.kills += 1;
        outcome.records += seen.distinct;
        // One thread recorded in order: what lies between others must be there too.
        outcome.missing += seen.missing_of(watermark.max(seen.end));
        outcome.doubled += seen.doubled;
        outcome.invented += seen.invented;
        outcome.beyond += seen.end.saturating_sub(watermark);
    }
    Ok(())
}

/// Lets a process record until it is killed; the last watermark that it told.
fn one_life(ledger: &Path, run: usize, rate: Rate, life: Duration) -> Result<u64> {
    let ledger = ledger.to_str().context("a path that is not UTF-8")?;
    let (run, rate) = (run.to_string(), rate.number().to_string());
    let mut child = roles::command("record-until-killed", &[ledger, &run, &rate])?
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()?;
    let told = BufReader::new(child.stdout.take().context("its output")?);
    // Read all the time, or the process would wait for the pipe.
    let reader = thread::spawn(move || -> Result<u64> {
        let mut last = 0;
        for line in told.split(b'\n') {
            last = str::from_utf8(&line?)?.parse()?;
        }
        Ok(last)
    });
    // sleep: the kill comes at a random moment.
    thread::sleep(life);
    let early = child.try_wait()?;
    ensure!(early.is_none(), "a recording process ended by itself: {early:?}");
    child.kill()?;
    child.wait()?;
    reader.join().ok().context("a panic while reading")?
}
