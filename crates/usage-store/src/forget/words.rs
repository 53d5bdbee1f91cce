//! A name within other texts.

use memchr::memmem;

use crate::ledger::varint::push;

/// A text of fewer bytes is in others by chance.
const SHORT: usize = 4;

/// Returns whether a text holds a name: anywhere, or a short one as a word.
pub(super) fn holds(text: &str, name: &str) -> bool {
    if is_short(name) { in_words(text, name, "").is_some() } else { text.contains(name) }
}

/// Returns whether a name may be among bytes by chance.
pub(super) const fn is_short(name: &str) -> bool {
    name.len() < SHORT
}

/// Puts another name in the place of one where it is not a part of a word; none where it is nowhere.
pub(super) fn in_words(text: &str, from: &str, into: &str) -> Option<String> {
    let is_word = |char: Option<char>| char.is_some_and(char::is_alphanumeric);
    let (mut other, mut done) = (String::new(), 0);
    for (at, _) in text.match_indices(from) {
        let end = at + from.len();
        if !is_word(text[..at].chars().next_back()) && !is_word(text[end..].chars().next()) {
            other.push_str(&text[done..at]);
            other.push_str(into);
            done = end;
        }
    }
    (done > 0).then(|| other + &text[done..])
}

/// Writes crosses over a name; none where the bytes do not hold it.
pub(super) fn blotted(bytes: &[u8], name: &str) -> Option<Vec<u8>> {
    blotted_behind(bytes, &[], name)
}

/// Writes crosses over a name where it is a text of a cursor, behind its length; none where it is not.
pub(super) fn blotted_text(bytes: &[u8], name: &str) -> Option<Vec<u8>> {
    if is_short(name) {
        return None;
    }
    let mut length = Vec::new();
    push(&mut length, name.len() as u128);
    blotted_behind(bytes, &length, name)
}

fn blotted_behind(bytes: &[u8], before: &[u8], name: &str) -> Option<Vec<u8>> {
    let what = [before, name.as_bytes()].concat();
    let mut other = bytes.to_vec();
    let mut is_there = false;
    for at in memmem::find_iter(bytes, &what) {
        other[at + before.len()..at + what.len()].fill(b'x');
        is_there = true;
    }
    is_there.then_some(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_told_from_parts_of_words() {
        let into = |text| in_words(text, "anna", "(forgotten)");
        assert_eq!(into("anna@host").as_deref(), Some("(forgotten)@host"));
        assert_eq!(into("by anna, anna").as_deref(), Some("by (forgotten), (forgotten)"));
        assert_eq!(into("susanna annas"), None);
        assert!(holds("susanna", "anna") && !holds("ban", "an") && holds("/an/x", "an"));
    }

    #[test]
    fn bytes_are_blotted_wherever_they_are() {
        assert_eq!(blotted(b"\xffanna\x00anna", "anna").unwrap(), b"\xffxxxx\x00xxxx");
        assert_eq!(blotted(b"ann", "anna"), None);
        assert_eq!(
            blotted_text(b"\x00\x04anna\x05annas", "anna").unwrap(),
            b"\x00\x04xxxx\x05annas"
        );
        assert_eq!(blotted_text(b"\x03ann", "ann"), None);
    }
}
