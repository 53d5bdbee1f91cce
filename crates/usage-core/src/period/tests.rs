//! Tests of the period module: what they share.

mod calendar;
mod errors;
mod examples;
mod grammar;
mod limits;
mod spelling;
mod suggest;
mod tiling;

use chrono::{DateTime, NaiveDate};
use chrono_tz::Tz;

use super::{Period, parse_period};

/// An instant written as RFC 3339, seen in `zone`.
fn at(zone: Tz, text: &str) -> DateTime<Tz> {
    DateTime::parse_from_rfc3339(text).unwrap().with_timezone(&zone)
}

/// A date written `YYYY-MM-DD`.
fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn period(text: &str, now: DateTime<Tz>) -> Period {
    parse_period(text, now).unwrap_or_else(|error| panic!("{error}"))
}

/// The bounds as text, for tables of examples.
fn shown(period: &Period) -> String {
    let of = |bound: Option<DateTime<Tz>>| bound.map_or("open".to_owned(), |at| at.to_rfc3339());
    format!("{} {}", of(period.start()), of(period.end()))
}
