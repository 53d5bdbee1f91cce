//! Text as wide as a terminal shows it.

use std::borrow::Cow;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Returns how many columns a terminal gives the text. Wide characters take two.
#[must_use]
pub fn display_width(text: &str) -> usize {
    text.width()
}

/// The text in at most `width` columns: where it is longer, its middle becomes `…`.
///
/// ```
/// use usage_core::format::shorten_middle;
///
/// assert_eq!(shorten_middle("anthropic.claude-sonnet-4-5", 15), "anthrop…net-4-5");
/// assert_eq!(shorten_middle("short", 15), "short");
/// ```
#[must_use]
pub fn shorten_middle(text: &str, width: usize) -> Cow<'_, str> {
    if display_width(text) <= width {
        return Cow::Borrowed(text);
    }
    let Some(budget) = width.checked_sub(1) else {
        return Cow::Borrowed("");
    };
    let tail_columns = budget / 2;
    let head = taken(text.chars(), budget - tail_columns);
    let tail = taken(text.chars().rev(), tail_columns);
    Cow::Owned(format!("{}…{}", &text[..head], &text[text.len() - tail..]))
}

/// Returns how many bytes of the characters fit into `columns`.
fn taken(characters: impl Iterator<Item = char>, columns: usize) -> usize {
    let mut left = columns;
    let mut bytes = 0;
    for c in characters {
        let Some(rest) = left.checked_sub(c.width().unwrap_or(0)) else {
            break;
        };
        left = rest;
        bytes += c.len_utf8();
    }
    bytes
}
