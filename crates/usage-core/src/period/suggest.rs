//! The period that was probably meant.

use chrono::{DateTime, Datelike as _, Days, Month, NaiveDate, Weekday};
use chrono_tz::Tz;

use super::options::PeriodOptions;
use super::spelling::joined;
use super::{accepted_forms, parse_period_with};
use crate::text::closest;

/// Words that people say, and what they mean by them.
const WORDS: &[(&str, &str)] = &[
    ("day", "today"),
    ("now", "today"),
    ("week", "this-week"),
    ("month", "this-month"),
    ("quarter", "this-quarter"),
    ("year", "this-year"),
    ("cycle", "this-cycle"),
    ("wtd", "this-week"),
    ("mtd", "this-month"),
    ("qtd", "this-quarter"),
    ("all", "all-time"),
    ("ever", "all-time"),
    ("everything", "all-time"),
    ("hour", "last-1-hours"),
    ("last-hour", "last-1-hours"),
    ("last-day", "yesterday"),
    ("fortnight", "last-2-weeks"),
];

/// Returns the accepted form that was probably meant by a text that is no period: a misspelt one, a date in another
/// order, a unit that cannot be counted. What is returned is a period.
///
/// ```
/// use usage_core::period::{PeriodOptions, suggest_period};
///
/// let now = chrono::DateTime::UNIX_EPOCH.with_timezone(&chrono_tz::UTC);
/// let meant = |text| suggest_period(text, now, PeriodOptions::default());
/// assert_eq!(meant("yesteday").as_deref(), Some("yesterday"));
/// assert_eq!(meant("last-2-years").as_deref(), Some("last-24-months"));
/// assert_eq!(meant("2026/3/1").as_deref(), Some("2026-03-01"));
/// assert_eq!(meant("blue"), None);
/// ```
#[must_use]
pub fn suggest_period(
    text: &str,
    now: DateTime<Tz>,
    options: impl Into<PeriodOptions>,
) -> Option<String> {
    let options = options.into();
    let is_period = |text: &str| parse_period_with(text, now, options).is_ok();
    let meant = |text: &str| match is_period(text) {
        true => Some(text.to_owned()),
        false => one(text, now).filter(|text| is_period(text)),
    };
    let lower = as_range(&text.trim().to_lowercase());
    let suggestion = match lower.split_once("..") {
        None => meant(&lower)?,
        Some((start, end)) => {
            let of =
                |end: &str| if end.trim().is_empty() { Some(String::new()) } else { meant(end) };
            format!("{}..{}", of(start)?, of(end)?)
        }
    };
    is_period(&suggestion).then_some(suggestion)
}

/// `from A to B`, `since A`, `until B`, `yesterday to today`.
fn as_range(lower: &str) -> String {
    let from = lower.strip_prefix("from ").or_else(|| lower.strip_prefix("since "));
    let ends = from.unwrap_or(lower);
    let apart = [" to ", " until ", " till ", " - "].iter().find_map(|word| ends.split_once(word));
    match (from, apart, lower.strip_prefix("until ")) {
        (_, Some((start, end)), _) => format!("{start}..{end}"),
        (Some(start), ..) => format!("{start}.."),
        (.., Some(end)) => format!("..{end}"),
        _ => lower.to_owned(),
    }
}

fn one(lower: &str, now: DateTime<Tz>) -> Option<String> {
    let text = joined(lower);
    let text = text.as_ref();
    let word = WORDS.iter().find(|(word, _)| *word == text).map(|(_, meant)| (*meant).to_owned());
    word.or_else(|| counted(text))
        .or_else(|| date(text))
        .or_else(|| weekday(text, now))
        .or_else(|| day_of_month(text, now))
        .or_else(|| unit_of_year(text, now))
        .or_else(|| instant(text))
        .or_else(|| misspelt(text))
}

/// `past-7-days`, `last-2-years`, `3m`, `last-30`.
fn counted(text: &str) -> Option<String> {
    if let Some(unit @ ("week" | "month" | "quarter" | "year" | "cycle")) =
        text.strip_prefix("current-")
    {
        return Some(format!("this-{unit}"));
    }
    let said = ["last-", "past-", "previous-", "prev-", "trailing-"];
    let rest = said.iter().find_map(|said| text.strip_prefix(said));
    if let Some(unit @ ("week" | "month" | "quarter" | "year" | "cycle")) = rest {
        return Some(format!("last-{unit}"));
    }
    let digits = rest.unwrap_or(text);
    let unit = digits.trim_start_matches(|c: char| c.is_ascii_digit());
    let count: i32 = digits[..digits.len() - unit.len()].parse().ok()?;
    let (times, unit) = match unit.trim_start_matches('-') {
        "y" | "yr" | "yrs" | "year" | "years" => (12, "months"),
        "q" | "quarter" | "quarters" => (3, "months"),
        // Minutes are not counted.
        "m" | "mon" => (1, "months"),
        // A year has four digits.
        "" if rest.is_some() || count < 400 => (1, "days"),
        unit => (1, closest(unit, ["hours", "days", "weeks", "months"])?),
    };
    Some(format!("last-{}-{unit}", count.checked_mul(times)?))
}

