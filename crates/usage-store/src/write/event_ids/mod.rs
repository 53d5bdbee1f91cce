//! The event ids that are known: a table from a hash of each to its record.
//!
//! An entry outlives its record when that is deleted and what it counted for stays. Its id is
//! refused then, as a record that comes again would be counted twice.

mod across;
mod check;
mod due;
mod find;
mod forgotten;
mod hash;
mod rebuild;
mod rows;
mod sweep;

pub(crate) use across::{is_first_alone, set_first_alone};
pub(crate) use check::{Stray, agree, strays};
pub(crate) use due::{is_due, swept};
pub(crate) use find::{Event, KnownIds, Place};
pub(crate) use forgotten::{ForgottenIds, SETTING as FORGOTTEN_IDS};
pub(crate) use hash::are_alike;
pub(crate) use rebuild::{fill, rebuild};
pub(crate) use rows::{Entry, has_key};
pub(crate) use sweep::{clear, forget_before, forget_records, know_from, sweep};

#[cfg(test)]
mod tests;
