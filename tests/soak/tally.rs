//! The deeds of a soak, for the table at its end.

use std::fmt;

#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) epochs: u64,
    /// Of these, those in which nobody was killed, so that the sums are known.
    pub(crate) complete: u64,
    pub(crate) rounds: u64,
    pub(crate) gateways: u64,
    pub(crate) kills: u64,
    pub(crate) shutdowns: u64,
    pub(crate) unfinished: u64,
    pub(crate) locks: u64,
    pub(crate) commands: u64,
    pub(crate) reports: u64,
    pub(crate) prunes: u64,
    pub(crate) records: u64,
    pub(crate) recovered: u64,
    pub(crate) snapshots: u64,
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows = [
            ("epochs, a ledger each", self.epochs),
            ("rounds", self.rounds),
            ("gateways started", self.gateways),
            ("  killed", self.kills),
            ("  shut down", self.shutdowns),
            ("  of these cut short", self.unfinished),
            ("locks held", self.locks),
            ("commands that write", self.commands),
            ("reports and diagnoses", self.reports),
            ("prunes", self.prunes),
            ("records stored", self.records),
            ("  known to be recovered", self.recovered),
            ("epochs that add up in full", self.complete),
            ("snapshots checked", self.snapshots),
        ];
        rows.iter().try_for_each(|(name, number)| writeln!(f, "{name:<28}{number:>14}"))
    }
}
