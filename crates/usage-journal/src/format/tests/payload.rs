use proptest::collection::vec;
use proptest::prelude::*;
use usage_core::record::MAX_COUNT;
use usage_core::sink::SegmentId;
use usage_core::{
    EventId, LabelInterner, LabelNames, Labels, Measure, Record, Timestamp, TokenCounts, Usage,
};

use crate::format::{
    END_MARK_BYTES, Encoder, FRAME_HEADER_BYTES, FrameHeader, MAX_ENCODED_RECORD, Undecodable,
    Version, decode, payload_is_whole, seed,
};

fn name(least: usize) -> impl Strategy<Value = String> {
    prop_oneof![
        4 => proptest::sample::select(vec!["a", "router-1", "claude-opus-4-5"]).prop_map(String::from),
        1 => vec("[a-zA-Zä/. -]", least..8).prop_map(|parts| parts.concat()),
        1 => Just("x".repeat(256)),
    ]
}

fn labels() -> impl Strategy<Value = Labels> {
    (name(1), name(0), name(0), name(1), name(1)).prop_map(
        |(instance_id, profile, provider, route, model)| {
            Labels::new(
                LabelNames::new()
                    .with_instance(&instance_id)
                    .with_profile(&profile)
                    .with_provider(&provider)
                    .with_route(&route)
                    .with_model(&model),
            )
            .unwrap()
        },
    )
}

fn count() -> impl Strategy<Value = u64> {
    prop_oneof![Just(0), 0..20_000_u64, Just(u64::from(MAX_COUNT)), 0..=u64::from(MAX_COUNT)]
}

fn tokens() -> impl Strategy<Value = TokenCounts> {
    let by_kind = (count(), count(), count(), count(), count()).prop_map(|(i, o, r, w, part)| {
        let tokens = TokenCounts::new().with_input(i).with_output(o);
        let tokens = tokens.with_cache_read(r).with_cache_write(w);
        tokens.with_reasoning(part.min(o))
    });
    prop_oneof![4 => by_kind, 1 => count().prop_map(TokenCounts::unclassified)]
}

fn record() -> impl Strategy<Value = Record> {
    let when = prop_oneof![
        1_777_787_761_000_000..1_777_787_762_000_000_i64,
        0..Timestamp::END_RECORD.as_micros(),
        Just(Timestamp::END_RECORD.as_micros() - 1),
    ];
    let event_id = proptest::option::of("[a-zA-Z0-9_ü]{1,32}");
    (labels(), tokens(), count(), when, event_id).prop_map(
        |(labels, tokens, fallbacks, when, id)| {
            let fallbacks = u32::try_from(fallbacks).unwrap();
            let record = Record::new(
                labels,
                Usage::new(tokens, Timestamp::from_micros(when)).with_fallbacks(fallbacks.into()),
            )
            .unwrap();
            match id {
                Some(id) => record.with_event_id(EventId::new(id).unwrap()),
                None => record,
            }
        },
    )
}

pub(super) fn read_as(
    version: Version,
    payload: &[u8],
    records: u32,
) -> Result<Vec<Record>, Undecodable> {
    let mut out = Vec::new();
    let (mut interner, mut sets) = (LabelInterner::new(8), Vec::new());
    decode(version, payload, records, &mut interner, &mut sets, &mut out)?;
    assert_eq!(out.len(), records as usize);
    Ok(out)
}

fn read(payload: &[u8], records: u32) -> Result<Vec<Record>, Undecodable> {
    read_as(Version::Two, payload, records)
}

/// Returns the format in postcard's encoding: of each record the numbers that any of them has.
fn as_postcard(records: &[Record]) -> Vec<u8> {
    let numbers = |record: &Record| {
        let of = |measure| record.counts().get(measure);
        [
            of(Measure::Fallbacks),
            of(Measure::Input),
            of(Measure::Output),
            of(Measure::CacheRead),
            of(Measure::CacheWrite),
            of(Measure::Unclassified),
            of(Measure::Reasoning),
        ]
    };
    let used = |index: &usize| records.iter().any(|record| numbers(record)[*index] > 0);
    let used: Vec<usize> = (0..7).filter(used).collect();
    let mask = used.iter().map(|index| 1_u64 << index).sum::<u64>();
    let mut sets: Vec<&Labels> = Vec::new();
    let mut rows = Vec::new();
    let mut before = 0;
    for record in records {
        let set = sets.iter().position(|known| *known == record.labels()).unwrap_or_else(|| {
            sets.push(record.labels());
            sets.len() - 1
        });
        let when = record.timestamp().as_micros();
        let since = when - std::mem::replace(&mut before, when);
        rows.extend(postcard::to_allocvec(&(u32::try_from(set).unwrap(), since)).unwrap());
        for index in &used {
            rows.extend(postcard::to_allocvec(&numbers(record)[*index]).unwrap());
        }
        rows.extend(postcard::to_allocvec(&record.event_id().map(EventId::as_str)).unwrap());
    }
    let sets: Vec<_> = sets.iter().map(|labels| *labels.names().all()).collect();
    let front = postcard::to_allocvec(&(0_u64, mask, 5_u64, sets, records.len() as u64)).unwrap();
    [front, rows].concat()
}

fn payload(frame: &[u8]) -> &[u8] {
    &frame[FRAME_HEADER_BYTES..frame.len() - END_MARK_BYTES]
}

