//! The reasons why a text is not a period.

use super::GRAMMAR;
use crate::Hint;

/// The greatest N of a `last-N-…` period; beyond it a typing mistake is likelier than a question.
pub(super) const MAX_COUNT: i32 = 100_000;

/// Longer texts are cut in messages. Leaves room for a range of two instants in full.
const QUOTED_CHARS: usize = 80;

/// The reason why a text is not a period.
///
/// The message is one line that says what was wrong, with the text quoted and escaped and, if very
/// long, cut. [`accepted_forms`] says in one more line which forms there are.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PeriodError {
    /// The text has the shape of no accepted form.
    #[error("{text:?} is not a period")]
    Unrecognised {
        /// The text, cut if very long.
        text: String,
    },
    /// The text holds a character outside ASCII, such as a full-width digit or a typographic dash.
    #[error("{text:?} is not a period: {found:?} is not an ASCII character")]
    NotAscii {
        /// The text, cut if very long.
        text: String,
        /// The first such character.
        found: char,
    },
    /// A day, month, quarter or year that the calendar does not have.
    #[error("{text:?} is not a period: there is no {part}")]
    NotInCalendar {
        /// The text, cut if very long.
        text: String,
        /// The part that does not exist, such as `day 31 in 2026-02`.
        part: String,
    },
    /// The count of a `last-N-…` period is not a number, or not one in range.
    #[error("{text:?} is not a period: the count must be a whole number from 1 to {MAX_COUNT}")]
    Count {
        /// The text, cut if very long.
        text: String,
    },
    /// A `last-N-…` period counts something other than hours, days, weeks or months.
    #[error("{text:?} is not a period: it can count hours, days, weeks or months, not {unit:?}")]
    CountedUnit {
        /// The text, cut if very long.
        text: String,
        /// The unit it counts, cut if very long.
        unit: String,
    },
    /// One end of a range `A..B` is neither a period nor an instant, or both are open.
    #[error(
        "{end:?} is neither a day, month or the like nor an RFC 3339 instant, as a range needs"
    )]
    RangeEnd {
        /// The faulty end, cut if very long.
        end: String,
    },
    /// One end of a range `A..B` has the shape of an instant, and there is no such time or offset.
    #[error("{end:?} is not an instant: there is no such time of day or offset")]
    NoSuchInstant {
        /// The faulty end, cut if very long.
        end: String,
    },
    /// A range ends before it starts.
    #[error("the range is reversed: it starts with {start} and ends with {end}, which is earlier")]
    Reversed {
        /// The start, as written.
        start: String,
        /// The end, as written.
        end: String,
    },
    /// A range with an instant for an end holds nothing, as its start and its excluded end are the
    /// same instant.
    #[error("the range is empty: {start} and {end} are the same instant, and the end is excluded")]
    Empty {
        /// The start, as written.
        start: String,
        /// The end, as written.
        end: String,
    },
    /// A billing cycle was asked for, and nobody has said on which day of the month one begins.
    #[error("there is no {text}: nothing says on which day of the month a billing cycle begins")]
    NoCycleDay {
        /// The period, in lower case.
        text: String,
    },
    /// The period, or the present it is counted from, lies outside the years 0001 to 9999.
    #[error("{text:?} reaches outside the years 0001 to 9999")]
    OutOfRange {
        /// The text, cut if very long.
        text: String,
    },
}

impl PeriodError {
    /// Returns what may help: [one of the forms](super::accepted_forms), or a day that billing cycles begin on.
    #[must_use]
    pub const fn hint(&self) -> Hint {
        match self {
            Self::NoCycleDay { .. } => Hint::SetCycleDay,
            _ => Hint::UsePeriodForm,
        }
    }
}

/// Returns the accepted forms in one line, from [`GRAMMAR`], to print with a [`PeriodError`].
///
/// ```
/// use usage_core::period::{accepted_forms, parse_period};
///
/// let now = chrono::DateTime::UNIX_EPOCH.with_timezone(&chrono_tz::UTC);
/// let error = parse_period("fortnight", now).unwrap_err();
/// assert_eq!(error.to_string(), r#""fortnight" is not a period"#);
/// assert!(accepted_forms().starts_with("all-time, today, yesterday, "));
/// ```
#[must_use]
pub fn accepted_forms() -> String {
    let forms: Vec<&str> = GRAMMAR.lines().filter_map(form).collect();
    forms.join(", ")
}

/// The left column of a line of the grammar, if it has one.
fn form(line: &str) -> Option<&str> {
    let text = line.strip_prefix("    ")?;
    let form = text.split("  ").next()?;
    (!form.is_empty()).then_some(form)
}

/// The text as a message quotes it: whole, or its beginning and an ellipsis.
pub(super) fn quoted(text: &str) -> String {
    match text.char_indices().nth(QUOTED_CHARS) {
        Some((cut, _)) => format!("{}…", &text[..cut]),
        None => text.to_owned(),
    }
}
