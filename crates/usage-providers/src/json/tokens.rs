//! Strings, keys, numbers and words, to their end or to that of the input.

use memchr::memchr2;

use super::scalar::Scalar;
use super::scanner::{Open, Scanner, State};
use super::{Take, Target};

impl Scanner {
    /// To the end of a string that is asked for, or of the input.
    pub(super) fn string<'a>(&mut self, rest: &'a [u8], take: &mut impl Take) -> &'a [u8] {
        let end = memchr2(b'"', b'\\', rest);
        let (inside, left) = rest.split_at(end.unwrap_or(rest.len()));
        self.bytes.push(inside);
        let [byte, tail @ ..] = left else { return left };
        if *byte == b'\\' {
            return self.go(State::InStringEscape, tail);
        }
        match self.bytes.text() {
            Some(text) => take.scalar(self.target, Scalar::Text(&text)),
            None => take.scalar(self.target, Scalar::Unreadable),
        }
        self.end_value(take);
        tail
    }

    pub(super) fn key<'a>(&mut self, rest: &'a [u8]) -> &'a [u8] {
        let end = memchr2(b'"', b'\\', rest);
        let (inside, left) = rest.split_at(end.unwrap_or(rest.len()));
        self.bytes.push(inside);
        let [byte, tail @ ..] = left else { return left };
        if *byte == b'\\' {
            return self.go(State::InKeyEscape, tail);
        }
        self.target = &Target::Nothing;
        if let (Some(Open::Object(fields)), Some(name)) = (self.innermost(), self.bytes.text()) {
            let found = fields.iter().find(|(field, _)| *field == name);
            self.target = found.map_or(&Target::Nothing, |(_, target)| target);
        }
        self.go(State::Colon, tail)
    }

    /// A number or a word, up to what cannot belong to it.
    pub(super) fn word<'a>(&mut self, rest: &'a [u8], take: &mut impl Take) -> &'a [u8] {
        let belongs = |byte: &u8| matches!(byte, b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' | b'+' | b'-' | b'.');
        let end = rest.iter().position(|byte| !belongs(byte));
        let (inside, left) = rest.split_at(end.unwrap_or(rest.len()));
        self.bytes.push(inside);
        if end.is_none() {
            return left;
        }
        let target = self.target;
        let asked = !matches!(target, Target::Nothing);
        match self.bytes.raw() {
            Some(b"null") if asked => take.scalar(target, Scalar::Null),
            Some(b"true" | b"false") if asked => take.scalar(target, Scalar::Bool),
            Some(b"null" | b"true" | b"false") => {}
            Some(number @ [b'-' | b'0'..=b'9', ..]) if asked => {
                take.scalar(target, Scalar::Number(number));
            }
            Some([b'-' | b'0'..=b'9', ..]) => {}
            None if asked => take.scalar(target, Scalar::Unreadable),
            None => {}
            Some(_) => return self.go(State::Failed, left),
        }
        self.end_value(take);
        left
    }
}
