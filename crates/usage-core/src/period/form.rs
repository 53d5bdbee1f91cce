//! The syntax: which form a text has, before anything is asked of the clock or the zone.

use chrono::{DateTime, Months, NaiveDate, Utc};

use super::calendar::{Unit, WeekStart};
use super::error::{MAX_COUNT, PeriodError, quoted};

/// A period as written, other than all time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form<'a> {
    YearToDate,
    TrailingYear,
    LastHours(i32),
    /// Whole units, from `oldest` to `newest` before the current one, both included.
    Units {
        unit: Unit,
        oldest: i32,
        newest: i32,
    },
    /// Whole days, from `first` to the day before `after`.
    Days {
        first: NaiveDate,
        after: NaiveDate,
    },
    Range {
        start: End<'a>,
        end: End<'a>,
    },
}

impl Form<'_> {
    /// Returns whether it begins or ends at the present.
    pub(super) const fn is_rolling(&self) -> bool {
        matches!(self, Self::YearToDate | Self::TrailingYear | Self::LastHours(_))
    }
}

/// One end of a range `A..B`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct End<'a> {
    pub(super) text: &'a str,
    pub(super) at: At,
}

/// The thing that an end of a range points at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum At {
    Day(NaiveDate),
    Instant(DateTime<Utc>),
}

/// The period that a keyword, in lower case, stands for.
pub(super) fn keyword(text: &str, week_start: WeekStart) -> Option<Form<'static>> {
    let one = |unit, back| Some(Form::Units { unit, oldest: back, newest: back });
    match text {
        "today" => one(Unit::Day, 0),
        "yesterday" => one(Unit::Day, 1),
        "this-week" => one(Unit::Week(week_start), 0),
        "last-week" => one(Unit::Week(week_start), 1),
        "this-month" => one(Unit::Month, 0),
        "last-month" => one(Unit::Month, 1),
        "this-quarter" => one(Unit::Quarter, 0),
        "last-quarter" => one(Unit::Quarter, 1),
        "this-year" => one(Unit::Year, 0),
        "last-year" => one(Unit::Year, 1),
        "ytd" => Some(Form::YearToDate),
        "ttm" => Some(Form::TrailingYear),
        _ => None,
    }
}

/// The form of a text that is no keyword.
pub(super) fn parse(text: &str, week_start: WeekStart) -> Result<Form<'_>, PeriodError> {
    if let Some(found) = text.chars().find(|c| !c.is_ascii()) {
        return Err(PeriodError::NotAscii { text: quoted(text), found });
    }
    if let Some((start, end)) = text.split_once("..") {
        return range(range_end(start)?, range_end(end)?);
    }
    let lower = text.to_ascii_lowercase();
    if let Some((count, unit)) = lower.strip_prefix("last-").and_then(|rest| rest.rsplit_once('-'))
    {
        return last(text, count, unit, week_start);
    }
    // A shape says where the digits are, and that all before and between them is ASCII: the slices
    // cannot panic.
    match shape(text).as_str() {
        "9999" => months(text, text, 1, 12),
        "9999-99" => months(text, &text[..4], number(&text[5..]), 1),
        "9999-q9" => quarter(text),
        "9999-99-99" => day(text).and_then(|date| days(text, date, date)),
        "99999999-99999999" => compact_range(text),
        _ => Err(PeriodError::Unrecognised { text: quoted(text) }),
    }
}

/// The text in lower case with a 9 for every digit.
fn shape(text: &str) -> String {
    text.chars().map(|c| if c.is_ascii_digit() { '9' } else { c.to_ascii_lowercase() }).collect()
}

/// The number that a few digits make.
fn number(digits: &str) -> u32 {
    digits.chars().filter_map(|c| c.to_digit(10)).fold(0, |number, digit| number * 10 + digit)
}

/// The `last-N-…` periods; `count` and `unit` are in lower case.
fn last(
    text: &str,
    count: &str,
    unit: &str,
    week_start: WeekStart,
) -> Result<Form<'static>, PeriodError> {
    let unit = match unit {
        "hour" | "hours" => None,
        "day" | "days" => Some(Unit::Day),
        "week" | "weeks" => Some(Unit::Week(week_start)),
        "month" | "months" => Some(Unit::Month),
        _ => return Err(PeriodError::CountedUnit { text: quoted(text), unit: quoted(unit) }),
    };
    // The digits are looked at first because `parse` takes a sign.
    let count = Some(count)
        .filter(|count| count.bytes().all(|byte| byte.is_ascii_digit()))
        .and_then(|count| count.parse().ok())
        .filter(|count| (1..=MAX_COUNT).contains(count))
        .ok_or_else(|| PeriodError::Count { text: quoted(text) })?;
    Ok(match unit {
        None => Form::LastHours(count),
        Some(unit) => Form::Units { unit, oldest: count - 1, newest: 0 },
    })
}

