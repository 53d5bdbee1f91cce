//! Going past what nothing is asked of.

use memchr::memchr2;

use super::Take;
use super::scanner::{Scanner, State};

impl Scanner {
    /// Within a container that nothing is asked of: only strings and brackets matter.
    pub(super) fn skip<'a>(&mut self, rest: &'a [u8], take: &mut impl Take) -> &'a [u8] {
        let mut left = rest;
        while let [byte, tail @ ..] = left {
            left = tail;
            match byte {
                b'"' => return self.go(State::InStringOfSkip, left),
                b'{' | b'[' => self.skipped += 1,
                b'}' | b']' => {
                    self.skipped -= 1;
                    if self.skipped == 0 {
                        self.end_value(take);
                        return left;
                    }
                }
                _ => {}
            }
        }
        left
    }

    /// To the end of a string that nothing is asked of, or of the input.
    pub(super) fn skip_string<'a>(&mut self, rest: &'a [u8], take: &mut impl Take) -> &'a [u8] {
        let Some(end) = memchr2(b'"', b'\\', rest) else { return &[] };
        let inside_skip = self.state == State::InStringOfSkip;
        let tail = rest.get(end + 1..).unwrap_or_default();
        if rest.get(end) == Some(&b'"') {
            if inside_skip {
                self.state = State::Skip;
            } else {
                self.end_value(take);
            }
            return tail;
        }
        let escape =
            if inside_skip { State::InStringOfSkipEscape } else { State::InSkippedStringEscape };
        self.go(escape, tail)
    }
}
