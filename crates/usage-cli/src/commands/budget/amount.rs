//! Amounts as people type them.

use usage_core::Money;

/// Dollars: `200`, `$12.50`, `1,000`.
pub(super) fn dollars(text: &str) -> Result<Money, String> {
    let plain: String = text.trim().chars().filter(|c| !matches!(c, ',' | '_')).collect();
    let plain = plain.strip_prefix('$').unwrap_or(&plain);
    plain.parse().map_err(|error: usage_core::record::MoneyError| error.to_string())
}

/// Tokens: `200000`, `1,000,000`, `200k`, `1.5M`, `2B`.
pub(super) fn tokens(text: &str) -> Result<u64, String> {
    let wrong = || "not a number of tokens, as in 200000, 200k, 1.5M or 2B".to_owned();
    let plain: String = text.trim().chars().filter(|c| !matches!(c, ',' | '_')).collect();
    let (number, zeros) = match plain.char_indices().next_back() {
        Some((at, 'k' | 'K')) => (&plain[..at], 3),
        Some((at, 'm' | 'M')) => (&plain[..at], 6),
        Some((at, 'b' | 'B' | 'g' | 'G')) => (&plain[..at], 9),
        _ => (plain.as_str(), 0),
    };
    let (whole, places) = number.split_once('.').unwrap_or((number, ""));
    let are_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !are_digits(whole) || !are_digits(places) || places.len() > zeros {
        return Err(wrong());
    }
    format!("{whole}{places:0<zeros$}").parse().map_err(|_| wrong())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_as_they_are_typed() {
        for (text, count) in [
            ("0", 0),
            ("1,000,000", 1_000_000),
            ("200k", 200_000),
            ("1.5M", 1_500_000),
            ("0.000001M", 1),
            ("2B", 2_000_000_000),
            (" 7 ", 7),
            ("18446744073709551615", u64::MAX),
        ] {
            assert_eq!(tokens(text), Ok(count), "{text}");
        }
        for text in ["", "k", ".5M", "1.5", "1.0000001M", "-1", "1e6", "18446744073709551616", "١"]
        {
            assert!(tokens(text).is_err(), "{text}");
        }
        assert_eq!(dollars("$1,200.50").map(|money| money.to_string()), Ok("1200.5".to_owned()));
        assert!(dollars("-5").is_err() && dollars("12 EUR").is_err() && dollars("").is_err());
    }
}