fn quarter(text: &str) -> Result<Form<'static>, PeriodError> {
    let quarter = number(&text[6..]);
    if !(1..=4).contains(&quarter) {
        return Err(not_in_calendar(text, format!("quarter {quarter}")));
    }
    months(text, &text[..4], quarter * 3 - 2, 3)
}

/// The `count` months from `month` of the year with the digits `year`.
fn months(text: &str, year: &str, month: u32, count: u32) -> Result<Form<'static>, PeriodError> {
    let first = date(text, number(year), month, 1)?;
    let after = first.checked_add_months(Months::new(count)).ok_or_else(|| out_of_range(text))?;
    Ok(Form::Days { first, after })
}

/// The days from `first` to `last`, both included.
fn days(text: &str, first: NaiveDate, last: NaiveDate) -> Result<Form<'static>, PeriodError> {
    let after = last.succ_opt().ok_or_else(|| out_of_range(text))?;
    Ok(Form::Days { first, after })
}

/// `YYYYMMDD-YYYYMMDD`.
fn compact_range(text: &str) -> Result<Form<'static>, PeriodError> {
    let (start, end) = (&text[..8], &text[9..]);
    let compact =
        |part: &str| date(text, number(&part[..4]), number(&part[4..6]), number(&part[6..]));
    let (first, last) = (compact(start)?, compact(end)?);
    if first > last {
        return Err(PeriodError::Reversed { start: start.to_owned(), end: end.to_owned() });
    }
    days(text, first, last)
}

/// `A..B`. Two dates are whole days and can be compared here, an instant only once the zone is
/// known.
fn range<'a>(start: End<'a>, end: End<'a>) -> Result<Form<'a>, PeriodError> {
    match (start.at, end.at) {
        (At::Day(first), At::Day(last)) if first <= last => days(end.text, first, last),
        (At::Day(_), At::Day(_)) => {
            Err(PeriodError::Reversed { start: start.text.to_owned(), end: end.text.to_owned() })
        }
        _ => Ok(Form::Range { start, end }),
    }
}

fn range_end(text: &str) -> Result<End<'_>, PeriodError> {
    let shape = shape(text);
    let at = if shape == "9999-99-99" {
        At::Day(day(text)?)
    } else if is_instant(&shape) {
        At::Instant(instant(text)?)
    } else {
        return Err(PeriodError::RangeEnd { end: quoted(text) });
    };
    Ok(End { text, at })
}

/// Returns whether a text of this shape is an RFC 3339 instant; the numbers in it may still be out of
/// range.
fn is_instant(shape: &str) -> bool {
    let Some(rest) = shape.strip_prefix("9999-99-99t99:99:99") else {
        return false;
    };
    let zone = rest.strip_prefix('.').map_or(rest, |fraction| {
        let zone = fraction.trim_start_matches('9');
        // A nanosecond is as fine as an instant gets; a longer fraction would have to be cut behind
        // one's back.
        if (1..=9).contains(&(fraction.len() - zone.len())) { zone } else { "" }
    });
    matches!(zone, "z" | "+99:99" | "-99:99")
}

fn instant(text: &str) -> Result<DateTime<Utc>, PeriodError> {
    day(text)?;
    // chrono takes second 60 of any minute. POSIX time, which the ledger counts in, does not have
    // it at all.
    DateTime::parse_from_rfc3339(text)
        .ok()
        .filter(|_| &text[17..19] != "60")
        .map(|instant| instant.to_utc())
        .ok_or_else(|| PeriodError::NoSuchInstant { end: quoted(text) })
}

/// The date `YYYY-MM-DD` with which `text` begins.
fn day(text: &str) -> Result<NaiveDate, PeriodError> {
    date(text, number(&text[..4]), number(&text[5..7]), number(&text[8..10]))
}

fn date(text: &str, year: u32, month: u32, day: u32) -> Result<NaiveDate, PeriodError> {
    if year == 0 {
        return Err(not_in_calendar(text, "year 0000, the first is 0001".to_owned()));
    }
    if !(1..=12).contains(&month) {
        return Err(not_in_calendar(text, format!("month {month:02}")));
    }
    NaiveDate::from_ymd_opt(year.cast_signed(), month, day)
        .ok_or_else(|| not_in_calendar(text, format!("day {day:02} in {year:04}-{month:02}")))
}

fn not_in_calendar(text: &str, part: String) -> PeriodError {
    PeriodError::NotInCalendar { text: quoted(text), part }
}

pub(super) fn out_of_range(text: &str) -> PeriodError {
    PeriodError::OutOfRange { text: quoted(text) }
}
