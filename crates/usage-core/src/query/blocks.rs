//! Blocks of five hours, as they come of what each hour holds.
//!
//! A block begins at the whole hour in UTC of its first record and ends five hours later, so that its ends are on whole
//! hours, and what an hour holds tells all there is to know: which block it belongs to, and what that comes to.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono_tz::Tz;

use super::{Bounds, Calendar, Engine, Limits, Selection};
use crate::period::Unit;
use crate::stats::{Series, Summary};
use crate::{Error, Filter, Label, TimeRange, Timestamp};

/// The time that a block lasts.
pub const BLOCK: Duration = Duration::from_secs(HOURS as u64 * 60 * 60);

const HOURS: i64 = 5;
/// The hours before now in which [`Block::under_way`] looks for a pause.
const LOOK_BACK: i64 = 48;
const BY_HOUR: Calendar = Calendar { unit: Unit::Hour, zone: Tz::UTC };
/// An hour, in microseconds.
const HOUR: i64 = 60 * 60 * 1_000_000;

/// Five hours of one instance, from the whole hour in UTC of its first record on. The next one begins with the first
/// record at or after its end.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Block {
    /// The instance that it belongs to.
    pub instance: String,
    /// Its first instant.
    pub start: Timestamp,
    /// Its totals.
    pub totals: Summary,
}

impl Block {
    /// Makes a block of an instance, from an instant on; without totals.
    ///
    /// ```
    /// use usage_core::Timestamp;
    /// use usage_core::query::Block;
    ///
    /// let block = Block::new("claude-code", Timestamp::from_micros(0));
    /// assert_eq!(block.end(), Timestamp::from_micros(5 * 3_600_000_000));
    /// assert!(block.pace(block.end()).is_none());
    /// ```
    #[must_use]
    pub fn new(instance: impl Into<String>, start: Timestamp) -> Self {
        Self { instance: instance.into(), start, totals: Summary::default() }
    }

    /// Sets its totals.
    #[must_use]
    pub fn with_totals(self, totals: Summary) -> Self {
        Self { totals, ..self }
    }

    /// Returns the first instant after it.
    #[must_use]
    pub fn end(&self) -> Timestamp {
        Timestamp::from_micros(self.start.as_micros().saturating_add(HOURS * HOUR))
    }

    /// Asks an engine for the block of an instance that is under way, as a whole: `None` where none is, or where it cannot
    /// be told from the last two days, as the instance has not rested for five hours in them. Sooner answered than
    /// [`Engine::blocks`], which looks back as far as it takes.
    ///
    /// # Errors
    /// When the engine has no complete answer.
    pub fn under_way(
        engine: &dyn Engine,
        instance: &str,
        now: Timestamp,
        limits: &Limits,
    ) -> Result<Option<Self>, Error> {
        let hour = now.as_micros().div_euclid(HOUR);
        let from = hour.saturating_sub(LOOK_BACK);
        let end = Some(start_of(hour.saturating_add(1)));
        let range = TimeRange { start: Some(start_of(from)), end };
        let filter = Filter::instance(instance);
        let of = Selection::new(range, &filter).within(limits.clone());
        let hours = hours_of(&engine.series(&of, BY_HOUR)?).remove(instance).unwrap_or_default();
        let Some(first) = sure(&hours, from, i64::MIN) else { return Ok(None) };
        let last = starts(&hours, first).last().copied();
        Ok(last.filter(|start| hour < start + HOURS).map(|start| {
            let mut totals = Summary::default();
            hours.range(start..).for_each(|(_, of)| totals.merge(of));
            Self::new(instance, start_of(start)).with_totals(totals)
        }))
    }

