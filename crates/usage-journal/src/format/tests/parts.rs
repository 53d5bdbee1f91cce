//! Payloads of format 2 with parts that a newer program, or a flaw, would put there.

use usage_core::{Context, LabelInterner, Record};

use super::payload::read_as;
use crate::format::{Undecodable, Version, decode};

/// A payload with one record, whose parts can be changed.
struct Parts {
    features: u64,
    measures: u64,
    names: Vec<&'static str>,
    /// The list of sessions and tags, and its length.
    contexts: Vec<u8>,
    numbers: Vec<u32>,
    /// The mark, and what follows it.
    end: Vec<u8>,
}

impl Parts {
    fn good() -> Self {
        let names = vec!["i", "", "", "r", "m"];
        let (contexts, numbers) = (Vec::new(), vec![3, 4]);
        Self { features: 0, measures: 0b110, names, contexts, numbers, end: vec![0] }
    }

    fn bytes(&self) -> Vec<u8> {
        let mut bytes = postcard::to_allocvec(&(self.features, self.measures)).unwrap();
        bytes.extend(postcard::to_allocvec(&(self.names.len() as u64, 1_u64)).unwrap());
        for name in &self.names {
            bytes.extend(postcard::to_allocvec(name).unwrap());
        }
        bytes.extend(&self.contexts);
        bytes.extend(postcard::to_allocvec(&(1_u64, 0_u32, 1_777_787_761_000_000_i64)).unwrap());
        for number in &self.numbers {
            bytes.extend(postcard::to_allocvec(number).unwrap());
        }
        bytes.extend(&self.end);
        bytes
    }

    fn read(&self) -> Result<Vec<Record>, Undecodable> {
        read_as(Version::Two, &self.bytes(), 1)
    }
}

/// Checks that what a later program adds is left to it, never dropped; what it leaves out is zero.
#[test]
fn what_a_newer_program_adds_is_newer_and_not_damage() {
    let record = Parts::good().read().unwrap().remove(0);
    let tokens = record.tokens();
    assert_eq!((tokens.input, tokens.output, tokens.total(), record.fallbacks()), (3, 4, 7, 0));
    let long = vec!["i", "", "", "r", "m", "tier", "project", "user", "another"];
    for newer in [
        Parts { features: 2, ..Parts::good() },
        Parts { measures: 0b110 | 1 << 12, numbers: vec![3, 4, 5], ..Parts::good() },
        Parts { measures: 0b110 | 1 << 40, numbers: vec![3, 4, 5], ..Parts::good() },
        Parts { names: long, ..Parts::good() },
        // What follows the mark is not known, or says what is not known.
        Parts { end: vec![1 << 6, 1], ..Parts::good() },
        Parts { end: vec![1 | 1 << 7, 1, b'e', 1], ..Parts::good() },
        Parts { end: vec![8, 0b11], ..Parts::good() },
        Parts { end: vec![8, 0b1100], ..Parts::good() },
        Parts { end: vec![8, 1 << 7], ..Parts::good() },
    ] {
        assert_eq!(newer.read(), Err(Undecodable::Newer));
    }
    let nothing = Parts { measures: 0, numbers: Vec::new(), ..Parts::good() }.read().unwrap();
    assert_eq!(nothing[0].tokens().total(), 0);
}

/// Nobody writes these, whatever the checksum says.
#[test]
fn what_no_record_may_hold_is_damage() {
    let with_context = |contexts: &[u8], place| {
        let (contexts, end) = (contexts.to_vec(), vec![4, place]);
        Parts { features: 1, contexts, end, ..Parts::good() }
    };
    let good = with_context(&[1, 1, b's', 1, 1, b'k', 1, b'v'], 0).read().unwrap();
    assert_eq!(*good[0].context(), Context::new("s", [("k", "v")]).unwrap());
    let many_tags: Vec<u8> = (b'a'..b'j').flat_map(|key| [1, key, 1, b'v']).collect();
    let end = |end: &[u8]| Parts { end: end.to_vec(), ..Parts::good() };
    let too_dear = postcard::to_allocvec(&9_000_000_000_000_000_001_u64).unwrap();
    for wrong in [
        // No room for the event id, the alias, flags, the revision, the cost; something behind.
        end(&[1, 9]),
        end(&[3, 1, b'e', 9]),
        end(&[8]),
        end(&[16, 0x80]),
        end(&[32]),
        end(&[0, 0]),
        // An alias without an event id, or the same; flags, a cost that are none.
        end(&[2, 1, b'a']),
        end(&[3, 1, b'e', 1, b'e']),
        end(&[&[32], &*too_dear].concat()),
        // A session where none are listed, or behind the end of the list.
        end(&[4, 0]),
        with_context(&[1, 1, b's', 0], 1),
        // A tag without a key, twice the same, one too many.
        with_context(&[1, 1, b's', 1, 0, 1, b'v'], 0),
        with_context(&[1, 1, b's', 2, 1, b'k', 1, b'v', 1, b'k', 1, b'w'], 0),
        with_context(&[&[1, 1, b's', 9], &*many_tags].concat(), 0),
        // Web searches over their limit; reasoning over the output, which the flags would have to say.
        Parts { measures: 1 << 11, numbers: vec![1_000_001], ..Parts::good() },
        Parts { measures: 1 << 6, numbers: vec![1], ..Parts::good() },
    ] {
        let read = wrong.read();
        assert!(matches!(read, Err(Undecodable::Damaged(_))), "{:?}: {read:?}", wrong.bytes());
    }
}

/// Four billion label sets, or rows, in a few bytes: no memory is taken for them.
#[test]
fn lengths_are_not_trusted() {
    let huge = [0xff, 0xff, 0xff, 0xff, 0x0f];
    let fronts =
        [(Version::One, &[][..]), (Version::Two, &[0, 0x7f, 5]), (Version::Two, &[1, 0x7f, 5])];
    for (version, front) in fronts {
        for front in [front.to_vec(), [front, &[0]].concat()] {
            let mut bytes = [&front[..], &huge].concat();
            bytes.resize(64, 0);
            let (mut sets, mut out) = (Vec::new(), Vec::new());
            let mut interner = LabelInterner::new(8);
            let decoded = decode(version, &bytes, u32::MAX, &mut interner, &mut sets, &mut out);
            assert!(matches!(decoded, Err(Undecodable::Damaged(_))));
            assert_eq!((sets.capacity(), out.capacity()), (0, 0));
        }
    }
}

#[test]
fn equal_names_share_one_allocation_across_frames() {
    let mut interner = LabelInterner::new(8);
    let mut out = Vec::new();
    let bytes = Parts::good().bytes();
    for _ in 0..2 {
        let sets = &mut Vec::new();
        decode(Version::Two, &bytes, 1, &mut interner, sets, &mut out).unwrap();
    }
    assert!(out[0].labels().is_same_allocation(out[1].labels()));
}
