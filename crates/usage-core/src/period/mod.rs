//! Periods of time as people name them: `last-week`, `2026-Q1`, `ytd`.
//!
//! [`parse_period`] turns a text into a [`Period`], a half-open range of instants in one named time
//! zone. [`GRAMMAR`] lists the accepted forms. Days and everything made of them follow the local
//! calendar through changes of the clocks: a day may have 23 or 25 hours or, where a zone skipped
//! it, none, and each ends at the very instant at which the next begins. [`start_of_day`] says
//! exactly where that is, and [`Unit`] divides time by the same rule.
//!
//! Nothing here reads a clock; the caller says what time it is, and in which zone. Bounds are exact
//! to the nanosecond. Nothing panics, whatever the text and the time.

mod calendar;
mod error;
mod form;
mod range;
mod resolve;
#[cfg(test)]
mod tests;

use std::ops::Range;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

pub use calendar::{Unit, WeekStart, start_of_day};
pub use error::{PeriodError, accepted_forms};

/// The accepted forms, as an aligned list that reads well in a terminal of 80 columns and, since
/// every line is indented by four spaces, as a code block in Markdown.
pub const GRAMMAR: &str = include_str!("grammar.md");

/// The name of the period without bounds.
const ALL_TIME: &str = "all-time";

/// A span of time with a name: from a start, included, to an end, excluded, in one time zone.
///
/// All time has neither start nor end. A period may be empty, such as a day that its zone skipped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Period {
    name: String,
    zone: Tz,
    bounds: Option<Range<DateTime<Tz>>>,
    is_rolling: bool,
    note: Option<String>,
}

impl Period {
    /// The period without bounds, named `all-time`.
    ///
    /// The zone does not bound it, but says where its days begin.
    #[must_use]
    pub fn all_time(zone: Tz) -> Self {
        Self { name: ALL_TIME.to_owned(), zone, bounds: None, is_rolling: false, note: None }
    }

    /// All time under another name, for who knows only the name of what was aggregated.
    #[cfg(feature = "format")]
    pub(crate) fn only_named(name: &str) -> Self {
        Self { name: name.to_owned(), ..Self::all_time(Tz::UTC) }
    }

    /// Returns what the period is called: a keyword in lower case, any other form as it was given, without
    /// the white space around it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The first instant of the period; `None` for all time.
    #[must_use]
    pub fn start(&self) -> Option<DateTime<Tz>> {
        self.bounds.as_ref().map(|bounds| bounds.start)
    }

    /// The first instant after the period; `None` for all time.
    #[must_use]
    pub fn end(&self) -> Option<DateTime<Tz>> {
        self.bounds.as_ref().map(|bounds| bounds.end)
    }

    /// The time zone whose calendar the period follows.
    #[must_use]
    pub fn zone(&self) -> Tz {
        self.zone
    }

    /// Returns whether it begins or ends at the present, to the microsecond, and not where a unit of the
    /// calendar does: `ytd`, `ttm` and `last-N-hours`.
    #[must_use]
    pub const fn is_rolling(&self) -> bool {
        self.is_rolling
    }

    /// Something that a reader of the report has to know, such as why it begins elsewhere than the
    /// name says.
    #[must_use]
    pub fn note(&self) -> Option<&str> {
        self.note.as_deref()
    }

    /// The same period with other bounds, and a note why.
    #[must_use]
    pub fn with_bounds(self, bounds: Range<DateTime<Tz>>, note: impl Into<String>) -> Self {
        Self { bounds: Some(bounds), note: Some(note.into()), ..self }
    }

    /// Returns whether `instant` lies in the period: at or after the start, and before the end.
    #[must_use]
    pub fn contains(&self, instant: DateTime<Utc>) -> bool {
        self.bounds.as_ref().is_none_or(|bounds| bounds.contains(&instant))
    }

    /// Returns whether the period holds no instant at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.bounds.as_ref().is_some_and(Range::is_empty)
    }
}

/// Reads a period, with weeks that begin on Monday.
///
/// `now` is the present; its zone is the one whose calendar the period follows. Letters may be
/// upper or lower case, and white space around the text is ignored.
///
/// # Errors
///
/// If the text has none of the forms of [`GRAMMAR`], names a date that does not exist, is a range
/// that is reversed or empty, or reaches outside the years 0001 to 9999.
///
/// ```
/// use chrono::TimeZone;
/// use chrono_tz::America::New_York;
/// use usage_core::period::parse_period;
///
/// let now = New_York.with_ymd_and_hms(2026, 3, 10, 9, 30, 0).unwrap();
/// let period = parse_period("last-week", now)?;
/// assert_eq!(period.name(), "last-week");
/// assert_eq!(period.start().unwrap().to_rfc3339(), "2026-03-02T00:00:00-05:00");
/// assert_eq!(period.end().unwrap().to_rfc3339(), "2026-03-09T00:00:00-04:00");
///
/// let error = parse_period("2026-02-31", now).unwrap_err();
/// assert_eq!(error.to_string(), r#""2026-02-31" is not a period: there is no day 31 in 2026-02"#);
/// # Ok::<(), usage_core::period::PeriodError>(())
/// ```
pub fn parse_period(text: &str, now: DateTime<Tz>) -> Result<Period, PeriodError> {
    parse_period_with(text, now, WeekStart::default())
}

/// Reads a period, with weeks that begin on the day given. Otherwise the same as [`parse_period`].
///
/// # Errors
///
/// The same as those of [`parse_period`].
///
/// ```
/// use chrono::TimeZone;
/// use chrono_tz::UTC;
/// use usage_core::period::{WeekStart, parse_period_with};
///
/// let now = UTC.with_ymd_and_hms(2026, 3, 10, 9, 30, 0).unwrap();
/// let period = parse_period_with("this-week", now, WeekStart::Sunday)?;
/// assert_eq!(period.start().unwrap().to_rfc3339(), "2026-03-08T00:00:00+00:00");
/// # Ok::<(), usage_core::period::PeriodError>(())
/// ```
pub fn parse_period_with(
    text: &str,
    now: DateTime<Tz>,
    week_start: WeekStart,
) -> Result<Period, PeriodError> {
    let text = text.trim();
    let lower = text.to_ascii_lowercase();
    if lower.is_empty() || lower == ALL_TIME {
        return Ok(Period::all_time(now.timezone()));
    }
    let (form, name) = match form::keyword(&lower, week_start) {
        Some(form) => (form, lower.as_str()),
        None => (form::parse(text, week_start)?, text),
    };
    let is_rolling = form.is_rolling();
    let bounds = Some(resolve::bounds(form, text, now)?);
    Ok(Period { name: name.to_owned(), zone: now.timezone(), bounds, is_rolling, note: None })
}
