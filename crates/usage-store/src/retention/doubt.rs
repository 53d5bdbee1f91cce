//! Whether an instant before which everything is to go can be meant.

use std::fmt;

use rusqlite::Connection;
use usage_core::Timestamp;

use crate::error::shown;
use crate::retention::retained;

/// How far an instant may lie beyond what the ledger knows of: 92 days, as long as three months can
/// be. A clock that is wrong is wrong by years, as a rule.
const PLAUSIBLE: i64 = 92 * 24 * 60 * 60 * 1_000_000;

/// Why a deletion is not carried out unasked: as a rule a clock was wrong, now or before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Doubt {
    /// The instant lies more than 92 days after the newest record and the latest now that a deletion
    /// was given: all records would go, and those to come be refused for long.
    BeyondNewest {
        /// Everything older was to go.
        before: Timestamp,
        /// The newest that the ledger knows of.
        newest: Timestamp,
    },
    /// Now lies more than 92 days after the newest record and the latest now that a deletion was
    /// given. Where none was given yet, a ledger may just be old: only if all records would go.
    NowAhead {
        /// What was said to be now.
        now: Timestamp,
        /// The newest that the ledger knows of.
        latest: Timestamp,
    },
    /// Now lies more than 92 days before the latest now that a deletion was given.
    NowBehind {
        /// What was said to be now.
        now: Timestamp,
        /// The latest now.
        latest: Timestamp,
    },
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::BeyondNewest { before, newest } => write!(
                f,
                "everything older than {} would go, which is {} after the newest that this ledger \
                 knows of, {}",
                shown(before),
                days(newest, before),
                shown(newest)
            ),
            Self::NowAhead { now, latest } => write!(
                f,
                "now is {}, which is {} after the newest that this ledger knows of, {}",
                shown(now),
                days(latest, now),
                shown(latest)
            ),
            Self::NowBehind { now, latest } => write!(
                f,
                "now is {}, which is {} before the now of an earlier deletion, {}",
                shown(now),
                days(now, latest),
                shown(latest)
            ),
        }
    }
}

fn days(from: Timestamp, to: Timestamp) -> String {
    let days = to.as_micros().abs_diff(from.as_micros()) / (24 * 60 * 60 * 1_000_000);
    format!("{} days", usage_core::text::format_count(days))
}

/// What speaks against deleting everything older than an instant, at that now where it is known.
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
        let is_told = latest.is_some() || before.as_micros() > known;
        if is_told && now.as_micros() > known.saturating_add(PLAUSIBLE) {
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
