//! Periods that begin or end at now, where only rollups are left.

use chrono::{DateTime, SecondsFormat};
use chrono_tz::Tz;

use super::{Engine, ReportQuery};
use crate::{Error, Period, TimeRange, Timestamp};

/// The period that can be counted: one that ends or begins at now is moved to whole quarters of an hour where only
/// rollups are left, as its ends never are on one and it would be refused for ever.
pub(super) fn period(engine: &dyn Engine, query: &ReportQuery) -> Result<Period, Error> {
    let period = query.period.clone();
    if !period.is_rolling() {
        return Ok(period);
    }
    let (asked, zone) = (TimeRange::from(&period), period.zone());
    let range = engine.countable(asked, &query.limits)?;
    let at =
        |at: Option<Timestamp>| at.and_then(Timestamp::to_utc).map(|at| at.with_timezone(&zone));
    if range == asked {
        return Ok(period);
    }
    let (start, end) = (at(range.start), at(range.end));
    let moved = [
        start.filter(|_| range.start != asked.start).map(|at| format!("begins at {}", shown(at))),
        end.filter(|_| range.end != asked.end).map(|at| format!("ends at {}", shown(at))),
    ];
    let moved: Vec<_> = moved.into_iter().flatten().collect();
    let note = format!(
        "{} {}, as only sums by quarter of an hour are left there",
        period.name(),
        moved.join(" and ")
    );
    Ok(period.with_bounds(start, end, note))
}

/// To the second, or as fine as it is.
fn shown(at: DateTime<Tz>) -> String {
    at.to_rfc3339_opts(SecondsFormat::AutoSi, false)
}
