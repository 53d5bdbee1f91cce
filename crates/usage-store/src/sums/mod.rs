//! Sums over stretches of time, kept in the transactions that change the rows: what makes a report
//! over ten million records as fast as one over ten thousand.
//!
//! Quarters of an hour are the base; a day's sums are those of its quarters, a month's those of its
//! days, all in UTC. A report takes the coarsest that fit, see [`split`], and looks at rows only
//! within the quarters that it cuts.

mod cells;
mod change;
mod level;
mod made;
mod rebuild;
mod split;
mod table;
mod total;
mod wrong;

pub(crate) use cells::Cells;
pub(crate) use change::Change;
pub(crate) use level::{Level, quarter_of, start_of_quarter};
pub(crate) use made::{from_finer, from_rows};
pub use rebuild::Rebuilt;
pub(crate) use rebuild::rebuild;

pub(crate) use table::{clear, numbers, read, write};
pub(crate) use total::{Totals, total, total_of_all};
pub(crate) use wrong::Wrong;

/// Stands for all label sets together, in the sums of all.
const OF_ALL: i64 = 1;
