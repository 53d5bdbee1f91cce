//! The places where days, weeks, months and the like begin in a zone whose clocks jump.
//!
//! Everything rests on one rule: a unit begins at the first instant at which the local clocks show
//! its first moment *or a later one*. Instants only ever go forward, so beginnings found this way
//! never go backward, and each unit can end exactly where the next begins: the units tile the time
//! line whatever the clocks do.

use std::ops::Range;

use chrono::{
    DateTime, Datelike, Months, NaiveDate, NaiveDateTime, NaiveTime, Offset, TimeDelta, TimeZone,
    Timelike, Weekday,
};
use chrono_tz::Tz;

/// The day on which a week begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum WeekStart {
    /// Weeks run from Monday to Sunday, as in ISO 8601.
    #[default]
    Monday,
    /// Weeks run from Sunday to Saturday.
    Sunday,
}

impl WeekStart {
    fn weekday(self) -> Weekday {
        match self {
            Self::Monday => Weekday::Mon,
            Self::Sunday => Weekday::Sun,
        }
    }
}

/// A unit of the local calendar, to name a period or to group a report by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Unit {
    /// 15 minutes, from a full hour of UTC on: of an hour that the clocks show twice each one stands by itself.
    QuarterHour,
    /// A local clock hour. An hour that the clocks show twice is one hour, twice as long.
    Hour,
    /// A local day.
    Day,
    /// Seven local days.
    Week(WeekStart),
    /// A calendar month.
    Month,
    /// Three calendar months, from January, April, July or October.
    Quarter,
    /// A calendar year.
    Year,
}

/// The seconds of a quarter of an hour.
const QUARTER_HOUR: i64 = 15 * 60;

impl Unit {
    /// The one unit of this kind that holds `instant`, from its first instant to the first of the
    /// next one.
    ///
    /// The units of one kind tile the time line, and smaller units never straddle the bounds of
    /// larger ones (weeks aside). `None` only at the far ends of chrono's range, some 262,000 years
    /// away.
    ///
    /// ```
    /// use chrono::TimeZone;
    /// use chrono_tz::Europe::London;
    /// use usage_core::period::Unit;
    ///
    /// let noon = London.with_ymd_and_hms(2026, 3, 29, 12, 0, 0).unwrap();
    /// let day = Unit::Day.around(noon).unwrap();
    /// assert_eq!((day.end - day.start).num_hours(), 23); // the clocks went forward that morning
    /// ```
    #[must_use]
    pub fn around(self, instant: DateTime<Tz>) -> Option<Range<DateTime<Tz>>> {
        let zone = instant.timezone();
        if self == Self::QuarterHour {
            let first = instant.timestamp().div_euclid(QUARTER_HOUR) * QUARTER_HOUR;
            let at = |second| Some(DateTime::from_timestamp(second, 0)?.with_timezone(&zone));
            return Some(at(first)?..at(first.checked_add(QUARTER_HOUR)?)?);
        }
        let start = self.current(instant)?;
        let next = self.shift(start, 1)?;
        Some(first_reaching(start, zone)?..first_reaching(next, zone)?)
    }

    /// The local beginning of the unit that holds `instant`.
    ///
    /// Not always the unit that the clocks show: where they went back over a midnight, the day that
    /// had begun stays the current one, or "today" would not hold the present.
    pub(super) fn current(self, instant: DateTime<Tz>) -> Option<NaiveDateTime> {
        let zone = instant.timezone();
        let mut start = self.floor(local_time(instant)?)?;
        loop {
            let next = self.shift(start, 1)?;
            if first_reaching(next, zone)? > instant {
                return Some(start);
            }
            start = next;
        }
    }

    /// The beginning of the unit that the clocks show at `local`.
    fn floor(self, local: NaiveDateTime) -> Option<NaiveDateTime> {
        let date = local.date();
        let first = match self {
            Self::QuarterHour => {
                return date.and_hms_opt(local.hour(), local.minute() / 15 * 15, 0);
            }
            Self::Hour => return date.and_hms_opt(local.hour(), 0, 0),
            Self::Day => date,
            Self::Week(week_start) => {
                let into = date.weekday().days_since(week_start.weekday());
                date.checked_sub_signed(TimeDelta::days(into.into()))?
            }
            Self::Month => date.with_day(1)?,
            Self::Quarter => NaiveDate::from_ymd_opt(date.year(), date.month0() / 3 * 3 + 1, 1)?,
            Self::Year => NaiveDate::from_ymd_opt(date.year(), 1, 1)?,
        };
        Some(midnight(first))
    }

    /// The beginning of the unit `count` units after (or, negative, before) the one that begins at
    /// `start`.
    pub(super) fn shift(self, start: NaiveDateTime, count: i32) -> Option<NaiveDateTime> {
        let many = i64::from(count);
        match self {
            Self::QuarterHour => {
                start.checked_add_signed(TimeDelta::minutes(many.checked_mul(15)?))
            }
            Self::Hour => start.checked_add_signed(TimeDelta::hours(many)),
            Self::Day => start.checked_add_signed(TimeDelta::days(many)),
            Self::Week(_) => start.checked_add_signed(TimeDelta::weeks(many)),
            Self::Month => shift_months(start, count),
            Self::Quarter => shift_months(start, count.checked_mul(3)?),
            Self::Year => shift_months(start, count.checked_mul(12)?),
        }
    }
}

