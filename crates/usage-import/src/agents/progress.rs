//! How far a log is read, and the cursor of a tree: how far all of its logs are.

use std::collections::BTreeMap;

/// The place up to which a log is read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// The bytes that are dealt with, as they are without compression.
    pub offset: u64,
    /// The number of lines, or of whatever the log is made of, before that.
    pub lines: u64,
    /// Says whether the offset lies within a line that is too long to be read.
    pub in_long: bool,
    /// A hash of the bytes before the offset: it says whether they are still what was read.
    pub mark: u32,
    /// The number of these bytes.
    pub marked: u16,
    /// Whatever the agent has to remember.
    pub memory: Vec<u8>,
}

/// A log as a cursor has it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct State {
    /// The size of the file when it was read.
    pub(super) bytes: u64,
    /// When it had been written last, in nanoseconds; [`UNKNOWN`] if it is to be read again.
    pub(super) modified: i64,
    pub(super) progress: Progress,
}

/// The time of writing of a log that is not read to its end.
pub(super) const UNKNOWN: i64 = i64::MIN;

/// The logs of a tree, by their keys.
pub(super) type States = BTreeMap<u64, State>;

/// The format's version.
const VERSION: u8 = 1;

/// Writes a cursor.
pub(super) fn write(states: &States) -> Vec<u8> {
    let mut to = Vec::with_capacity(1 + states.len() * 48);
    to.push(VERSION);
    for (key, State { bytes, modified, progress }) in states {
        to.extend(key.to_be_bytes());
        to.extend(modified.to_be_bytes());
        to.extend(progress.mark.to_be_bytes());
        to.extend(progress.marked.to_be_bytes());
        to.push(u8::from(progress.in_long));
        let memory = progress.memory.len() as u64;
        for number in [*bytes, progress.offset, progress.lines, memory] {
            put_number(&mut to, number);
        }
        to.extend(&progress.memory);
    }
    to
}

/// Reads a cursor; `None` for what is none of this version: then all is read from the start.
pub(super) fn read(bytes: &[u8]) -> Option<States> {
    let (version, mut rest) = bytes.split_first()?;
    if *version != VERSION {
        return None;
    }
    let mut states = States::new();
    while !rest.is_empty() {
        let key = u64::from_be_bytes(*take(&mut rest)?);
        let modified = i64::from_be_bytes(*take(&mut rest)?);
        let mark = u32::from_be_bytes(*take(&mut rest)?);
        let marked = u16::from_be_bytes(*take(&mut rest)?);
        let [flags] = *take(&mut rest)?;
        let [bytes, offset, lines, memory] = [
            take_number(&mut rest)?,
            take_number(&mut rest)?,
            take_number(&mut rest)?,
            take_number(&mut rest)?,
        ];
        let (memory, behind) = rest.split_at_checked(usize::try_from(memory).ok()?)?;
        rest = behind;
        let memory = memory.to_vec();
        let progress = Progress { offset, lines, in_long: flags != 0, mark, marked, memory };
        states.insert(key, State { bytes, modified, progress });
    }
    Some(states)
}

fn take<'b, const N: usize>(rest: &mut &'b [u8]) -> Option<&'b [u8; N]> {
    let (taken, behind) = rest.split_first_chunk()?;
    *rest = behind;
    Some(taken)
}

/// Writes a number in seven bits a byte, for the [memory](Progress::memory) of an agent too.
pub(super) fn put_number(to: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        to.push(number.to_le_bytes()[0] | 0x80);
        number >>= 7;
    }
    to.push(number.to_le_bytes()[0]);
}

/// Reads what [`put_number`] wrote.
pub(super) fn take_number(rest: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let [byte] = *take(rest)?;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

/// Writes a text with its length.
pub(super) fn put_text(to: &mut Vec<u8>, text: &str) {
    put_number(to, text.len() as u64);
    to.extend(text.as_bytes());
}

/// Reads what [`put_text`] wrote.
pub(super) fn take_text<'b>(rest: &mut &'b [u8]) -> Option<&'b str> {
    let length = usize::try_from(take_number(rest)?).ok()?;
    let (text, behind) = rest.split_at_checked(length)?;
    *rest = behind;
    std::str::from_utf8(text).ok()
}

/// Hashes bytes as ledgers keep it: FNV-1a with 64 bits.
pub(super) fn hash(bytes: &[u8]) -> u64 {
    crate::follow::fnv(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_comes_back_as_it_was() {
        let (offset, memory) = (1 << 40, vec![1, 2]);
        let progress = Progress { offset, lines: 300, in_long: true, mark: 7, marked: 999, memory };
        let state = State { bytes: u64::MAX, modified: UNKNOWN, progress };
        let states = States::from([(u64::MAX, state), (1, State::default())]);
        let bytes = write(&states);
        assert_eq!(read(&bytes), Some(states));
        assert_eq!(read(&[VERSION]), Some(States::new()));
        assert_eq!(read(&[]), None);
        assert_eq!(read(&[VERSION + 1]), None);
        for cut in 2..bytes.len() {
            // Either an end between two logs, or none.
            assert!(read(&bytes[..cut]).is_none_or(|states| states.len() < 2), "{cut}");
        }
    }

    #[test]
    fn texts_and_numbers_come_back() {
        let mut bytes = Vec::new();
        put_text(&mut bytes, "gpt-5");
        put_number(&mut bytes, u64::MAX);
        let mut rest = &bytes[..];
        assert_eq!((take_text(&mut rest), take_number(&mut rest)), (Some("gpt-5"), Some(u64::MAX)));
        assert_eq!(take_number(&mut rest), None);
        assert_eq!(take_number(&mut &[0xff; 11][..]), None);
    }
}
