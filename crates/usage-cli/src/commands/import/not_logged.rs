//! What agents have counted and not logged: shown as a difference, never stored.

use std::collections::{BTreeMap, HashMap, HashSet};

use usage_core::query::{Limits, Listing, Selection};
use usage_core::{Engine, Error, Filter, Measure, TimeRange, Timestamp};
use usage_import::agents::Counted;

/// The kinds of [`Counted::tokens`].
const KINDS: [Measure; 4] =
    [Measure::Input, Measure::Output, Measure::CacheRead, Measure::CacheWrite];

const DAY: i64 = 86_400_000_000;

/// Totals of sessions that began before so many days are not compared: no agent keeps its logs for longer.
const MOST_DAYS: i64 = 400;

/// Returns by how many tokens an agent has counted more than a ledger holds of the sessions whose totals it states.
pub(super) fn not_logged(
    engine: &dyn Engine,
    instance: &str,
    counted: &[Counted],
    now: Timestamp,
) -> Result<u64, Error> {
    let Some(start) = counted.iter().map(|of| of.start).min() else { return Ok(0) };
    let (filter, end) = (Filter::instance(instance), now.as_micros() + DAY);
    let sessions = counted.iter().flat_map(|of| of.within.iter().chain([&of.session]));
    let wanted: HashSet<&str> = sessions.map(String::as_str).collect();
    let mut held: HashMap<String, [u64; 4]> = HashMap::new();
    let mut from = start.max(now.as_micros() - MOST_DAYS * DAY);
    // Day by day, so that no more sessions are in memory than end in one.
    while from < end {
        let [start, until] = [from, from + DAY].map(|at| Some(Timestamp::from_micros(at)));
        let range = TimeRange { start, end: until };
        let of = Selection::new(range, &filter).within(Limits::none());
        for session in engine.sessions(&of, Listing::default())?.unwrap_or_default() {
            if wanted.contains(session.id.as_str()) {
                held.insert(session.id, KINDS.map(|kind| session.totals[kind]));
            }
        }
        from += DAY;
    }
    // Copies of a log state the total of one session.
    let stated: BTreeMap<&str, &Counted> = counted.iter().map(|of| (&*of.session, of)).collect();
    let rest = stated.into_values().map(|stated| {
        let mut rest = stated.tokens;
        for session in stated.within.iter().chain([&stated.session]) {
            let held = held.get(session).copied().unwrap_or_default();
            rest.iter_mut().zip(held).for_each(|(rest, held)| *rest = rest.saturating_sub(held));
        }
        rest.into_iter().sum::<u64>()
    });
    Ok(rest.sum())
}
