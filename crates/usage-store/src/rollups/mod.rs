//! Rollups over stretches of time, kept in the transactions that change the rows: what makes a report
//! over ten million records as fast as one over ten thousand.
//!
//! Quarters of an hour are the base; a day's rollups are those of its quarters, a month's those of its
//! days, all in UTC. A report takes the coarsest that fit, see [`cover`], and looks at rows only
//! within the quarters that it cuts. It checks that what it has read is what belongs together, see
//! [`seals`], and that the rows are those that were stored, see [`checked`].
//!
//! What a stretch comes to is written as [pieces](piece) by label set: one, unless there are very many
//! names; a commit rewrites those that it changes, see [`stretch`].

mod all;
mod apart;
#[cfg(feature = "zones")]
pub(crate) mod changed;
mod checked;
mod counts;
mod cover;
mod delta;
mod derived;
mod fold;
mod folds;
mod level;
mod mend;
mod piece;
mod rebuild;
mod rollup;
mod root;
mod seals;
mod sessions;
mod stretch;
mod sum;
mod table;
mod total;
mod transcode;
mod unnamed;
mod unused;

pub(crate) use crate::error::RollupError;

pub(crate) use all::{nothing_left, rows_hash};
pub(crate) use apart::Apart;
pub(crate) use checked::each_checked_row;
pub(crate) use delta::Delta;
pub(crate) use derived::{from_finer, from_rows};
pub(crate) use fold::folded_by_month;
pub(crate) use folds::Folds;
use level::QUARTERS;
pub(crate) use level::{Level, quarter_of, start_of_quarter};
pub(crate) use mend::{label_sets_of_rollups, mend_frozen, of_all_quarter};
pub use rebuild::Rebuilt;
pub(crate) use rebuild::rebuild;
pub(crate) use rollup::Rollup;
#[cfg(feature = "zones")]
pub(crate) use root::months;
pub(crate) use seals::{Seen, all_torn};
#[cfg(feature = "zones")]
pub(crate) use sessions::{DAY, day_of, session_day, start_of_day, totals_by_day};
pub(crate) use sessions::{
    SessionFault, each_session_fault, forget_frozen, forget_old, forget_unreadable,
    forget_unused_sessions, recount_cut_day,
};
pub(crate) use table::{clear, numbers, read};
pub(crate) use total::{Totals, total};
pub(crate) use transcode::{transcode, unreadable_of_version_4};
pub(crate) use unnamed::totals_of_all;