/// The first instant of the local day `date` in `zone`.
///
/// It is the first instant whose local date is `date` or later. That is local midnight; the first
/// instant after the gap where the clocks skip midnight; the first of the two where they show
/// midnight twice; and the start of the next day where they skip the whole day, which leaves it
/// empty. A day ends where the next one starts, so days tile the time line.
///
/// `None` only at the far ends of chrono's range, some 262,000 years away.
///
/// ```
/// use chrono::NaiveDate;
/// use chrono_tz::America::Sao_Paulo;
/// use usage_core::period::start_of_day;
///
/// let date = NaiveDate::from_ymd_opt(2018, 11, 4).unwrap();
/// let start = start_of_day(date, Sao_Paulo).unwrap();
/// assert_eq!(start.to_rfc3339(), "2018-11-04T01:00:00-02:00"); // there was no midnight
/// ```
#[must_use]
pub fn start_of_day(date: NaiveDate, zone: Tz) -> Option<DateTime<Tz>> {
    first_reaching(midnight(date), zone)
}

/// The time that an offset is taken to last before it is looked at again. Two changes that undo one
/// another within it would be missed; in the time zone database no two lie within six days.
const PROBE: TimeDelta = TimeDelta::hours(6);

/// More than any zone is away from UTC.
const FURTHEST_OFFSET: TimeDelta = TimeDelta::days(1);

/// The first instant at which the clocks of `zone` show `local` or later.
///
/// Walks the stretches between two changes of the offset. Asking which instants show `local` would
/// not do: there may be none, and of several the first is not the answer if a jump passed `local`
/// before.
pub(super) fn first_reaching(local: NaiveDateTime, zone: Tz) -> Option<DateTime<Tz>> {
    let local = without_leap_second(local)?;
    // Before `from` no clock can show `local`, after `furthest` none can show less. Every step
    // below stays between the two, which is why it may use plain arithmetic.
    let mut from = local.with_nanosecond(0)?.checked_sub_signed(FURTHEST_OFFSET)?;
    let _furthest = local.checked_add_signed(FURTHEST_OFFSET + PROBE)?;
    loop {
        let reached = from.max(local - offset_at(from, zone));
        match next_change(from, reached, zone) {
            Some(change) => from = change,
            None => return Some(zone.from_utc_datetime(&reached)),
        }
    }
}

/// The first instant after `from`, up to and including `until`, at which the offset is not that at
/// `from`.
fn next_change(from: NaiveDateTime, until: NaiveDateTime, zone: Tz) -> Option<NaiveDateTime> {
    let offset = offset_at(from, zone);
    let mut before = from;
    while before < until {
        let after = before + PROBE;
        if offset_at(after, zone) != offset {
            return Some(bisect_change(before, zone)).filter(|change| *change <= until);
        }
        before = after;
    }
    None
}

/// The second at which the offset changes, given that it does within one `PROBE` after `before`.
fn bisect_change(before: NaiveDateTime, zone: Tz) -> NaiveDateTime {
    let offset = offset_at(before, zone);
    let (mut same, mut changed) = (0, PROBE.num_seconds());
    while changed - same > 1 {
        let middle = i64::midpoint(same, changed);
        if offset_at(before + TimeDelta::seconds(middle), zone) == offset {
            same = middle;
        } else {
            changed = middle;
        }
    }
    before + TimeDelta::seconds(changed)
}

/// Returns how far the clocks of `zone` are ahead of UTC.
fn offset_at(utc: NaiveDateTime, zone: Tz) -> TimeDelta {
    TimeDelta::seconds(zone.offset_from_utc_datetime(&utc).fix().local_minus_utc().into())
}

/// Returns what the clocks show; unlike `naive_local`, without a panic at the ends of chrono's range.
pub(super) fn local_time(instant: DateTime<Tz>) -> Option<NaiveDateTime> {
    instant.naive_utc().checked_add_offset(instant.offset().fix())
}

/// chrono writes 23:59:60 as 23:59:59 and a thousand million nanoseconds more, which its arithmetic
/// then treats apart. The last nanosecond before is near enough for a bound.
fn without_leap_second(local: NaiveDateTime) -> Option<NaiveDateTime> {
    local.with_nanosecond(local.nanosecond().min(999_999_999))
}

fn shift_months(start: NaiveDateTime, count: i32) -> Option<NaiveDateTime> {
    let months = Months::new(count.unsigned_abs());
    if count < 0 { start.checked_sub_months(months) } else { start.checked_add_months(months) }
}

fn midnight(date: NaiveDate) -> NaiveDateTime {
    date.and_time(NaiveTime::MIN)
}
