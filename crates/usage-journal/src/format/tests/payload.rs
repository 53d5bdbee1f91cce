use proptest::collection::vec;
use proptest::prelude::*;
use serde::{Deserialize, Serialize};
use usage_core::record::MAX_COUNT;
use usage_core::sink::SegmentId;
use usage_core::{EventId, LabelInterner, LabelNames, Labels, Record, Timestamp, TokenCounts};

use crate::format::{
    END_MARK_BYTES, Encoder, FRAME_HEADER_BYTES, FrameHeader, MAX_ENCODED_RECORD, decode,
    payload_is_whole, seed,
};

/// What the format is, as postcard sees it.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Payload<'a> {
    #[serde(borrow)]
    sets: Vec<[&'a str; 5]>,
    #[serde(borrow)]
    rows: Vec<Row<'a>>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Row<'a> {
    set: u32,
    /// Microseconds since the row before; of the first since 1970.
    since: i64,
    fallbacks: u32,
    input: u32,
    output: u32,
    cache_read: u32,
    cache_write: u32,
    unclassified: u32,
    reasoning: u32,
    event_id: Option<&'a str>,
}

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
            Labels::new(LabelNames {
                instance_id: &instance_id,
                profile: &profile,
                provider: &provider,
                route: &route,
                model: &model,
            })
            .unwrap()
        },
    )
}

fn count() -> impl Strategy<Value = u64> {
    prop_oneof![Just(0), 0..20_000_u64, Just(u64::from(MAX_COUNT)), 0..=u64::from(MAX_COUNT)]
}

fn tokens() -> impl Strategy<Value = TokenCounts> {
    let by_kind = (count(), count(), count(), count(), count()).prop_map(|(i, o, r, w, part)| {
        let tokens = TokenCounts::new().with_input(i).unwrap().with_output(o).unwrap();
        let tokens = tokens.with_cache_read(r).unwrap().with_cache_write(w).unwrap();
        tokens.with_reasoning(part.min(o)).unwrap()
    });
    prop_oneof![4 => by_kind, 1 => count().prop_map(|n| TokenCounts::unclassified(n).unwrap())]
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
            let record =
                Record::new(labels, tokens, fallbacks, Timestamp::from_micros(when)).unwrap();
            match id {
                Some(id) => record.with_event_id(EventId::new(id).unwrap()),
                None => record,
            }
        },
    )
}

fn read(payload: &[u8], records: u32) -> Result<Vec<Record>, &'static str> {
    let mut out = Vec::new();
    decode(payload, records, &mut LabelInterner::new(8), &mut Vec::new(), &mut out)?;
    assert_eq!(out.len(), records as usize);
    Ok(out)
}

/// The same, through postcard.
fn read_slowly(payload: &[u8]) -> Payload<'_> {
    let (payload, rest) = postcard::take_from_bytes(payload).unwrap();
    assert!(rest.is_empty());
    payload
}

fn as_postcard(records: &[Record]) -> Vec<u8> {
    let mut sets: Vec<&Labels> = Vec::new();
    let mut before = 0;
    let rows = records.iter().map(|record| {
        let set = sets.iter().position(|known| *known == record.labels()).unwrap_or_else(|| {
            sets.push(record.labels());
            sets.len() - 1
        });
        let when = record.timestamp().as_micros();
        let since = when - std::mem::replace(&mut before, when);
        let tokens = record.tokens();
        Row {
            set: u32::try_from(set).unwrap(),
            since,
            fallbacks: record.fallbacks(),
            input: tokens.input(),
            output: tokens.output(),
            cache_read: tokens.cache_read(),
            cache_write: tokens.cache_write(),
            unclassified: tokens.unclassified_count(),
            reasoning: tokens.reasoning(),
            event_id: record.event_id().map(EventId::as_str),
        }
    });
    let rows = rows.collect();
    let sets = sets.iter().map(|labels| {
        let LabelNames { instance_id, profile, provider, route, model } = labels.names();
        [instance_id, profile, provider, route, model]
    });
    postcard::to_allocvec(&Payload { sets: sets.collect(), rows }).unwrap()
}

fn payload(frame: &[u8]) -> &[u8] {
    &frame[FRAME_HEADER_BYTES..frame.len() - END_MARK_BYTES]
}

