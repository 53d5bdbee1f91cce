//! A piece of a stretch's totals as bytes: a checksum, a version, what its finer rollups come to, and
//! the totals by label set.
//!
//! ```text
//! first piece   CRC-32 (4)  version | MORE (1)  seals (4 each, by level)  cells...
//! later pieces  CRC-32 (4)  version (1)                                   cells...
//! cell          label set, less the one before (varint)
//!               mask (varint): the lowest bit says one request, the others what follows, see [`counts`](super::counts)
//!               requests (varint), unless it is one; each number that is not 0 (varint)
//! ```

use usage_core::Money;
use usage_core::stats::Summary;

use super::counts::{COST, FIRST, KNOWN, OF_PRICED, PRICED, STATED, bit_of, place_of};
use super::{Level, RollupError};
use crate::ledger::varint::{pull, pull_count, push};

/// Totals of a label set.
pub(super) type Cell = (i64, Summary);

/// The seals of the finer rollups of a stretch: for each kind of them, the sum of their checksums.
pub(super) type Seals = [u32; 2];

/// Which piece some bytes are. It goes into their checksum, so that the bytes of one piece do not
/// pass for those of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) level: Level,
    pub(super) number: i64,
    /// The least label set that it may hold, and 0 for a stretch's first piece.
    pub(super) first: i64,
}

/// The head that stands before a piece's cells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Head {
    /// The stretch has further pieces.
    pub(super) has_more: bool,
    /// Zeros in all but a first piece.
    pub(super) seals: Seals,
}

const CHECKSUM: usize = 4;
const VERSION: u8 = 1;
const MORE: u8 = 0x80;

/// The bytes of a number that says what finer rollups come to.
const SEAL: usize = 4;

/// A row of a table with rowids stays on one page of 4,096 bytes up to 4,061.
pub(super) const FIRST_MOST: usize = 3_900;
const FIRST_FILL: usize = 3_300;

/// A row of a table without them stays on its page up to 1,002 bytes, key included. A commit rewrites
/// what it changes of a stretch with very many names, so these are small.
pub(super) const LATER_MOST: usize = 950;
const LATER_FILL: usize = 800;

impl Place {
    pub(super) const fn first_of(level: Level, number: i64) -> Self {
        Self { level, number, first: 0 }
    }

    /// Returns the size in bytes that it may have.
    pub(super) const fn most(self) -> usize {
        if self.first == 0 { FIRST_MOST } else { LATER_MOST }
    }

    /// The label set that the first cell counts from.
    const fn base(self) -> i64 {
        if self.first == 0 { 0 } else { self.first - 1 }
    }

    const fn seals(self) -> usize {
        match (self.first, self.level) {
            (0, Level::Day) => 2,
            (0, Level::Month) => 1,
            _ => 0,
        }
    }

    fn checksum(self, bytes: &[u8]) -> u32 {
        let mut hasher = crc32fast::Hasher::new();
        for part in [self.level as i64, self.number, self.first] {
            hasher.update(&part.to_le_bytes());
        }
        hasher.update(bytes);
        hasher.finalize()
    }

    /// Writes a piece with these cells; returns its checksum.
    pub(super) fn encode(self, head: Head, cells: &[Cell], bytes: &mut Vec<u8>) -> u32 {
        bytes.clear();
        bytes.extend_from_slice(&[0; CHECKSUM]);
        bytes.push(VERSION | if head.has_more { MORE } else { 0 });
        for seal in &head.seals[..self.seals()] {
            bytes.extend_from_slice(&seal.to_le_bytes());
        }
        encode_cells(self.base(), cells, bytes);
        self.finish(bytes)
    }

    fn finish(self, bytes: &mut [u8]) -> u32 {
        let checksum = self.checksum(&bytes[CHECKSUM..]);
        bytes[..CHECKSUM].copy_from_slice(&checksum.to_le_bytes());
        checksum
    }

