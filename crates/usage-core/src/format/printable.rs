//! Text from outside, made safe for a terminal and measured as a terminal shows it.

use std::borrow::Cow;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// The text with everything that a terminal would act on, or would not show, written out as an
/// escape: control characters, escape sequences, line breaks, text direction, invisible ones.
///
/// ```
/// use usage_core::format::printable;
///
/// assert_eq!(printable("claude-sonnet"), "claude-sonnet");
/// assert_eq!(printable("\u{1b}[31mred"), r"\u{1b}[31mred");
/// assert_eq!(printable("模型"), "模型");
/// ```
#[must_use]
pub fn printable(text: &str) -> Cow<'_, str> {
    if text.chars().all(is_shown) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if is_shown(c) {
            out.push(c);
        } else {
            out.extend(c.escape_debug());
        }
    }
    Cow::Owned(out)
}

/// Whether the character is shown as itself. The table behind it is the standard library's for
/// `Debug`; quotes and the backslash need no escape here, and accents that combine with the
/// letter before them are shown.
pub(super) fn is_shown(c: char) -> bool {
    if c.is_ascii() {
        return !c.is_ascii_control();
    }
    // After a letter, a combining character is left alone; alone, it would be escaped.
    let mut buffer = [b'a', 0, 0, 0, 0];
    let length = c.encode_utf8(&mut buffer[1..]).len();
    std::str::from_utf8(&buffer[..=length]).is_ok_and(|text| text.escape_debug().count() == 2)
}

/// How many columns a terminal gives the text. Wide characters take two.
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

/// How many bytes of the characters fit into `columns`.
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
