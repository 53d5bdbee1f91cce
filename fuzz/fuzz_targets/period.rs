//! Any text, at any time, in any zone: a period whose start is not after its end, or a refusal.
#![no_main]

use chrono::{DateTime, Utc};
use libfuzzer_sys::{arbitrary, fuzz_target};
use usage_core::period::{WeekStart, parse_period_with};

#[derive(Debug, arbitrary::Arbitrary)]
struct Input<'a> {
    seconds: i64,
    nanos: u32,
    zone: u16,
    from_sunday: bool,
    text: &'a str,
}

fuzz_target!(|input: Input<'_>| {
    let zones = chrono_tz::TZ_VARIANTS;
    let zone = zones[usize::from(input.zone) % zones.len()];
    // Half of the inputs lie near the present, where the rules of the zones are dense.
    let seconds =
        if input.seconds % 2 == 0 { input.seconds } else { input.seconds % 8_000_000_000 };
    let Some(now) = DateTime::<Utc>::from_timestamp(seconds, input.nanos % 1_000_000_000) else {
        return;
    };
    let week_start = if input.from_sunday { WeekStart::Sunday } else { WeekStart::Monday };
    match parse_period_with(input.text, now.with_timezone(&zone), week_start) {
        Ok(period) => {
            if let Some((start, end)) = period.start().zip(period.end()) {
                assert!(start <= end, "{period:?}");
            }
            assert_eq!(period.zone(), zone);
            if let Some(start) = period.start() {
                assert_ne!(period.contains(start.to_utc()), period.is_empty());
            }
            if let Some(end) = period.end() {
                assert!(!period.contains(end.to_utc()), "{period:?}");
            }
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
});
