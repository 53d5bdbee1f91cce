//! The file cut, at each length.

use usage_core::sink::DamageReason;

use super::{Segment, replay_one};

fn check(segment: &Segment, length: usize) {
    let outcome = replay_one(&segment.path, &segment.bytes[..length]);
    outcome.again_with_errors(&segment.path, &segment.bytes[..length]);
    let context = format!("cut at {length}: {:?}", outcome.damage);
    if length < 64 {
        assert_eq!(
            outcome.replayed.unreadable,
            [segment.path.with_extension("damaged")],
            "{context}"
        );
        assert!(outcome.stored.is_empty() && outcome.damage.is_empty(), "{context}");
        return;
    }
    let whole = segment.frames.iter().filter(|frame| frame.bytes.end <= length).count();
    assert_eq!(outcome.stored, segment.without(|index| index >= whole), "{context}");

    // The cut itself, with all that it took.
    let (cut, torn) = outcome.damage.split_last().unwrap();
    assert_eq!((cut.offset, cut.records), (length as u64, None), "{context}");
    assert_eq!(cut.offset + cut.length, segment.bytes.len() as u64, "{context}");
    assert!(cut.reason == DamageReason::CutShort, "{context}");

    // And what it left of a frame.
    match segment.frames.get(whole).filter(|frame| frame.bytes.start < length) {
        None => assert!(torn.is_empty(), "{context}"),
        Some(frame) => {
            let [torn] = torn else { panic!("{context}") };
            assert_eq!(torn.offset, frame.bytes.start as u64, "{context}");
            let records = frame.numbers.end - frame.numbers.start;
            let known = length >= frame.bytes.start + 28;
            assert_eq!(torn.records, known.then_some(records), "{context}");
            assert_eq!(outcome.replayed.lost, if known { records } else { 0 }, "{context}");
        }
    }
}

#[test]
fn every_length_of_a_segment() {
    let segment = Segment::fresh();
    for length in 0..segment.bytes.len() {
        check(&segment, length);
    }
}

#[test]
fn nothing_is_cut_from_a_whole_file() {
    let segment = Segment::fresh();
    let outcome = replay_one(&segment.path, &segment.bytes);
    assert_eq!(outcome.stored, segment.without(|_| false));
    assert!(outcome.damage.is_empty());
    // Something behind it is nobody's.
    let outcome = replay_one(&segment.path, &[&segment.bytes[..], b"more"].concat());
    assert_eq!(outcome.stored, segment.without(|_| false));
    assert!(outcome.damage.is_empty());
}
