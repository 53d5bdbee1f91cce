//! The payload of a frame to records. Whatever lies in it: no length in it is trusted for more
//! memory than its own bytes could fill.

use usage_core::sink::DamageReason;
use usage_core::{EventId, Label, LabelInterner, LabelNames, Labels, Record, Timestamp};

use super::version::Version;
use super::{measures, varint};

/// Names a label set has: in format 2 a frame says how many, new ones come to the end.
pub(super) const NAMES: usize = Label::COUNT;
/// Names a label set has in format 1.
const NAMES_OF_ONE: usize = 5;
/// Five lengths, three of which are not zero; in format 2 there may be fewer names.
const MIN_ENCODED_SET: usize = 8;

const TORN: Undecodable = Undecodable::Damaged(DamageReason::NoRecords);
const INVALID: Undecodable = Undecodable::Damaged(DamageReason::InvalidRecord);

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
        let counts =
            measures::counts(numbers, Timestamp::from_micros(when)).map_err(|_| INVALID)?;
        let record = Record::of(labels, counts);
        let (&mark, rest) = bytes.split_first().ok_or(TORN)?;
        *bytes = rest;
        out.push(match mark {
            0 => record,
            1 => record.with_event_id(EventId::new(take_text(bytes)?).map_err(|_| INVALID)?),
            _ if version == Version::One => return Err(TORN),
            _ => return Err(Undecodable::Newer),
        });
    }
    if bytes.is_empty() { Ok(()) } else { Err(TORN) }
}

/// The numbers and names that the records of a frame have.
struct Layout {
    /// A bit for each number.
    measures: u64,
    /// The number of names in a label set.
    names: usize,
}

impl Layout {
    /// Takes what a frame says of it, from format 2 on.
    fn take(version: Version, bytes: &mut &[u8]) -> Result<Self, Undecodable> {
        if version == Version::One {
            return Ok(Self { measures: measures::ALL_OF_ONE, names: NAMES_OF_ONE });
        }
        let features = varint::take(bytes).ok_or(TORN)?;
        let measures = varint::take(bytes).ok_or(TORN)?;
        let names = varint::take(bytes).ok_or(TORN)?;
        if features != 0 || measures & !measures::ALL != 0 || names > NAMES as u64 {
            return Err(Undecodable::Newer);
        }
        Ok(Self { measures, names: usize::try_from(names).map_err(|_| TORN)? })
    }
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
