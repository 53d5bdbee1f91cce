//! Rows as they are priced: in their order, those that a selection wants.

use std::ops::{ControlFlow, Range};

use rusqlite::Connection;
use rustc_hash::FxHashMap;
use usage_core::pricing::{Billed, Question, Quote};
use usage_core::stats::Summary;
use usage_core::{Filter, Label, Labels, TimeRange, Timestamp};

use crate::error::ReadError;
use crate::ledger::columns::{ID, MORE, SELECT_COUNTS, TS, more, session, summary};
use crate::ledger::contexts::Contexts;
use crate::ledger::labels::LabelSets;
use crate::ledger::retained;
use crate::ledger::terms::Costs;
use crate::rollups::{each_checked_row, quarter_of};

/// A row of a selection.
pub(super) struct PricedRow<'r> {
    pub(super) ts: i64,
    pub(super) id: i64,
    pub(super) label_set: i64,
    pub(super) labels: &'r Labels,
    pub(super) session: Option<i64>,
    pub(super) more: Option<&'r [u8]>,
    /// The terms that it was priced by; `None` where it is not priced yet.
    pub(super) terms: Option<u64>,
    /// What it counts in sums, its cost included.
    pub(super) totals: Summary,
}

impl PricedRow<'_> {
    pub(super) fn billed(&self) -> Billed {
        Billed::by(|measure| self.totals[measure])
    }

    pub(super) fn question(&self) -> Question<'_> {
        let name = |label| self.labels.name(label);
        Question::new(name(Label::Provider), name(Label::Model), Timestamp::from_micros(self.ts))
            .in_tier(name(Label::Tier))
            .with_total_input(self.billed().total_input())
    }
}

/// Reads rows of a range that pass a filter.
pub(super) struct Reader<'c> {
    connection: &'c Connection,
    filter: &'c Filter,
    sets: LabelSets,
    contexts: Contexts,
    pub(super) costs: Costs<'c>,
    range: Range<i64>,
}

impl<'c> Reader<'c> {
    /// Checks that the rows are those that were stored, first: what is damaged is never priced.
    pub(super) fn new(
        connection: &'c Connection,
        range: TimeRange,
        filter: &'c Filter,
    ) -> Result<Self, ReadError> {
        let [start, end] = bounds(range);
        // Older rows are about to be deleted, and count nowhere.
        let start = start.max(retained::rows_from(connection)?.unwrap_or(i64::MIN));
        let range = start..end.max(start);
        if !range.is_empty() {
            let all = Timestamp::MIN_RECORD.as_micros()..Timestamp::END_RECORD.as_micros();
            let first = quarter_of(start.clamp(all.start, all.end));
            let last = quarter_of(range.end.clamp(all.start, all.end) - 1);
            each_checked_row(connection, &(first..last + 1), |_, _, _, _| {})?;
        }
        let sets = LabelSets::read(connection)?;
        let (contexts, costs) = (Contexts::default(), Costs::new(connection));
        Ok(Self { connection, filter, sets, contexts, costs, range })
    }

    /// Gives the rows behind a place, in their order, until it is enough.
    pub(super) fn each_behind(
        &mut self,
        place: (i64, i64),
        mut give: impl FnMut(&PricedRow<'_>, &mut Costs<'c>) -> Result<ControlFlow<()>, ReadError>,
    ) -> Result<(), ReadError> {
        let sql =
            format!("{} WHERE ts < ?1 AND (ts, id) > (?2, ?3) ORDER BY ts, id", *SELECT_COUNTS);
        let place = place.max((self.range.start, i64::MIN));
        let mut statement = self.connection.prepare_cached(&sql)?;
        let mut rows = statement.query([self.range.end, place.0, place.1])?;
        while let Some(row) = rows.next()? {
            let label_set = row.get(0)?;
            let labels = self.sets.get(label_set);
            let labels = labels.ok_or_else(|| ReadError::unknown_label_set(label_set))?;
            let more = more(row, MORE, || "a record".to_owned())?;
            let names = labels.names();
            let passes = if self.filter.tags().is_empty() {
                self.filter.matches(&names)
            } else {
                let (ids, instance) = ([None, more.tag_set], names.get(Label::Instance));
                let whose = || "a record".to_owned();
                let context = self.contexts.get(self.connection, ids, instance, whose)?;
                self.filter.matches(&names.with_tags(context.tag_list()))
            };
            if !passes {
                continue;
            }
            let row = PricedRow {
                ts: row.get(TS)?,
                id: row.get(ID)?,
                label_set,
                labels,
                session: session(row)?,
                more: row.get_ref(MORE)?.as_blob_or_null().map_err(rusqlite::Error::from)?,
                terms: more.terms,
                totals: summary(row, &mut self.costs)?,
            };
            if give(&row, &mut self.costs)?.is_break() {
                break;
            }
        }
        Ok(())
    }
}

/// A range as the two parameters of `ts >= ? AND ts < ?`.
fn bounds(range: TimeRange) -> [i64; 2] {
    [
        range.start.map_or(i64::MIN, Timestamp::as_micros),
        range.end.map_or(i64::MAX, Timestamp::as_micros),
    ]
}

/// Answers of a list, remembered by label set, each with something that is found out about it once.
pub(super) struct Answers<T>(FxHashMap<i64, Vec<(Quote, T)>>);

/// So many are remembered for each label set.
const MOST: usize = 8;

impl<T> Answers<T> {
    pub(super) fn new() -> Self {
        Self(FxHashMap::default())
    }

    pub(super) fn get(
        &mut self,
        row: &PricedRow<'_>,
        ask: impl FnOnce(&Question<'_>) -> (Quote, T),
    ) -> Option<&mut (Quote, T)> {
        let of_set = self.0.entry(row.label_set).or_default();
        let (at, total_input) = (Timestamp::from_micros(row.ts), row.billed().total_input());
        let covers = |(quote, _): &(Quote, T)| quote.validity.covers(at, total_input);
        let place = match of_set.iter().position(covers) {
            Some(place) => place,
            None => {
                if of_set.len() >= MOST {
                    of_set.remove(0);
                }
                of_set.push(ask(&row.question()));
                of_set.len() - 1
            }
        };
        of_set.get_mut(place)
    }
}
