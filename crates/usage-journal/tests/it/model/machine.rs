//! The real code on a simulated machine, against what is expected of it.

use std::ops::ControlFlow;
use std::path::Path;

use usage_core::sink::JournalSink;
use usage_core::{ErrorKind, Record};
use usage_journal::{JournalReader, JournalWriter, SegmentState, replay, survey};

use super::expect::Expect;
use super::op::{Between, Op, PROCESSES};
use crate::damage::{FOLDER, small};
use crate::sim::{Content, Flaw, SimDisk, SimLedger, SimSink, record};

struct Process {
    disk: SimDisk,
    sink: SimSink,
    journal: JournalWriter<SimDisk>,
    reader: JournalReader<SimDisk>,
    /// Records whose appending failed: they come first the next time.
    again: Vec<u64>,
    /// The records that were appended and not published.
    unpublished: Vec<u64>,
}

pub(super) struct Machine {
    disk: SimDisk,
    ledger: SimLedger,
    processes: [Option<Process>; PROCESSES],
    expect: Expect,
    copy: Option<Content>,
    next: u64,
    sync: bool,
    /// Set when the ledger was ever replaced by an older copy.
    replaced: bool,
    /// Set when a fault, a death in the middle of something, or a power loss has happened.
    disturbed: bool,
}

type Outcome = Result<(), String>;

impl Machine {
    pub(super) fn new(sync: bool) -> Self {
        Self {
            disk: SimDisk::new(),
            ledger: SimLedger::default(),
            processes: [const { None }; PROCESSES],
            expect: Expect::default(),
            copy: None,
            next: 0,
            sync,
            replaced: false,
            disturbed: false,
        }
    }

    /// A machine with something wrong with it.
    pub(super) fn flawed(sync: bool, flaw: Flaw) -> Self {
        let machine = Self::new(sync);
        machine.disk.world().flaw = flaw;
        machine
    }

    /// Does all of it, and comes to rest in the end.
    pub(super) fn run(mut self, ops: &[Op]) -> Outcome {
        for (index, op) in ops.iter().chain([&Op::Rest]).enumerate() {
            self.act(op).map_err(|error| format!("{error}, after operation {index}, {op:?}"))?;
            self.bury();
            self.expect.check(&self.ledger).map_err(|error| format!("{error}, {index} {op:?}"))?;
        }
        Ok(())
    }

    fn act(&mut self, op: &Op) -> Outcome {
        match *op {
            Op::Start(process) => self.start(process),
            Op::Append { process, count, publish } => self.append(process, count, publish),
            Op::Store { process, max, batches } => self.store(process, max, batches),
            Op::Recycle(process) => self.recycle(process),
            Op::Close(process) => {
                if let Some(mut process) = self.processes[process].take() {
                    drop(process.journal);
                    drop(process.reader.close(&mut process.sink));
                }
            }
            Op::Kill(process) => self.processes[process] = None,
            Op::PowerLoss(seed) => self.lose_power(seed),
            Op::Replay { max, between, stop } => self.replay(max, between, stop)?,
            Op::Survey => self.survey()?,
            Op::Copy => self.copy = Some(self.ledger.content()),
            Op::Restore => {
                if let Some(copy) = &self.copy {
                    self.expect.replaced(&self.ledger.content(), copy);
                    self.ledger.restore(copy);
                    self.replaced = true;
                }
            }
            Op::DiskFault(after, fault) => {
                self.disturbed = true;
                self.disk.plan(after, fault);
            }
            Op::LedgerFault(after, fault) => self.ledger.state().faults.plan(after, fault),
            Op::Space(true) => self.disk.world().space = u64::MAX / 2,
            Op::Space(false) => self.disk.world().space = 0,
            Op::Rest => self.come_to_rest()?,
        }
        Ok(())
    }

    /// Takes processes away that died in the middle of something.
    fn bury(&mut self) {
        for process in &mut self.processes {
            process.take_if(|process| process.disk.is_dead());
        }
    }

    fn start(&mut self, process: usize) {
        if self.processes[process].is_some() {
            return;
        }
        let disk = self.disk.process();
        let mut sink = self.ledger.sink(&disk);
        let replayed =
            replay(&disk, Path::new(FOLDER), &mut sink, 10, &mut |_| ControlFlow::Continue(()));
        // It starts whatever became of that.
        drop(replayed);
        let mut options = small();
        (options.sync, options.max_bytes) = (self.sync, 4 * 1_900);
        let Ok(id) = sink.ledger_id() else { return };
        if let Ok((journal, reader)) =
            JournalWriter::create(disk.clone(), Path::new(FOLDER), id, options)
        {
            self.processes[process] = Some(Process {
                disk,
                sink,
                journal,
                reader,
                again: Vec::new(),
                unpublished: Vec::new(),
            });
        }
    }

