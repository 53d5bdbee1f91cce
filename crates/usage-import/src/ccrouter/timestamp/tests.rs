use proptest::prelude::*;
use usage_core::Timestamp;

use super::*;

#[test]
fn every_form_is_read() {
    for (text, instant) in [
        ("2026-05-03 13:56:01.123456789 +0800 CST m=+12.345678901", "05:56:01.123456"),
        ("2026-05-03 13:56:01.12 +0800 CST m=-12.345678901", "05:56:01.120000"),
        ("2026-05-03 13:56:01.123456 +0800 CST", "05:56:01.123456"),
        ("2026-05-03 13:56:01 +0800 CST m=+0.000000001", "05:56:01.000000"),
        ("2026-05-03 13:56:01 +0000 UTC", "13:56:01.000000"),
        ("2026-05-03 13:56:01.000000999 +0000 UTC", "13:56:01.000000"),
        ("2026-05-03 13:56:01.9999999 +0000 UTC", "13:56:01.999999"),
        ("2026-05-03 13:56:01.100 +0545 +0545", "08:11:01.100000"),
        ("2026-05-03 10:56:01 -0300 -03 m=+1000000000123.000000000", "13:56:01.000000"),
        // Only the offset counts.
        ("2026-05-03 13:56:01 -0030 UTC", "14:26:01.000000"),
        ("2026-05-03 13:56:01 +0000 Asia/Kathmandu", "13:56:01.000000"),
        ("2026-05-03 13:56:01", "13:56:01.000000"),
    ] {
        let parsed = parse_timestamp(text).map(|at| at.to_string());
        assert_eq!(parsed, Ok(format!("2026-05-03T{instant}Z")), "{text}");
    }
}

#[test]
fn the_offset_moves_the_day() {
    for (text, instant) in [
        ("2026-01-01 07:59:59.5 +0800 CST", "2025-12-31T23:59:59.500000Z"),
        ("2025-12-31 19:00:00 -0500 EST m=+1.000000000", "2026-01-01T00:00:00.000000Z"),
        ("2028-02-29 23:30:00 -0100 -01", "2028-03-01T00:30:00.000000Z"),
        ("1970-01-01 00:00:00.0000019 +0000 UTC", "1970-01-01T00:00:00.000001Z"),
        // Towards the past, before 1970 too.
        ("1969-12-31 23:59:59.9999999 +0000 UTC", "1969-12-31T23:59:59.999999Z"),
    ] {
        assert_eq!(parse_timestamp(text).unwrap().to_string(), instant, "{text}");
    }
}

#[test]
fn anything_else_is_refused() {
    for text in [
        "",
        " ",
        "now",
        "1777787761",
        "2026-05-03",
        "2026-05-03 13:56",
        "2026-05-03T13:56:01Z",
        "2026-05-03T13:56:01+08:00",
        "2026-05-03 13:56:01Z",
        "2026-05-03 13:56:01 ",
        " 2026-05-03 13:56:01",
        "2026-05-03  13:56:01",
        "2026-05-03 13:56:01\n",
        "2026-05-03 13:56:01\0",
        "2026-05-03 13:56:01.5",
        "2026-05-03 13:56:01+08:00",
        "2026-05-03 13:56:01 +08:00 CST",
        "2026-05-03 13:56:01 +0800",
        "2026-05-03 13:56:01 +0800 ",
        "2026-05-03 13:56:01 0800 CST",
        "2026-05-03 13:56:01 CST",
        "2026-05-03 13:56:01. +0800 CST",
        "2026-05-03 13:56:01.1234567890 +0800 CST",
        "2026-05-03 13:56:01,5 +0800 CST",
        "2026-05-03 13:56:01 +0800 C ST",
        "2026-05-03 13:56:01 +0800 m=+1.000000000",
        "2026-05-03 13:56:01 +0800 CST m=1.000000000",
        "2026-05-03 13:56:01 +0800 CST m=+1.00000000",
        "2026-05-03 13:56:01 +0800 CST m=+1",
        "2026-05-03 13:56:01 +0800 CST m=+.000000000",
        "2026-05-03 13:56:01 +0800 CST m=+1.000000000 ",
        "2026-05-03 13:56:01 +0800 CST  m=+1.000000000",
        "26-05-03 13:56:01",
        "12026-05-03 13:56:01 +0800 CST",
        "-026-05-03 13:56:01",
        "+026-05-03 13:56:01",
        "2026-5-3 13:56:01",
        "２０２６-05-03 13:56:01",
    ] {
        assert_eq!(parse_timestamp(text), Err(TimestampError::Form), "{text:?}");
    }
}

