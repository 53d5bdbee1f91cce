//! Days that no calendar has.

use chrono::NaiveDate;

/// Returns whether a text names a day that no calendar has, by itself or with a time behind it.
///
/// ```
/// use usage_core::text::is_no_day;
///
/// assert!(is_no_day("2026-02-30") && is_no_day("2026-02-29T10:00:00+08:00"));
/// assert!(!is_no_day("2028-02-29") && !is_no_day("yesterday"));
/// ```
#[must_use]
pub fn is_no_day(text: &str) -> bool {
    let day = text.split(['T', 't', ' ']).next().unwrap_or(text);
    let is_number = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let parts = day.split('-').map(|part| (part.len(), is_number(part)));
    parts.eq([(4, true), (2, true), (2, true)])
        && NaiveDate::parse_from_str(day, "%Y-%m-%d").is_err()
}
