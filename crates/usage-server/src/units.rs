//! The unit of time that suits a period: enough bars to see something, few enough to be drawn and sent.

use chrono::TimeDelta;
use usage_core::query::Limits;
use usage_core::stats::Dimension;
use usage_core::{Engine, Error, Period, Timestamp};

/// Each unit, its hours, and the longest time, in hours, for which it is chosen where nobody asks for it.
const UNITS: [(Dimension, f64, f64); 4] = [
    (Dimension::QuarterHour, 0.25, 12.0),
    (Dimension::Hour, 1.0, 5.0 * 24.0),
    (Dimension::Day, 24.0, 123.0 * 24.0),
    (Dimension::Week, 7.0 * 24.0, 2.0 * 366.0 * 24.0),
];
/// The most bars, whoever asks for them.
const MOST: f64 = 1_500.0;

/// Returns a unit by its name.
pub(crate) fn named(name: &str) -> Option<Dimension> {
    let unit: Dimension = name.parse().ok()?;
    unit.is_time().then_some(unit)
}

/// Chooses the unit for a period: the one that is wanted, or a longer one where there would be too many. A period without
/// bounds is as long as what the ledger has.
pub(crate) fn of(
    engine: &dyn Engine,
    period: &Period,
    wanted: Option<Dimension>,
    limits: &Limits,
) -> Result<Dimension, Error> {
    let length = match (period.start(), period.end()) {
        (Some(start), Some(end)) => end - start,
        _ => {
            let bounds = engine.bounds(limits)?;
            let at = |at: Option<Timestamp>| at.and_then(Timestamp::to_utc);
            let ends = at(bounds.oldest).zip(at(bounds.newest));
            ends.map_or(TimeDelta::zero(), |(oldest, newest)| newest - oldest)
        }
    };
    let hours = length.as_seconds_f64() / 3_600.0;
    let from = wanted
        .map(|wanted| UNITS.iter().position(|(unit, ..)| *unit == wanted).unwrap_or(UNITS.len()));
    let fits = |(_, of, longest): &&(Dimension, f64, f64)| match wanted {
        None => hours <= *longest,
        Some(_) => hours <= of * MOST,
    };
    let found = UNITS.iter().skip(from.unwrap_or(0)).find(fits);
    Ok(found.map_or(Dimension::Month, |(unit, ..)| *unit))
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};
    use usage_conformance::MemoryLedger;
    use usage_core::period::parse_period;

    use super::*;

    fn unit(period: &str, wanted: Option<&str>) -> String {
        let now: DateTime<Utc> = "2026-11-29T12:00:00Z".parse().unwrap();
        let period = parse_period(period, now.with_timezone(&chrono_tz::UTC)).unwrap();
        let wanted = wanted.map(|name| named(name).unwrap());
        of(&MemoryLedger::default(), &period, wanted, &Limits::none()).unwrap().to_string()
    }

    #[test]
    fn a_period_has_the_unit_that_suits_its_length() {
        for (period, expected) in [
            ("2026-11-29T08:00:00Z..2026-11-29T10:00:00Z", "quarter_hour"),
            ("today", "hour"),
            ("this-month", "day"),
            ("2026", "week"),
            ("2020-01-01..2026-11-29", "month"),
            ("all-time", "quarter_hour"),
        ] {
            assert_eq!(unit(period, None), expected, "{period}");
        }
    }

    #[test]
    fn a_wanted_unit_is_given_as_long_as_there_are_not_too_many() {
        assert_eq!(unit("this-week", Some("quarter_hour")), "quarter_hour");
        assert_eq!(unit("this-month", Some("quarter_hour")), "hour");
        assert_eq!(unit("2020-01-01..2026-11-29", Some("quarter_hour")), "week");
        assert_eq!(unit("today", Some("month")), "month");
        assert!(named("model").is_none() && named("nonsense").is_none());
    }
}
