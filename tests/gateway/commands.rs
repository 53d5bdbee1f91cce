//! The commands that the gateway carries out when it is told to, a line each:
//!
//! - `record N`: records so many, and answers when they are recorded
//! - `join`: answers when its own threads have recorded all that they shall
//! - `flush MS`, `flush-journal MS`: answers `ok`, or what it failed with
//! - `stats`: shows its accounts
//! - `limit BYTES`, `limit none`: how large a file may become that it writes
//! - `remove PATH`: deletes a file, so that there is room
//! - `stop MS`: shuts down within so long, reports, and ends

use std::fs;
use std::io::stdin;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use driver::{Report, Snapshot};
use nix::sys::resource::{RLIM_INFINITY, Resource, getrlimit, setrlimit};
use usage_tracker::{ShutdownReport, Tracker};

use crate::recorder::Recorder;
use crate::watch::{self, Watch};

/// When nobody tells it to stop: whoever started it has gone.
const ORPHANED: Duration = Duration::from_secs(10);

/// For about as long a shutdown that gives up waits for the disk.
const SLOW: Duration = Duration::from_millis(4_900);

pub(crate) fn obey(
    tracker: &Tracker,
    recorder: &Recorder,
    mut threads: Vec<JoinHandle<()>>,
    watch: Watch,
    is_batched: bool,
) -> Result<()> {
    let mut deadline = ORPHANED;
    for line in stdin().lines() {
        let line = line?;
        let (word, rest) = line.split_once(' ').unwrap_or((&line, ""));
        if word == "stop" {
            deadline = millis(rest)?;
            break;
        }
        let answer = match word {
            "record" => {
                recorder.record(rest.parse().context("how many")?);
                "ok".to_owned()
            }
            "join" => {
                threads.drain(..).for_each(|thread| drop(thread.join()));
                "ok".to_owned()
            }
            "flush" => outcome(tracker.flush(millis(rest)?)),
            "flush-journal" => outcome(tracker.flush_to_journal(millis(rest)?)),
            "stats" => {
                watch::show(tracker);
                "ok".to_owned()
            }
            "limit" => {
                limit_files(rest.parse().ok())?;
                "ok".to_owned()
            }
            "remove" => outcome(fs::remove_file(rest)),
            _ => bail!("told to {line:?}"),
        };
        println!("answer {answer}");
    }
    let start = Instant::now();
    let mut ended = tracker.shutdown(deadline);
    // Its deadline may have met the sink at work. What is in a journal need not wait for that, unless
    // the disk was too slow for what was on its way there.
    let is_slow = |ended: &ShutdownReport| !ended.is_safe() && start.elapsed() > deadline + SLOW;
    while !ended.finished && (is_batched || is_slow(&ended)) {
        let unstored = std::mem::take(&mut ended.unstored);
        ended = tracker.shutdown(deadline);
        // What came back already does not come again.
        ended.unstored.splice(0..0, unstored);
    }
    // They have seen that the tracker is closed.
    threads.into_iter().for_each(|thread| drop(thread.join()));
    watch.end();
    let report = Report {
        is_safe: ended.is_safe(),
        is_clean: ended.is_clean(),
        finished: ended.finished,
        unstored: ended.unstored.iter().map(|record| record.tokens().total()).collect(),
        // Once more: what came back to the threads meanwhile is in it.
        stats: Snapshot::from(tracker.stats()),
        returned: recorder.returned(),
    };
    println!("report {}", serde_json::to_string(&report)?);
    Ok(())
}

/// A file that would grow beyond it cannot be written; the signal that comes with it has to be
/// ignored by whoever started this program.
pub(crate) fn limit_files(bytes: Option<u64>) -> Result<()> {
    let (_, hard) = getrlimit(Resource::RLIMIT_FSIZE)?;
    setrlimit(Resource::RLIMIT_FSIZE, bytes.unwrap_or(RLIM_INFINITY).min(hard), hard)?;
    Ok(())
}

fn millis(text: &str) -> Result<Duration> {
    Ok(Duration::from_millis(text.parse().with_context(|| format!("{text:?} milliseconds"))?))
}

fn outcome<T, E: std::error::Error + 'static>(result: Result<T, E>) -> String {
    match result {
        Ok(_) => "ok".to_owned(),
        Err(error) => usage_core::error::chain(&error),
    }
}
