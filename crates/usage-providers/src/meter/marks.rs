//! Which events can hold counts, by words that they must hold.

use std::sync::LazyLock;

use memchr::memmem::Finder;

/// A part of every name of tokens in every dialect, in either case of its `t`.
const TOKENS: &[u8] = b"oken";

/// The field of errors.
const ERROR: &[u8] = b"\"error\"";

static FINDERS: LazyLock<[Finder<'static>; 2]> =
    LazyLock::new(|| [Finder::new(TOKENS), Finder::new(ERROR)]);

/// The number of bytes of what went before in which a word can begin.
const OVERLAP: usize = ERROR.len() - 1;

/// Returns whether an event holds a word that events with counts or errors hold.
pub(super) fn marked(event: &[u8]) -> bool {
    FINDERS.iter().any(|finder| finder.find(event).is_some())
}

/// The same for an event in pieces.
#[derive(Clone, Debug, Default)]
pub(super) struct Marks {
    found: bool,
    /// The last bytes of the event so far.
    tail: [u8; OVERLAP],
    length: usize,
}

impl Marks {
    /// Looks at the next piece.
    pub(super) fn feed(&mut self, piece: &[u8]) {
        if self.found {
            return;
        }
        // What lies across the border: the tail, and as much of the piece.
        let mut border = [0; 2 * OVERLAP];
        let head = piece.len().min(OVERLAP);
        let joined = self.length + head;
        if let (Some(before), Some(after)) = (self.tail.get(..self.length), piece.get(..head)) {
            for (place, byte) in border.iter_mut().zip(before.iter().chain(after)) {
                *place = *byte;
            }
        }
        let border = border.get(..joined).unwrap_or_default();
        self.found = marked(border) || marked(piece);
        let last = if piece.len() >= OVERLAP { piece } else { border };
        let last = last.get(last.len().saturating_sub(OVERLAP)..).unwrap_or_default();
        self.length = last.len();
        for (place, byte) in self.tail.iter_mut().zip(last) {
            *place = *byte;
        }
    }

    /// Returns whether a word was found.
    pub(super) const fn found(&self) -> bool {
        self.found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_found_wherever_the_event_is_cut() {
        for text in ["{\"total_tokens\":1}", "{\"promptTokenCount\":1}", "{\"error\":{}}", "oken"] {
            let event = text.as_bytes();
            assert!(marked(event), "{text}");
            for first in 0..=event.len() {
                for second in first..=event.len() {
                    let mut marks = Marks::default();
                    marks.feed(&event[..first]);
                    marks.feed(&event[first..second]);
                    marks.feed(&event[second..]);
                    assert!(marks.found(), "{text} cut at {first} and {second}");
                }
            }
            let mut marks = Marks::default();
            event.chunks(1).for_each(|byte| marks.feed(byte));
            assert!(marks.found(), "{text} byte by byte");
        }
        let mut marks = Marks::default();
        for piece in ["{\"err", "o", "r:\"o", "k", "e\"}"] {
            marks.feed(piece.as_bytes());
        }
        assert!(!marks.found());
    }
}
