//! The records that must be in the ledger, as far as that can be said.

use std::collections::{BTreeMap, BTreeSet};

use crate::sim::{Content, SimLedger};

/// The things known of a record that was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    /// It must be in the ledger in the end.
    Must,
    /// It may be there, once.
    May,
}

#[derive(Debug, Default)]
pub(super) struct Expect {
    fates: BTreeMap<u64, Fate>,
    /// Records that a power loss may take, as nothing made them safe.
    unsafe_yet: BTreeSet<u64>,
    /// The number of records that could not be appended at first, and may be found torn.
    tried: u64,
}

impl Expect {
    /// Appending it failed: it is not there, unless a death came before it could be cut back.
    pub(super) fn tried(&mut self, numbers: &[u64]) {
        self.fates.extend(numbers.iter().map(|&number| (number, Fate::May)));
        self.tried += numbers.len() as u64;
    }

    pub(super) fn appended(&mut self, numbers: &[u64], synced: bool) {
        self.fates.extend(numbers.iter().map(|&number| (number, Fate::Must)));
        if synced {
            self.unsafe_yet.retain(|number| !numbers.contains(number));
        } else {
            self.unsafe_yet.extend(numbers);
        }
    }

    /// Expects the state after a power loss: records that were not safe may be gone, those that the ledger had
    /// durably must be there.
    pub(super) fn power_lost(&mut self, durable: &Content) {
        let durable: BTreeSet<_> = durable.records.iter().collect();
        for number in std::mem::take(&mut self.unsafe_yet) {
            if !durable.contains(&number) {
                self.fates.insert(number, Fate::May);
            }
        }
    }

    /// A copy was put in the ledger's place: what only the ledger had may be gone.
    pub(super) fn replaced(&mut self, ledger: &Content, copy: &Content) {
        let kept: BTreeSet<_> = copy.records.iter().collect();
        for number in ledger.records.iter().filter(|number| !kept.contains(number)) {
            self.fates.insert(*number, Fate::May);
        }
    }

    /// Checks what must hold at any time.
    pub(super) fn check(&self, ledger: &SimLedger) -> Result<(), String> {
        let content = ledger.content();
        if content.invented > 0 {
            return Err(format!("{} records were invented", content.invented));
        }
        let mut seen = BTreeSet::new();
        for number in &content.records {
            if !seen.insert(number) {
                return Err(format!("record {number} is stored twice"));
            }
            if !self.fates.contains_key(number) {
                return Err(format!("record {number} was never given"));
            }
        }
        Ok(())
    }

    /// Checks what must hold once everything was replayed. Returns how many records may be reported as
    /// lost.
    pub(super) fn check_at_rest(&mut self, ledger: &SimLedger) -> Result<u64, String> {
        self.check(ledger)?;
        let there: BTreeSet<_> = ledger.content().records.into_iter().collect();
        let mut missing = 0;
        for (&number, fate) in &mut self.fates {
            match fate {
                Fate::Must if !there.contains(&number) => {
                    return Err(format!("record {number} is missing"));
                }
                Fate::May if !there.contains(&number) => missing += 1,
                // From now on it is the ledger's.
                _ => *fate = Fate::Must,
            }
        }
        Ok(missing + self.tried)
    }

    /// Notes that the records which the ledger has durably are safe.
    pub(super) fn made_durable(&mut self) {
        self.unsafe_yet.clear();
    }
}
