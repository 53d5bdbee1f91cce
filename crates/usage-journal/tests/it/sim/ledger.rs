//! A ledger in memory, with transactions that may be lost.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard};

use usage_core::sink::{
    BatchOutcome, Damage, JournalSink, LedgerId, Position, Replay, ReplayOutcome, SegmentId,
};
use usage_core::{Error, ErrorKind};

use super::fault::{LedgerFault, Planned};
use super::{Flaw, Random, SimDisk, number};

/// The content of a ledger.
#[derive(Clone, Debug, Default)]
pub(crate) struct Content {
    /// Numbers of records, in the order in which they were stored.
    pub(crate) records: Vec<u64>,
    pub(crate) positions: BTreeMap<SegmentId, Position>,
    pub(crate) damage: Vec<Damage>,
    /// Records that nobody gave.
    pub(crate) invented: u64,
}

#[derive(Debug, Default)]
pub(crate) struct State {
    pub(crate) content: Content,
    /// The content that a power loss leaves, at the least.
    pub(crate) durable: Content,
    /// The contents that were committed since, one after the other.
    commits: Vec<Content>,
    pub(crate) faults: Planned<LedgerFault>,
}

/// A ledger in memory.
#[derive(Clone, Debug, Default)]
pub(crate) struct SimLedger(Arc<Mutex<State>>);

impl SimLedger {
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    pub(crate) fn content(&self) -> Content {
        self.state().content.clone()
    }

    /// The ledger as a process sees it: with it, it dies.
    pub(crate) fn sink(&self, disk: &SimDisk) -> SimSink {
        SimSink { ledger: self.clone(), disk: disk.clone() }
    }

    /// Goes back to what was durable, or to a commit since.
    pub(crate) fn lose_power(&self, seed: u64) {
        let mut state = self.state();
        let mut commits = std::mem::take(&mut state.commits);
        commits.insert(0, state.durable.clone());
        let at = Random(seed).up_to(commits.len() - 1);
        state.content = commits.swap_remove(at);
        state.durable = state.content.clone();
    }

    /// Puts a copy in its place.
    pub(crate) fn restore(&self, copy: &Content) {
        let mut state = self.state();
        state.content = copy.clone();
        state.durable = copy.clone();
        state.commits.clear();
    }
}

pub(crate) struct SimSink {
    ledger: SimLedger,
    disk: SimDisk,
}

impl SimSink {
    fn commit<T>(&self, act: impl FnOnce(&mut Content) -> T) -> Result<T, Error> {
        if self.disk.is_dead() {
            return Err(Error::other("this process is dead"));
        }
        let mut state = self.ledger.state();
        let fault = state.faults.tick();
        if fault == Some(LedgerFault::Before) {
            return Err(Error::new(ErrorKind::Busy, "it failed"));
        }
        let answer = act(&mut state.content);
        let now = state.content.clone();
        state.commits.push(now);
        match fault {
            Some(_) => Err(Error::new(ErrorKind::Io, "it seems to have failed")),
            None => Ok(answer),
        }
    }
}

impl JournalSink for SimSink {
    fn ledger_id(&mut self) -> Result<LedgerId, Error> {
        Ok(LedgerId::from_bytes([7; 16]))
    }

    fn journal_folder(&mut self) -> Result<PathBuf, Error> {
        Ok(PathBuf::from("journal"))
    }

    fn position(&mut self, segment: SegmentId) -> Result<Option<Position>, Error> {
        Ok(self.ledger.state().content.positions.get(&segment).copied())
    }

    fn replay(&mut self, replay: &Replay<'_>) -> Result<ReplayOutcome, Error> {
        assert_eq!(replay.from.generation, replay.to.generation);
        let counts = self.disk.world().flaw != Flaw::ForgetsGenerations;
        self.commit(|content| {
            let start = Position { sequence: 0, ..replay.from };
            if !counts && let Some(known) = content.positions.get_mut(&replay.segment) {
                known.generation = start.generation;
            }
            let known = content.positions.get(&replay.segment).copied();
            let stands = known.filter(|known| known.generation >= start.generation);
            if stands.unwrap_or(start) != replay.from {
                let nothing = Position { generation: 0, sequence: 0 };
                return ReplayOutcome::Moved(known.unwrap_or(nothing));
            }
            for record in replay.records {
                match number(record) {
                    Some(number) => content.records.push(number),
                    None => content.invented += 1,
                }
            }
            content.damage.extend_from_slice(replay.damage);
            content.positions.insert(replay.segment, replay.to);
            let stored = replay.records.len() as u64;
            ReplayOutcome::Stored(BatchOutcome::stored(stored))
        })
    }

    fn make_durable(&mut self) -> Result<(), Error> {
        self.commit(|_| ())?;
        if self.disk.world().flaw == Flaw::OnlySaysDurable {
            return Ok(());
        }
        let mut state = self.ledger.state();
        state.durable = state.content.clone();
        state.commits.clear();
        Ok(())
    }

    fn forget(&mut self, segment: SegmentId) -> Result<(), Error> {
        self.commit(|content| {
            content.positions.remove(&segment);
        })
    }
}
