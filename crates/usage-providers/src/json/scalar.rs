//! The one scalar that a scanner is in.

use std::borrow::Cow;

/// A scalar value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scalar<'a> {
    /// A string, with its escapes resolved.
    Text(&'a str),
    /// A number, as it is written.
    Number(&'a [u8]),
    /// `true` or `false`.
    Bool,
    /// `null`.
    Null,
    /// A string that is too long to keep, or no UTF-8.
    Unreadable,
}

/// The most bytes of a scalar, or of a key, that are kept.
const KEPT: usize = 256;

/// The bytes of a scalar or a key, as far as they fit.
#[derive(Clone, Debug)]
pub(super) struct Bytes {
    bytes: [u8; KEPT],
    /// The number of bytes that there were; more than fit means that they are not known.
    length: usize,
    escaped: bool,
}

impl Bytes {
    pub(super) const fn new() -> Self {
        Self { bytes: [0; KEPT], length: 0, escaped: false }
    }

    pub(super) const fn clear(&mut self) {
        self.length = 0;
        self.escaped = false;
    }

    pub(super) fn push(&mut self, piece: &[u8]) {
        if let Some(room) = self.bytes.get_mut(self.length..self.length.saturating_add(piece.len()))
        {
            room.copy_from_slice(piece);
        }
        self.length = self.length.saturating_add(piece.len());
    }

    pub(super) const fn has_escapes(&mut self) {
        self.escaped = true;
    }

    /// The bytes as they are written, where they fit.
    pub(super) fn raw(&self) -> Option<&[u8]> {
        self.bytes.get(..self.length)
    }

    /// The text, escapes resolved.
    pub(super) fn text(&self) -> Option<Cow<'_, str>> {
        let text = std::str::from_utf8(self.raw()?).ok()?;
        if self.escaped { unescape(text).map(Cow::Owned) } else { Some(Cow::Borrowed(text)) }
    }
}

/// Resolves the escapes of a JSON string.
fn unescape(text: &str) -> Option<String> {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        plain.push_str(rest.get(..at)?);
        let code = *rest.as_bytes().get(at + 1)?;
        rest = rest.get(at + 2..)?;
        plain.push(match code {
            b'"' | b'\\' | b'/' => char::from(code),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let first = unit(&mut rest)?;
                if (0xD800..0xDC00).contains(&first) {
                    rest = rest.strip_prefix("\\u")?;
                    char::decode_utf16([first, unit(&mut rest)?]).next()?.ok()?
                } else {
                    char::from_u32(u32::from(first))?
                }
            }
            _ => return None,
        });
    }
    plain.push_str(rest);
    Some(plain)
}

/// Takes four hexadecimal digits.
fn unit(rest: &mut &str) -> Option<u16> {
    let (digits, after) = (rest.get(..4)?, rest.get(4..)?);
    *rest = after;
    digits.bytes().all(|digit| digit.is_ascii_hexdigit()).then_some(())?;
    u16::from_str_radix(digits, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_resolved_as_serde_json_does() {
        for text in [
            r"plain",
            r#"a\"b\\c\/d\b\f\n\r\t"#,
            r"\u00e9\u4e2d",
            r"\ud83d\ude00!",
            r"\ud83d",
            r"\ud83dx",
            r"\ude00",
            r"\u12",
            r"\u+123",
            r"\x",
            r"end\",
        ] {
            let expected: Option<String> = serde_json::from_str(&format!("\"{text}\"")).ok();
            assert_eq!(unescape(text), expected, "{text}");
        }
    }

    #[test]
    fn what_does_not_fit_is_not_known() {
        let mut bytes = Bytes::new();
        bytes.push(&[b'x'; KEPT]);
        assert_eq!(bytes.raw().map(<[u8]>::len), Some(KEPT));
        bytes.push(b"y");
        assert_eq!(bytes.raw(), None);
        bytes.clear();
        bytes.push(b"z");
        assert_eq!(bytes.text().as_deref(), Some("z"));
    }
}
