//! The syntax: which form a text has, before anything is asked of the clock or the zone.

use chrono::{Months, NaiveDate, Weekday};

use super::calendar::Unit;
use super::error::{MAX_COUNT, PeriodError, quoted};
use super::options::{CycleDay, PeriodOptions};
use super::range_form::{self, At, End};

/// A period as written, other than all time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form<'a> {
    Whole(Whole),
    /// From the start of the one until the end of the other; at least one of them is there.
    Range {
        start: Option<End<'a>>,
        end: Option<End<'a>>,
    },
}

/// A period with both bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Whole {
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
    /// The cycle that many before the current one.
    Cycle {
        day: CycleDay,
        back: i32,
    },
}

impl Form<'_> {
    /// Returns whether it begins or ends at the present.
    pub(super) fn is_rolling(&self) -> bool {
        let of_end = |end: &End<'_>| matches!(end.at, At::Whole(whole) if whole.is_rolling());
        match self {
            Self::Whole(whole) => whole.is_rolling(),
            Self::Range { start, end } => [start, end].into_iter().flatten().any(of_end),
        }
    }
}

impl Whole {
    /// Returns what was before it: as many units, or the cycle before; and its keyword, if it has one.
    pub(super) const fn previous(self) -> Option<(Self, &'static str)> {
        match self {
            Self::Units { unit, oldest, newest } => {
                let count = oldest - newest + 1;
                let previous = Self::Units { unit, oldest: oldest + count, newest: newest + count };
                let name = match (unit, oldest, newest) {
                    (Unit::Day, 0, 0) => "yesterday",
                    (Unit::Week(_), 0, 0) => "last-week",
                    (Unit::Month, 0, 0) => "last-month",
                    (Unit::Quarter, 0, 0) => "last-quarter",
                    (Unit::Year, 0, 0) => "last-year",
                    _ => "",
                };
                Some((previous, name))
            }
            Self::Cycle { day, back: 0 } => Some((Self::Cycle { day, back: 1 }, "last-cycle")),
            Self::Cycle { day, back } => Some((Self::Cycle { day, back: back + 1 }, "")),
            _ => None,
        }
    }

    const fn is_rolling(self) -> bool {
        matches!(self, Self::YearToDate | Self::TrailingYear | Self::LastHours(_))
    }
}

/// The period that a keyword, in lower case, stands for.
pub(super) fn keyword(text: &str, options: &PeriodOptions) -> Result<Option<Whole>, PeriodError> {
    let one = |unit, back| Some(Whole::Units { unit, oldest: back, newest: back });
    let week = Unit::Week(options.week_start);
    let cycle = |back| match options.cycle_day {
        Some(day) => Ok(Some(Whole::Cycle { day, back })),
        None => Err(PeriodError::NoCycleDay { text: text.to_owned() }),
    };
    Ok(match text {
        "today" => one(Unit::Day, 0),
        "yesterday" => one(Unit::Day, 1),
        "this-week" => one(week, 0),
        "last-week" => one(week, 1),
        "this-month" => one(Unit::Month, 0),
        "last-month" => one(Unit::Month, 1),
        "this-quarter" => one(Unit::Quarter, 0),
        "last-quarter" => one(Unit::Quarter, 1),
        "this-year" => one(Unit::Year, 0),
        "last-year" => one(Unit::Year, 1),
        "this-cycle" => return cycle(0),
        "last-cycle" => return cycle(1),
        "ytd" => Some(Whole::YearToDate),
        "ttm" => Some(Whole::TrailingYear),
        _ => None,
    })
}

/// The form of a text that is no keyword: as it was given, and as it is usually written.
pub(super) fn parse<'a>(
    given: &str,
    text: &'a str,
    options: &PeriodOptions,
) -> Result<Form<'a>, PeriodError> {
    if let Some(found) = given.chars().find(|c| !c.is_ascii()) {
        return Err(PeriodError::NotAscii { text: quoted(given), found });
    }
    match text.split_once("..") {
        Some((start, end)) => range_form::parse(start, end, options),
        None => whole(given, text, options).map(Form::Whole),
    }
}

/// A form with both bounds that is no keyword. Messages quote it as it was given.
pub(super) fn whole(
    given: &str,
    text: &str,
    options: &PeriodOptions,
) -> Result<Whole, PeriodError> {
    let lower = text.to_ascii_lowercase();
    if let Some((count, unit)) = lower.strip_prefix("last-").and_then(|rest| rest.rsplit_once('-'))
    {
        return last(given, count, unit, options);
    }
    // A shape says where the digits are, and that all before and between them is ASCII: the slices
    // cannot panic.
    match shape(text).as_str() {
        "9999" => months(given, text, 1, 12),
        "9999-99" => months(given, &text[..4], number(&text[5..]), 1),
        "9999-q9" => quarter(given, text),
        "9999-w99" => week(given, text),
        "9999-99-99" => day(given, text).and_then(|date| days(given, date, date)),
        "99999999" => compact(given, text).and_then(|date| days(given, date, date)),
        "99999999-99999999" => compact_range(given, text),
        _ => Err(PeriodError::Unrecognised { text: quoted(given) }),
    }
}

