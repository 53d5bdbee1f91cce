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
/// The runs of equally long stretches at most that a place is reckoned by.
const RUNS: usize = 100;

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
        let place = place(parts, self.wire.dialect());
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

/// The expression that gives the number with which the part of a row begins.
fn place(parts: &[&Part], dialect: Dialect) -> String {
    if let [part] = parts {
        return part.numbers.start.to_string();
    }
    let is_postgres = dialect == Dialect::Postgres;
    let runs = runs(parts);
    if runs.len() > RUNS {
        let starts = parts.iter().map(|part| part.numbers.start.to_string());
        let starts = starts.collect::<Vec<_>>().join(",");
        return if is_postgres {
            let starts = format!("ARRAY[{starts}]::bigint[]");
            format!("({starts})[width_bucket(number, {starts})]")
        } else {
            // Not `roundDown`, which looks at the first 255 alone.
            format!("arrayElement([{starts}], arrayCount(x -> x <= number, [{starts}]))")
        };
    }
    let of = |(start, step): &(i64, i64)| {
        let whole = if is_postgres {
            format!("(number - ({start})) / {step}")
        } else {
            format!("intDiv(number - ({start}), {step})")
        };
        format!("{start} + {whole} * {step}")
    };
    let mut cases = String::new();
    for pair in runs.windows(2) {
        cases += &format!("WHEN number < {} THEN {} ", pair[1].0, of(&pair[0]));
    }
    let last = runs.last().map(of).unwrap_or_default();
    if cases.is_empty() { last } else { format!("CASE {cases}ELSE {last} END") }
}

/// The runs of equally long parts, each beginning where the one before ends, by their start and that length: days are all
/// equally long but for two in a year, and to reckon is a hundred times as fast as to look through a list.
fn runs(parts: &[&Part]) -> Vec<(i64, i64)> {
    let mut runs: Vec<(i64, i64)> = Vec::new();
    let mut end = None;
    for part in parts {
        let (start, step) = (part.numbers.start, part.numbers.end - part.numbers.start);
        if end != Some(start) || runs.last().is_none_or(|(_, last)| *last != step) {
            runs.push((start, step));
        }
        end = Some(part.numbers.end);
    }
    runs
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_reckoned_and_not_looked_up() {
        let level = StretchLevel::Quarter;
        let part = |start, end| Part { place: 0, level, numbers: start..end };
        // A day of 23 hours among others, and a gap.
        let parts = [part(-96, 0), part(0, 96), part(96, 188), part(188, 284), part(300, 396)];
        let parts: Vec<_> = parts.iter().collect();
        assert_eq!(runs(&parts), [(-96, 96), (96, 92), (188, 96), (300, 96)]);
        let modern = Dialect::ClickHouse { is_modern: true };
        assert_eq!(place(&parts[..2], modern), "-96 + intDiv(number - (-96), 96) * 96");
        assert!(place(&parts, modern).starts_with("CASE WHEN number < 96 THEN -96 + "));
        assert!(place(&parts, Dialect::Postgres).ends_with("300 + (number - (300)) / 96 * 96 END"));
        assert_eq!(place(&parts[..1], modern), "-96");
    }
}
