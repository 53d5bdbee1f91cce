//! The values of a record of a frame besides its names, its time and its numbers: a bit of its mark for each, and it
//! follows the mark in the order of the bits.

use usage_core::{Counts, Money, Outcome, Quality, Record, Usage};

use super::decode::{INVALID, TORN, Undecodable};
use super::varint;

/// Its event id: a text.
pub(super) const EVENT_ID: u8 = 1;
/// The other id of its event: a text.
pub(super) const ALIAS_ID: u8 = 1 << 1;
/// Its session and tags: the place in the frame's list of them.
pub(super) const CONTEXT: u8 = 1 << 2;
/// The outcome and the certainty of its counts: a byte, see [`flags`].
const FLAGS: u8 = 1 << 3;
/// Which telling of an event it is: a number.
const REVISION: u8 = 1 << 4;
/// The cost that its source states: a number of pico-dollars.
const STATED_COST: u8 = 1 << 5;
/// All that this program knows.
pub(super) const ALL: u8 = (1 << 6) - 1;

/// Parts of the flags: two bits each of outcome and quality, then a bit each.
const OUTCOME: u8 = 0b11;
const QUALITY_AT: u8 = 2;
const INCONSISTENT: u8 = 1 << 4;
const TIME_NOT_STATED: u8 = 1 << 5;
const ELSEWHERE: u8 = 1 << 6;

/// The most that what follows a mark takes, ids and their lengths apart: a place, flags, a revision, a cost.
pub(super) const MAX_BYTES: usize = 3 * varint::MAX_VARINT_BYTES + 1;

/// The mark of a record.
#[inline]
pub(super) fn of(record: &Record) -> u8 {
    let counts = record.counts();
    let bit = |bit: u8, is_so: bool| if is_so { bit } else { 0 };
    bit(EVENT_ID, record.event_id().is_some())
        | bit(ALIAS_ID, record.alias_id().is_some())
        | bit(CONTEXT, !record.context().is_none())
        | bit(FLAGS, flags(counts) != 0)
        | bit(REVISION, counts.revision() != 0)
        | bit(STATED_COST, counts.stated_cost().is_some())
}

/// Appends what the last three bits of `mark` stand for.
pub(super) fn push_counts(out: &mut Vec<u8>, mark: u8, counts: &Counts) {
    if mark & FLAGS != 0 {
        out.push(flags(counts));
    }
    if mark & REVISION != 0 {
        varint::push(out, counts.revision().into());
    }
    if let Some(cost) = counts.stated_cost() {
        // Nine million dollars have 63 bits.
        varint::push(out, u64::try_from(cost.picos()).unwrap_or(u64::MAX));
    }
}

/// Takes what the last three bits of `mark` stand for, and makes counts of it and of `usage`.
#[inline]
pub(super) fn take_counts(
    bytes: &mut &[u8],
    mark: u8,
    mut usage: Usage,
) -> Result<Counts, Undecodable> {
    let mut flags = 0;
    if mark & FLAGS != 0 {
        (flags, *bytes) = bytes.split_first().map(|(&flags, rest)| (flags, rest)).ok_or(TORN)?;
        let outcome = Outcome::ALL.get(usize::from(flags & OUTCOME));
        let quality = Quality::ALL.get(usize::from(flags >> QUALITY_AT & OUTCOME));
        let (Some(&outcome), Some(&quality), true) = (outcome, quality, flags < 1 << 7) else {
            return Err(Undecodable::Newer);
        };
        (usage.outcome, usage.quality) = (outcome, quality);
        usage.is_inconsistent = flags & INCONSISTENT != 0;
        usage.is_time_stated = flags & TIME_NOT_STATED == 0;
    }
    if mark & REVISION != 0 {
        usage.revision = varint::take_u32(bytes).ok_or(TORN)?;
    }
    if mark & STATED_COST != 0 {
        let picos = varint::take(bytes).ok_or(TORN)?;
        usage.stated_cost = Some(Money::from_picos(picos.into()));
    }
    let counts = Counts::try_from(usage).map_err(|_| INVALID)?;
    // A part that was over its whole has been cut before it was written, and that is in the flags.
    if counts.is_inconsistent() != usage.is_inconsistent {
        return Err(INVALID);
    }
    Ok(counts.with_elsewhere(flags & ELSEWHERE != 0))
}

#[inline]
fn flags(counts: &Counts) -> u8 {
    let bit = |bit: u8, is_so: bool| if is_so { bit } else { 0 };
    counts.outcome() as u8
        | (counts.quality() as u8) << QUALITY_AT
        | bit(INCONSISTENT, counts.is_inconsistent())
        | bit(TIME_NOT_STATED, !counts.is_time_stated())
        | bit(ELSEWHERE, counts.get(usage_core::Measure::Elsewhere) != 0)
}