proptest! {
    #[test]
    fn records_come_back_equal(
        records in vec(record(), 1..120),
        sequence in 0..u64::MAX / 2,
        synced: bool,
    ) {
        let (seed, mut encoder) = (seed(SegmentId::from_bytes([1; 16]), 3), Encoder::default());
        // Buffers that were used before leave nothing behind.
        encoder.encode(&records[records.len() / 2..], u64::MAX);
        prop_assert_eq!(encoder.encode(&records, u64::MAX), records.len());
        let frame = encoder.seal(seed, sequence, synced);
        prop_assert_eq!(&frame[frame.len() - END_MARK_BYTES..], &[0; END_MARK_BYTES]);
        let header = FrameHeader::parse(Version::Two, seed, frame).unwrap();
        prop_assert_eq!((header.sequence, header.synced), (sequence, synced));
        prop_assert_eq!(header.next_sequence(), sequence + records.len() as u64);
        prop_assert_eq!(header.frame_bytes(), (frame.len() - END_MARK_BYTES) as u64);
        prop_assert!(payload_is_whole(seed, &header, payload(frame)));
        prop_assert_eq!(&read(payload(frame), header.records).unwrap(), &records);
        prop_assert_eq!(payload(frame), as_postcard(&records));
    }

    #[test]
    fn a_frame_is_closed_in_time(records in vec(record(), 1..200), limit in 1..4000_u64) {
        let mut encoder = Encoder::default();
        let taken = encoder.encode(&records, limit);
        prop_assert!(taken >= 1);
        let most = limit + MAX_ENCODED_RECORD + (FRAME_HEADER_BYTES + END_MARK_BYTES + 20) as u64;
        prop_assert!(encoder.frame_len() <= most);
        let frame = encoder.seal(0, 0, false);
        let again = read(payload(frame), u32::try_from(taken).unwrap()).unwrap();
        prop_assert_eq!(&again, &records[..taken]);
    }

    #[test]
    fn any_bytes_are_records_or_a_reason(bytes in vec(any::<u8>(), 0..300), records in 0..30_u32) {
        drop(read(&bytes, records));
        drop(read_as(Version::One, &bytes, records));
    }

    /// Closer to what is valid than random bytes are.
    #[test]
    fn changed_bytes_are_records_or_a_reason(
        records in vec(record(), 1..20),
        changes in vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let mut bytes = as_postcard(&records);
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        drop(read(&bytes, u32::try_from(records.len()).unwrap()));
    }
}

/// A payload with one record, whose parts can be changed.
struct Parts {
    features: u64,
    measures: u64,
    names: Vec<&'static str>,
    numbers: Vec<u32>,
    /// The mark, and what follows it.
    end: Vec<u8>,
}

impl Parts {
    fn good() -> Self {
        let names = vec!["i", "", "", "r", "m"];
        Self { features: 0, measures: 0b110, names, numbers: vec![3, 4], end: vec![0] }
    }

    fn read(&self) -> Result<Vec<Record>, Undecodable> {
        let mut bytes = postcard::to_allocvec(&(self.features, self.measures)).unwrap();
        bytes.extend(postcard::to_allocvec(&(self.names.len() as u64, 1_u64)).unwrap());
        for name in &self.names {
            bytes.extend(postcard::to_allocvec(name).unwrap());
        }
        bytes.extend(postcard::to_allocvec(&(1_u64, 0_u32, 1_777_787_761_000_000_i64)).unwrap());
        for number in &self.numbers {
            bytes.extend(postcard::to_allocvec(number).unwrap());
        }
        bytes.extend(&self.end);
        read(&bytes, 1)
    }
}

/// Additions of a later program are left to it, never dropped; numbers that it leaves out are zero.
#[test]
fn what_a_newer_program_adds_is_newer_and_not_damage() {
    let record = Parts::good().read().unwrap().remove(0);
    let tokens = record.tokens();
    assert_eq!((tokens.input, tokens.output, tokens.total(), record.fallbacks()), (3, 4, 7, 0));
    let long = vec!["i", "", "", "r", "m", "project"];
    for newer in [
        Parts { features: 1, ..Parts::good() },
        Parts { measures: 0b110 | 1 << 7, numbers: vec![3, 4, 5], ..Parts::good() },
        Parts { measures: 0b110 | 1 << 40, numbers: vec![3, 4, 5], ..Parts::good() },
        Parts { names: long, ..Parts::good() },
        // An area of later fields behind the record: its length, and they.
        Parts { end: vec![2, 3, 1, 1, 9], ..Parts::good() },
        Parts { end: vec![3, 1, b'e', 2, 1, 9], ..Parts::good() },
    ] {
        assert_eq!(newer.read(), Err(Undecodable::Newer));
    }
    let torn = Parts { end: vec![1, 9], ..Parts::good() }.read();
    assert!(matches!(torn, Err(Undecodable::Damaged(_))), "{torn:?}");
    let nothing = Parts { measures: 0, numbers: Vec::new(), ..Parts::good() }.read().unwrap();
    assert_eq!(nothing[0].tokens().total(), 0);
}

/// Four billion label sets, or rows, in a few bytes: no memory is taken for them.
#[test]
fn lengths_are_not_trusted() {
    let huge = [0xff, 0xff, 0xff, 0xff, 0x0f];
    for (version, front) in [(Version::One, &[][..]), (Version::Two, &[0, 0x7f, 5])] {
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
    let bytes = as_postcard(&read_one());
    for _ in 0..2 {
        let sets = &mut Vec::new();
        decode(Version::Two, &bytes, 1, &mut interner, sets, &mut out).unwrap();
    }
    assert!(out[0].labels().is_same_allocation(out[1].labels()));
}

fn read_one() -> Vec<Record> {
    Parts::good().read().unwrap()
}
