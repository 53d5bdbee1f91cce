//! The payload of a frame to records. Whatever lies in it: no length in it is trusted for more
//! memory than its own bytes could fill.

use usage_core::record::MAX_TAGS;
use usage_core::sink::DamageReason;
use usage_core::{Context, EventId, Label, LabelInterner, LabelNames, Labels, Record, Timestamp};

use super::version::Version;
use super::{mark, measures, varint};

/// Names a label set has: in format 2 a frame says how many, new ones come to the end.
pub(super) const NAMES: usize = Label::COUNT;
/// Names a label set has in format 1.
pub(super) const NAMES_OF_ONE: usize = 5;
/// The feature of a frame that sessions and tags are listed behind its label sets.
pub(super) const CONTEXTS: u64 = 1;
/// Five lengths, three of which are not zero; in format 2 there may be fewer names.
const MIN_ENCODED_SET: usize = 8;

/// The length of a session's id, and a number of tags.
const MIN_ENCODED_CONTEXT: usize = 2;

pub(super) const TORN: Undecodable = Undecodable::Damaged(DamageReason::NoRecords);
pub(super) const INVALID: Undecodable = Undecodable::Damaged(DamageReason::InvalidRecord);

/// The reason that the payload of a whole frame gives no records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Undecodable {
    /// It holds what a newer program put there, and what this one would drop.
    Newer,
    /// It is no list of records.
    Damaged(DamageReason),
}

/// Appends the records of a payload to `out`: exactly `records`, or nothing and the reason.
pub(crate) fn decode(
    version: Version,
    payload: &[u8],
    records: u32,
    interner: &mut LabelInterner,
    sets: &mut Vec<Labels>,
    out: &mut Vec<Record>,
) -> Result<(), Undecodable> {
    let before = out.len();
    let result = decode_into(version, payload, records, interner, sets, out);
    sets.clear();
    if result.is_err() {
        out.truncate(before);
    }
    result
}

fn decode_into(
    version: Version,
    mut payload: &[u8],
    records: u32,
    interner: &mut LabelInterner,
    sets: &mut Vec<Labels>,
    out: &mut Vec<Record>,
) -> Result<(), Undecodable> {
    let bytes = &mut payload;
    let layout = Layout::take(version, bytes)?;
    let count = take_count(bytes, MIN_ENCODED_SET)?;
    sets.reserve(count);
    for _ in 0..count {
        let mut names = [""; NAMES];
        for name in names.iter_mut().take(layout.names) {
            *name = take_text(bytes)?;
        }
        sets.push(interner.intern(LabelNames::from_all(names)).map_err(|_| INVALID)?);
    }
    let contexts = if layout.has_contexts { take_contexts(bytes)? } else { Vec::new() };
    let count = take_count(bytes, version.least_record())?;
    if count != records as usize {
        return Err(Undecodable::Damaged(DamageReason::RecordCount));
    }
    out.reserve(count);
    let mut when = 0_i64;
    for _ in 0..count {
        let labels = varint::take_u32(bytes).and_then(|index| sets.get(index as usize));
        let labels = labels.ok_or(TORN)?.clone();
        let since = varint::unzigzag(varint::take(bytes).ok_or(TORN)?);
        when = when.checked_add(since).ok_or(INVALID)?;
        let mut numbers = [0; measures::COUNT];
        for (index, number) in numbers.iter_mut().enumerate() {
            if layout.measures & (1 << index) != 0 {
                *number = varint::take_u32(bytes).ok_or(TORN)?;
            }
        }
        let usage = measures::usage(numbers, Timestamp::from_micros(when));
        let (&mark, rest) = bytes.split_first().ok_or(TORN)?;
        *bytes = rest;
        if mark == 0 {
            out.push(Record::of(labels, mark::take_counts(bytes, mark, usage)?));
            continue;
        }
        if version == Version::One && mark != mark::EVENT_ID {
            return Err(TORN);
        }
        if mark & !mark::ALL != 0 {
            return Err(Undecodable::Newer);
        }
        if mark == mark::EVENT_ID {
            let event_id = EventId::new(take_text(bytes)?).map_err(|_| INVALID)?;
            let counts = mark::take_counts(bytes, mark, usage)?;
            out.push(Record::of(labels, counts).with_event_id(event_id));
            continue;
        }
        let event_id = take_id(bytes, mark & mark::EVENT_ID != 0)?;
        let alias_id = take_id(bytes, mark & mark::ALIAS_ID != 0)?;
        let mut context = Context::NONE;
        if mark & mark::CONTEXT != 0 {
            let index = varint::take_u32(bytes).ok_or(TORN)?;
            context = contexts.get(index as usize).ok_or(TORN)?.clone();
        }
        let mut record = Record::of(labels, mark::take_counts(bytes, mark, usage)?);
        if let Some(event_id) = event_id {
            record = record.with_event_id(event_id);
        }
        if let Some(alias_id) = alias_id {
            record = record.with_alias_id(alias_id);
            // No record has one without an event id, or twice the same.
            record.alias_id().ok_or(INVALID)?;
        }
        out.push(record.with_context(context));
    }
    if bytes.is_empty() { Ok(()) } else { Err(TORN) }
}