/// The text in lower case with a 9 for every digit.
pub(super) fn shape(text: &str) -> String {
    text.chars().map(|c| if c.is_ascii_digit() { '9' } else { c.to_ascii_lowercase() }).collect()
}

/// The number that a few digits make.
pub(super) fn number(digits: &str) -> u32 {
    digits.chars().filter_map(|c| c.to_digit(10)).fold(0, |number, digit| number * 10 + digit)
}

/// The `last-N-…` periods; `count` and `unit` are in lower case.
fn last(
    text: &str,
    count: &str,
    unit: &str,
    options: &PeriodOptions,
) -> Result<Whole, PeriodError> {
    let unit = match unit {
        "hour" | "hours" => None,
        "day" | "days" => Some(Unit::Day),
        "week" | "weeks" => Some(Unit::Week(options.week_start)),
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
        None => Whole::LastHours(count),
        Some(unit) => Whole::Units { unit, oldest: count - 1, newest: 0 },
    })
}

fn quarter(given: &str, text: &str) -> Result<Whole, PeriodError> {
    let quarter = number(&text[6..]);
    if !(1..=4).contains(&quarter) {
        return Err(not_in_calendar(given, format!("quarter {quarter}")));
    }
    months(given, &text[..4], quarter * 3 - 2, 3)
}

/// A week of ISO 8601, which begins on a Monday whatever other weeks do.
fn week(given: &str, text: &str) -> Result<Whole, PeriodError> {
    let (year, week) = (number(&text[..4]), number(&text[6..]));
    check_year(given, year)?;
    let first = NaiveDate::from_isoywd_opt(year.cast_signed(), week, Weekday::Mon)
        .ok_or_else(|| not_in_calendar(given, format!("week {week:02} in {year:04}")))?;
    let after = first.checked_add_signed(chrono::TimeDelta::days(7));
    Ok(Whole::Days { first, after: after.ok_or_else(|| out_of_range(given))? })
}

/// The `count` months from `month` of the year with the digits `year`.
fn months(given: &str, year: &str, month: u32, count: u32) -> Result<Whole, PeriodError> {
    let first = date(given, number(year), month, 1)?;
    let after = first.checked_add_months(Months::new(count)).ok_or_else(|| out_of_range(given))?;
    Ok(Whole::Days { first, after })
}

/// The days from `first` to `last`, both included.
fn days(given: &str, first: NaiveDate, last: NaiveDate) -> Result<Whole, PeriodError> {
    let after = last.succ_opt().ok_or_else(|| out_of_range(given))?;
    Ok(Whole::Days { first, after })
}

/// `YYYYMMDD-YYYYMMDD`.
fn compact_range(given: &str, text: &str) -> Result<Whole, PeriodError> {
    let (start, end) = (&text[..8], &text[9..]);
    let (first, last) = (compact(given, start)?, compact(given, end)?);
    if first > last {
        return Err(PeriodError::Reversed { start: start.to_owned(), end: end.to_owned() });
    }
    days(given, first, last)
}

/// `YYYYMMDD`.
fn compact(given: &str, text: &str) -> Result<NaiveDate, PeriodError> {
    date(given, number(&text[..4]), number(&text[4..6]), number(&text[6..]))
}

/// The date `YYYY-MM-DD` with which `text` begins.
pub(super) fn day(given: &str, text: &str) -> Result<NaiveDate, PeriodError> {
    date(given, number(&text[..4]), number(&text[5..7]), number(&text[8..10]))
}

fn date(given: &str, year: u32, month: u32, day: u32) -> Result<NaiveDate, PeriodError> {
    check_year(given, year)?;
    if !(1..=12).contains(&month) {
        return Err(not_in_calendar(given, format!("month {month:02}")));
    }
    NaiveDate::from_ymd_opt(year.cast_signed(), month, day)
        .ok_or_else(|| not_in_calendar(given, format!("day {day:02} in {year:04}-{month:02}")))
}

fn check_year(given: &str, year: u32) -> Result<(), PeriodError> {
    match year {
        0 => Err(not_in_calendar(given, "year 0000, the first is 0001".to_owned())),
        _ => Ok(()),
    }
}

fn not_in_calendar(text: &str, part: String) -> PeriodError {
    PeriodError::NotInCalendar { text: quoted(text), part }
}

pub(super) fn out_of_range(text: &str) -> PeriodError {
    PeriodError::OutOfRange { text: quoted(text) }
}
