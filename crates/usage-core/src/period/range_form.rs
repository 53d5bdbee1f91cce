//! The syntax of ranges: `A..B`, and with one end open.

use chrono::{DateTime, Utc};

use super::error::{PeriodError, quoted};
use super::form::{self, Form, Whole, day, shape};
use super::options::PeriodOptions;

/// One end of a range `A..B`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct End<'a> {
    pub(super) text: &'a str,
    pub(super) at: At,
}

/// The thing that an end of a range points at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum At {
    /// The start of this period, or its end.
    Whole(Whole),
    Instant(DateTime<Utc>),
}

/// `A..B`, `A..` or `..B`. Two dates are whole days and can be compared here, others only once the zone is known.
pub(super) fn parse<'a>(
    start: &'a str,
    end: &'a str,
    options: &PeriodOptions,
) -> Result<Form<'a>, PeriodError> {
    if start.is_empty() && end.is_empty() {
        return Err(PeriodError::RangeEnd { end: String::new() });
    }
    let of = |text: &'a str| match text.is_empty() {
        true => Ok(None),
        false => range_end(text, options).map(Some),
    };
    let (start, end) = (of(start)?, of(end)?);
    if let (Some(from), Some(until)) = (start, end)
        && let (At::Whole(Whole::Days { first, .. }), At::Whole(Whole::Days { after, .. })) =
            (from.at, until.at)
    {
        return match first < after {
            true => Ok(Form::Whole(Whole::Days { first, after })),
            false => Err(PeriodError::Reversed {
                start: from.text.to_owned(),
                end: until.text.to_owned(),
            }),
        };
    }
    Ok(Form::Range { start, end })
}

fn range_end<'a>(text: &'a str, options: &PeriodOptions) -> Result<End<'a>, PeriodError> {
    if is_instant(&shape(text)) {
        return Ok(End { text, at: At::Instant(instant(text)?) });
    }
    let whole = match form::keyword(&text.to_ascii_lowercase(), options)? {
        Some(whole) => whole,
        None => form::whole(text, text, options).map_err(|error| match error {
            PeriodError::Unrecognised { .. } => PeriodError::RangeEnd { end: quoted(text) },
            error => error,
        })?,
    };
    Ok(End { text, at: At::Whole(whole) })
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
    day(text, text)?;
    // chrono takes second 60 of any minute. POSIX time, which the ledger counts in, does not have
    // it at all.
    DateTime::parse_from_rfc3339(text)
        .ok()
        .filter(|_| &text[17..19] != "60")
        .map(|instant| instant.to_utc())
        .ok_or_else(|| PeriodError::NoSuchInstant { end: quoted(text) })
}
