//! What every engine can tell of its health.

use chrono::DateTime;
use chrono_tz::Tz;
use usage_core::format::{format_count, format_share, format_tokens};
use usage_core::query::{Bounds, Freshness, Limits, Selection};
use usage_core::stats::Summary;
use usage_core::{Engine, Error, Filter, Measure, TimeRange, Timestamp};

use crate::facts::{Fact, Level};

/// Asks for the time that records are of, what they come to, how sure that is, and what waits.
pub(super) fn of_engine(
    engine: &dyn Engine,
    now: DateTime<Tz>,
    limits: &Limits,
) -> Result<Vec<Fact>, Error> {
    let bounds = engine.bounds(limits)?;
    let filter = Filter::new();
    let of = Selection::new(TimeRange::ALL, &filter).within(limits.clone());
    let all = engine.totals(&of)?.summary();
    let waiting = engine.freshness(limits)?;
    let mut facts = vec![
        Fact::new("Requests", format_count(all.requests)),
        Fact::new("Tokens", format_tokens(all.tokens())),
        Fact::new("Newest record", moment(bounds.newest, now)),
        Fact::new("Oldest record", moment(bounds.oldest, now)),
    ];
    facts.extend(kept(&bounds, now));
    facts.extend(quality(&all));
    facts.push(journals(waiting));
    Ok(facts)
}

fn moment(at: Option<Timestamp>, now: DateTime<Tz>) -> String {
    let at = at.and_then(Timestamp::to_utc).map(|at| at.with_timezone(&now.timezone()));
    match at {
        None => "none".to_owned(),
        Some(at) => format!("{}, {}", at.format("%Y-%m-%d %H:%M:%S"), ago(at, now)),
    }
}

/// Says how long ago something was, in one unit.
pub(crate) fn ago(at: DateTime<Tz>, now: DateTime<Tz>) -> String {
    let seconds = (now - at).num_seconds();
    let of = |count: i64, unit: &str| format!("{count} {unit} ago");
    match seconds {
        ..=-60 => "still to come".to_owned(),
        -59..60 => "just now".to_owned(),
        60..3_600 => of(seconds / 60, "min"),
        3_600..172_800 => of(seconds / 3_600, "h"),
        _ => of(seconds / 86_400, "days"),
    }
}

fn kept(bounds: &Bounds, now: DateTime<Tz>) -> Option<Fact> {
    let from = bounds.has_rows_from?;
    Some(Fact::new(
        "Records kept",
        format!("since {}; older ones as sums", moment(Some(from), now)),
    ))
}

/// The shares of requests whose numbers are less sure than others.
fn quality(all: &Summary) -> Vec<Fact> {
    let unpriced = all.requests.saturating_sub(all[Measure::Priced]);
    let shares = [
        ("Without a price", unpriced),
        ("Partial counts", all[Measure::Partial]),
        ("Estimated counts", all[Measure::Estimated]),
        ("Inconsistent counts", all[Measure::Inconsistent]),
        ("Recorded elsewhere too", all[Measure::Elsewhere]),
    ];
    let facts: Vec<Fact> = shares
        .into_iter()
        .filter(|(_, count)| *count > 0)
        .map(|(name, count)| {
            let share = format_share(count, all.requests);
            let thousandths = u128::from(count) * 1_000 / u128::from(all.requests.max(1));
            Fact::new(name, format!("{} ({share})", format_count(count)))
                .with_share(u32::try_from(thousandths).unwrap_or(u32::MAX))
                .with_level(Level::Warning)
        })
        .collect();
    match (facts.is_empty(), all.requests) {
        (true, 1..) => vec![Fact::new("Quality", "all counts are whole").with_level(Level::Good)],
        _ => facts,
    }
}

fn journals(of: Freshness) -> Fact {
    let records = |count: u64| match count {
        1 => "1 record waits".to_owned(),
        count => format!("{} records wait", format_count(count)),
    };
    match (of.backlog_of_stopped, of.backlog_of_running) {
        (0, 0) => Fact::new("Journals", "nothing waits").with_level(Level::Good),
        (0, running) => Fact::new("Journals", format!("{} to be stored", records(running))),
        (stopped, _) => {
            let of = "in a journal that a stopped program has left; the next program that writes stores them";
            Fact::new("Journals", format!("{} {of}", records(stopped))).with_level(Level::Warning)
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    #[test]
    fn times_are_told_in_one_unit() {
        let now = DateTime::UNIX_EPOCH.with_timezone(&Tz::UTC);
        let of = |seconds| ago(now - TimeDelta::seconds(seconds), now);
        let all = [0, 59, 60, 3_599, 3_600, 172_799, 172_800, -30, -60].map(of);
        assert_eq!(
            all,
            [
                "just now",
                "just now",
                "1 min ago",
                "59 min ago",
                "1 h ago",
                "47 h ago",
                "2 days ago",
                "just now",
                "still to come"
            ]
        );
    }
}