#[test]
fn what_does_not_exist_is_refused() {
    for (text, error) in [
        ("2026-02-29 00:00:00", TimestampError::Day),
        ("2026-00-01 00:00:00", TimestampError::Day),
        ("2026-13-01 00:00:00 +0800 CST", TimestampError::Day),
        ("2026-04-31 00:00:00 +0800 CST", TimestampError::Day),
        ("2026-04-00 00:00:00 +0800 CST", TimestampError::Day),
        ("2026-05-03 24:00:00", TimestampError::TimeOfDay),
        ("2026-05-03 00:60:00", TimestampError::TimeOfDay),
        ("2026-06-30 23:59:60 +0000 UTC", TimestampError::TimeOfDay),
        ("2026-05-03 00:00:00 +2400 CST", TimestampError::Offset),
        ("2026-05-03 00:00:00 -0060 CST", TimestampError::Offset),
    ] {
        assert_eq!(parse_timestamp(text), Err(error), "{text}");
    }
}

/// An instant as Go prints it: with trailing zeros of the fraction dropped.
fn as_go_prints(nanos: i64, offset_minutes: i64, zone: &str, monotonic: Option<i64>) -> String {
    let local = nanos + offset_minutes * 60_000_000_000;
    let (seconds, nanos) = (local.div_euclid(1_000_000_000), local.rem_euclid(1_000_000_000));
    let clock = chrono::DateTime::from_timestamp(seconds, 0).unwrap().naive_utc();
    let mut text = clock.format("%Y-%m-%d %H:%M:%S").to_string();
    if nanos > 0 {
        text += format!(".{nanos:09}").trim_end_matches('0');
    }
    let (sign, offset) =
        (if offset_minutes < 0 { '-' } else { '+' }, offset_minutes.unsigned_abs());
    text += &format!(" {sign}{:02}{:02}", offset / 60, offset % 60);
    let offset = text[text.len() - 5..].to_owned();
    text += &format!(" {}", if zone.is_empty() { &offset } else { zone });
    if let Some(monotonic) = monotonic {
        let (sign, monotonic) = (if monotonic < 0 { '-' } else { '+' }, monotonic.unsigned_abs());
        text += &format!(" m={sign}{}.{:09}", monotonic / 1_000_000_000, monotonic % 1_000_000_000);
    }
    text
}

proptest! {
    #[test]
    fn what_go_prints_comes_back(
        nanos in 0..4_102_444_800_000_000_000_i64,
        digits in 0..=9_u32,
        offset in -23 * 60 - 59..=23 * 60 + 59_i64,
        zone in prop_oneof!["", "[A-Z]{3,5}", "[+-][0-9]{2}", "[+-][0-9]{4}"],
        monotonic in proptest::option::of(any::<i64>()),
    ) {
        // So that fractions of every length occur.
        let unit = 10_i64.pow(9 - digits);
        let nanos = nanos / unit * unit;
        let text = as_go_prints(nanos, offset, &zone, monotonic);
        let expected = Timestamp::from_micros(nanos.div_euclid(1_000));
        prop_assert_eq!(parse_timestamp(&text), Ok(expected), "{}", text);
    }

    #[test]
    fn what_sqlite_prints_comes_back(seconds in 0..4_102_444_800_i64) {
        let clock = chrono::DateTime::from_timestamp(seconds, 0).unwrap();
        let text = clock.format("%Y-%m-%d %H:%M:%S").to_string();
        let expected = Timestamp::from_micros(seconds * 1_000_000);
        prop_assert_eq!(parse_timestamp(&text), Ok(expected), "{}", text);
    }

    /// One changed character is another instant or none, and no panic.
    #[test]
    fn no_text_panics(
        nanos in 0..4_102_444_800_000_000_000_i64,
        at in any::<prop::sample::Index>(),
        other in any::<char>(),
        noise in ".{0,60}",
    ) {
        let _ = parse_timestamp(&noise);
        let mut chars: Vec<_> = as_go_prints(nanos, 480, "CST", Some(1)).chars().collect();
        let at = at.index(chars.len());
        chars[at] = other;
        let _ = parse_timestamp(&chars.into_iter().collect::<String>());
    }
}
