//! What the records of one stretch of time add up to, by label set, as a few hundred bytes.
//!
//! One value for each stretch, not a row for each label set in it: a batch then changes three
//! values in place of hundreds of rows, and a report reads a tenth of the pages.

use usage_core::stats::{Summary, TokenTotals};

/// Totals by the id of their label set, in the order of the ids.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Cells(Vec<(i64, Summary)>);

/// Bytes that are no totals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Unreadable;

/// Taken away was more than there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Missing;

impl Cells {
    /// The totals as they stand, however many there are.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (i64, &Summary)> {
        self.0.iter().map(|(label_set, totals)| (*label_set, totals))
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Counts in what other records add up to.
    pub(crate) fn add(&mut self, label_set: i64, totals: &Summary) {
        match self.place(label_set) {
            Ok(at) => self.0[at].1.merge(totals),
            Err(at) => self.0.insert(at, (label_set, *totals)),
        }
    }

    /// Counts out what records add up to that are gone. What is left of nothing is not kept.
    pub(crate) fn take_away(&mut self, label_set: i64, totals: &Summary) -> Result<(), Missing> {
        let at = self.place(label_set).map_err(|_| Missing)?;
        let left = less(&self.0[at].1, totals).ok_or(Missing)?;
        if left != Summary::default() {
            self.0[at].1 = left;
            return if left.requests == 0 { Err(Missing) } else { Ok(()) };
        }
        self.0.remove(at);
        Ok(())
    }

    fn place(&self, label_set: i64) -> Result<usize, usize> {
        self.0.binary_search_by_key(&label_set, |(label_set, _)| *label_set)
    }

    /// As bytes: a checksum, then each label set's totals. `place` goes into the checksum, so that
    /// the bytes of one stretch of time do not pass for those of another.
    pub(crate) fn encode(&self, place: [i64; 2], bytes: &mut Vec<u8>) {
        bytes.clear();
        bytes.extend_from_slice(&[0; CHECKSUM]);
        let mut before = 0;
        for (label_set, totals) in &self.0 {
            // Ids begin at 1 and grow, so the difference is small and never negative.
            push(bytes, label_set.abs_diff(before));
            before = *label_set;
            let numbers = numbers(totals);
            let mask = (0..7).fold(0, |mask, bit| mask | (u8::from(numbers[bit] != 0) << bit));
            let is_one = totals.requests == 1;
            bytes.push(mask | (u8::from(is_one) << 7));
            if !is_one {
                push(bytes, totals.requests);
            }
            for number in numbers.into_iter().filter(|number| *number != 0) {
                push(bytes, number);
            }
        }
        let sum = checksum(place, &bytes[CHECKSUM..]).to_le_bytes();
        bytes[..CHECKSUM].copy_from_slice(&sum);
    }

    pub(crate) fn decode(place: [i64; 2], bytes: &[u8]) -> Result<Self, Unreadable> {
        let mut cells = Vec::new();
        each(place, bytes, |label_set, totals| cells.push((label_set, *totals)))?;
        Ok(Self(cells))
    }
}

/// Hands out what is in the bytes, one label set after the other.
pub(crate) fn each(
    place: [i64; 2],
    bytes: &[u8],
    mut found: impl FnMut(i64, &Summary),
) -> Result<(), Unreadable> {
    let (sum, mut rest) = bytes.split_first_chunk::<CHECKSUM>().ok_or(Unreadable)?;
    if checksum(place, rest) != u32::from_le_bytes(*sum) {
        return Err(Unreadable);
    }
    let mut label_set = 0_i64;
    while !rest.is_empty() {
        let step = i64::try_from(pull(&mut rest)?).ok().filter(|step| *step > 0);
        label_set = step.and_then(|step| label_set.checked_add(step)).ok_or(Unreadable)?;
        let (&mask, behind) = rest.split_first().ok_or(Unreadable)?;
        rest = behind;
        let requests = if mask & 0x80 == 0 { pull(&mut rest)? } else { 1 };
        let mut numbers = [0; 7];
        for (bit, number) in numbers.iter_mut().enumerate() {
            if mask & (1 << bit) != 0 {
                *number = pull(&mut rest)?;
            }
        }
        found(label_set, &summary(requests, numbers));
    }
    Ok(())
}

const CHECKSUM: usize = 4;

fn checksum(place: [i64; 2], bytes: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    for part in place {
        hasher.update(&part.to_le_bytes());
    }
    hasher.update(bytes);
    hasher.finalize()
}

const fn numbers(totals: &Summary) -> [u64; 7] {
    let TokenTotals { input, output, cache_read, cache_write, unclassified, reasoning } =
        totals.token_kinds;
    [totals.fallbacks, input, output, cache_read, cache_write, unclassified, reasoning]
}

const fn summary(requests: u64, numbers: [u64; 7]) -> Summary {
    let [fallbacks, input, output, cache_read, cache_write, unclassified, reasoning] = numbers;
    let token_kinds =
        TokenTotals { input, output, cache_read, cache_write, unclassified, reasoning };
    Summary { requests, fallbacks, token_kinds }
}

