//! One bit flipped, in each place.

use super::{Segment, replay_one};

/// Checks what a replay makes of a segment when this byte is hit.
fn check(segment: &Segment, bit: usize) {
    let (byte, end) = (bit / 8, segment.ends());
    let mut bytes = segment.bytes.clone();
    bytes[byte] ^= 1 << (bit % 8);
    let outcome = replay_one(&segment.path, &bytes);
    // One bit of each byte, in turn: that is enough for it.
    if bit % 8 == byte % 8 {
        outcome.again_with_errors(&segment.path, &bytes);
    }
    let context = format!("bit {} of byte {byte}: {:?}", bit % 8, outcome.damage);

    let hit = segment.frames.iter().position(|frame| frame.bytes.contains(&byte));
    assert_eq!(outcome.stored, segment.without(|index| Some(index) == hit), "{context}");
    let lost = hit.map(|hit| &segment.frames[hit].numbers).map_or(0, |n| n.end - n.start);
    if byte >= end + 8 {
        assert!(outcome.damage.is_empty(), "{context}");
        return;
    }
    let [damage] = &outcome.damage[..] else { panic!("{context}") };
    let at = usize::try_from(damage.offset).unwrap();
    let length = usize::try_from(damage.length).unwrap();
    assert_eq!(damage.bytes, bytes[at..at + length], "{context}");
    match hit {
        None if byte < 128 => {
            assert_eq!((at, length, damage.records), (byte / 64 * 64, 64, Some(0)), "{context}");
        }
        None => {
            assert_eq!((at, damage.records), (end, None), "{context}");
            assert!(at + length > byte, "{context}");
        }
        Some(hit) => {
            let frame = &segment.frames[hit];
            assert_eq!(at, frame.bytes.start, "{context}");
            // Of the last one, a damaged header leaves unknown what it was.
            if hit + 1 == segment.frames.len() && byte < frame.bytes.start + 28 {
                assert_eq!(damage.records, None, "{context}");
                let last = bytes[..end].iter().rposition(|&byte| byte != 0).unwrap();
                assert!(at + length > last, "{context}");
                assert_eq!(outcome.replayed.lost, 0, "{context}");
            } else {
                assert_eq!((length, damage.records), (frame.bytes.len(), Some(lost)), "{context}");
                assert_eq!(outcome.replayed.lost, lost, "{context}");
            }
        }
    }
}

#[test]
fn every_bit_of_a_segment() {
    let segment = Segment::fresh();
    assert_eq!(segment.frames.len(), 3);
    // One more page: what lies behind the end is nobody's.
    for bit in 0..(segment.ends() + 40) * 8 {
        check(&segment, bit);
    }
}

/// Older frames lie behind the end, and in what a damaged frame leaves.
#[test]
fn every_bit_of_a_segment_that_was_used_before() {
    let segment = Segment::used_before();
    assert_eq!(segment.frames.len(), 4);
    assert!(segment.bytes[segment.ends() + 8..].windows(4).any(|bytes| bytes == b"\xF7USG"));
    for bit in 0..(segment.ends() + 40) * 8 {
        check(&segment, bit);
    }
}