    fn append(&mut self, process: usize, count: u64, publish: bool) {
        let Some(process) = &mut self.processes[process] else { return };
        let mut numbers = std::mem::take(&mut process.again);
        numbers.extend(self.next..self.next + count);
        self.next += count;
        while !numbers.is_empty() {
            let records: Vec<Record> = numbers.iter().map(|&number| record(number)).collect();
            if let Ok(taken) = process.journal.append(&records) {
                let rest = numbers.split_off(taken);
                process.unpublished.extend(&numbers);
                self.expect.appended(&numbers, false);
                numbers = rest;
            } else {
                self.expect.tried(&numbers);
                process.again = numbers;
                break;
            }
        }
        if publish {
            let appended = std::mem::take(&mut process.unpublished);
            let kept = match process.journal.sync() {
                Ok(()) => appended.len(),
                Err(error) => error.kept,
            };
            process.journal.publish();
            let (safe, taken_back) = appended.split_at(kept);
            if self.sync {
                self.expect.appended(safe, true);
            }
            self.expect.tried(taken_back);
            // In the order in which they were recorded.
            process.again.splice(0..0, taken_back.iter().copied());
        }
    }

    fn store(&mut self, at: usize, max: usize, batches: u32) {
        for _ in 0..batches {
            let Some(process) = &mut self.processes[at] else { return };
            match process.reader.load(max) {
                Ok(0) | Err(_) => return,
                Ok(_) => {}
            }
            match process.reader.store(&mut process.sink) {
                Ok(_) => {}
                // Only opening the ledger again helps.
                Err(error) if error.kind() == ErrorKind::Replaced => {
                    self.processes[at] = None;
                }
                Err(_) => {}
            }
        }
    }

    fn recycle(&mut self, at: usize) {
        let Some(process) = &mut self.processes[at] else { return };
        if let Err(error) = process.reader.recycle(&mut process.sink)
            && error.kind() == ErrorKind::Replaced
        {
            self.processes[at] = None;
        }
    }

    fn lose_power(&mut self, seed: u64) {
        self.processes = [const { None }; PROCESSES];
        self.expect.power_lost(&self.ledger.state().durable);
        self.disk.world().lose_power(seed);
        self.ledger.lose_power(seed >> 32);
        self.disturbed = true;
    }

    fn replay(&mut self, max: usize, between: Between, stop: Option<u32>) -> Outcome {
        let (first, second) = (self.disk.process(), self.disk.process());
        let (mut sink, mut other) = (self.ledger.sink(&first), self.ledger.sink(&second));
        let mut batches = 0;
        let mut others = Vec::new();
        let ledger = self.ledger.clone();
        let expect = std::mem::take(&mut self.expect);
        let mut ok = Ok(());
        let replayed = replay(&first, Path::new(FOLDER), &mut sink, max, &mut |_| {
            ok = std::mem::replace(&mut ok, Ok(())).and_then(|()| expect.check(&ledger));
            match between {
                Between::Replayer(at) if at == batches => {
                    others.extend(replay(&second, Path::new(FOLDER), &mut other, max, &mut |_| {
                        ControlFlow::Continue(())
                    }));
                }
                Between::Process(at) if at == batches => {
                    if let Some(process) = &mut self.processes[0]
                        && process.reader.load(max).is_ok()
                    {
                        drop(process.reader.store(&mut process.sink));
                    }
                }
                _ => {}
            }
            batches += 1;
            if Some(batches) == stop { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        self.expect = expect;
        drop(replayed);
        ok
    }

    /// Looking changes nothing, and finds what is live.
    fn survey(&mut self) -> Outcome {
        if self.disturbed {
            return Ok(());
        }
        let mut sink = self.ledger.sink(&self.disk);
        let id = sink.ledger_id().map_err(|error| error.to_string())?;
        let before = self.disk.files();
        let content = self.ledger.content();
        let position = &mut |segment| content.positions.get(&segment).copied();
        let found = survey(&self.disk, Path::new(FOLDER), id, position);
        let owned = self.processes.iter().any(Option::is_some);
        let live = found.segments.iter().any(|segment| segment.state == SegmentState::Live);
        let damage = found.segments.iter().any(|segment| !segment.damage.is_empty());
        if live != owned || damage || before != self.disk.files() {
            return Err(format!("owned: {owned}, surveyed: {found:?}"));
        }
        Ok(())
    }

    fn come_to_rest(&mut self) -> Outcome {
        self.processes = [const { None }; PROCESSES];
        self.disk.world().faults.clear();
        self.disk.world().space = u64::MAX / 2;
        self.ledger.state().faults.clear();
        let disk = self.disk.process();
        let mut sink = self.ledger.sink(&disk);
        let replayed =
            replay(&disk, Path::new(FOLDER), &mut sink, 10, &mut |_| ControlFlow::Continue(()));
        let replayed = replayed.map_err(|error| format!("cannot start: {error}"))?;
        if replayed.live > 0 || !replayed.failed.is_empty() || !replayed.foreign.is_empty() {
            return Err(format!("left alone: {replayed:?}"));
        }
        // A header that never reached the disk is all that can be unreadable.
        let mut files = self.disk.files();
        files.retain(|(path, _)| path.extension().is_none_or(|extension| extension != "damaged"));
        if !files.is_empty() {
            return Err(format!("left in the folder: {files:?}"));
        }
        let missing = self.expect.check_at_rest(&self.ledger)?;
        let damage = self.ledger.content().damage;
        let lost = damage.iter().filter_map(|damage| damage.records).sum::<u64>();
        if !self.disturbed && !damage.is_empty() {
            return Err(format!("damage out of nothing: {damage:?}"));
        }
        if lost > missing && !self.replaced {
            return Err(format!("{lost} records reported as lost, {missing} are"));
        }
        sink.make_durable().map_err(|error| error.to_string())?;
        self.expect.made_durable();
        Ok(())
    }
}
