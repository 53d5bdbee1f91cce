//! A gateway in a process of its own, at the other end of two pipes.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, bail, ensure};

use crate::{DEADLINE, Report, Snapshot};

/// A running gateway. It is killed when the story ends before it does.
pub struct Gateway {
    child: Child,
    input: Option<ChildStdin>,
    seen: Arc<(Mutex<Seen>, Condvar)>,
    reader: Option<JoinHandle<()>>,
}

/// The words of a gateway so far.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// It takes records.
    pub is_ready: bool,
    /// The number of records that it knows to be in its journal, or to have been there.
    pub watermark: u64,
    /// The last accounts.
    pub stats: Snapshot,
    /// The number of accounts that it has shown.
    pub snapshots: u64,
    /// The first accounts that did not balance, or counted less than those before.
    pub unbalanced: Option<Snapshot>,
    /// The report of its end, unless it was killed.
    pub report: Option<Report>,
    /// It will say nothing more.
    pub is_over: bool,
    answers: VecDeque<String>,
    not_understood: Option<String>,
}

impl Gateway {
    /// Starts it, without waiting for it.
    ///
    /// # Errors
    /// When it does not start.
    pub fn start(command: &mut Command) -> Result<Self> {
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().with_context(|| format!("cannot start {command:?}"))?;
        let input = child.stdin.take();
        let output = child.stdout.take().context("its output was piped")?;
        let seen = Arc::<(Mutex<Seen>, Condvar)>::default();
        let teller = Arc::clone(&seen);
        let reader = thread::spawn(move || read(output, &teller));
        Ok(Self { child, input, seen, reader: Some(reader) })
    }

    /// Starts it, and waits until it takes records.
    ///
    /// # Errors
    /// When it does not come to that.
    pub fn ready(command: &mut Command) -> Result<Self> {
        let gateway = Self::start(command)?;
        gateway.until("it is ready", |seen| seen.is_ready)?;
        Ok(gateway)
    }

    /// Returns the words that it has said so far.
    #[must_use]
    pub fn seen(&self) -> Seen {
        lock(&self.seen.0).clone()
    }

    /// Waits until it has said so.
    ///
    /// # Errors
    /// When it ends before, or the time is up.
    pub fn until(&self, what: &str, mut is_so: impl FnMut(&Seen) -> bool) -> Result<Seen> {
        let (seen, told) = &*self.seen;
        let waiting =
            told.wait_timeout_while(lock(seen), DEADLINE, |seen| !is_so(seen) && !seen.is_over);
        let seen = waiting.unwrap_or_else(PoisonError::into_inner).0.clone();
        if is_so(&seen) {
            return Ok(seen);
        }
        let how = if seen.is_over { "the gateway ended" } else { "it took too long" };
        bail!("{how} before this was so: {what}; last: {seen:?}")
    }

    /// Tells it to do something, without waiting for the answer.
    ///
    /// # Errors
    /// When it does not listen any more.
    pub fn tell(&mut self, command: &str) -> Result<()> {
        let input = self.input.as_mut().context("its input is closed")?;
        Ok(writeln!(input, "{command}")?)
    }

    /// Tells it to do something, and waits for the answer.
    ///
    /// # Errors
    /// When there is none.
    pub fn ask(&mut self, command: &str) -> Result<String> {
        self.tell(command)?;
        self.until(command, |seen| !seen.answers.is_empty())?;
        lock(&self.seen.0).answers.pop_front().ok_or_else(|| anyhow!("no answer to {command}"))
    }

    /// Has it shut down within so long, and waits for its end.
    ///
    /// # Errors
    /// When it does not end as it should.
    pub fn stop(mut self, deadline: Duration) -> Result<Report> {
        self.tell(&format!("stop {}", deadline.as_millis()))?;
        self.finish()
    }

    /// Waits for its end after it was told to stop.
    ///
    /// # Errors
    /// When it does not end as it should.
    pub fn finish(mut self) -> Result<Report> {
        self.until("it has ended", |seen| seen.report.is_some())?;
        self.input = None;
        let status = self.child.wait()?;
        let seen = self.last_words()?;
        ensure!(status.success(), "the gateway failed: {status}");
        seen.report.context("no report")
    }

    /// Kills it, and answers all that it has said until then.
    ///
    /// # Errors
    /// When it said something that cannot be understood.
    pub fn kill(mut self) -> Result<Seen> {
        self.child.kill()?;
        self.child.wait()?;
        self.last_words()
    }

    fn last_words(&mut self) -> Result<Seen> {
        if let Some(reader) = self.reader.take() {
            reader.join().map_err(|_| anyhow!("the thread that reads has panicked"))?;
        }
        let seen = self.seen();
        if let Some(line) = &seen.not_understood {
            bail!("not understood: {line}");
        }
        if let Some(snapshot) = &seen.unbalanced {
            bail!("accounts that are wrong: {snapshot:?}");
        }
        Ok(seen)
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Takes down every whole line; a killed gateway may leave half of one.
fn read(output: ChildStdout, seen: &(Mutex<Seen>, Condvar)) {
    let mut output = BufReader::new(output);
    let mut line = String::new();
    while output.read_line(&mut line).is_ok_and(|bytes| bytes > 0) {
        if let Some(whole) = line.strip_suffix('\n') {
            let mut seen = lock(&seen.0);
            if understand(&mut seen, whole).is_none() {
                seen.not_understood.get_or_insert_with(|| whole.to_owned());
            }
        }
        seen.1.notify_all();
        line.clear();
    }
    lock(&seen.0).is_over = true;
    seen.1.notify_all();
}

fn understand(seen: &mut Seen, line: &str) -> Option<()> {
    let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
    match word {
        "ready" => seen.is_ready = true,
        "journaled" => seen.watermark = seen.watermark.max(rest.parse().ok()?),
        "stats" => {
            let stats = serde_json::from_str(rest).ok()?;
            take_down(seen, stats);
        }
        "answer" => seen.answers.push_back(rest.to_owned()),
        "report" => {
            let report: Report = serde_json::from_str(rest).ok()?;
            take_down(seen, report.stats.clone());
            seen.report = Some(report);
        }
        _ => return None,
    }
    Some(())
}

fn take_down(seen: &mut Seen, stats: Snapshot) {
    seen.snapshots += 1;
    seen.watermark = seen.watermark.max(stats.journaled);
    if !stats.is_balanced() || !stats.is_after(&seen.stats) {
        seen.unbalanced.get_or_insert_with(|| stats.clone());
    }
    seen.stats = stats;
}

fn lock(seen: &Mutex<Seen>) -> MutexGuard<'_, Seen> {
    seen.lock().unwrap_or_else(PoisonError::into_inner)
}
