//! Numbers as JSON writes them: counts, and money in 10⁻¹² USD.

/// The largest cost that is taken, in 10⁻¹² USD: nine million dollars.
pub const MAX_COST: u64 = 9_000_000 * PICO;

/// 10⁻¹² USD in one.
const PICO: u64 = 1_000_000_000_000;

/// Decimal places of [`PICO`].
const PLACES: i64 = 12;

/// Reads a count: a whole number that is not negative, also written as `12.0` or `1.2e1`.
pub(crate) fn count(text: &[u8]) -> Option<u64> {
    if !text.is_empty() && text.len() < 20 && text.iter().all(u8::is_ascii_digit) {
        return std::str::from_utf8(text).ok()?.parse().ok();
    }
    let (digits, exponent) = decimal(text)?;
    let mut value = digits.value;
    for _ in 0..exponent.clamp(0, 40) {
        value = value.checked_mul(10)?;
    }
    for _ in exponent.clamp(-40, 0)..0 {
        if !value.is_multiple_of(10) {
            return None;
        }
        value /= 10;
    }
    (digits.exact || value == 0).then_some(())?;
    u64::try_from(value).ok()
}

/// Reads a decimal number of USD, such as `0.0145` or `4.14e-05`, as 10⁻¹² USD: rounded once,
/// half up, to twelve places.
///
/// `None` for what is no number, negative, or over [`MAX_COST`].
///
/// ```
/// use usage_providers::pico_dollars;
///
/// assert_eq!(pico_dollars("0.0145476"), Some(14_547_600_000));
/// assert_eq!(pico_dollars("4.1400000000000003e-05"), Some(41_400_000));
/// assert_eq!(pico_dollars("-1"), None);
/// ```
#[must_use]
pub fn pico_dollars(text: &str) -> Option<u64> {
    let (digits, exponent) = decimal(text.trim().as_bytes())?;
    let mut value = digits.value;
    let shift = exponent.saturating_add(PLACES);
    for _ in 0..shift.clamp(0, 60) {
        value = value.checked_mul(10)?;
    }
    let down = shift.clamp(-60, 0);
    for left in down..0 {
        let half_up = left == -1 && value % 10 >= 5;
        value = value / 10 + u128::from(half_up);
    }
    u64::try_from(value).ok().filter(|cost| *cost <= MAX_COST)
}

/// Reads an amount that a program holds as a float, as [`pico_dollars`] reads its shortest decimal
/// form.
#[must_use]
pub fn pico_dollars_of(amount: f64) -> Option<u64> {
    pico_dollars(&format!("{amount:e}"))
}

/// The digits of a number, as many as fit.
struct Digits {
    value: u128,
    /// Says whether digits other than 0 were left out behind those that fit.
    exact: bool,
}

/// Splits a number that is not negative into its digits and a power of ten.
fn decimal(text: &[u8]) -> Option<(Digits, i64)> {
    let mut digits = Digits { value: 0, exact: true };
    let (mut exponent, mut seen, mut point) = (0_i64, false, false);
    let mut rest = text;
    while let [byte, tail @ ..] = rest {
        match byte {
            b'0'..=b'9' => {
                seen = true;
                // 30 digits leave room for the shifts that follow.
                if digits.value < 10_u128.pow(30) {
                    digits.value = digits.value * 10 + u128::from(byte - b'0');
                    exponent -= i64::from(point);
                } else {
                    digits.exact &= *byte == b'0';
                    exponent += i64::from(!point);
                }
            }
            b'.' if !point && seen => point = true,
            b'e' | b'E' if seen => {
                let power: i32 = std::str::from_utf8(tail).ok()?.parse().ok()?;
                return Some((digits, exponent.saturating_add(i64::from(power))));
            }
            _ => return None,
        }
        rest = tail;
    }
    seen.then_some((digits, exponent))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_whole_and_not_negative() {
        for (text, expected) in [
            ("0", Some(0)),
            ("12", Some(12)),
            ("12.0", Some(12)),
            ("1.2e1", Some(12)),
            ("1200e-2", Some(12)),
            ("18446744073709551615", Some(u64::MAX)),
            ("18446744073709551616", None),
            ("99999999999999999999999999999999999999999999", None),
            ("1e400", None),
            ("1e-400", None),
            ("0e-400", Some(0)),
            ("12.5", None),
            ("-1", None),
            ("-0", None),
            ("", None),
            (".5", None),
            ("1e", None),
            ("NaN", None),
        ] {
            assert_eq!(count(text.as_bytes()), expected, "{text}");
        }
    }

    #[test]
    fn money_is_rounded_once() {
        for (text, expected) in [
            ("0", Some(0)),
            ("1", Some(PICO)),
            ("0.000000000001", Some(1)),
            ("0.0000000000005", Some(1)),
            ("0.00000000000049999", Some(0)),
            ("8.25e-05", Some(82_500_000)),
            ("0.0076509169000000005", Some(7_650_916_900)),
            ("9000000", Some(MAX_COST)),
            ("9000000.000000000001", None),
            ("1e300", None),
            ("1e-300", Some(0)),
            ("-0.1", None),
            ("abc", None),
        ] {
            assert_eq!(pico_dollars(text), expected, "{text}");
        }
        assert_eq!(pico_dollars_of(0.1), Some(PICO / 10));
        assert_eq!(pico_dollars_of(3.11e-05), Some(31_100_000));
        assert_eq!(pico_dollars_of(f64::NAN), None);
        assert_eq!(pico_dollars_of(-1.0), None);
    }
}
