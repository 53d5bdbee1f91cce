//! Text from outside, made safe for a terminal.

use std::borrow::Cow;
use std::fmt::Write as _;

/// The text with everything that a terminal would act on, or would not show, written out as an
/// escape: control characters, escape sequences, line breaks, text direction, invisible ones.
///
/// ```
/// use usage_core::text::printable;
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

/// Returns whether the character is shown as itself. The table behind it is the standard library's for
/// `Debug`; quotes and the backslash need no escape here, and accents that combine with the
/// letter before them are shown.
fn is_shown(c: char) -> bool {
    if c.is_ascii() {
        return !c.is_ascii_control();
    }
    // After a letter, a combining character is left alone; alone, it would be escaped.
    let mut buffer = [b'a', 0, 0, 0, 0];
    let length = c.encode_utf8(&mut buffer[1..]).len();
    std::str::from_utf8(&buffer[..=length]).is_ok_and(|text| text.escape_debug().count() == 2)
}

/// So many bytes of JSON are looked at together.
const CHUNK: usize = 256;

/// JSON text with everything that a terminal would act on, or would not show, as an escape. The
/// values stay the same.
///
/// JSON itself leaves characters such as U+009B, a terminal's control sequence introducer, as they
/// are. Outside ASCII they can only stand inside strings, where an escape means the same.
///
/// ```
/// assert_eq!(usage_core::text::escape_hidden("\"a\u{9b}b\"".to_owned()), r#""a\u009bb""#);
/// ```
#[must_use]
pub fn escape_hidden(json: String) -> String {
    let is_plain = |byte: &u8| matches!(byte, b' '..=b'~');
    // Nearly all of it is plain ASCII. A whole chunk is looked at, as that is many bytes at once.
    let are_plain = |chunk: &[u8]| chunk.iter().fold(true, |all, byte| all & is_plain(byte));
    if json.as_bytes().chunks(CHUNK).all(are_plain) {
        return json;
    }
    let mut out = String::with_capacity(json.len() + 1);
    let mut rest = json.as_str();
    loop {
        let plain = rest.as_bytes().iter().position(|byte| !is_plain(byte));
        let (plain, other) = rest.split_at(plain.unwrap_or(rest.len()));
        out.push_str(plain);
        let mut others = other.chars();
        match others.next() {
            None => return out,
            Some(c) if is_shown(c) => out.push(c),
            Some(c) => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    // Writing to a string cannot fail.
                    let _ = write!(out, "\\u{unit:04x}");
                }
            }
        }
        rest = others.as_str();
    }
}
