//! Totals and series, from sums, and from records where sums do not do.

use std::ops::Range;

use usage_core::period::Unit;
use usage_core::query::{Calendar, Selection};
use usage_core::stats::{Aggregates, Series, Summary};
use usage_core::{Filter, Labels, TagKey, Tags, TimeRange, Timestamp};
use usage_store::shipped::StretchLevel;

use super::cover::{
    Cut, QUARTER, cover, day_of, micros, month_of_day, quarter_of, quarters, start_of_day,
    start_of_quarter,
};
use super::rows::Row;
use super::state::State;
use super::{Fail, not_kept};

pub(super) fn totals(state: &mut State<'_>, of: &Selection<'_>) -> Result<Aggregates, Fail> {
    let mut totals = Aggregates::default();
    let Some(ends) = state.ends()? else { return Ok(totals) };
    let range = micros(of.range, ends);
    fill(state, of, &[range], |_, labels, sum| totals.add_totals(labels, sum))?;
    Ok(totals)
}

pub(super) fn series(
    state: &mut State<'_>,
    of: &Selection<'_>,
    by: Calendar,
) -> Result<Series, Fail> {
    let ends = state.ends()?;
    let stretches = stretches(state, of.range, ends, by.unit)?;
    let mut series = Series::over_stretches(&stretches, by.unit, by.zone)?;
    if let Some(ends) = ends {
        let whole = micros(of.range, ends);
        let ranges: Vec<_> = series
            .buckets()
            .iter()
            .map(|bucket| {
                let bucket = micros(bucket.range(), ends);
                bucket.start.max(whole.start)..bucket.end.min(whole.end)
            })
            .collect();
        fill(state, of, &ranges, |place, labels, sum| {
            if let Some(bucket) = series.bucket_mut(place) {
                bucket.usage_mut().add_totals(labels, sum);
            }
        })?;
    }
    series.trim(of.range);
    series.widen_gaps();
    Ok(series)
}

/// Gives what each range comes to, in the order of time, by its place.
fn fill(
    state: &mut State<'_>,
    of: &Selection<'_>,
    ranges: &[Range<i64>],
    mut give: impl FnMut(usize, Labels, &Summary),
) -> Result<(), Fail> {
    let whole = ranges.first().map_or(0, |of| of.start)..ranges.last().map_or(0, |of| of.end);
    let (mut parts, mut cuts) = (Vec::new(), Vec::new());
    let needed = needs_records(state, of, &whole)?;
    for (place, range) in ranges.iter().enumerate() {
        match needed {
            Some(_) if range.start < range.end => cuts.push(Cut { place, micros: range.clone() }),
            Some(_) => {}
            None => cover(range, place, &mut parts, &mut cuts),
        }
    }
    for (place, epoch, label, sum) in state.sums(&parts)? {
        let labels = state.names.get(&epoch, label)?;
        if of.filter.matches(&labels.names()) {
            give(place, told_apart(labels, labels.tags(), of.tags), &sum);
        }
    }
    let why = needed.unwrap_or("the range cuts a quarter of an hour");
    if let Some(needed) = needed.filter(|_| !whole.is_empty())
        && let Some(quarter) = state.unkept(quarters(&whole))?
    {
        return Err(not_kept(quarter, needed));
    }
    for cut in &cuts {
        if needed.is_none()
            && let Some(quarter) = state.unkept(quarters(&cut.micros))?
        {
            return Err(not_kept(quarter, why));
        }
        state.each_record(&cut.micros, |row: &Row| {
            if of.filter.matches(&row.record.names()) {
                let tags = row.record.context().tag_list();
                give(cut.place, told_apart(row.record.labels(), tags, of.tags), &row.summary());
            }
        })?;
    }
    Ok(())
}

fn told_apart(labels: &Labels, tags: Tags<'_>, by: &[TagKey]) -> Labels {
    labels.with_tags(tags.only(by).tags())
}

/// Why sums do not answer, if they do not.
pub(super) fn needs_records(
    state: &mut State<'_>,
    of: &Selection<'_>,
    whole: &Range<i64>,
) -> Result<Option<&'static str>, Fail> {
    if !are_declared(state, of.filter, of.tags, whole.start)? {
        return Ok(Some("sums do not tell a tag apart that was asked for"));
    }
    if of.filter.is_empty() || whole.is_empty() {
        return Ok(None);
    }
    let months = month_of_day(day_of(whole.start))..month_of_day(day_of(whole.end - 1)) + 1;
    let folded = state.marks(StretchLevel::Month, months)?.iter().any(|mark| mark.folded > 0);
    Ok(folded.then_some("there are more names than sums tell apart"))
}

/// Returns whether the sums of all ledgers tell the tags of a question apart from an instant on.
pub(super) fn are_declared(
    state: &mut State<'_>,
    filter: &Filter,
    tags: &[TagKey],
    from: i64,
) -> Result<bool, Fail> {
    let asked: Vec<_> =
        filter.tags().iter().map(|(key, _)| *key).chain(tags.iter().copied()).collect();
    let is_declared = |keys: &[(String, Option<i64>)]| {
        asked.iter().all(|asked| {
            let of = keys.iter().find(|(key, _)| key == asked.as_str());
            of.is_some_and(|(_, since)| since.is_none_or(|since| since <= from))
        })
    };
    Ok(asked.is_empty() || state.ledgers().iter().all(|ledger| is_declared(&ledger.head.tag_keys)))
}

/// The units without records that are listed at most between two that have some, where the range has no bounds.
const LONGEST_GAP: i64 = 366;

/// The range, and where it lacks a bound the stretches of it that have records, with what lies between two of them if
/// that is not long.
fn stretches(
    state: &mut State<'_>,
    range: TimeRange,
    ends: Option<(i64, i64)>,
    unit: Unit,
) -> Result<Vec<TimeRange>, Fail> {
    let Some((first, last)) = ends.filter(|_| range.start.is_none() || range.end.is_none()) else {
        return Ok(vec![range]);
    };
    let start = range.start.map_or(start_of_quarter(quarter_of(first)), Timestamp::as_micros);
    let end = range.end.map_or(start_of_quarter(quarter_of(last) + 1), Timestamp::as_micros);
    let quarter_hours = match unit {
        Unit::QuarterHour => 1,
        Unit::Hour => 4,
        Unit::Day => 96,
        Unit::Week(_) => 7 * 96,
        Unit::Month => 31 * 96,
        Unit::Quarter => 92 * 96,
        Unit::Year => 366 * 96,
    };
    let gap = LONGEST_GAP * quarter_hours * QUARTER;
    let at = |micros| Some(Timestamp::from_micros(micros));
    let (mut stretches, mut from, mut to) = (Vec::new(), start, start);
    for day in
        state.days()?.into_iter().filter(|day| *day >= day_of(start) && start_of_day(*day) < end)
    {
        if start_of_day(day) > to.saturating_add(gap) {
            stretches.push(TimeRange { start: at(from), end: at(to) });
            from = start_of_day(day);
        }
        to = start_of_day(day + 1);
    }
    stretches.push(TimeRange { start: at(from), end: at(end) });
    Ok(stretches)
}
