//! Other spellings of the accepted forms: words apart by white space, `7d`, names of months, two dates.

use std::borrow::Cow;

use chrono::{DateTime, Datelike as _};
use chrono_tz::Tz;

use super::calendar::Unit;

/// The months in full; three letters or more stand for one.
const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

/// The text as the accepted forms have it; what has no other spelling stays as it is.
pub(super) fn usual(text: &str, now: DateTime<Tz>) -> Cow<'_, str> {
    if let Some((start, end)) = text.split_once("..") {
        return match (one(start.trim(), now), one(end.trim(), now)) {
            (Cow::Borrowed(from), Cow::Borrowed(until)) if from == start && until == end => {
                Cow::Borrowed(text)
            }
            (start, end) => Cow::Owned(format!("{start}..{end}")),
        };
    }
    two_dates(text).unwrap_or_else(|| one(text, now))
}

/// `2026-11-01 2026-11-05` and `2026-11-01 to 2026-11-05`.
fn two_dates(text: &str) -> Option<Cow<'_, str>> {
    let mut words = text.split_ascii_whitespace();
    let (first, last) = (words.next()?, words.next_back()?);
    let between = words.next().unwrap_or("to");
    let is_date = |word: &str| word.len() >= 4 && word.starts_with(|c: char| c.is_ascii_digit());
    let are_two = words.next().is_none() && is_date(first) && is_date(last);
    (are_two && ["to", "until", "-"].contains(&between))
        .then(|| Cow::Owned(format!("{first}..{last}")))
}

fn one(text: &str, now: DateTime<Tz>) -> Cow<'_, str> {
    // An instant has one spelling.
    if text.contains(':') {
        return Cow::Borrowed(text);
    }
    let joined = joined(text);
    let lower = joined.to_ascii_lowercase();
    match counted(&lower).or_else(|| month(&lower, now)) {
        Some(usual) => Cow::Owned(usual),
        None => joined,
    }
}

/// Words with a dash between them, whatever white space or underscore was there.
pub(super) fn joined(text: &str) -> Cow<'_, str> {
    let is_apart = |c: char| c.is_ascii_whitespace() || c == '_';
    match text.contains(is_apart) {
        true => {
            let words: Vec<_> = text.split(is_apart).filter(|word| !word.is_empty()).collect();
            Cow::Owned(words.join("-"))
        }
        false => Cow::Borrowed(text),
    }
}

/// `7d`, `last-7d`, `7-days`: all but what is an accepted form.
fn counted(lower: &str) -> Option<String> {
    let rest = lower.strip_prefix("last-").unwrap_or(lower);
    let unit = rest.trim_start_matches(|c: char| c.is_ascii_digit());
    let count = &rest[..rest.len() - unit.len()];
    let bare = unit.strip_prefix('-').unwrap_or(unit);
    let name = match bare {
        "h" | "hr" | "hrs" | "hour" | "hours" => "hours",
        "d" | "day" | "days" => "days",
        "w" | "wk" | "wks" | "week" | "weeks" => "weeks",
        "mo" | "mos" | "month" | "months" => "months",
        _ => return None,
    };
    let is_usual = rest.len() < lower.len()
        && bare.len() < unit.len()
        && bare.trim_end_matches('s') == name.trim_end_matches('s');
    (!count.is_empty() && !is_usual).then(|| format!("last-{count}-{name}"))
}

/// `nov`: the newest that has begun. `nov-2025`, `2025-nov`.
fn month(lower: &str, now: DateTime<Tz>) -> Option<String> {
    let is_year = |text: &str| text.len() == 4 && text.bytes().all(|byte| byte.is_ascii_digit());
    let (name, year) = match lower.split_once('-') {
        Some((name, year)) if is_year(year) => (name, Some(year)),
        Some((year, name)) if is_year(year) => (name, Some(year)),
        Some(_) => return None,
        None => (lower, None),
    };
    let is_named = |month: &&str| name.len() >= 3 && month.starts_with(name);
    let month = (1_u32..).zip(MONTHS).find(|(_, month)| is_named(month))?.0;
    if let Some(year) = year {
        return Some(format!("{year}-{month:02}"));
    }
    let today = Unit::Day.current(now)?.date();
    let year = today.year() - i32::from(month > today.month());
    Some(format!("{year:04}-{month:02}"))
}