proptest! {
    #[test]
    fn records_come_back_equal(records in vec(record(), 1..120), sequence in 0..u64::MAX / 2) {
        let (seed, mut encoder) = (seed(SegmentId::from_bytes([1; 16]), 3), Encoder::default());
        // Buffers that were used before leave nothing behind.
        encoder.encode(&records[records.len() / 2..], u64::MAX);
        prop_assert_eq!(encoder.encode(&records, u64::MAX), records.len());
        let frame = encoder.seal(seed, sequence);
        prop_assert_eq!(&frame[frame.len() - END_MARK_BYTES..], &[0; END_MARK_BYTES]);
        let header = FrameHeader::parse(seed, frame).unwrap();
        prop_assert_eq!(header.sequence, sequence);
        prop_assert_eq!(header.next_sequence(), sequence + records.len() as u64);
        prop_assert_eq!(header.frame_bytes(), (frame.len() - END_MARK_BYTES) as u64);
        prop_assert!(payload_is_whole(seed, &header, payload(frame)));
        prop_assert_eq!(&read(payload(frame), header.records).unwrap(), &records);
        prop_assert_eq!(payload(frame), as_postcard(&records));
        prop_assert_eq!(read_slowly(payload(frame)).rows.len(), records.len());
    }

    #[test]
    fn a_frame_is_closed_in_time(records in vec(record(), 1..200), limit in 1..4000_u64) {
        let mut encoder = Encoder::default();
        let taken = encoder.encode(&records, limit);
        prop_assert!(taken >= 1);
        let most = limit + MAX_ENCODED_RECORD + (FRAME_HEADER_BYTES + END_MARK_BYTES + 20) as u64;
        prop_assert!(encoder.frame_len() <= most);
        let frame = encoder.seal(0, 0);
        let again = read(payload(frame), u32::try_from(taken).unwrap()).unwrap();
        prop_assert_eq!(&again, &records[..taken]);
    }

    #[test]
    fn any_bytes_are_records_or_a_reason(bytes in vec(any::<u8>(), 0..300), records in 0..30_u32) {
        drop(read(&bytes, records));
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

fn payload_of(row: Row<'_>) -> Vec<u8> {
    postcard::to_allocvec(&Payload { sets: vec![["i", "", "", "r", "m"]], rows: vec![row] })
        .unwrap()
}

fn good() -> Row<'static> {
    Row {
        set: 0,
        since: 1_777_787_761_000_000,
        fallbacks: 0,
        input: 1,
        output: 2,
        cache_read: 0,
        cache_write: 0,
        unclassified: 0,
        reasoning: 0,
        event_id: None,
    }
}

#[test]
fn what_no_record_may_hold_is_refused() {
    assert_eq!(read(&payload_of(good()), 1).unwrap().len(), 1);
    let long = "e".repeat(65);
    let rows = [
        Row { set: 1, ..good() },
        Row { since: -1, ..good() },
        Row { since: Timestamp::END_RECORD.as_micros(), ..good() },
        Row { fallbacks: MAX_COUNT + 1, ..good() },
        Row { input: MAX_COUNT + 1, ..good() },
        Row { unclassified: 1, ..good() },
        Row { reasoning: 3, ..good() },
        Row { event_id: Some(""), ..good() },
        Row { event_id: Some(&long), ..good() },
    ];
    for row in rows {
        let text = format!("{row:?}");
        assert!(read(&payload_of(row), 1).is_err(), "{text}");
    }
    for sets in [[""; 5], ["i\0", "", "", "r", "m"]] {
        let bytes = postcard::to_allocvec(&Payload { sets: vec![sets], rows: vec![good()] });
        assert!(read(&bytes.unwrap(), 1).is_err(), "{sets:?}");
    }
    assert!(read(&payload_of(good()), 2).is_err(), "another number of records");
    let longer = [payload_of(good()), vec![0]].concat();
    assert!(read(&longer, 1).is_err(), "something behind");
}

/// Four billion label sets, or rows, in a few bytes: no memory is taken for them.
#[test]
fn lengths_are_not_trusted() {
    let huge = [0xff, 0xff, 0xff, 0xff, 0x0f];
    let mut bytes = huge.to_vec();
    bytes.resize(64, 0);
    let (mut sets, mut out) = (Vec::new(), Vec::new());
    let mut interner = LabelInterner::new(8);
    assert!(decode(&bytes, u32::MAX, &mut interner, &mut sets, &mut out).is_err());
    bytes.insert(0, 0);
    assert!(decode(&bytes, u32::MAX, &mut interner, &mut sets, &mut out).is_err());
    assert_eq!((sets.capacity(), out.capacity()), (0, 0));
}

#[test]
fn equal_names_share_one_allocation_across_frames() {
    let mut interner = LabelInterner::new(8);
    let mut out = Vec::new();
    for _ in 0..2 {
        decode(&payload_of(good()), 1, &mut interner, &mut Vec::new(), &mut out).unwrap();
    }
    assert!(out[0].labels().is_same_allocation(out[1].labels()));
}
