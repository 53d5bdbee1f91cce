//! Records as they lie there.

use std::ops::Range;

use usage_core::record::line;
use usage_core::stats::Summary;
use usage_core::{LabelInterner, Measure, Money, Record, Timestamp};
use usage_store::shipped::StretchLevel;

use super::Fail;
use super::cover::quarters;
use super::marks::within;
use super::state::State;
use crate::error::ShipError;
use crate::wire::parsed;

/// A record, and in which order it comes.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) key: (i64, i64, String),
    pub(crate) record: Record,
    pub(crate) cost: Option<Money>,
}

impl Row {
    /// What it comes to.
    pub(crate) fn summary(&self) -> Summary {
        let mut summary = Summary::of(&self.record);
        if let Some(cost) = self.cost {
            summary.add_cost(cost);
        }
        summary
    }
}

/// The labels that are kept while records are read.
const NAMES: usize = 10_000;

impl State<'_> {
    /// Reads some records of a range, the first or the last ones behind a place in their order.
    pub(crate) fn records(
        &mut self,
        range: &Range<i64>,
        behind: Option<&(i64, i64, String)>,
        is_newest_first: bool,
        most: usize,
    ) -> Result<Vec<Row>, Fail> {
        let mut range = range.clone();
        if let Some((ts, ..)) = behind {
            range = if is_newest_first {
                range.start..range.end.min(ts + 1)
            } else {
                range.start.max(*ts)..range.end
            };
        }
        if range.is_empty() || self.ledgers().is_empty() {
            return Ok(Vec::new());
        }
        let numbers = within(&quarters(&range));
        let (than, down) = if is_newest_first { ("<", " DESC") } else { (">", "") };
        let behind = behind.map_or_else(String::new, |(ts, id, epoch)| {
            format!(" AND (ts_us {than} {ts} OR (ts_us = {ts} AND (id {than} {id} OR (id = {id} AND epoch {than} '{epoch}'))))")
        });
        let sql = format!(
            "SELECT ts_us, id, epoch, elsewhere, cost, line FROM usage_record{} WHERE {} AND ts_us >= {} AND ts_us < {}{behind} \
             ORDER BY ts_us{down}, id{down}, epoch{down} LIMIT {most}",
            if self.is_whole() { "" } else { " FINAL" },
            self.latest(StretchLevel::Records, &numbers),
            range.start,
            range.end,
        );
        let mut names = LabelInterner::new(NAMES);
        self.wire.query(&sql)?.iter().map(|row| Ok(read(row, &mut names)?)).collect()
    }

    /// Checks that all records of a range are there.
    pub(crate) fn check_records(&mut self, range: &Range<i64>) -> Result<(), Fail> {
        if self.is_whole() || range.is_empty() {
            return Ok(());
        }
        let numbers = within(&quarters(range));
        let expected = self.cells(StretchLevel::Records, &numbers)?;
        let latest = self.latest(StretchLevel::Records, &numbers);
        let found =
            self.wire.number(&format!("SELECT count(*) FROM usage_record FINAL WHERE {latest}"))?;
        Ok(self.check("usage_record", found, expected)?)
    }

    /// Hands out each record of a range.
    pub(crate) fn each_record(
        &mut self,
        range: &Range<i64>,
        mut found: impl FnMut(&Row),
    ) -> Result<(), Fail> {
        const PAGE: usize = 20_000;
        self.check_records(range)?;
        let mut behind = None;
        loop {
            let rows = self.records(range, behind.as_ref(), false, PAGE)?;
            rows.iter().for_each(&mut found);
            match rows.last() {
                Some(last) if rows.len() == PAGE => behind = Some(last.key.clone()),
                _ => return Ok(()),
            }
        }
    }
}

fn read(row: &[String], names: &mut LabelInterner) -> Result<Row, ShipError> {
    let [ts, id, epoch, elsewhere, cost, text] = row else {
        return Err(ShipError::Unreadable("a row of usage_record".to_owned()));
    };
    let ts: i64 = parsed(ts)?;
    let record = line::parse(text.as_bytes(), Timestamp::from_micros(ts), names);
    let record = record.map_err(|error| ShipError::Unreadable(format!("record {id}: {error}")))?;
    let counts = record.counts().with_elsewhere(elsewhere != "0");
    debug_assert_eq!(counts.get(Measure::Elsewhere) > 0, elsewhere != "0", "told with the record");
    let cost = if cost.is_empty() { None } else { Some(Money::from_picos(parsed(cost)?)) };
    Ok(Row { key: (ts, parsed(id)?, epoch.clone()), record: record.with_counts(counts), cost })
}
