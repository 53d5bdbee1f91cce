//! The reasons why a deletion is not carried out unasked.

use std::fmt;

use usage_core::Timestamp;

use super::shown;

/// The reason why a deletion is not carried out unasked: as a rule a clock was wrong, now or before.
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
        /// The instant that was said to be now.
        now: Timestamp,
        /// The newest that the ledger knows of.
        latest: Timestamp,
    },
    /// Now lies more than 92 days before the latest now that a deletion was given.
    NowBehind {
        /// The instant that was said to be now.
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
