//! Numbers for people.

/// A whole number with thousands separators: `1,234,567`.
///
/// ```
/// assert_eq!(usage_core::text::format_count(1_234_567), "1,234,567");
/// ```
#[must_use]
pub fn format_count(count: u64) -> String {
    let digits = count.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A number of tokens, exact below a million, else in millions or billions with one decimal,
/// rounded to nearest and carried into the next unit.
///
/// ```
/// use usage_core::text::format_tokens;
///
/// assert_eq!(format_tokens(20), "20");
/// assert_eq!(format_tokens(999_999), "999,999");
/// assert_eq!(format_tokens(1_200_000), "1.2M");
/// assert_eq!(format_tokens(1_999_999), "2.0M");
/// assert_eq!(format_tokens(999_950_000), "1.0B");
/// ```
#[must_use]
pub fn format_tokens(tokens: u64) -> String {
    const MILLION: u64 = 1_000_000;
    const BILLION: u64 = 1_000 * MILLION;
    if tokens < MILLION {
        return format_count(tokens);
    }
    // Just under a billion, a tenth of a million would be rounded up to 1000.0M.
    if tokens < BILLION - MILLION / 20 {
        return in_units(tokens, MILLION, 'M');
    }
    in_units(tokens, BILLION, 'B')
}

fn in_units(count: u64, unit: u64, suffix: char) -> String {
    let tenth = unit / 10;
    let tenths = count / tenth + u64::from(count % tenth >= tenth / 2);
    format!("{}.{}{suffix}", format_count(tenths / 10), tenths % 10)
}