    /// Returns the head that stands before the cells, and the cells, unless anything is wrong with the bytes.
    pub(super) fn decode(self, bytes: &[u8]) -> Result<(Head, Encoded<'_>), RollupError> {
        let (sum, rest) = bytes.split_first_chunk::<CHECKSUM>().ok_or(RollupError::Unreadable)?;
        if self.checksum(rest) != u32::from_le_bytes(*sum) {
            return Err(RollupError::Unreadable);
        }
        let (version, rest) = rest.split_first().ok_or(RollupError::Unreadable)?;
        if version & !MORE != VERSION {
            return Err(RollupError::Newer);
        }
        let (words, cells) =
            rest.split_at_checked(self.seals() * SEAL).ok_or(RollupError::Unreadable)?;
        let mut seals = Seals::default();
        for (seal, word) in seals.iter_mut().zip(words.chunks_exact(SEAL)) {
            *seal = word.try_into().map_or(0, u32::from_le_bytes);
        }
        let head = Head { has_more: version & MORE != 0, seals };
        Ok((head, Encoded { rest: cells, before: self.base() }))
    }
}

/// The checksum that a piece's bytes begin with; 0 for what is none.
pub(super) fn stored_checksum(bytes: &[u8]) -> u32 {
    bytes.first_chunk::<CHECKSUM>().map_or(0, |sum| u32::from_le_bytes(*sum))
}

/// A piece's cells, read one after the other.
pub(super) struct Encoded<'a> {
    rest: &'a [u8],
    before: i64,
}

impl<'a> Encoded<'a> {
    /// Cells that are counted from the first label set on.
    pub(super) const fn of(cells: &'a [u8]) -> Self {
        Self { rest: cells, before: 0 }
    }

    /// Hands out each label set with the bytes that begin with its totals, which have to be [taken](add_totals) from
    /// there.
    pub(super) fn each(
        mut self,
        mut take: impl FnMut(i64, &mut &'a [u8]) -> Result<(), RollupError>,
    ) -> Result<(), RollupError> {
        while !self.rest.is_empty() {
            let label_set = self.label_set()?;
            take(label_set, &mut self.rest)?;
        }
        Ok(())
    }

    #[inline]
    fn label_set(&mut self) -> Result<i64, RollupError> {
        let step = i64::try_from(pull(&mut self.rest)?).ok().filter(|step| *step > 0);
        let label_set = step.and_then(|step| self.before.checked_add(step));
        self.before = label_set.ok_or(RollupError::Unreadable)?;
        Ok(self.before)
    }
}

/// Writes cells, in the order of their label sets, all of them greater than `before`.
pub(super) fn encode_cells(mut before: i64, cells: &[Cell], bytes: &mut Vec<u8>) {
    for (label_set, totals) in cells {
        push(bytes, label_set.abs_diff(before).into());
        before = *label_set;
        encode_totals(totals, bytes);
    }
}

/// Writes which numbers there are, and those that are not 0.
pub(super) fn encode_totals(totals: &Summary, bytes: &mut Vec<u8>) {
    let is_one = totals.requests == 1;
    let mut mask = u64::from(is_one);
    let (usual, rare) = totals.numbers[..OF_PRICED].split_at(FIRST);
    for (place, number) in usual.iter().enumerate() {
        mask |= u64::from(*number != 0) << bit_of(place);
    }
    // Mostly there is nothing of these.
    if rare.iter().fold(0, |any, number| any | number) != 0 {
        for (place, number) in rare.iter().enumerate() {
            mask |= u64::from(*number != 0) << bit_of(FIRST + place);
        }
    }
    mask |= u64::from(totals.numbers[OF_PRICED] != 0) << PRICED;
    mask |= u64::from(totals.stated_cost != Money::ZERO) << STATED;
    mask |= u64::from(totals.cost != Money::ZERO) << COST;
    push(bytes, mask.into());
    if !is_one {
        push(bytes, totals.requests.into());
    }
    for bit in bits_of(mask & !1) {
        let number = match bit {
            STATED => totals.stated_cost.picos(),
            COST => totals.cost.picos(),
            bit => totals.numbers[place_of(bit)].into(),
        };
        push(bytes, number);
    }
}

/// Reads totals, in place of those that are there.
#[inline]
pub(super) fn decode_totals(rest: &mut &[u8], totals: &mut Summary) -> Result<(), RollupError> {
    *totals = Summary::default();
    add_totals(rest, totals)
}

/// Reads totals, and counts them in with others; where they cannot be read, a part of them.
#[inline]
pub(super) fn add_totals(rest: &mut &[u8], sum: &mut Summary) -> Result<(), RollupError> {
    let mask = pull_count(rest)?;
    if mask & !KNOWN != 0 {
        return Err(RollupError::Newer);
    }
    let requests = if mask & 1 == 0 { pull_count(rest)? } else { 1 };
    sum.requests = sum.requests.saturating_add(requests);
    for bit in bits_of(mask & !1) {
        match bit {
            STATED => sum.stated_cost = sum.stated_cost.plus(Money::from_picos(pull(rest)?)),
            COST => sum.cost = sum.cost.plus(Money::from_picos(pull(rest)?)),
            bit => {
                let number = &mut sum.numbers[place_of(bit)];
                *number = number.saturating_add(pull_count(rest)?);
            }
        }
    }
    Ok(())
}

/// The bits that are set, from the lowest on.
#[inline]
fn bits_of(mut mask: u64) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let bit = mask.trailing_zeros() as usize;
        // Without the lowest one.
        let rest = mask & mask.checked_sub(1)?;
        mask = rest;
        Some(bit)
    })
}

