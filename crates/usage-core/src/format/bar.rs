//! Bars of block characters, as fine as an eighth of a column.

/// Not drawn in fewer columns than this: too coarse to compare.
pub(super) const MIN_WIDTH: usize = 10;
/// Nor in more: beyond this a wide terminal adds nothing.
pub(super) const MAX_WIDTH: usize = 40;
/// The width of a page of unknown width, which may be shown on a terminal by another program.
pub(super) const USUAL_PAGE: usize = 80;

const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];

/// A bar that fills `width` columns for `most`. Any value but zero shows.
pub(super) fn bar(value: u64, most: u64, width: usize) -> String {
    if value == 0 || most == 0 {
        return String::new();
    }
    let width = u64::try_from(width).unwrap_or(u64::MAX);
    let scaled = u128::from(value) * u128::from(width) * 8;
    let eighths = ((scaled + u128::from(most) / 2) / u128::from(most)).max(1);
    let eighths = usize::try_from(eighths).unwrap_or(usize::MAX);
    format!("{}{}", "█".repeat(eighths / 8), EIGHTHS[eighths % 8])
}
