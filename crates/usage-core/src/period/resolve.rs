//! From a form to instants: the only place where the present and the zone come in.

use std::cmp::Ordering;
use std::ops::Range;

use chrono::{DateTime, Datelike, Months, NaiveDate, TimeDelta};
use chrono_tz::Tz;

use super::calendar::{Unit, first_reaching, local_time, start_of_day};
use super::error::PeriodError;
use super::form::{At, End, Form, out_of_range};

/// The bounds of a period.
pub(super) fn bounds(
    form: Form<'_>,
    text: &str,
    now: DateTime<Tz>,
) -> Result<Range<DateTime<Tz>>, PeriodError> {
    let zone = now.timezone();
    let bounds = match form {
        Form::Range { start, end } => return range(start, end, zone),
        Form::Days { first, after } => days(first, after, zone),
        Form::YearToDate => Unit::Year.around(now).map(|year| year.start..now),
        Form::TrailingYear => year_before(now).map(|start| start..now),
        Form::LastHours(count) => hours_before(now, count).map(|start| start..now),
        Form::Units { unit, oldest, newest } => units(unit, oldest, newest, now),
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

/// A range with at least one instant for an end.
fn range(start: End<'_>, end: End<'_>, zone: Tz) -> Result<Range<DateTime<Tz>>, PeriodError> {
    let first = match start.at {
        At::Day(date) => start_of_day(date, zone).ok_or_else(|| out_of_range(start.text))?,
        At::Instant(instant) => instant.with_timezone(&zone),
    };
    let after = match end.at {
        At::Day(date) => {
            let next = date.succ_opt().and_then(|next| start_of_day(next, zone));
            next.ok_or_else(|| out_of_range(end.text))?
        }
        At::Instant(instant) => instant.with_timezone(&zone),
    };
    let (start, end) = (start.text.to_owned(), end.text.to_owned());
    match first.cmp(&after) {
        Ordering::Less => Ok(first..after),
        Ordering::Equal => Err(PeriodError::Empty { start, end }),
        Ordering::Greater => Err(PeriodError::Reversed { start, end }),
    }
}