/// Returns the number of the cells that go into a piece that is not to be full already. At least one.
pub(super) fn fitting(place: Place, cells: &[Cell], buffer: &mut Vec<u8>) -> usize {
    let fill = if place.first == 0 { FIRST_FILL } else { LATER_FILL };
    buffer.clear();
    let mut before = place.base();
    for (count, (label_set, totals)) in cells.iter().enumerate() {
        push(buffer, label_set.abs_diff(before).into());
        before = *label_set;
        encode_totals(totals, buffer);
        if buffer.len() > fill {
            return count.max(1);
        }
    }
    cells.len()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use usage_core::Measure;

    use super::super::counts::{BITS, MEASURES};
    use super::*;

    const PLACE: Place = Place { level: Level::Day, number: 2, first: 0 };

    fn totals() -> impl Strategy<Value = Summary> {
        let number = || prop_oneof![Just(0), 1..300_u64, any::<u64>()];
        let numbers = prop::array::UniformArrayStrategy::new(number());
        let cost = prop_oneof![Just(0), any::<u128>()];
        let requests = prop_oneof![1..4_u64, 1..u64::MAX];
        (requests, numbers, [cost.clone(), cost]).prop_map(|(requests, numbers, costs)| {
            let mut totals = Summary::new(requests, numbers);
            [totals.stated_cost, totals.cost] = costs.map(Money::from_picos);
            totals
        })
    }

    fn cells() -> impl Strategy<Value = Vec<Cell>> {
        let ids = prop_oneof![1..500_i64, 1..=i64::MAX];
        prop::collection::btree_map(ids, totals(), 0..60)
            .prop_map(|cells| cells.into_iter().collect())
    }

    fn head() -> impl Strategy<Value = Head> {
        any::<(bool, Seals)>().prop_map(|(has_more, seals)| Head { has_more, seals })
    }

    fn decoded(place: Place, bytes: &[u8]) -> Result<(Head, Vec<Cell>), RollupError> {
        let ((head, encoded), mut cells) = (place.decode(bytes)?, Vec::new());
        encoded.each(|label_set, rest| {
            let mut totals = Summary::default();
            decode_totals(rest, &mut totals)?;
            cells.push((label_set, totals));
            Ok(())
        })?;
        Ok((head, cells))
    }

    proptest! {
        #[test]
        fn bytes_come_back_as_what_they_were(head in head(), cells in cells()) {
            let mut bytes = vec![1, 2, 3];
            let checksum = PLACE.encode(head, &cells, &mut bytes);
            prop_assert_eq!(stored_checksum(&bytes), checksum);
            prop_assert_eq!(decoded(PLACE, &bytes), Ok((head, cells)));
        }

        #[test]
        fn later_pieces_count_from_where_they_begin(cells in cells()) {
            let first = cells.first().map_or(5, |(label_set, _)| *label_set);
            let place = Place { first, ..PLACE };
            let mut bytes = Vec::new();
            place.encode(Head::default(), &cells, &mut bytes);
            prop_assert_eq!(decoded(place, &bytes), Ok((Head::default(), cells)));
        }

        #[test]
        fn a_flipped_bit_or_another_place_is_noticed(
            head in head(), cells in cells(), at in any::<prop::sample::Index>(),
        ) {
            let mut bytes = Vec::new();
            PLACE.encode(head, &cells, &mut bytes);
            for place in [
                Place { number: 3, ..PLACE },
                Place { first: 1, ..PLACE },
                Place { level: Level::Month, ..PLACE },
            ] {
                prop_assert_eq!(decoded(place, &bytes), Err(RollupError::Unreadable));
            }
            let bit = at.index(bytes.len() * 8);
            bytes[bit / 8] ^= 1 << (bit % 8);
            prop_assert_eq!(decoded(PLACE, &bytes), Err(RollupError::Unreadable));
        }

        #[test]
        fn any_bytes_are_read_without_trouble(mut bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = decoded(PLACE, &bytes);
            if bytes.len() > CHECKSUM {
                bytes[CHECKSUM] = VERSION;
                PLACE.finish(&mut bytes);
                let _ = decoded(PLACE, &bytes);
            }
        }
    }

    #[test]
    fn what_a_newer_version_writes_is_no_damage() {
        let mut bytes = Vec::new();
        let cells = [(7, Summary::new(1, [1; MEASURES]))];
        let newer = |change: &dyn Fn(&mut Vec<u8>)| {
            let mut bytes = Vec::new();
            PLACE.encode(Head::default(), &cells, &mut bytes);
            change(&mut bytes);
            PLACE.finish(&mut bytes);
            decoded(PLACE, &bytes)
        };
        assert_eq!(newer(&|bytes| bytes[CHECKSUM] = 2), Err(RollupError::Newer));
        PLACE.encode(Head::default(), &cells, &mut bytes);
        let mask = CHECKSUM + 1 + 2 * SEAL + 1;
        let of = pull(&mut &bytes[mask..]).unwrap();
        assert_eq!(of, u128::from(KNOWN & !(1 << STATED) & !(1 << COST)));
        // Another measure: one more bit.
        let with_bit = |bytes: &mut Vec<u8>| {
            bytes.truncate(mask);
            push(bytes, 1 | 1 << BITS);
            bytes.push(9);
        };
        assert_eq!(newer(&with_bit), Err(RollupError::Newer));
        // A sum that takes more bits than this program counts with.
        let wide = |bytes: &mut Vec<u8>| {
            bytes.truncate(mask);
            bytes.extend([0x03]);
            push(bytes, u128::MAX);
        };
        assert_eq!(newer(&wide), Err(RollupError::Newer));
    }

    #[test]
    fn a_usual_cell_takes_ten_bytes() {
        let usual = Summary::new(2, [0; MEASURES])
            .with(Measure::Input, 2_400)
            .with(Measure::Output, 900)
            .with(Measure::CacheRead, 60_000);
        let cells: Vec<_> = (1..=130).map(|label_set| (label_set, usual)).collect();
        let mut bytes = Vec::new();
        Place { level: Level::Quarter, ..PLACE }.encode(Head::default(), &cells, &mut bytes);
        assert_eq!(bytes.len(), CHECKSUM + 1 + 130 * 10);
    }
}