fn less(from: &Summary, totals: &Summary) -> Option<Summary> {
    let mut left = numbers(from);
    for (left, number) in left.iter_mut().zip(numbers(totals)) {
        *left = left.checked_sub(number)?;
    }
    Some(summary(from.requests.checked_sub(totals.requests)?, left))
}

/// Seven bits a byte, the lowest first; the eighth says that more follow.
fn push(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

fn pull(rest: &mut &[u8]) -> Result<u64, Unreadable> {
    let mut number = 0;
    for (at, &byte) in rest.iter().enumerate().take(10) {
        number |= u64::from(byte & 0x7f) << (7 * at);
        if byte < 0x80 {
            *rest = &rest[at + 1..];
            return Ok(number);
        }
    }
    Err(Unreadable)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn totals() -> impl Strategy<Value = Summary> {
        let number = || prop_oneof![Just(0), 1..300_u64, any::<u64>()];
        (prop_oneof![1..4_u64, 1..u64::MAX], prop::array::uniform7(number()))
            .prop_map(|(requests, numbers)| summary(requests, numbers))
    }

    fn cells() -> impl Strategy<Value = Cells> {
        let ids = prop_oneof![1..500_i64, 1..=i64::MAX];
        prop::collection::btree_map(ids, totals(), 0..60)
            .prop_map(|cells| Cells(cells.into_iter().collect()))
    }

    fn encoded(cells: &Cells) -> Vec<u8> {
        let mut bytes = vec![1, 2, 3];
        cells.encode([1, 2], &mut bytes);
        bytes
    }

    proptest! {
        #[test]
        fn bytes_come_back_as_what_they_were(cells in cells()) {
            prop_assert_eq!(Cells::decode([1, 2], &encoded(&cells)), Ok(cells));
        }

        #[test]
        fn a_flipped_bit_or_another_place_is_noticed(cells in cells(), at in any::<prop::sample::Index>()) {
            let mut bytes = encoded(&cells);
            for place in [[1, 3], [2, 2]] {
                prop_assert_eq!(Cells::decode(place, &bytes), Err(Unreadable));
            }
            let bit = at.index(bytes.len() * 8);
            bytes[bit / 8] ^= 1 << (bit % 8);
            prop_assert_eq!(Cells::decode([1, 2], &bytes), Err(Unreadable));
        }

        #[test]
        fn any_bytes_are_read_without_trouble(mut bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = Cells::decode([1, 2], &bytes);
            if bytes.len() >= CHECKSUM {
                let sum = checksum([1, 2], &bytes[CHECKSUM..]).to_le_bytes();
                bytes[..CHECKSUM].copy_from_slice(&sum);
                let _ = Cells::decode([1, 2], &bytes);
            }
        }

        #[test]
        fn what_is_counted_in_can_be_counted_out_again(
            parts in prop::collection::vec((1..9_i64, 0..50_u32, 0..50_u32), 0..40),
        ) {
            let part = |(label_set, input, fallbacks): &(i64, u32, u32)| {
                let numbers = [u64::from(*fallbacks), u64::from(*input), 0, 0, 0, 0, 0];
                (*label_set, summary(1, numbers))
            };
            let mut cells = Cells::default();
            for (label_set, totals) in parts.iter().map(part) {
                cells.add(label_set, &totals);
            }
            let requests: u64 = cells.iter().map(|(_, totals)| totals.requests).sum();
            prop_assert_eq!(requests, parts.len() as u64);
            for (label_set, totals) in parts.iter().map(part) {
                prop_assert_eq!(cells.take_away(label_set, &totals), Ok(()));
            }
            prop_assert!(cells.is_empty());
        }
    }

    #[test]
    fn more_than_there_is_cannot_be_taken_away() {
        let two = summary(2, [0, 5, 0, 0, 0, 0, 0]);
        let mut cells = Cells::default();
        cells.add(7, &two);
        for (label_set, totals) in [
            (8, summary(1, [0; 7])),
            (7, summary(3, [0; 7])),
            (7, summary(1, [0, 6, 0, 0, 0, 0, 0])),
            (7, summary(1, [1, 0, 0, 0, 0, 0, 0])),
        ] {
            assert_eq!(cells.take_away(label_set, &totals), Err(Missing));
        }
        // Requests that are gone leave no tokens behind.
        assert_eq!(cells.clone().take_away(7, &summary(2, [0, 4, 0, 0, 0, 0, 0])), Err(Missing));
        assert_eq!(cells.take_away(7, &two), Ok(()));
    }

    #[test]
    fn a_usual_cell_takes_a_dozen_bytes() {
        let mut cells = Cells::default();
        for label_set in 1..=130 {
            cells.add(label_set, &summary(2, [0, 2_400, 900, 60_000, 0, 0, 0]));
        }
        assert_eq!(encoded(&cells).len(), CHECKSUM + 130 * 10);
    }
}
