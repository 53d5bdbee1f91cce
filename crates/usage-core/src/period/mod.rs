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
mod options;
mod range;
mod range_form;
mod resolve;
mod spelling;
mod suggest;
#[cfg(test)]
mod tests;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

pub use calendar::{Unit, WeekStart, start_of_day};
pub use error::{PeriodError, accepted_forms};
pub use options::{CycleDay, PeriodOptions};
pub use suggest::suggest_period;

/// The accepted forms, as an aligned list that reads well in a terminal of 80 columns and, since
/// every line is indented by four spaces, as a code block in Markdown.
pub const GRAMMAR: &str = include_str!("grammar.md");

/// The name of the period without bounds.
const ALL_TIME: &str = "all-time";

/// A span of time with a name: from a start, included, to an end, excluded, in one time zone.
///
/// A range with an open end lacks its start or its end, and all time has neither. A period may be empty, such as a day
/// that its zone skipped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Period {
    name: String,
    zone: Tz,
    start: Option<DateTime<Tz>>,
    end: Option<DateTime<Tz>>,
    is_rolling: bool,
    note: Option<String>,
    previous: Option<Box<Self>>,
}

impl Period {
    /// The period without bounds, named `all-time`.
    ///
    /// The zone does not bound it, but says where its days begin.
    #[must_use]
    pub fn all_time(zone: Tz) -> Self {
        let name = ALL_TIME.to_owned();
        Self { name, zone, start: None, end: None, is_rolling: false, note: None, previous: None }
    }

    /// All time under another name, for who knows only the name of what was aggregated.
    #[cfg(feature = "format")]
    pub(crate) fn only_named(name: &str) -> Self {
        Self { name: name.to_owned(), ..Self::all_time(Tz::UTC) }
    }

    /// Returns what the period is called: a keyword in lower case, what is spelled otherwise by its accepted form
    /// (`7d` is `last-7-days`), any other form as it was given, without the white space around it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The first instant of the period; `None` where it has no bound on that side.
    #[must_use]
    pub const fn start(&self) -> Option<DateTime<Tz>> {
        self.start
    }

    /// The first instant after the period; `None` where it has no bound on that side.
    #[must_use]
    pub const fn end(&self) -> Option<DateTime<Tz>> {
        self.end
    }

    /// The time zone whose calendar the period follows.
    #[must_use]
    pub fn zone(&self) -> Tz {
        self.zone
    }

    /// Returns whether it begins or ends at the present, to the microsecond, and not where a unit of the
    /// calendar does: `ytd`, `ttm` and `last-N-hours`, and ranges with one of these.
    #[must_use]
    pub const fn is_rolling(&self) -> bool {
        self.is_rolling
    }

    /// Returns the period before it of the same kind: yesterday before today, the seven days before the last seven. `None`
    /// where it is not made of the units that the present lies in.
    ///
    /// ```
    /// use usage_core::parse_period;
    ///
    /// let now = chrono::DateTime::UNIX_EPOCH.with_timezone(&chrono_tz::UTC);
    /// let week = parse_period("this-week", now)?;
    /// let before = week.previous().expect("there is a week before");
    /// assert_eq!((before.name(), before.end()), ("last-week", week.start()));
    /// # Ok::<(), usage_core::period::PeriodError>(())
    /// ```
    #[must_use]
    pub fn previous(&self) -> Option<&Self> {
        self.previous.as_deref()
    }

    /// Something that a reader of the report has to know, such as why it begins elsewhere than the
    /// name says.
    #[must_use]
    pub fn note(&self) -> Option<&str> {
        self.note.as_deref()
    }

    /// The same period with other bounds, and a note why.
    #[must_use]
    pub fn with_bounds(
        self,
        start: Option<DateTime<Tz>>,
        end: Option<DateTime<Tz>>,
        note: impl Into<String>,
    ) -> Self {
        Self { start, end, note: Some(note.into()), ..self }
    }

    /// Returns whether `instant` lies in the period: at or after the start, and before the end.
    #[must_use]
    pub fn contains(&self, instant: DateTime<Utc>) -> bool {
        self.start.is_none_or(|start| start <= instant) && self.end.is_none_or(|end| instant < end)
    }

    /// Returns whether the period holds no instant at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.start.zip(self.end).is_some_and(|(start, end)| start >= end)
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

/// Reads a period by a calendar of one's own: the day that weeks begin on, and that of the billing cycle. Otherwise the
/// same as [`parse_period`].
///
/// # Errors
///
/// The same as those of [`parse_period`]; and for `this-cycle` and `last-cycle` without a day that cycles begin on.
///
/// ```
/// use chrono::TimeZone;
/// use chrono_tz::UTC;
/// use usage_core::period::{CycleDay, PeriodOptions, WeekStart, parse_period_with};
///
/// let now = UTC.with_ymd_and_hms(2026, 3, 10, 9, 30, 0).unwrap();
/// let period = parse_period_with("this-week", now, WeekStart::Sunday)?;
/// assert_eq!(period.start().unwrap().to_rfc3339(), "2026-03-08T00:00:00+00:00");
///
/// let options = PeriodOptions::default().with_cycle_day(CycleDay::new(15));
/// let period = parse_period_with("this-cycle", now, options)?;
/// assert_eq!(period.start().unwrap().to_rfc3339(), "2026-02-15T00:00:00+00:00");
/// # Ok::<(), usage_core::period::PeriodError>(())
/// ```
pub fn parse_period_with(
    text: &str,
    now: DateTime<Tz>,
    options: impl Into<PeriodOptions>,
) -> Result<Period, PeriodError> {
    let (text, options) = (text.trim(), options.into());
    let written = spelling::usual(text, now);
    let written = written.as_ref();
    let lower = written.to_ascii_lowercase();
    if lower.is_empty() || lower == ALL_TIME {
        return Ok(Period::all_time(now.timezone()));
    }
    let (form, name) = match form::keyword(&lower, &options)? {
        Some(form) => (form::Form::Whole(form), lower.as_str()),
        None => (form::parse(text, written, &options)?, written),
    };
    let is_rolling = form.is_rolling();
    let (start, end) = resolve::bounds(form, text, now)?;
    let (name, zone) = (name.to_owned(), now.timezone());
    let previous = previous(&form, now).map(Box::new);
    Ok(Period { name, zone, start, end, is_rolling, note: None, previous })
}

/// The period before that of a form, without one before it.
fn previous(form: &form::Form<'_>, now: DateTime<Tz>) -> Option<Period> {
    let form::Form::Whole(whole) = form else { return None };
    let (whole, name) = whole.previous()?;
    let (start, end) = resolve::bounds(form::Form::Whole(whole), name, now).ok()?;
    let zone = now.timezone();
    let name = match name {
        // By its first day and its last.
        "" => {
            let last = end?.checked_sub_signed(chrono::TimeDelta::nanoseconds(1))?;
            format!("{}..{}", start?.date_naive(), last.date_naive())
        }
        name => name.to_owned(),
    };
    Some(Period { name, zone, start, end, is_rolling: false, note: None, previous: None })
}
