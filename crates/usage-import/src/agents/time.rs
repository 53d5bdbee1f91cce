//! Times as logs write them.

use usage_core::Timestamp;

/// Reads an RFC 3339 time.
pub(super) fn parse_time(text: &str) -> Option<Timestamp> {
    let time = chrono::DateTime::parse_from_rfc3339(text).ok()?;
    Some(Timestamp::from(time.to_utc()))
}
