//! The instants in the origin's database, which are text.

use chrono::{NaiveDate, NaiveDateTime};
use usage_core::Timestamp;

/// Why a text is no instant as the origin writes one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum TimestampError {
    /// Something else altogether.
    #[error("is no time as Go or SQLite writes it")]
    Form,
    /// Such as 30 February.
    #[error("is on a day that does not exist")]
    Day,
    /// Such as 24:00:00, or a second 60.
    #[error("is at a time of day that does not exist")]
    TimeOfDay,
    /// Such as +2500.
    #[error("has an offset that does not exist")]
    Offset,
}

/// The instant that a text in the origin's column `timestamp` means.
///
/// Either as Go prints a time: `2026-05-03 13:56:01.123456789 +0800 CST m=+12.345678901`, where
/// the fraction has up to nine digits or is missing, the name of the zone can itself be `+0545` or
/// `-03` and says nothing that the offset has not said, and the reading of the monotonic clock may
/// be missing. Or as SQLite prints one: `2026-05-03 13:56:01`, in UTC. What is finer than a
/// microsecond is dropped, towards the past.
///
/// ```
/// use usage_store::import::parse_timestamp;
///
/// let of_go = parse_timestamp("2026-05-03 13:56:01.5 +0800 CST m=+12.345678901")?;
/// assert_eq!(of_go.to_string(), "2026-05-03T05:56:01.500000Z");
/// let of_sqlite = parse_timestamp("2026-05-03 05:56:01")?;
/// assert_eq!(of_sqlite.to_string(), "2026-05-03T05:56:01.000000Z");
/// # Ok::<(), usage_store::import::TimestampError>(())
/// ```
///
/// # Errors
/// When the text has any other form, or names a day, a time of day or an offset that does not
/// exist.
pub fn parse_timestamp(text: &str) -> Result<Timestamp, TimestampError> {
    let written = Written::read(text).ok_or(TimestampError::Form)?;
    let seconds = written.local()?.and_utc().timestamp() - written.offset_seconds()?;
    Ok(Timestamp::from_micros(seconds * 1_000_000 + i64::from(written.nanos / 1_000)))
}

/// The numbers of a text that has the right form.
#[derive(Default)]
struct Written {
    date: [u32; 3],
    time: [u32; 3],
    nanos: u32,
    is_behind: bool,
    offset: [u32; 2],
}

impl Written {
    fn read(text: &str) -> Option<Self> {
        let mut rest = Reader(text.as_bytes());
        let mut written = Self::default();
        for (number, (digits, end)) in
            written.date.iter_mut().zip([(4, Some(b'-')), (2, Some(b'-')), (2, Some(b' '))])
        {
            *number = rest.number(digits, end)?;
        }
        for (number, end) in written.time.iter_mut().zip([Some(b':'), Some(b':'), None]) {
            *number = rest.number(2, end)?;
        }
        if rest.is_at_end() {
            return Some(written);
        }
        if rest.skip(b'.') {
            written.nanos = rest.nanos()?;
        }
        written.is_behind = rest.skip(b' ').then(|| rest.is_minus())??;
        written.offset = [rest.number(2, None)?, rest.number(2, Some(b' '))?];
        rest.zone_name()?;
        if !rest.is_at_end() {
            rest.monotonic()?;
        }
        rest.is_at_end().then_some(written)
    }

    fn local(&self) -> Result<NaiveDateTime, TimestampError> {
        let ([year, month, day], [hour, minute, second]) = (self.date, self.time);
        i32::try_from(year)
            .ok()
            .and_then(|year| NaiveDate::from_ymd_opt(year, month, day))
            .ok_or(TimestampError::Day)?
            .and_hms_opt(hour, minute, second)
            .ok_or(TimestampError::TimeOfDay)
    }

    /// How many seconds the clock that was read is ahead of UTC.
    fn offset_seconds(&self) -> Result<i64, TimestampError> {
        let [hours, minutes] = self.offset;
        if hours > 23 || minutes > 59 {
            return Err(TimestampError::Offset);
        }
        let seconds = i64::from(hours * 3_600 + minutes * 60);
        Ok(if self.is_behind { -seconds } else { seconds })
    }
}

/// What has not been read yet.
struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    const fn is_at_end(&self) -> bool {
        self.0.is_empty()
    }

    fn skip(&mut self, byte: u8) -> bool {
        let rest = self.0.strip_prefix(&[byte]);
        self.0 = rest.unwrap_or(self.0);
        rest.is_some()
    }

    /// A number of so many digits, and what must come after it.
    fn number(&mut self, digits: usize, end: Option<u8>) -> Option<u32> {
        let (number, rest) = self.0.split_at_checked(digits)?;
        self.0 = rest;
        let is_ended = end.is_none_or(|end| self.skip(end));
        decimal(number).filter(|_| is_ended)
    }

    /// Takes the digits that come next.
    fn digits(&mut self) -> &[u8] {
        let length = self.0.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let (digits, rest) = self.0.split_at(length);
        self.0 = rest;
        digits
    }

    /// A fraction of a second, of one to nine digits.
    fn nanos(&mut self) -> Option<u32> {
        let digits = self.digits();
        let missing = 9_usize.checked_sub(digits.len())?;
        let number = decimal(digits).filter(|_| !digits.is_empty())?;
        Some(number * 10_u32.pow(u32::try_from(missing).ok()?))
    }

    fn is_minus(&mut self) -> Option<bool> {
        let is_minus = self.skip(b'-');
        (is_minus || self.skip(b'+')).then_some(is_minus)
    }

    /// `CST`, `+0545`, `-03`. Without `=`, so that a monotonic reading is not taken for one.
    fn zone_name(&mut self) -> Option<()> {
        let is_of_name = |byte: &&u8| byte.is_ascii_alphanumeric() || b"+-_/:".contains(byte);
        let length = self.0.iter().take_while(is_of_name).count();
        self.0 = &self.0[length..];
        (length > 0).then_some(())
    }

    /// ` m=+12.345678901`
    fn monotonic(&mut self) -> Option<()> {
        self.0 = self.0.strip_prefix(b" m=")?;
        self.is_minus()?;
        let has_seconds = !self.digits().is_empty();
        (has_seconds && self.skip(b'.') && self.digits().len() == 9).then_some(())
    }
}

/// The number that at most nine digits mean.
fn decimal(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0, |number, digit| {
        digit.is_ascii_digit().then(|| number * 10 + u32::from(digit - b'0'))
    })
}

#[cfg(test)]
mod tests {
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
            let (sign, monotonic) =
                (if monotonic < 0 { '-' } else { '+' }, monotonic.unsigned_abs());
            text += &format!(
                " m={sign}{}.{:09}",
                monotonic / 1_000_000_000,
                monotonic % 1_000_000_000
            );
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
}
