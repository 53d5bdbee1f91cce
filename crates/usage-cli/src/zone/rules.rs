//! The zone that has the same rules as a file of the system's, or as the text of `TZ`.

use chrono::{DateTime, Offset as _, TimeZone as _, Utc};
use chrono_tz::{TZ_VARIANTS, Tz};
use tz::timezone::TimeZoneSettings;
use tz::{TimeZone, TzError};

const HOUR: i64 = 3_600;
const DAY: i64 = 24 * HOUR;
/// The hours of a year, and a day more.
const HOURS: i64 = 367 * 24;
/// The years 1902, from which on files tell zones of one region apart, and 2000: nobody has recorded anything earlier.
const SINCE: [i64; 2] = [-2_145_916_800, 946_684_800];

/// Returns the rules in a file of a zone (RFC 9636).
pub(super) fn of_content(content: &[u8]) -> Option<TimeZone> {
    TimeZone::from_tz_data(content).ok()
}

/// Returns the rules that POSIX lets `TZ` state, such as `CET-1CEST,M3.5.0,M10.5.0/3`.
pub(super) fn of_text(text: &str) -> Option<TimeZone> {
    let parse = |text: &str| {
        // No file is looked for: that was done before.
        TimeZoneSettings::new(&[], |_| Err("no file".into())).parse_posix_tz(text).ok()
    };
    // Without days the C library takes those of the United States.
    parse(text).or_else(|| parse(&format!("{text},M3.2.0,M11.1.0")))
}

/// Returns a zone that is as far from UTC as these rules say, at each hour within a year of now and, for those that
/// tell of the past, at each day before; `likely` if that is one.
pub(super) fn zone_with(rules: &TimeZone, likely: Option<Tz>, now: DateTime<Utc>) -> Option<Tz> {
    if rules.as_ref().transitions().is_empty() {
        return zone_since(now.timestamp(), rules, likely, now);
    }
    SINCE.into_iter().find_map(|since| zone_since(since, rules, likely, now))
}

fn zone_since(since: i64, rules: &TimeZone, likely: Option<Tz>, now: DateTime<Utc>) -> Option<Tz> {
    let now = now.timestamp();
    let hours = (-HOURS..HOURS).map(|hour| now + hour * HOUR);
    let days = (0..).map(|day| since + day * DAY).take_while(|at| *at < now);
    let offsets: Result<Vec<_>, TzError> = hours
        .chain(days)
        .map(|at| rules.find_local_time_type(at).map(|local| (at, local.ut_offset())))
        .collect();
    let offsets = offsets.ok()?;
    let is_same = |zone: &Tz| {
        offsets.iter().all(|(at, offset)| {
            let at = DateTime::from_timestamp(*at, 0).unwrap_or_default().naive_utc();
            zone.offset_from_utc_datetime(&at).fix().local_minus_utc() == *offset
        })
    };
    let mut zones = TZ_VARIANTS.to_vec();
    zones.sort_by_key(|zone| rank(zone.name()));
    likely.into_iter().chain(zones).find(is_same)
}

/// Orders names: those that say no more than how far from UTC it is, then places that people know.
fn rank(name: &str) -> usize {
    const FIRST: [&str; 15] = [
        "UTC",
        "Etc/GMT",
        "Europe/Berlin",
        "Europe/London",
        "America/New_York",
        "America/Chicago",
        "America/Denver",
        "America/Los_Angeles",
        "Asia/Kolkata",
        "Europe/",
        "America/",
        "Asia/",
        "Africa/",
        "Australia/",
        "Pacific/",
    ];
    FIRST.iter().position(|first| name.starts_with(first)).unwrap_or(FIRST.len())
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Returns a file of a zone that has these rules at all times.
    pub(in crate::zone) fn content(rules: &str) -> Vec<u8> {
        let counts = |counts: [u32; 6]| counts.into_iter().flat_map(u32::to_be_bytes);
        let header = |content: [u32; 6]| {
            b"TZif2".iter().copied().chain([0; 15]).chain(counts(content)).collect::<Vec<_>>()
        };
        // Isutcnt, isstdcnt, leapcnt, timecnt, typecnt, charcnt: one local time, an hour ahead.
        let one = [0, 0, 0, 0, 1, 4];
        let local = [&3_600_i32.to_be_bytes()[..], &[0, 0], b"CET\0"].concat();
        [&header(one)[..], &local, &header(one), &local, b"\n", rules.as_bytes(), b"\n"].concat()
    }

    #[test]
    fn what_is_no_zone_has_no_rules() {
        for content in [&b""[..], b"TZif", b"TZif2\0\0\0", b"Europe/Berlin\n", &[0; 64]] {
            assert!(of_content(content).is_none());
        }
        for text in ["", "UTC", "CET-1CEST,nonsense", "-1", "Europe/Berlin", "CET-99"] {
            assert!(of_text(text).is_none(), "{text}");
        }
    }
}
