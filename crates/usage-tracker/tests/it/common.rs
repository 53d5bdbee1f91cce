//! Things that the tests share: records, and a sink that follows a script.

use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use usage_core::sink::{BatchOutcome, Sink};
use usage_core::{Error, LabelNames, Labels, Record, Timestamp, TokenCounts, Usage};
use usage_tracker::{ManualClock, Tracker};

/// Long enough for anything that happens at all on a busy machine.
pub(crate) const LONG: Duration = Duration::from_secs(60);

pub(crate) fn labels() -> Labels {
    let names = LabelNames::new().with_instance("router-1").with_route("think").with_model("m");
    Labels::new(names).unwrap()
}

/// A record that carries a number to be known by.
pub(crate) fn record(number: u64) -> Record {
    let tokens = TokenCounts::unclassified(number);
    Record::new(labels(), Usage::new(tokens, Timestamp::from_micros(1))).unwrap()
}

pub(crate) fn number(record: &Record) -> u64 {
    record.tokens().total()
}

pub(crate) fn numbers(records: &[Record]) -> Vec<u64> {
    records.iter().map(number).collect()
}

pub(crate) fn manual_clock() -> Arc<ManualClock> {
    Arc::new(ManualClock::new(Timestamp::from_micros(1_777_787_761_000_000)))
}

pub(crate) fn outcome(batch: &[Record]) -> BatchOutcome {
    BatchOutcome::stored(batch.len() as u64)
}

/// A sink that hands every batch to the test and does what the test answers.
pub(crate) struct ScriptedSink {
    batches: Sender<Vec<u64>>,
    answers: Receiver<Answer>,
}

pub(crate) enum Answer {
    Store,
    Fail(&'static str),
    Panic,
    Outcome(BatchOutcome),
}

/// The test's end of a [`ScriptedSink`].
pub(crate) struct Script {
    batches: Receiver<Vec<u64>>,
    answers: Sender<Answer>,
}

pub(crate) fn scripted() -> (ScriptedSink, Script) {
    let (batches_in, batches) = mpsc::channel();
    let (answers, answers_out) = mpsc::channel();
    (ScriptedSink { batches: batches_in, answers: answers_out }, Script { batches, answers })
}

impl Script {
    /// The next batch; the sink is then busy with it until it is answered.
    pub(crate) fn batch(&self) -> Vec<u64> {
        self.batches.recv_timeout(LONG).expect("the writer calls the sink")
    }

    pub(crate) fn answer(&self, answer: Answer) {
        self.answers.send(answer).expect("the sink waits for an answer");
    }

    /// Waits until the sink is gone, and returns whether no batch came before.
    pub(crate) fn closed(&self) -> bool {
        self.batches.recv_timeout(LONG) == Err(mpsc::RecvTimeoutError::Disconnected)
    }

    /// The next batch, if the writer has already given one.
    pub(crate) fn try_batch(&self) -> Option<Vec<u64>> {
        self.batches.try_recv().ok()
    }
}

impl Sink for ScriptedSink {
    fn store(&mut self, batch: &[Record]) -> Result<BatchOutcome, Error> {
        let _ = self.batches.send(numbers(batch));
        // Without a test to answer any more, everything is stored.
        match self.answers.recv().unwrap_or(Answer::Store) {
            Answer::Store => Ok(outcome(batch)),
            Answer::Fail(why) => Err(Error::other(why)),
            Answer::Panic => panic!("scripted"),
            Answer::Outcome(outcome) => Ok(outcome),
        }
    }
}

/// A sink that keeps everything where the test can see it.
#[derive(Clone, Default)]
pub(crate) struct Kept(pub(crate) Arc<Mutex<Vec<u64>>>);

impl Kept {
    pub(crate) fn numbers(&self) -> Vec<u64> {
        self.0.lock().unwrap().clone()
    }
}

impl Sink for Kept {
    fn store(&mut self, batch: &[Record]) -> Result<BatchOutcome, Error> {
        self.0.lock().unwrap().extend(numbers(batch));
        Ok(outcome(batch))
    }
}

/// Waits until something is so, however slow the machine is.
///
/// # Panics
/// After a minute, with what it waited for.
pub(crate) fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < LONG, "in {LONG:?} it did not come to this: {what}");
        thread::yield_now();
    }
}

/// Checks the accounts' identity and answers them.
pub(crate) fn balanced(tracker: &Tracker) -> usage_tracker::Stats {
    let stats = tracker.stats();
    assert!(stats.is_balanced(), "{stats:?}");
    stats
}
