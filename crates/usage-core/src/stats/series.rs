//! Totals by label set for each stretch of time.

use chrono::DateTime;
use chrono_tz::Tz;

use super::Aggregates;
use crate::period::Unit;
use crate::{Error, ErrorKind, Hint, Record, TimeRange, Timestamp};

/// Totals by label set for each hour, day, week or month: what reports over time are made of.
///
/// Its size depends on how many stretches of time there are and on the label sets met in each,
/// never on how many records.
///
/// ```
/// # use usage_core::{LabelNames, Labels, Record, TokenCounts, Usage};
/// use chrono::TimeZone;
/// use chrono_tz::America::New_York;
/// use usage_core::period::{Unit, parse_period};
/// use usage_core::stats::Series;
/// use usage_core::{TimeRange, Timestamp};
///
/// let now = New_York.with_ymd_and_hms(2026, 3, 10, 9, 30, 0).unwrap();
/// let period = parse_period("2026-03-08..2026-03-09", now)?;
/// let mut days = Series::over(TimeRange::from(&period), Unit::Day, New_York)?;
/// assert_eq!(days.buckets().len(), 2);
/// assert_eq!(days.buckets()[1].start().unwrap().to_rfc3339(), "2026-03-09T00:00:00-04:00");
///
/// # let labels = Labels::new(LabelNames::new().with_instance("i").with_route("r").with_model("m"))?;
/// # let usage = |at| Usage::new(TokenCounts::unclassified(500), at);
/// # let record = |at| Record::new(labels.clone(), usage(at)).unwrap();
/// days.add(&record(Timestamp::from(now - chrono::TimeDelta::days(1))));
/// assert_eq!(days.buckets()[1].usage().summary().requests, 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Series {
    buckets: Vec<Bucket>,
}

/// A stretch of time in a zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Span {
    /// Its first instant.
    pub start: DateTime<Tz>,
    /// The first instant after it.
    pub end: DateTime<Tz>,
}

/// A stretch of time and what its records add up to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bucket {
    span: Option<Span>,
    usage: Aggregates,
}

impl Bucket {
    /// The stretch of time; `None` for all time.
    #[must_use]
    pub const fn span(&self) -> Option<Span> {
        self.span
    }

    /// Its first instant; `None` for all time.
    #[must_use]
    pub fn start(&self) -> Option<DateTime<Tz>> {
        self.span.map(|span| span.start)
    }

    /// The first instant after it, where the next bucket starts; `None` for all time.
    #[must_use]
    pub fn end(&self) -> Option<DateTime<Tz>> {
        self.span.map(|span| span.end)
    }

    /// Returns what its records add up to.
    #[must_use]
    pub const fn usage(&self) -> &Aggregates {
        &self.usage
    }

    /// Returns what its records add up to, to be added to.
    #[must_use]
    pub const fn usage_mut(&mut self) -> &mut Aggregates {
        &mut self.usage
    }

    /// The instants in it as the ledger is asked for them.
    #[must_use]
    pub fn range(&self) -> TimeRange {
        TimeRange { start: self.start().map(Timestamp::from), end: self.end().map(Timestamp::from) }
    }
}

impl Series {
    /// The most buckets of a series: eleven years of hours, or 270 of days.
    pub const MAX_BUCKETS: usize = 100_000;

    /// A series of empty buckets: each `unit` of the calendar of `zone` that has an instant in the
    /// range, whole, even where the range begins or ends within it.
    ///
    /// A day that the zone skipped has no instant and no bucket. A range without a start or without
    /// an end has no buckets: it is up to the caller to say where its records begin and end.
    ///
    /// # Errors
    /// When there would be more than [`MAX_BUCKETS`](Self::MAX_BUCKETS).
    pub fn over(range: TimeRange, unit: Unit, zone: Tz) -> Result<Self, TooManyBuckets> {
        Self::over_stretches(&[range], unit, zone)
    }

