//! The age that something may reach.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use usage_core::Timestamp;

use crate::error::{Result, StoreError};

/// The age that something may reach: `30d`, `8w`, `24h`, `90m`. A day has 24 hours. Whole words are read as well, such as
/// `30days` and `8 weeks`; a month and a year, which have no fixed length, are not.
///
/// ```
/// use usage_core::Timestamp;
/// use usage_store::Age;
///
/// let age: Age = "24h".parse()?;
/// assert_eq!(age, "1d".parse()?);
/// assert_eq!(age.to_string(), "24h");
/// let now = Timestamp::from_micros(86_400_000_001);
/// assert_eq!(age.before(now), Some(Timestamp::from_micros(1)));
/// # Ok::<(), usage_store::StoreError>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Age {
    number: u64,
    unit: char,
    minutes: u64,
}

impl Age {
    const MICROS: i64 = 60_000_000;

    /// The instant that is so old at `now`; `None` beyond the beginning of time.
    #[must_use]
    pub fn before(self, now: Timestamp) -> Option<Timestamp> {
        let micros = i64::try_from(self.minutes).ok()?.checked_mul(Self::MICROS)?;
        now.as_micros().checked_sub(micros).map(Timestamp::from_micros)
    }

    /// Returns whether it is no time at all.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.minutes == 0
    }
}

impl FromStr for Age {
    type Err = StoreError;

    fn from_str(text: &str) -> Result<Self> {
        let end = text.bytes().take_while(u8::is_ascii_digit).count();
        let (digits, word) = text.split_at(end);
        let (unit, minutes) = match word.strip_prefix(' ').unwrap_or(word) {
            "m" | "min" | "minute" | "minutes" => ('m', 1),
            "h" | "hour" | "hours" => ('h', 60),
            "d" | "day" | "days" => ('d', 24 * 60),
            "w" | "week" | "weeks" => ('w', 7 * 24 * 60),
            _ => return Err(StoreError::NotAnAge),
        };
        let number: u64 = digits.parse().map_err(|_| StoreError::NotAnAge)?;
        let minutes = number.checked_mul(minutes).ok_or(StoreError::NotAnAge)?;
        // Nothing is as old as that, and what is beyond cannot be reckoned with.
        const LONGEST: u64 = 10_000 * 366 * 24 * 60;
        if minutes > LONGEST {
            Err(StoreError::NotAnAge)
        } else {
            Ok(Self { number, unit, minutes })
        }
    }
}

/// As it was written, without zeros in front.
impl fmt::Display for Age {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.number, self.unit)
    }
}

impl PartialEq for Age {
    fn eq(&self, other: &Self) -> bool {
        self.minutes == other.minutes
    }
}

impl Eq for Age {}

impl PartialOrd for Age {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Age {
    fn cmp(&self, other: &Self) -> Ordering {
        self.minutes.cmp(&other.minutes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn age(text: &str) -> Age {
        text.parse().unwrap()
    }

    #[test]
    fn an_age_is_a_number_and_a_unit() {
        for (text, shown, minutes) in [
            ("90m", "90m", 90),
            ("007d", "7d", 10_080),
            ("2w", "2w", 20_160),
            ("0h", "0h", 0),
            ("30days", "30d", 43_200),
            ("8 weeks", "8w", 80_640),
            ("1hour", "1h", 60),
        ] {
            assert_eq!((age(text).to_string().as_str(), age(text).minutes), (shown, minutes));
        }
        for text in [
            "",
            "d",
            "30",
            "30D",
            "30  d",
            "3mo",
            "1y",
            "1month",
            "2M",
            "-1d",
            "+1d",
            "1.5d",
            "30s",
            "3\u{663}d",
        ] {
            assert!(matches!(text.parse::<Age>(), Err(StoreError::NotAnAge)), "{text}");
        }
        for text in ["99999999999999999999d", "18446744073709551615w", "9999999999w"] {
            assert!(matches!(text.parse::<Age>(), Err(StoreError::NotAnAge)), "{text}");
        }
        assert!(age("25h") > age("1d") && age("24h") == age("1d"));
    }
}
