//! Sums of stretches, grouped where they lie.

use std::collections::BTreeMap;
use std::ops::Range;

use usage_core::stats::Summary;
use usage_core::{Measure, Money};
use usage_store::shipped::StretchLevel;

use super::Fail;
use super::cover::Part;
use super::marks::within;
use super::state::State;
use crate::error::ShipError;
use crate::schema;
use crate::wire::{Dialect, parsed};

/// What some parts come to: the place, the epoch, the label set and its totals.
pub(crate) type Grouped = Vec<(usize, String, i64, Summary)>;

/// The stretches that one statement is told apart by at most.
const PARTS: usize = 5_000;

impl State<'_> {
    pub(crate) fn sums(&mut self, parts: &[Part]) -> Result<Grouped, Fail> {
        let mut by_level = BTreeMap::<StretchLevel, Vec<&Part>>::new();
        for part in parts {
            by_level.entry(part.level).or_default().push(part);
        }
        let mut grouped = Grouped::new();
        for (level, mut parts) in by_level {
            parts.sort_by_key(|part| part.numbers.start);
            for parts in parts.chunks(PARTS) {
                self.sums_of(level, parts, &mut grouped)?;
            }
        }
        Ok(grouped)
    }

    fn sums_of(
        &mut self,
        level: StretchLevel,
        parts: &[&Part],
        into: &mut Grouped,
    ) -> Result<(), Fail> {
        if self.ledgers().is_empty() {
            return Ok(());
        }
        let mut ranges: Vec<Range<i64>> = Vec::new();
        for part in parts {
            match ranges.last_mut().filter(|last| last.end == part.numbers.start) {
                Some(last) => last.end = part.numbers.end,
                None => ranges.push(part.numbers.clone()),
            }
        }
        let numbers = format!("({})", ranges.iter().map(within).collect::<Vec<_>>().join(" OR "));
        let starts =
            parts.iter().map(|part| part.numbers.start.to_string()).collect::<Vec<_>>().join(",");
        let dialect = self.wire.dialect();
        let place = match (parts.len(), dialect) {
            (1, _) => parts.first().map(|part| part.numbers.start.to_string()).unwrap_or_default(),
            (_, Dialect::Postgres) => format!(
                "(ARRAY[{starts}]::bigint[])[width_bucket(number, ARRAY[{starts}]::bigint[])]"
            ),
            // Not `roundDown`, which looks at the first 255 alone.
            (_, Dialect::ClickHouse { .. }) => {
                format!("arrayElement([{starts}], arrayCount(x -> x <= number, [{starts}]))")
            }
        };
        let sums =
            schema::sums().iter().map(|sum| format!("sum({sum})")).collect::<Vec<_>>().join(", ");
        let latest = self.latest(level, &numbers);
        let group = if parts.len() == 1 { "epoch, label" } else { "place, epoch, label" };
        let mut rows = Vec::new();
        // Rows that lie there twice are found by counting, and looking for them costs.
        for last in if self.is_whole() { &[""][..] } else { &["", " FINAL"] } {
            let sql = format!(
                "SELECT {place} AS place, epoch, label, count(*), {sums} FROM usage_sum{last} WHERE {latest} GROUP BY {group}"
            );
            rows = self.wire.query(&sql)?;
            if self.is_whole() {
                break;
            }
            let expected = self.cells(level, &numbers)?;
            let found = rows.iter().map(|row| row.get(3).map_or(Ok(0), |of| parsed::<u64>(of)));
            let found = found.sum::<Result<u64, ShipError>>()?;
            match self.check("usage_sum", found, expected) {
                Ok(()) => break,
                Err(error) if last.is_empty() => drop(error),
                Err(error) => return Err(error.into()),
            }
        }
        for row in &rows {
            let [start, epoch, label, _, sums @ ..] = &row[..] else { continue };
            let start: i64 = parsed(start)?;
            let at = parts.partition_point(|part| part.numbers.start <= start);
            let Some(part) = at.checked_sub(1).and_then(|at| parts.get(at)) else { continue };
            into.push((part.place, epoch.clone(), parsed(label)?, summary(sums)?));
        }
        Ok(())
    }
}

/// Reads the sums of a row, in the order of [`schema::sums`].
pub(crate) fn summary(sums: &[String]) -> Result<Summary, ShipError> {
    let mut numbers = [0; Measure::COUNT];
    let text = |at: usize| sums.get(at).map_or("0", String::as_str);
    for (at, number) in numbers.iter_mut().enumerate() {
        *number = parsed(text(at + 1))?;
    }
    let mut summary = Summary::new(parsed(text(0))?, numbers);
    summary.stated_cost = Money::from_picos(parsed(text(Measure::COUNT + 1))?);
    summary.cost = Money::from_picos(parsed(text(Measure::COUNT + 2))?);
    Ok(summary)
}