    /// As [`over`](Self::over), of several ranges in the order of time that do not overlap: what lies
    /// between two of them has no buckets.
    ///
    /// # Errors
    /// As [`over`](Self::over).
    pub fn over_stretches(
        stretches: &[TimeRange],
        unit: Unit,
        zone: Tz,
    ) -> Result<Self, TooManyBuckets> {
        let mut buckets: Vec<Bucket> = Vec::new();
        for stretch in stretches {
            let (Some(start), Some(end)) = (stretch.start, stretch.end) else { continue };
            // The last bucket may reach into it.
            let reached = buckets.last().and_then(|last| last.range().end);
            let mut next = reached.map_or(start, |reached| reached.max(start));
            while next < end {
                // Where chrono's calendar ends, 260,000 years away, there is no unit to be had.
                let around = next.to_utc().and_then(|at| unit.around(at.with_timezone(&zone)));
                let time = around.filter(|_| buckets.len() < Self::MAX_BUCKETS);
                let time = time.ok_or(TooManyBuckets { unit })?;
                next = Timestamp::from(time.end);
                let span = Span { start: time.start, end: time.end };
                buckets.push(Bucket { span: Some(span), usage: Aggregates::default() });
            }
        }
        Ok(Self { buckets })
    }

    /// Drops the buckets without records that stand beside a stretch without buckets, so that each
    /// side of it ends and begins with one that has records.
    pub fn widen_gaps(&mut self) {
        let is_empty = |bucket: &Bucket| bucket.usage.is_empty();
        let mut kept: Vec<Bucket> = Vec::with_capacity(self.buckets.len());
        for bucket in self.buckets.drain(..) {
            let is_behind_gap = kept.last().is_some_and(|last| last.end() != bucket.start());
            if is_behind_gap {
                while kept.len() > 1 && kept.last().is_some_and(is_empty) {
                    kept.pop();
                }
                if is_empty(&bucket) {
                    continue;
                }
            }
            kept.push(bucket);
        }
        self.buckets = kept;
    }

    /// A series of one bucket without bounds: for groupings without a unit of time.
    #[must_use]
    pub fn whole(usage: Aggregates) -> Self {
        Self { buckets: vec![Bucket { span: None, usage }] }
    }

    /// The buckets in the order of time. Each starts where the one before it ends, but for gaps between
    /// [stretches](Self::over_stretches).
    #[must_use]
    pub fn buckets(&self) -> &[Bucket] {
        &self.buckets
    }

    /// The place among the buckets of the one that holds the instant.
    #[must_use]
    pub fn position(&self, instant: Timestamp) -> Option<usize> {
        let after = |bucket: &Bucket| bucket.range().end.is_some_and(|end| end <= instant);
        let index = self.buckets.partition_point(after);
        self.buckets.get(index).filter(|bucket| bucket.range().contains(instant)).map(|_| index)
    }

    /// A bucket by its place, to be added to.
    #[must_use]
    pub fn bucket_mut(&mut self, position: usize) -> Option<&mut Bucket> {
        self.buckets.get_mut(position)
    }

    /// Counts one record in; says whether there is a bucket that holds it.
    pub fn add(&mut self, record: &Record) -> bool {
        let bucket = self.position(record.timestamp()).and_then(|at| self.bucket_mut(at));
        bucket.map(|bucket| bucket.usage.add(record)).is_some()
    }

    /// Drops the buckets without records at the ends that the range leaves open.
    pub fn trim(&mut self, range: TimeRange) {
        let used = |bucket: &Bucket| !bucket.usage.is_empty();
        if range.end.is_none() {
            let end = self.buckets.iter().rposition(used).map_or(0, |last| last + 1);
            self.buckets.truncate(end);
        }
        if range.start.is_none() {
            let start = self.buckets.iter().position(used).unwrap_or(self.buckets.len());
            self.buckets.drain(..start);
        }
    }
}

/// A range holds too many units of time to be looked at one by one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the period has more than {} {}s, too many to list",
    crate::text::format_count(Series::MAX_BUCKETS as u64),
    name(*unit)
)]
#[non_exhaustive]
pub struct TooManyBuckets {
    /// The unit.
    pub unit: Unit,
}

impl From<TooManyBuckets> for Error {
    fn from(error: TooManyBuckets) -> Self {
        Self::new(ErrorKind::Invalid, error).with_hint(Hint::UseLongerUnit)
    }
}

const fn name(unit: Unit) -> &'static str {
    match unit {
        Unit::QuarterHour => "quarter hour",
        Unit::Hour => "hour",
        Unit::Day => "day",
        Unit::Week(_) => "week",
        Unit::Month => "month",
        Unit::Quarter => "quarter",
        Unit::Year => "year",
    }
}
