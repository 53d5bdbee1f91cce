//! Doubts whether an instant before which everything is to go can be meant.

use rusqlite::Connection;
use usage_core::Timestamp;

use crate::error::Doubt;
use crate::ledger::retained;

/// The time by which an instant may lie beyond what the ledger knows of: 92 days, as long as three
/// months can be. A clock that is wrong is wrong by years, as a rule.
const PLAUSIBLE: i64 = 92 * 24 * 60 * 60 * 1_000_000;

/// Returns the doubt that speaks against deleting everything older than an instant, at that now where it is known.
///
/// A record later than now says nothing of when now is: one of 2099 would silence every doubt.
pub(super) fn doubt(
    connection: &Connection,
    before: Timestamp,
    now: Option<Timestamp>,
) -> rusqlite::Result<Option<Doubt>> {
    let at = Timestamp::from_micros;
    let newest: Option<i64> = connection
        .prepare_cached("SELECT max(ts) FROM records WHERE ts <= ?1")?
        .query_row([now.map_or(i64::MAX, Timestamp::as_micros)], |row| row.get(0))?;
    let latest = retained::latest_now(connection)?;
    let known = newest.max(latest);
    if let (Some(now), Some(known)) = (now, known) {
        let is_known = latest.is_some() || before.as_micros() > known;
        if is_known && now.as_micros() > known.saturating_add(PLAUSIBLE) {
            return Ok(Some(Doubt::NowAhead { now, latest: at(known) }));
        }
    }
    if let (Some(now), Some(latest)) = (now, latest)
        && now.as_micros() < latest.saturating_sub(PLAUSIBLE)
    {
        return Ok(Some(Doubt::NowBehind { now, latest: at(latest) }));
    }
    // Without records, what was deleted last is all that there is to go by.
    let known = match known {
        Some(known) => Some(known),
        None => retained::records_from(connection)?,
    };
    let beyond = known.filter(|known| before.as_micros() > known.saturating_add(PLAUSIBLE));
    Ok(beyond.map(|newest| Doubt::BeyondNewest { before, newest: at(newest) }))
}
