//! The questions asked of an engine, and its knowledge besides records.

use chrono_tz::Tz;

use super::Limits;
use crate::period::Unit;
use crate::{Filter, TagKey, TimeRange, Timestamp};

/// The records that a question is about, and how long its answer may take.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Selection<'a> {
    /// Their time.
    pub range: TimeRange,
    /// Their names and tags.
    pub filter: &'a Filter,
    /// The tags by which totals are told apart, besides names: the labels of an answer have these beside their
    /// names and no others, whatever the filter.
    pub tags: &'a [TagKey],
    /// The time that it may take.
    pub limits: Limits,
}

impl<'a> Selection<'a> {
    /// Selects the records of a range that pass the filter.
    #[must_use]
    pub fn new(range: TimeRange, filter: &'a Filter) -> Self {
        Self { range, filter, tags: &[], limits: Limits::none() }
    }

    /// Sets the tags by which totals are told apart.
    #[must_use]
    pub const fn told_apart_by(mut self, tags: &'a [TagKey]) -> Self {
        self.tags = tags;
        self
    }

    /// Sets how long the answer may take.
    #[must_use]
    pub fn within(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }
}

/// Units of a zone's calendar, such as the days of New York.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Calendar {
    /// The unit.
    pub unit: Unit,
    /// The zone.
    pub zone: Tz,
}

/// In which order records are read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// The newest first; of equals the one that was stored last.
    #[default]
    NewestFirst,
    /// The oldest first; of equals the one that was stored first.
    OldestFirst,
}

/// Between which instants an engine has something, and from when on it takes more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Bounds {
    /// The oldest instant of which anything is counted: the time of a record, or the start of a rollup whose
    /// records are gone. `None` where there is nothing.
    pub oldest: Option<Timestamp>,
    /// The newest instant of which anything is counted: the time of a record, or the last microsecond of such
    /// a rollup. `None` where there is nothing.
    pub newest: Option<Timestamp>,
    /// The horizon: older records are refused. `None` where none are.
    pub accepts_from: Option<Timestamp>,
    /// Records are kept from here on; of older ones there are rollups at most. `None` where all are kept.
    pub has_rows_from: Option<Timestamp>,
}

impl Bounds {
    /// Returns the bounds of an engine that keeps all that it is given, between two instants.
    #[must_use]
    pub fn of(oldest_and_newest: Option<(Timestamp, Timestamp)>) -> Self {
        let (oldest, newest) = oldest_and_newest.unzip();
        Self { oldest, newest, ..Self::default() }
    }

    /// Sets from when on records are accepted, and from when on they are kept.
    #[must_use]
    pub fn with_horizon(self, accepts: Option<Timestamp>, rows: Option<Timestamp>) -> Self {
        Self { accepts_from: accepts, has_rows_from: rows, ..self }
    }
}

/// The lag of an engine behind the records that it was given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Freshness {
    /// The number of records in the journals of programs that were stopped: they are in no answer until
    /// somebody writes to the ledger.
    pub backlog_of_stopped: u64,
    /// The number of records in the journals of running programs, which are about to store them.
    pub backlog_of_running: u64,
}

impl Freshness {
    /// Returns the freshness with a backlog of so many records in the journals of stopped and of running programs.
    #[must_use]
    pub const fn of(backlog_of_stopped: u64, backlog_of_running: u64) -> Self {
        Self { backlog_of_stopped, backlog_of_running }
    }
}

/// A state of an engine, by which a change is noticed. Only the engine that gave it knows what is in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen(Box<[u8]>);

impl Seen {
    /// Wraps what the engine recognises a state by.
    #[must_use]
    pub fn of(bytes: impl Into<Box<[u8]>>) -> Self {
        Self(bytes.into())
    }

    /// Returns what the engine has wrapped.
    #[must_use]
    pub const fn bytes(&self) -> &[u8] {
        &self.0
    }
}
