//! Amounts as the commands that look after a ledger tell them.

use chrono::SecondsFormat;
use chrono_tz::Tz;
use usage_core::Timestamp;
use usage_core::format::{format_count, format_tokens};
use usage_store::Reconciled;

/// `1 record`, `1,234 records`.
pub(crate) fn records(count: u64) -> String {
    format!("{} {}", format_count(count), if count == 1 { "record" } else { "records" })
}

/// `1 request`, `1,234 requests`.
pub(crate) fn requests(count: u64) -> String {
    format!("{} {}", format_count(count), if count == 1 { "request" } else { "requests" })
}

/// `12 requests, 1,200 tokens of 2 sessions told by logs too, not counted, residual +100, residual -20`: another way told of
/// these sessions first, and has as many tokens fewer or more.
pub(crate) fn reconciled(of: &Reconciled) -> String {
    let sessions = format!(
        "{} {}",
        format_count(of.sessions),
        if of.sessions == 1 { "session" } else { "sessions" }
    );
    let mut text = format!(
        "{}, {} tokens of {sessions} told by {} too, not counted",
        requests(of.requests),
        format_tokens(of.tokens),
        of.way.as_str()
    );
    let residual = [(of.beyond_tokens, "+"), (of.lacking_tokens, "-")];
    for (tokens, sign) in residual.into_iter().filter(|(tokens, _)| *tokens > 0) {
        text += &format!(", residual {sign}{}", format_tokens(tokens));
    }
    text
}

/// `1 model`, `787 models`.
pub(crate) fn models(count: usize) -> String {
    format!("{} {}", format_count(count as u64), if count == 1 { "model" } else { "models" })
}

/// A part of a line of accounts: how many records told more of what was known, where any did.
pub(crate) fn amended(count: u64) -> String {
    match count {
        0 => String::new(),
        count => format!("  |  Amended: {}", format_count(count)),
    }
}

/// To the byte below a megabyte; above, in megabytes or gigabytes of a thousand, with one decimal.
pub(crate) fn bytes(count: u64) -> String {
    const MEGA: u64 = 1_000_000;
    const GIGA: u64 = 1_000 * MEGA;
    let in_units = |unit: u64, name| {
        let tenths = count / (unit / 10);
        format!("{}.{} {name}", format_count(tenths / 10), tenths % 10)
    };
    match count {
        1 => "1 byte".to_owned(),
        ..MEGA => format!("{} bytes", format_count(count)),
        MEGA..GIGA => in_units(MEGA, "MB"),
        _ => in_units(GIGA, "GB"),
    }
}

/// The time between two instants, in the two largest units that it has: `2 days 3 hours`.
pub(crate) fn span(from: Timestamp, to: Timestamp) -> String {
    const UNITS: [(&str, i64); 4] =
        [("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1)];
    let mut seconds = (to.as_micros() - from.as_micros()).max(0) / 1_000_000;
    let mut parts = Vec::new();
    for (name, unit) in UNITS {
        let count = seconds / unit;
        seconds %= unit;
        if count > 0 {
            let plural = if count == 1 { "" } else { "s" };
            parts.push(format!("{count} {name}{plural}"));
        }
    }
    parts.truncate(2);
    if parts.is_empty() { "0 seconds".to_owned() } else { parts.join(" ") }
}

/// An instant in a zone, to the second or as fine as it is.
pub(crate) fn instant(timestamp: Timestamp, zone: Tz) -> String {
    timestamp.to_utc().map_or_else(
        || timestamp.to_string(),
        |utc| utc.with_timezone(&zone).to_rfc3339_opts(SecondsFormat::AutoSi, false),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_has_two_units_at_most() {
        for (seconds, text) in [
            (0, "0 seconds"),
            (61, "1 minute 1 second"),
            (3_600, "1 hour"),
            (2 * 86_400 + 3 * 3_600 + 59, "2 days 3 hours"),
            (86_400 + 5, "1 day 5 seconds"),
        ] {
            let at = |seconds: i64| Timestamp::from_micros(seconds * 1_000_000);
            assert_eq!(span(at(7), at(7 + seconds)), text);
        }
        assert_eq!(span(Timestamp::from_micros(5_000_000), Timestamp::from_micros(0)), "0 seconds");
    }

    #[test]
    fn large_numbers_of_bytes_are_rounded_down() {
        for (count, text) in [
            (0, "0 bytes"),
            (1, "1 byte"),
            (999_999, "999,999 bytes"),
            (1_000_000, "1.0 MB"),
            (45_678_901, "45.6 MB"),
            (999_999_999, "999.9 MB"),
            (12_345_678_901, "12.3 GB"),
            (u64::MAX, "18,446,744,073.7 GB"),
        ] {
            assert_eq!(bytes(count), text);
        }
    }

    #[test]
    fn an_instant_that_no_calendar_has_is_told_all_the_same() {
        assert_eq!(instant(Timestamp::from_micros(0), Tz::UTC), "1970-01-01T00:00:00+00:00");
        assert_eq!(
            instant(Timestamp::from_micros(1), Tz::Asia__Kathmandu),
            "1970-01-01T05:30:00.000001+05:30"
        );
        assert!(instant(Timestamp::from_micros(i64::MAX), Tz::UTC).contains("since 1970"));
    }
}
