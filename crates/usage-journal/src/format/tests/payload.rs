use proptest::collection::vec;
use proptest::prelude::*;
use usage_core::sink::SegmentId;
use usage_core::{Context, EventId, LabelInterner, Labels, Measure, Record};

use super::records::record;
use crate::format::{
    END_MARK_BYTES, Encoder, FRAME_HEADER_BYTES, FrameHeader, MAX_ENCODED_RECORD, Undecodable,
    Version, decode, payload_is_whole, seed,
};

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

/// Returns the format, in postcard's encoding: of each record the numbers that any of them has, and of each label set
/// the names up to the last that any of them has.
fn as_postcard(records: &[Record]) -> Vec<u8> {
    let mut order = Measure::ALL[..Measure::NUMBERS].to_vec();
    order[..7].rotate_right(1);
    assert_eq!(order[..2], [Measure::Fallbacks, Measure::Input]);
    let number = |record: &Record, index: usize| record.counts().get(order[index]);
    let used: Vec<usize> = (0..order.len())
        .filter(|index| records.iter().any(|record| number(record, *index) > 0))
        .collect();
    let mask = used.iter().map(|index| 1_u64 << index).sum::<u64>();
    let (mut sets, mut contexts): (Vec<&Labels>, Vec<&Context>) = (Vec::new(), Vec::new());
    let mut rows = Vec::new();
    let mut before = 0;
    for record in records {
        let set = place(&mut sets, record.labels());
        let when = record.timestamp().as_micros();
        let since = when - std::mem::replace(&mut before, when);
        rows.extend(postcard::to_allocvec(&(set, since)).unwrap());
        for index in &used {
            rows.extend(postcard::to_allocvec(&number(record, *index)).unwrap());
        }
        let ids = [record.event_id(), record.alias_id()].map(|id| id.map(EventId::as_str));
        let context = (!record.context().is_none()).then(|| place(&mut contexts, record.context()));
        let counts = record.counts();
        let is = |measure, bit: u8| if counts.get(measure) > 0 { bit } else { 0 };
        let flags = is(Measure::Errors, 1)
            + is(Measure::Cancelled, 2)
            + is(Measure::Partial, 4)
            + is(Measure::Estimated, 8)
            + is(Measure::Inconsistent, 16)
            + u8::from(!counts.is_time_stated()) * 32
            + is(Measure::Elsewhere, 64);
        let flags = (flags > 0).then_some(flags);
        let revision = (counts.revision() > 0).then(|| counts.revision());
        let cost = counts.stated_cost().map(|cost| u64::try_from(cost.picos()).unwrap());
        let [mark, rest] = &mut [vec![0], Vec::new()];
        let mut bit = 1;
        let mut put = |bytes: Option<Vec<u8>>| {
            mark[0] += if bytes.is_some() { bit } else { 0 };
            rest.extend(bytes.unwrap_or_default());
            bit *= 2;
        };
        for id in ids {
            put(id.map(|id| postcard::to_allocvec(id).unwrap()));
        }
        put(context.map(|place| postcard::to_allocvec(&place).unwrap()));
        put(flags.map(|flags| vec![flags]));
        put(revision.map(|revision| postcard::to_allocvec(&revision).unwrap()));
        put(cost.map(|cost| postcard::to_allocvec(&cost).unwrap()));
        rows.extend([mark.as_slice(), rest].concat());
    }
    let is_named =
        |index: &usize| sets.iter().any(|labels| !labels.names().all()[*index].is_empty());
    let names = (5..8).rfind(is_named).map_or(5, |last| last + 1);
    let features = u64::from(!contexts.is_empty());
    let front = postcard::to_allocvec(&(features, mask, names as u64, sets.len() as u64)).unwrap();
    let names = sets.iter().flat_map(|labels| labels.names().all()[..names].to_vec());
    let names: Vec<u8> = names.flat_map(|name| postcard::to_allocvec(name).unwrap()).collect();
    let contexts: Vec<(&str, Vec<(&str, &str)>)> =
        contexts.iter().map(|context| (context.session_id(), context.tags().collect())).collect();
    let contexts = match contexts.as_slice() {
        [] => Vec::new(),
        some => postcard::to_allocvec(some).unwrap(),
    };
    let count = postcard::to_allocvec(&(records.len() as u64)).unwrap();
    [front, names, contexts, count, rows].concat()
}

/// The place of a value among those before, to whose end a new one comes.
fn place<'a, T: PartialEq>(known: &mut Vec<&'a T>, value: &'a T) -> u32 {
    let place = known.iter().position(|known| *known == value).unwrap_or_else(|| {
        known.push(value);
        known.len() - 1
    });
    u32::try_from(place).unwrap()
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
