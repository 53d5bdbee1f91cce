//! The threads that read logs, ahead of the one that writes.

use std::ops::ControlFlow;
use std::panic::{self, AssertUnwindSafe};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use super::agent::Agent;
use super::progress::Progress;
use super::skipped::SkipReason;
use super::told::{Made, Step, Told};
use super::tree::TreeOptions;
use super::walk::{Found, reason_of};

/// So many threads read at most: more would only wait for the one that writes.
const MOST_THREADS: usize = 4;

/// Parts of logs are handed over together until they hold so many records, or are so many: most logs are small, and the
/// one that writes takes many of them at a time.
const RECORDS_AT_ONCE: usize = 1_000;
const STEPS_AT_ONCE: usize = 256;

/// So often as much waits for the one that writes: about as much as that takes at a time, so that it never waits for
/// those that read, nor they for it.
const WAITING: usize = 8;

/// A log to be read.
#[derive(Debug)]
pub(super) struct Job {
    /// Which of the files it is.
    pub(super) file: usize,
    /// Where it goes on; at its start, where nothing is known of it.
    pub(super) progress: Option<Box<Progress>>,
}

/// Threads that read logs. They end when this is dropped.
pub(super) struct Readers {
    receiver: Receiver<Vec<Step>>,
    /// What was handed over last.
    steps: std::vec::IntoIter<Step>,
}

impl Readers {
    /// Starts to read. Where no thread can be started, nothing is read.
    pub(super) fn start(
        agent: &Arc<dyn Agent>,
        options: TreeOptions,
        files: &Arc<Vec<Found>>,
        jobs: Vec<Job>,
    ) -> Self {
        let (sender, receiver) = sync_channel(WAITING);
        let most = thread::available_parallelism().map_or(1, usize::from).min(MOST_THREADS);
        let (threads, jobs) = (jobs.len().min(most), Arc::new(jobs));
        let next = Arc::new(AtomicUsize::new(0));
        for _ in 0..threads {
            let (agent, files) = (Arc::clone(agent), Arc::clone(files));
            let jobs = Arc::clone(&jobs);
            let (next, sender) = (Arc::clone(&next), sender.clone());
            let read = move || {
                let mut made = Made::new(options.project);
                let mut steps = Steps { sender, steps: Vec::new(), records: 0 };
                while let Some(job) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if read(&*agent, &files[job.file].path, job, &mut made, &mut steps).is_break() {
                        return;
                    }
                }
                // Nobody may want them any more.
                let _ = steps.hand_over();
            };
            let _ = thread::Builder::new().name("usage-agents".to_owned()).spawn(read);
        }
        Self { receiver, steps: Vec::new().into_iter() }
    }

    /// Returns what was read next; `None` once all is.
    pub(super) fn next(&mut self) -> Option<Step> {
        loop {
            match self.steps.next() {
                None => self.steps = self.receiver.recv().ok()?.into_iter(),
                step => return step,
            }
        }
    }
}

/// The parts of logs that a thread has read, and that are not handed over yet.
struct Steps {
    sender: SyncSender<Vec<Step>>,
    steps: Vec<Step>,
    records: usize,
}

impl Steps {
    fn add(&mut self, step: Step) -> ControlFlow<()> {
        self.records += step.records.len();
        self.steps.push(step);
        match self.records >= RECORDS_AT_ONCE || self.steps.len() >= STEPS_AT_ONCE {
            true => self.hand_over(),
            false => ControlFlow::Continue(()),
        }
    }

    /// Hands over what there is; [`Break`](ControlFlow::Break) where nobody wants more.
    fn hand_over(&mut self) -> ControlFlow<()> {
        self.records = 0;
        match self.sender.send(std::mem::take(&mut self.steps)) {
            Ok(()) => ControlFlow::Continue(()),
            Err(_) => ControlFlow::Break(()),
        }
    }
}

/// Reads a log to its end.
fn read(
    agent: &dyn Agent,
    path: &Path,
    job: &Job,
    made: &mut Made,
    steps: &mut Steps,
) -> ControlFlow<()> {
    let mut hand_over = |step| steps.add(Step { file: job.file, ..step });
    let mut told = Told::new(path, made, &mut hand_over);
    let mut progress = job.progress.as_deref().cloned().unwrap_or_default();
    // A log must not end the reading of others, whatever it holds.
    let read = AssertUnwindSafe(|| agent.read(path, &mut progress, &mut told));
    match panic::catch_unwind(read) {
        Ok(Ok(())) => {}
        Ok(Err(error)) => told.fail(reason_of(&error)),
        Err(_) => told.fail(SkipReason::Malformed),
    }
    told.give(&progress, true);
    if told.is_over() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
}