/// A date with other signs between its numbers, or without noughts before them. One that could be read in two ways is
/// none.
fn date(text: &str) -> Option<String> {
    let numbers: Vec<&str> = text.split(['-', '/', '.']).collect();
    let are_numbers = numbers
        .iter()
        .all(|text| matches!(text.len(), 1..=4) && text.bytes().all(|byte| byte.is_ascii_digit()));
    let of = |text: &str| text.parse::<u32>().ok();
    match *numbers {
        _ if !are_numbers => None,
        [year, month] if year.len() == 4 => Some(format!("{year}-{:02}", of(month)?)),
        [month, year] if year.len() == 4 => Some(format!("{year}-{:02}", of(month)?)),
        [year, month, day] if year.len() == 4 => {
            Some(format!("{year}-{:02}-{:02}", of(month)?, of(day)?))
        }
        [one, other, year] if year.len() == 4 => {
            let (one, other) = (of(one)?, of(other)?);
            let (month, day) = match (one, other) {
                (13.., _) => (other, one),
                (_, 13..) => (one, other),
                _ if one == other => (one, other),
                // Only days of months are written with dots.
                _ if text.contains('.') => (other, one),
                _ => return None,
            };
            Some(format!("{year}-{month:02}-{day:02}"))
        }
        _ => None,
    }
}

/// `monday`: the newest that has begun, and `last-monday` one before today.
fn weekday(text: &str, now: DateTime<Tz>) -> Option<String> {
    let before_today = text.strip_prefix("last-");
    // Short names are months as well, such as `mar`, or too short to be meant.
    let day =
        text.trim_start_matches("last-").trim_start_matches("this-").trim_start_matches("on-");
    let day =
        Some(day).filter(|day| day.ends_with("day")).and_then(|day| day.parse::<Weekday>().ok())?;
    let today = now.date_naive();
    let back = match today.weekday().days_since(day) {
        0 if before_today.is_some() => 7,
        back => back,
    };
    today.checked_sub_days(Days::new(back.into())).map(|day| day.to_string())
}

/// `may-3`, `3-may-2026`: of the year of the present where none is there.
fn day_of_month(text: &str, now: DateTime<Tz>) -> Option<String> {
    let text = text.replace([',', '.'], "");
    let parts: Vec<_> = text.split('-').filter(|part| !part.is_empty()).collect();
    let year = now.year().to_string();
    let (name, day, year) = match *parts {
        [one, other] if one.starts_with(|c: char| c.is_ascii_digit()) => (other, one, &*year),
        [one, other] => (one, other, &*year),
        [one, other, year] if one.starts_with(|c: char| c.is_ascii_digit()) => (other, one, year),
        [one, other, year] => (one, other, year),
        _ => return None,
    };
    let day = day.trim_end_matches(|c: char| c.is_ascii_lowercase());
    let (month, day, year) =
        (name.parse::<Month>().ok()?, day.parse::<u32>().ok()?, year.parse::<i32>().ok()?);
    NaiveDate::from_ymd_opt(year, month.number_from_month(), day).map(|day| day.to_string())
}

/// `q4`, `2026q4`, `w48`, `2026-w5`: with the year of the present where none is there.
fn unit_of_year(text: &str, now: DateTime<Tz>) -> Option<String> {
    let (year, rest) = match text.split_at_checked(4) {
        Some((year, rest)) if year.bytes().all(|byte| byte.is_ascii_digit()) => {
            (year.to_owned(), rest.trim_start_matches('-'))
        }
        _ => (now.year().to_string(), text),
    };
    let number = |text: &str| text.trim_start_matches('-').parse::<u32>().ok();
    if let Some(week) = rest.strip_prefix("week").or_else(|| rest.strip_prefix('w')) {
        return Some(format!("{year}-W{:02}", number(week)?));
    }
    let quarter = rest.strip_prefix('q')?;
    match quarter.split_once('-') {
        Some((quarter, year)) if year.len() == 4 => {
            Some(format!("{}-Q{}", number(year)?, number(quarter)?))
        }
        _ => Some(format!("{year}-Q{}", number(quarter)?)),
    }
}

/// An instant by itself: from there on.
fn instant(text: &str) -> Option<String> {
    let (day, _) = text.split_once('t')?;
    (day.len() == 10).then(|| format!("{}..", text.to_uppercase()))
}

/// One of the forms with a few letters wrong. Digits stay as they are.
fn misspelt(text: &str) -> Option<String> {
    let forms = accepted_forms();
    let words = forms.split(", ").filter(|form| form.starts_with(|c: char| c.is_ascii_lowercase()));
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let mut shape = text.to_owned();
    if !digits.is_empty() {
        let run = text.find(&digits)?;
        shape.replace_range(run..run + digits.len(), "N");
    }
    let found = closest(&shape, words)?;
    (found.contains('N') != digits.is_empty()).then(|| found.replace('N', &digits))
}
