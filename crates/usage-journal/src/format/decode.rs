//! The payload of a frame to records. Whatever lies in it: no length in it is trusted for more
//! memory than its own bytes could fill.

use usage_core::{
    EventId, LabelInterner, LabelNames, Labels, Record, RecordError, Timestamp, TokenCounts, Usage,
};

use super::frame::MIN_ENCODED_RECORD;
use super::varint;

/// Five lengths, three of which are not zero.
const MIN_ENCODED_SET: usize = 8;

const TORN: &str = "its checksum is right, but its content is no list of records";
const INVALID: &str = "its checksum is right, but it holds what no record may hold";

/// Appends the records of a payload to `out`: exactly `records`, or nothing and the reason.
pub(crate) fn decode(
    payload: &[u8],
    records: u32,
    interner: &mut LabelInterner,
    sets: &mut Vec<Labels>,
    out: &mut Vec<Record>,
) -> Result<(), &'static str> {
    let before = out.len();
    let result = decode_into(payload, records, interner, sets, out);
    sets.clear();
    if result.is_err() {
        out.truncate(before);
    }
    result
}

fn decode_into(
    mut payload: &[u8],
    records: u32,
    interner: &mut LabelInterner,
    sets: &mut Vec<Labels>,
    out: &mut Vec<Record>,
) -> Result<(), &'static str> {
    let bytes = &mut payload;
    let count = take_count(bytes, MIN_ENCODED_SET)?;
    sets.reserve(count);
    for _ in 0..count {
        let mut names = [""; 5];
        for name in &mut names {
            *name = take_text(bytes)?;
        }
        let [instance_id, profile, provider, route, model] = names;
        let names = LabelNames { instance_id, profile, provider, route, model };
        sets.push(interner.intern(names).map_err(|_| INVALID)?);
    }
    let count = take_count(bytes, MIN_ENCODED_RECORD)?;
    if count != records as usize {
        return Err("its checksum is right, but it holds another number of records");
    }
    out.reserve(count);
    let mut when = 0_i64;
    for _ in 0..count {
        let labels = varint::take_u32(bytes).and_then(|index| sets.get(index as usize));
        let labels = labels.ok_or(TORN)?.clone();
        let since = varint::unzigzag(varint::take(bytes).ok_or(TORN)?);
        when = when.checked_add(since).ok_or(INVALID)?;
        let mut numbers = [0; 7];
        for number in &mut numbers {
            *number = varint::take_u32(bytes).ok_or(TORN)?;
        }
        let usage = usage(numbers, Timestamp::from_micros(when)).map_err(|_| INVALID)?;
        let record = Record::of(labels, usage);
        let (&mark, rest) = bytes.split_first().ok_or(TORN)?;
        *bytes = rest;
        out.push(match mark {
            0 => record,
            1 => record.with_event_id(EventId::new(take_text(bytes)?).map_err(|_| INVALID)?),
            _ => return Err(TORN),
        });
    }
    if bytes.is_empty() { Ok(()) } else { Err(TORN) }
}

#[inline]
fn usage(numbers: [u32; 7], when: Timestamp) -> Result<Usage, RecordError> {
    let [fallbacks, input, output, cache_read, cache_write, unclassified, reasoning] = numbers;
    let tokens = TokenCounts::unclassified(u64::from(unclassified))?
        .with_input(u64::from(input))?
        .with_output(u64::from(output))?
        .with_cache_read(u64::from(cache_read))?
        .with_cache_write(u64::from(cache_write))?
        .with_reasoning(u64::from(reasoning))?;
    Usage::new(tokens, fallbacks, when)
}

/// Takes the length of a list whose items take `least` bytes each.
fn take_count(bytes: &mut &[u8], least: usize) -> Result<usize, &'static str> {
    let count = varint::take(bytes).and_then(|count| usize::try_from(count).ok());
    count.filter(|&count| count <= bytes.len() / least).ok_or(TORN)
}

fn take_text<'a>(bytes: &mut &'a [u8]) -> Result<&'a str, &'static str> {
    let length = take_count(bytes, 1)?;
    let (text, rest) = bytes.split_at_checked(length).ok_or(TORN)?;
    *bytes = rest;
    std::str::from_utf8(text).map_err(|_| TORN)
}
