//! Faults, and when they come.

use std::io;

/// A fault of an operation on the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It fails; of a write, half may have been done.
    Error(io::ErrorKind),
    /// A write does half of it and says so.
    Short,
    /// The process dies in the middle of it.
    Death,
}

/// A fault of a call of the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LedgerFault {
    /// It fails and has done nothing.
    Before,
    /// It fails and has done everything.
    After,
}

/// Faults that come after so many more operations.
#[derive(Debug)]
pub(crate) struct Planned<T>(Vec<(u32, T)>);

impl<T> Default for Planned<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: Copy> Planned<T> {
    pub(crate) fn plan(&mut self, after: u32, fault: T) {
        self.0.push((after, fault));
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// Counts an operation; what goes wrong with it.
    pub(crate) fn tick(&mut self) -> Option<T> {
        let due = self.0.iter().position(|(after, _)| *after == 0).map(|at| self.0.remove(at).1);
        for (after, _) in &mut self.0 {
            *after = after.saturating_sub(1);
        }
        due
    }
}
