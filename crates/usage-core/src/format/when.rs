//! A stretch of time as a table shows it.

use chrono::{DateTime, Datelike, Offset, TimeDelta, Weekday};
use chrono_tz::Tz;

use crate::stats::{Dimension, Span};

/// Returns what a stretch of time is called: `2026-05-03 14:00`, `2026-05-03 Sun`, `2026-05-04 W19`,
/// `2026-05`, a block `2026-05-03 10:00`. An hour in which the clocks change shows both offsets.
pub(super) fn when(span: &Span, dimension: Dimension) -> String {
    let (start, end) = (span.start, span.end);
    match dimension {
        Dimension::QuarterHour => {
            let next = (start + TimeDelta::hours(1)).offset().fix();
            let before = (start - TimeDelta::hours(1)).offset().fix();
            let at = start.format("%Y-%m-%d %H:%M");
            let is_near_change = next != start.offset().fix() || before != start.offset().fix();
            if is_near_change { format!("{at} {}", offset(start)) } else { at.to_string() }
        }
        Dimension::Hour => {
            let last = end - TimeDelta::seconds(1);
            let (first, second) = (offset(start), offset(last));
            let hour = start.format("%Y-%m-%d %H:%M");
            if first == second { hour.to_string() } else { format!("{hour} {first}/{second}") }
        }
        // The number of an ISO week, which begins on a Monday.
        Dimension::Week if start.weekday() == Weekday::Mon => {
            start.format("%Y-%m-%d W%V").to_string()
        }
        Dimension::Week => start.format("%Y-%m-%d").to_string(),
        Dimension::Block => start.format("%Y-%m-%d %H:%M").to_string(),
        Dimension::Month => start.format("%Y-%m").to_string(),
        _ => start.format("%Y-%m-%d %a").to_string(),
    }
}

/// `+02`, or `+05:45` where it is no whole hour.
fn offset(at: DateTime<Tz>) -> String {
    let seconds = at.offset().fix().local_minus_utc();
    let sign = if seconds < 0 { '-' } else { '+' };
    let minutes = seconds.abs() / 60;
    match minutes % 60 {
        0 => format!("{sign}{:02}", minutes / 60),
        rest => format!("{sign}{:02}:{rest:02}", minutes / 60),
    }
}
