//! From a form to instants: the only place where the present and the zone come in.

use std::cmp::Ordering;
use std::ops::Range;

use chrono::{DateTime, Datelike, Months, NaiveDate, TimeDelta, TimeZone};
use chrono_tz::Tz;

use super::calendar::{Unit, first_reaching, local_time, start_of_day};
use super::error::PeriodError;
use super::form::{Form, Whole, out_of_range};
use super::options::CycleDay;
use super::range_form::{At, End};

/// The start and the end of a period. One of them at least is there.
type Bounds = (Option<DateTime<Tz>>, Option<DateTime<Tz>>);

/// The bounds of a period.
pub(super) fn bounds(form: Form<'_>, text: &str, now: DateTime<Tz>) -> Result<Bounds, PeriodError> {
    match form {
        Form::Whole(form) => {
            whole(form, text, now).map(|bounds| (Some(bounds.start), Some(bounds.end)))
        }
        Form::Range { start, end } => range(start, end, now),
    }
}

fn whole(form: Whole, text: &str, now: DateTime<Tz>) -> Result<Range<DateTime<Tz>>, PeriodError> {
    let bounds = match form {
        Whole::Days { first, after } => days(first, after, now.timezone()),
        Whole::YearToDate => Unit::Year.around(now).map(|year| year.start..now),
        Whole::TrailingYear => year_before(now).map(|start| start..now),
        Whole::LastHours(count) => hours_before(now, count).map(|start| start..now),
        Whole::Units { unit, oldest, newest } => units(unit, oldest, newest, now),
        Whole::Cycle { day, back } => cycle(day, back, now),
    };
    bounds.filter(in_range).ok_or_else(|| out_of_range(text))
}

/// Returns whether all of a period lies in the local years 0001 to 9999.
fn in_range(bounds: &Range<DateTime<Tz>>) -> bool {
    let last_end = NaiveDate::from_ymd_opt(10_000, 1, 1)
        .and_then(|date| start_of_day(date, bounds.end.timezone()));
    bounds.start.year() >= 1 && last_end.is_some_and(|last_end| bounds.end <= last_end)
}

fn days(first: NaiveDate, after: NaiveDate, zone: Tz) -> Option<Range<DateTime<Tz>>> {
    Some(start_of_day(first, zone)?..start_of_day(after, zone)?)
}

/// Whole units, counted back from the one that holds `now`.
fn units(unit: Unit, oldest: i32, newest: i32, now: DateTime<Tz>) -> Option<Range<DateTime<Tz>>> {
    let current = unit.current(now)?;
    let start = unit.shift(current, -oldest)?;
    let after = unit.shift(current, 1 - newest)?;
    Some(first_reaching(start, now.timezone())?..first_reaching(after, now.timezone())?)
}

/// The same local date and time a year before; the 28th for a 29 February.
fn year_before(now: DateTime<Tz>) -> Option<DateTime<Tz>> {
    let local = local_time(now)?.checked_sub_months(Months::new(12))?;
    first_reaching(local, now.timezone())
}

fn hours_before(now: DateTime<Tz>, count: i32) -> Option<DateTime<Tz>> {
    now.checked_sub_signed(TimeDelta::hours(count.into()))
}

/// The cycle that many before the one that holds `now`.
fn cycle(day: CycleDay, back: i32, now: DateTime<Tz>) -> Option<Range<DateTime<Tz>>> {
    let today = Unit::Day.current(now)?.date();
    let began = day.within(today)? <= today;
    let month = Unit::Month.shift(today.with_day(1)?.into(), -back - i32::from(!began))?;
    let after = Unit::Month.shift(month, 1)?;
    days(day.within(month.date())?, day.within(after.date())?, now.timezone())
}

/// A range that is no whole days.
fn range(
    start: Option<End<'_>>,
    end: Option<End<'_>>,
    now: DateTime<Tz>,
) -> Result<Bounds, PeriodError> {
    let bounds = |end: End<'_>| match end.at {
        At::Whole(form) => whole(form, end.text, now),
        At::Instant(instant) => {
            let instant = now.timezone().from_utc_datetime(&instant.naive_utc());
            Ok(instant..instant)
        }
    };
    let (from, until) = (start.map(bounds).transpose()?, end.map(bounds).transpose()?);
    let (first, after) =
        (from.as_ref().map(|bounds| bounds.start), until.as_ref().map(|bounds| bounds.end));
    let (Some((from, until)), Some((start, end))) = (from.zip(until), start.zip(end)) else {
        return Ok((first, after));
    };
    let are_whole = matches!((start.at, end.at), (At::Whole(_), At::Whole(_)));
    let (start, end) = (start.text.to_owned(), end.text.to_owned());
    match from.start.cmp(&until.end) {
        Ordering::Less => Ok((first, after)),
        // A day that its zone skipped, and one that ends where the other begins.
        Ordering::Equal if are_whole && from.start == until.start => Ok((first, after)),
        Ordering::Equal if are_whole => Err(PeriodError::Reversed { start, end }),
        Ordering::Equal => Err(PeriodError::Empty { start, end }),
        Ordering::Greater => Err(PeriodError::Reversed { start, end }),
    }
}
