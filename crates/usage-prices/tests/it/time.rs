//! Instants for the tests.

/// `2026-11-28T10:00` in UTC, as microseconds since 1970.
pub(crate) fn micros(text: &str) -> i64 {
    let number = |range: std::ops::Range<usize>| {
        text.get(range).map_or(0, |text| text.parse::<i64>().unwrap())
    };
    let (year, month, day) = (number(0..4), number(5..7), number(8..10));
    let (hour, minute, second) = (number(11..13), number(14..16), number(17..19));
    let is_leap = |year: i64| year % 4 == 0;
    let lengths = [31, 28 + i64::from(is_leap(year)), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let years: i64 = (1970..year).map(|year| 365 + i64::from(is_leap(year))).sum();
    let months: i64 = lengths.iter().take(usize::try_from(month - 1).unwrap()).sum();
    (((years + months + day - 1) * 24 + hour) * 60 + minute) * 60_000_000 + second * 1_000_000
}