    /// Returns how it goes on at an instant within it; `None` where it has not begun or is over.
    #[must_use]
    pub fn pace(&self, now: Timestamp) -> Option<Pace> {
        let (start, now) = (self.start.as_micros(), now.as_micros());
        if now < start || now >= self.end().as_micros() {
            return None;
        }
        // A minute at least: what has just begun would seem to go on for ever.
        let gone = u128::from((now - start).unsigned_abs()).max(60_000_000);
        let tokens = u128::from(self.totals.tokens());
        let of = |micros: u128| u64::try_from(tokens * micros / gone).unwrap_or(u64::MAX);
        Some(Pace {
            left: Duration::from_micros((self.end().as_micros() - now).unsigned_abs()),
            tokens_per_minute: of(60_000_000),
            projected_tokens: of((HOURS * HOUR).unsigned_abs().into()).max(self.totals.tokens()),
        })
    }
}

/// The course of a block that is not over, reckoned from its start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Pace {
    /// The time that it still lasts.
    pub left: Duration,
    /// The number of tokens a minute it took so far.
    pub tokens_per_minute: u64,
    /// The number of tokens it comes to if it goes on like that.
    pub projected_tokens: u64,
}

/// The hours that have a record, by instance, with what each comes to.
type Hours = BTreeMap<String, BTreeMap<i64, Summary>>;

