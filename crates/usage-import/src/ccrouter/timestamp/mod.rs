//! The instants in the origin's database, which are text.

use chrono::{NaiveDate, NaiveDateTime};
use usage_core::Timestamp;

/// The reason why a text is no instant as the origin writes one.
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
/// use usage_import::ccrouter::parse_timestamp;
///
/// let of_go = parse_timestamp("2026-05-03 13:56:01.5 +0800 CST m=+12.345678901")?;
/// assert_eq!(of_go.to_string(), "2026-05-03T05:56:01.500000Z");
/// let of_sqlite = parse_timestamp("2026-05-03 05:56:01")?;
/// assert_eq!(of_sqlite.to_string(), "2026-05-03T05:56:01.000000Z");
/// # Ok::<(), usage_import::ccrouter::TimestampError>(())
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

    /// Returns the number of seconds by which the clock that was read is ahead of UTC.
    fn offset_seconds(&self) -> Result<i64, TimestampError> {
        let [hours, minutes] = self.offset;
        if hours > 23 || minutes > 59 {
            return Err(TimestampError::Offset);
        }
        let seconds = i64::from(hours * 3_600 + minutes * 60);
        Ok(if self.is_behind { -seconds } else { seconds })
    }
}

/// The bytes that have not been read yet.
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
mod tests;
