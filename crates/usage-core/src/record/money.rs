//! Amounts of money: whole pico-dollars, so that no sum of them is rounded.

use std::fmt;
use std::str::FromStr;

/// An amount of money in US dollars, in steps of 10^-12: prices a token come out even in it.
///
/// As text it is a decimal number without an exponent, which [`FromStr`] and [`Display`](fmt::Display) agree on.
///
/// ```
/// use usage_core::Money;
///
/// let cost: Money = "1487.3200".parse()?;
/// assert_eq!(cost.picos(), 1_487_320_000_000_000);
/// assert_eq!(cost.to_string(), "1487.32");
/// assert!("0.0000000000001".parse::<Money>().is_err()); // not a whole number of its steps
/// # Ok::<(), usage_core::record::MoneyError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Money(u128);

/// Steps of a dollar.
const DOLLAR: u128 = 1_000_000_000_000;

/// Decimal places of a dollar.
const PLACES: usize = 12;

impl Money {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// The most that one record may state: nine million dollars.
    pub const MAX_STATED: Self = Self(9_000_000 * DOLLAR);

    /// So many steps of 10^-12 dollars.
    #[must_use]
    pub const fn from_picos(picos: u128) -> Self {
        Self(picos)
    }

    /// Returns the amount in steps of 10^-12 dollars.
    #[must_use]
    pub const fn picos(self) -> u128 {
        self.0
    }

    /// A floating-point number of dollars, rounded to a step once. `None` where it is negative, not a number, or
    /// too large to be stated.
    #[must_use]
    pub fn from_dollars(dollars: f64) -> Option<Self> {
        // By its shortest decimal text: what the source has written, not what binary digits made of it.
        if !dollars.is_finite() || dollars.is_sign_negative() && dollars != 0.0 {
            return None;
        }
        let text = format!("{:.12}", dollars.abs());
        text.parse().ok().filter(|money| *money <= Self::MAX_STATED)
    }

    /// Both together. Saturates.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

/// The reason why a text is not an amount of money.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MoneyError {
    /// It is no decimal number that is not negative.
    #[error("not a decimal number of dollars, as in 12.50")]
    NotANumber,
    /// It has more places than there are steps.
    #[error("more than 12 decimal places")]
    TooFine,
    /// It is larger than anything that can be kept.
    #[error("more dollars than can be kept")]
    TooLarge,
}

/// Digits, and perhaps a point and at most 12 more; zeros behind these say nothing and may stand there.
impl FromStr for Money {
    type Err = MoneyError;

    fn from_str(text: &str) -> Result<Self, MoneyError> {
        let (whole, places) = text.split_once('.').unwrap_or((text, "0"));
        let are_digits =
            |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if !are_digits(whole) || !are_digits(places) {
            return Err(MoneyError::NotANumber);
        }
        let places = places.trim_end_matches('0');
        if places.len() > PLACES {
            return Err(MoneyError::TooFine);
        }
        let number = |text: &str| text.parse::<u128>().map_err(|_| MoneyError::TooLarge);
        let picos = number(&format!("{places:0<PLACES$}"))?;
        let whole = number(whole)?.checked_mul(DOLLAR).ok_or(MoneyError::TooLarge)?;
        whole.checked_add(picos).map(Self).ok_or(MoneyError::TooLarge)
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, picos) = (self.0 / DOLLAR, self.0 % DOLLAR);
        if picos == 0 {
            return write!(f, "{whole}");
        }
        let places = format!("{picos:0>PLACES$}");
        write!(f, "{whole}.{}", places.trim_end_matches('0'))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_no_amount_is_refused() {
        for text in ["", ".", "1.", ".5", "-1", "+1", "1e3", "1,5", " 1", "0x1", "NaN", "١"] {
            assert_eq!(text.parse::<Money>(), Err(MoneyError::NotANumber), "{text:?}");
        }
        assert_eq!("0.0000000000001".parse::<Money>(), Err(MoneyError::TooFine));
        assert_eq!("0.1000000000000000".parse(), Ok(Money::from_picos(DOLLAR / 10)));
        assert_eq!("9".repeat(40).parse::<Money>(), Err(MoneyError::TooLarge));
        assert_eq!("9".repeat(30).parse::<Money>(), Err(MoneyError::TooLarge));
    }

    #[test]
    fn floats_are_rounded_once() {
        let of = |dollars| Money::from_dollars(dollars).map(|money| money.to_string());
        assert_eq!(of(0.1).as_deref(), Some("0.1"));
        assert_eq!(of(0.000_000_000_000_4).as_deref(), Some("0"));
        assert_eq!(of(0.000_000_000_000_6).as_deref(), Some("0.000000000001"));
        assert_eq!(of(-0.0).as_deref(), Some("0"));
        for wrong in [-0.1, f64::NAN, f64::INFINITY, 9_000_001.0] {
            assert_eq!(of(wrong), None, "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn text_says_exactly_what_it_is(picos in 0..u128::MAX) {
            let money = Money::from_picos(picos);
            prop_assert_eq!(money.to_string().parse(), Ok(money));
        }
    }
}