/// The numbers and names that the records of a frame have.
struct Layout {
    /// A bit for each number.
    measures: u64,
    /// The number of names in a label set.
    names: usize,
    /// Says whether sessions and tags are listed.
    has_contexts: bool,
}

impl Layout {
    /// Takes what a frame says of it, from format 2 on.
    fn take(version: Version, bytes: &mut &[u8]) -> Result<Self, Undecodable> {
        if version == Version::One {
            return Ok(Self {
                measures: measures::ALL_OF_ONE,
                names: NAMES_OF_ONE,
                has_contexts: false,
            });
        }
        let features = varint::take(bytes).ok_or(TORN)?;
        let measures = varint::take(bytes).ok_or(TORN)?;
        let names = varint::take(bytes).ok_or(TORN)?;
        if features & !CONTEXTS != 0 || measures & !measures::ALL != 0 || names > NAMES as u64 {
            return Err(Undecodable::Newer);
        }
        let names = usize::try_from(names).map_err(|_| TORN)?;
        Ok(Self { measures, names, has_contexts: features & CONTEXTS != 0 })
    }
}

/// Takes the sessions and tags of a frame.
fn take_contexts(bytes: &mut &[u8]) -> Result<Vec<Context>, Undecodable> {
    let count = take_count(bytes, MIN_ENCODED_CONTEXT)?;
    let mut contexts = Vec::with_capacity(count);
    for _ in 0..count {
        let session_id = take_text(bytes)?;
        let mut tags = [("", ""); MAX_TAGS];
        let tags = tags.get_mut(..take_count(bytes, 2)?).ok_or(INVALID)?;
        for (key, value) in tags.iter_mut() {
            (*key, *value) = (take_text(bytes)?, take_text(bytes)?);
        }
        let context = Context::new(session_id, tags.iter().copied()).map_err(|_| INVALID)?;
        contexts.push(context);
    }
    Ok(contexts)
}

fn take_id(bytes: &mut &[u8], is_there: bool) -> Result<Option<EventId>, Undecodable> {
    if !is_there {
        return Ok(None);
    }
    EventId::new(take_text(bytes)?).map(Some).map_err(|_| INVALID)
}

/// Takes the length of a list whose items take `least` bytes each.
fn take_count(bytes: &mut &[u8], least: usize) -> Result<usize, Undecodable> {
    let count = varint::take(bytes).and_then(|count| usize::try_from(count).ok());
    count.filter(|&count| count <= bytes.len() / least).ok_or(TORN)
}

fn take_text<'a>(bytes: &mut &'a [u8]) -> Result<&'a str, Undecodable> {
    let length = take_count(bytes, 1)?;
    let (text, rest) = bytes.split_at_checked(length).ok_or(TORN)?;
    *bytes = rest;
    std::str::from_utf8(text).map_err(|_| TORN)
}