/// Makes the blocks of what a series by hour tells.
pub(super) fn of_series(
    series: impl Fn(&Selection<'_>, Calendar) -> Result<Series, Error>,
    bounds: Bounds,
    of: &Selection<'_>,
) -> Result<Vec<Block>, Error> {
    let ask = |range: TimeRange, filter: &Filter| -> Result<Hours, Error> {
        let of = Selection::new(range, filter).within(of.limits.clone());
        Ok(hours_of(&series(&of, BY_HOUR)?))
    };
    // What is in the range. Where it cuts an hour, only that part of it is.
    let asked = ask(of.range, of.filter)?;
    let firsts = asked.values().filter_map(|hours| hours.keys().next().copied());
    let lasts = asked.values().filter_map(|hours| hours.keys().next_back().copied());
    let hour_of = |at: Timestamp| at.as_micros().div_euclid(HOUR);
    let ends = firsts.min().zip(lasts.max()).zip(bounds.oldest.zip(bounds.newest));
    let Some(((first, last), (oldest, newest))) = ends else { return Ok(Vec::new()) };
    let (oldest, newest) = (hour_of(oldest), hour_of(newest));
    // Of what may be open nothing has to be listed far from all records.
    let between = |from: i64| TimeRange {
        start: (from > oldest).then(|| start_of(from)),
        end: (last + HOURS <= newest).then(|| start_of(last + HOURS)),
    };
    // Which block an hour belongs to is sure behind five hours without a record: look back for such.
    let instances = of_instances(of.filter);
    let (mut from, mut back) = (first.saturating_sub(2 * HOURS), 8 * HOURS);
    let hours = loop {
        let hours = ask(between(from), &instances)?;
        let is_sure = |(instance, asked): (&String, &BTreeMap<i64, Summary>)| {
            let sure = hours.get(instance).and_then(|of| sure(of, from, oldest));
            sure.zip(asked.keys().next()).is_some_and(|(sure, first)| sure <= *first)
        };
        if from <= oldest || asked.iter().all(is_sure) {
            break hours;
        }
        from = first.saturating_sub(back);
        back = back.saturating_mul(4);
    };
    let figures = if *of.filter == instances { None } else { Some(ask(between(from), of.filter)?) };
    let figures = figures.as_ref().unwrap_or(&hours);
    let mut blocks = Vec::new();
    for (instance, asked) in &asked {
        let Some(of) = hours.get(instance) else { continue };
        let Some(sure) = sure(of, from, oldest) else { continue };
        let figures = figures.get(instance);
        for start in starts(of, sure) {
            if asked.range(start..start + HOURS).next().is_some() {
                let mut totals = Summary::default();
                let hours = figures.into_iter().flat_map(|of| of.range(start..start + HOURS));
                hours.for_each(|(_, of)| totals.merge(of));
                blocks.push(Block::new(instance.as_str(), start_of(start)).with_totals(totals));
            }
        }
    }
    blocks.sort_by(|one, other| (one.start, &one.instance).cmp(&(other.start, &other.instance)));
    Ok(blocks)
}

fn start_of(hour: i64) -> Timestamp {
    Timestamp::from_micros(hour.saturating_mul(HOUR))
}

/// The same filter without anything but instances: other names do not tell where blocks begin.
fn of_instances(filter: &Filter) -> Filter {
    let kept = filter.kept(Label::Instance).iter();
    kept.fold(Filter::new(), |filter, name| filter.keeping(Label::Instance, name))
}

fn hours_of(series: &Series) -> Hours {
    let mut hours = Hours::new();
    for bucket in series.buckets() {
        let Some(start) = bucket.range().start else { continue };
        let hour = start.as_micros().div_euclid(HOUR);
        for (labels, totals) in bucket.usage().groups() {
            let of = hours.entry(labels.name(Label::Instance).to_owned()).or_default();
            of.entry(hour).or_default().merge(totals);
        }
    }
    hours
}

/// The first of the hours from one on at which a block begins whatever was before: behind as many hours without a record
/// as a block has, or where there is nothing before.
fn sure(hours: &BTreeMap<i64, Summary>, from: i64, oldest: i64) -> Option<i64> {
    if from <= oldest {
        return hours.keys().next().copied();
    }
    let mut before = from - 1;
    for &hour in hours.keys() {
        if hour - before >= HOURS {
            return Some(hour);
        }
        before = hour;
    }
    None
}

/// The hours at which blocks begin, from one of them on.
fn starts(hours: &BTreeMap<i64, Summary>, first: i64) -> Vec<i64> {
    let mut starts = Vec::<i64>::new();
    for &hour in hours.range(first..).map(|(hour, _)| hour) {
        if starts.last().is_none_or(|start| hour >= start + HOURS) {
            starts.push(hour);
        }
    }
    starts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Measure;

    fn hours(of: &[i64]) -> BTreeMap<i64, Summary> {
        of.iter().map(|hour| (*hour, Summary::new(1, [0; Measure::COUNT]))).collect()
    }

    #[test]
    fn a_block_begins_with_the_first_record_behind_the_one_before() {
        assert_eq!(starts(&hours(&[1, 2, 5, 6, 10, 11, 12]), 1), [1, 6, 11]);
        assert_eq!(starts(&hours(&[1, 7, 11, 12]), 7), [7, 12]);
    }

    #[test]
    fn where_blocks_begin_is_sure_behind_five_quiet_hours() {
        // Something may lie at hour 9, in a block that goes up to 14.
        assert_eq!(sure(&hours(&[13, 17, 21]), 10, 0), None);
        assert_eq!(sure(&hours(&[14, 17]), 10, 0), Some(14));
        assert_eq!(sure(&hours(&[12, 17, 21]), 10, 0), Some(17));
        assert_eq!(sure(&hours(&[12, 13]), 10, 10), Some(12));
    }

    #[test]
    fn the_pace_is_that_since_the_start() {
        let totals = Summary::new(3, [0; Measure::COUNT]).with(Measure::Input, 600);
        let block = Block::new("i", Timestamp::from_micros(0)).with_totals(totals);
        let at = |minutes: i64| Timestamp::from_micros(minutes * 60_000_000);
        let pace = block.pace(at(60)).unwrap();
        assert_eq!(pace.left, Duration::from_secs(4 * 60 * 60));
        assert_eq!((pace.tokens_per_minute, pace.projected_tokens), (10, 3_000));
        assert_eq!(block.pace(at(0)).map(|pace| pace.tokens_per_minute), Some(600));
        assert_eq!(block.pace(at(300)), None);
        assert_eq!(block.pace(at(-1)), None);
    }
}
