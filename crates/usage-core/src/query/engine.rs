//! The trait that every keeper of records implements for those who read.

use std::time::Instant;

use super::{
    Block, Bounds, Calendar, Freshness, Limits, Listing, Order, Seen, Selection, Session, blocks,
};
use crate::stats::{Aggregates, Series};
use crate::{Error, Label, Money, Record, TimeRange, Timestamp};

/// The records of an answer, read as they are asked for. After an error there are no more.
pub type Records<'a> = Box<dyn Iterator<Item = Result<Record, Error>> + Send + 'a>;

/// Records as [`Records`] are, each with its cost by list price; `None` where it has none.
pub type PricedRecords<'a> =
    Box<dyn Iterator<Item = Result<(Record, Option<Money>), Error>> + Send + 'a>;

/// Answers questions about records: the reading counterpart of [`Sink`](crate::sink::Sink).
///
/// Whoever reads (a command, a view, a server) asks an engine and knows nothing of how it keeps its records.
/// Which way to an answer is cheap is the engine's business. `usage-conformance`, a crate of this project, checks
/// everything that is promised here against an engine in memory; every engine has to pass it.
///
/// An engine may keep rollups by the values of some tags and answer questions about them from there; others it answers
/// from records. Where those are gone it says that the answer is
/// [not kept](crate::ErrorKind::NotKept), and never takes them for records without tags.
///
/// Each answer shows one state of the engine: of a batch all or nothing. What cannot be answered completely is an
/// error, never a smaller answer. Every question has [`Limits`]; one that they end fails with
/// [`DeadlineExceeded`](crate::ErrorKind::DeadlineExceeded) or
/// [`Cancelled`](crate::ErrorKind::Cancelled), at once where they are reached before it is asked.
pub trait Engine: Send + Sync {
    /// Returns what the records come to, by label set; by those [tags](Selection::tags) too that the question is
    /// told apart by.
    ///
    /// # Errors
    /// When there is no complete answer, see [`ErrorKind`](crate::ErrorKind).
    fn totals(&self, of: &Selection<'_>) -> Result<Aggregates, Error>;

    /// Returns what the records come to, by label set, apart for each unit of a calendar.
    ///
    /// A range with both bounds has a bucket for each unit that has an instant in it, with records or without.
    /// On a side without bound the series begins or ends with the oldest or newest record that passes; then
    /// more than 366 units in a row without any record may be left out, as one record of a wrong clock would
    /// bring thousands with it.
    ///
    /// # Errors
    /// As [`totals`](Self::totals); and when there would be more units than a series may have.
    fn series(&self, of: &Selection<'_>, by: Calendar) -> Result<Series, Error>;

    /// As [`series`](Self::series), for who needs no names: each bucket has its
    /// [`summary`](Aggregates::summary), and may have names or not.
    ///
    /// # Errors
    /// As [`series`](Self::series).
    fn series_of_all(&self, of: &Selection<'_>, by: Calendar) -> Result<Series, Error> {
        self.series(of, by)
    }

    /// Returns the records themselves. What is stored while they are read may be among them or not; what was
    /// there before is, once. Limits are checked before each of them.
    ///
    /// Where the range has rollups whose records are gone, those that are there come first, and then the error
    /// [`NotKept`](crate::ErrorKind::NotKept): who has not reached the end does not know that these are all.
    fn records<'a>(&'a self, of: &Selection<'a>, order: Order) -> Records<'a>;

    /// As [`records`](Self::records), each with what it costs by list price, where the engine knows that.
    fn priced_records<'a>(&'a self, of: &Selection<'a>, order: Order) -> PricedRecords<'a> {
        Box::new(self.records(of, order).map(|record| Ok((record?, None))))
    }

    /// Returns the sessions whose last record is in the range, in an order, the first so many; `None` where the
    /// engine does not know sessions.
    ///
    /// The filter selects records: a session is listed where one of its records passes, whenever that was, and has the
    /// figures of those that do. Its times are those of all its records.
    ///
    /// # Errors
    /// As [`totals`](Self::totals).
    fn sessions(
        &self,
        of: &Selection<'_>,
        _listing: Listing,
    ) -> Result<Option<Vec<Session>>, Error> {
        of.limits.check(Instant::now)?;
        Ok(None)
    }

    /// Returns the [blocks](Block) that have a record in the range, the first ones first, of one start by instance,
    /// each with the figures of the whole block.
    ///
    /// The filter selects records: a block is listed where one of its records in the range passes, and has the figures
    /// of those that do. Where blocks begin all records of an instance tell.
    ///
    /// Made of [series](Self::series) by hour; an engine that can do better may.
    ///
    /// # Errors
    /// As [`totals`](Self::totals), and as [`series`](Self::series) by hour.
    fn blocks(&self, of: &Selection<'_>) -> Result<Vec<Block>, Error> {
        blocks::of_series(|of, by| self.series(of, by), self.bounds(&of.limits)?, of)
    }

    /// Returns names that records have, as reports show them, in their order, each once and none empty: the
    /// first `most`. Names whose last record is gone may still be among them.
    ///
    /// # Errors
    /// As [`totals`](Self::totals).
    fn names(&self, label: Label, most: usize, limits: &Limits) -> Result<Vec<String>, Error>;

    /// Returns between which instants there is something, and from when on records are taken.
    ///
    /// # Errors
    /// As [`totals`](Self::totals).
    fn bounds(&self, limits: &Limits) -> Result<Bounds, Error>;

    /// Returns the [horizon](Bounds::accepts_from) by itself: older records are refused. `None` where none are.
    /// For those who need no other bound, as that may be answered sooner.
    ///
    /// # Errors
    /// As [`totals`](Self::totals).
    fn horizon(&self, limits: &Limits) -> Result<Option<Timestamp>, Error> {
        Ok(self.bounds(limits)?.accepts_from)
    }

    /// Returns the range with its ends moved to the next instants that can be told apart, where only rollups are
    /// left; else as it is. For ranges that begin or end at now.
    ///
    /// # Errors
    /// As [`totals`](Self::totals).
    fn countable(&self, range: TimeRange, limits: &Limits) -> Result<TimeRange, Error> {
        limits.check(Instant::now)?;
        Ok(range)
    }

    /// Returns how far the engine lags behind what it was given.
    ///
    /// # Errors
    /// As [`totals`](Self::totals).
    fn freshness(&self, limits: &Limits) -> Result<Freshness, Error> {
        limits.check(Instant::now)?;
        Ok(Freshness::default())
    }

    /// Returns by what a later change is noticed. Reads no table.
    ///
    /// # Errors
    /// As [`totals`](Self::totals).
    fn seen(&self) -> Result<Seen, Error>;

    /// Returns whether an answer about stored records may be another one than when [`seen`](Self::seen) was asked,
    /// of this very engine. Reads no table. It may say so of an engine that has not changed, never the other way
    /// round. What [`freshness`](Self::freshness) tells is no part of it: that is to be asked by itself.
    ///
    /// # Errors
    /// As [`totals`](Self::totals), also where another file or table has taken the place of what was opened.
    fn changed(&self, seen: &Seen) -> Result<bool, Error> {
        Ok(self.seen()? != *seen)
    }
}
