//! A process with a journal, as it lives, is killed and begins again, on a disk that writes it down.

use std::collections::VecDeque;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use usage_core::Error;
use usage_core::sink::{JournalSink, LedgerId, Position, Replay, ReplayOutcome, SegmentId};
use usage_journal::{JournalReader, JournalWriter, replay};

use super::disk::{Op, RecordingDisk};
use crate::damage::{FOLDER, ledger_id, small};
use crate::sim::{Random, SimDisk, SimLedger, SimSink, record};

/// A ledger whose commits are written down too.
struct Recorded {
    sink: SimSink,
    ledger: SimLedger,
    disk: RecordingDisk,
}

impl Recorded {
    fn committed<T>(&self, answer: T) -> T {
        self.disk.note(Op::Commit(self.ledger.content()));
        answer
    }
}

impl JournalSink for Recorded {
    fn ledger_id(&mut self) -> Result<LedgerId, Error> {
        self.sink.ledger_id()
    }
    fn journal_folder(&mut self) -> Result<PathBuf, Error> {
        self.sink.journal_folder()
    }
    fn position(&mut self, segment: SegmentId) -> Result<Option<Position>, Error> {
        self.sink.position(segment)
    }
    fn replay(&mut self, replay: &Replay<'_>) -> Result<ReplayOutcome, Error> {
        let answer = self.sink.replay(replay)?;
        Ok(self.committed(answer))
    }
    fn make_durable(&mut self) -> Result<(), Error> {
        self.sink.make_durable()?;
        self.disk.note(Op::Durable);
        Ok(())
    }
    fn forget(&mut self, segment: SegmentId) -> Result<(), Error> {
        self.sink.forget(segment)?;
        self.committed(());
        Ok(())
    }
}

struct Life {
    disk: RecordingDisk,
    sink: Recorded,
    sync: bool,
    next: u64,
    /// Given, and not in the journal.
    held: VecDeque<u64>,
    process: Option<(JournalWriter<RecordingDisk>, JournalReader<RecordingDisk>)>,
}

/// Lives through so many steps; what was done to the disk meanwhile.
pub(crate) fn history(seed: u64, steps: usize, sync: bool) -> Vec<Op> {
    let mut random = Random(seed);
    let disk = RecordingDisk::new(random.next());
    let ledger = SimLedger::default();
    let sink = ledger.sink(&SimDisk::new());
    let sink = Recorded { sink, ledger, disk: disk.clone() };
    let mut life = Life { disk, sink, sync, next: 0, held: VecDeque::new(), process: None };
    for _ in 0..steps {
        match random.up_to(11) {
            0..=5 => life.append(&mut random),
            6..=8 => life.store(random.up_to(40) + 1),
            9 if sync => life.disk.fail_sync_after(u32::try_from(random.up_to(2)).unwrap()),
            10 if random.coin() => life.process = None,
            _ => {
                life.process.as_mut().map(|(journal, _)| journal.check());
            }
        }
    }
    life.disk.ops()
}

impl Life {
    fn start(&mut self) {
        if self.process.is_some() {
            return;
        }
        self.disk.succeed();
        let folder = Path::new(FOLDER);
        let replayed =
            replay(&self.disk, folder, &mut self.sink, 10, &mut |_| ControlFlow::Continue(()));
        assert!(replayed.unwrap().damage.is_empty(), "a killed process leaves no damage");
        let mut options = small();
        (options.sync, options.max_bytes) = (self.sync, 4 * 1_900);
        self.process =
            Some(JournalWriter::create(self.disk.clone(), folder, ledger_id(), options).unwrap());
        // What the last process had not acknowledged is nobody's.
        self.held.clear();
    }

    /// Works as a tracker does: what was drained is appended, synced at once, and then acknowledged.
    fn append(&mut self, random: &mut Random) {
        self.start();
        let Some((journal, _)) = &mut self.process else { return };
        let count = random.up_to(30) as u64;
        self.held.extend(self.next..self.next + count);
        self.disk.note(Op::Given((self.next..self.next + count).collect()));
        self.next += count;
        let mut written = 0;
        while written < self.held.len() {
            let records: Vec<_> = self.held.iter().skip(written).map(|n| record(*n)).collect();
            match journal.append(&records) {
                Ok(taken) => written += taken,
                Err(_) => break,
            }
        }
        let kept = match journal.sync() {
            Ok(()) => written,
            Err(error) => error.kept,
        };
        journal.publish();
        let safe = self.held.drain(..kept).collect();
        if self.sync {
            self.disk.note(Op::Acknowledged(safe));
        }
        self.disk.succeed();
    }

    fn store(&mut self, max: usize) {
        let Some((_, reader)) = &mut self.process else { return };
        if reader.load(max).unwrap() > 0 {
            let step = reader.store(&mut self.sink).unwrap();
            assert_eq!((step.lost, step.damage.len()), (0, 0));
        }
        reader.recycle(&mut self.sink).unwrap();
    }
}
