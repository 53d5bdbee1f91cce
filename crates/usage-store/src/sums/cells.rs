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

/// In any order, each label set once.
impl FromIterator<(i64, Summary)> for Cells {
    fn from_iter<I: IntoIterator<Item = (i64, Summary)>>(totals: I) -> Self {
        let mut cells: Vec<_> = totals.into_iter().collect();
        cells.sort_unstable_by_key(|(label_set, _)| *label_set);
        Self(cells)
    }
}

impl Cells {
    /// The totals as they stand, however many there are.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (i64, &Summary)> {
        self.0.iter().map(|(label_set, totals)| (*label_set, totals))
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Counts in what other records add up to. Label sets come in the order of their ids, each once.
    pub(crate) fn add<'a>(&mut self, totals: impl Iterator<Item = (i64, &'a Summary)>) {
        // Nothing is ever missing to be added to.
        let _ = self.change(totals, |sum, totals| {
            sum.merge(totals);
            Some(())
        });
    }

    /// Counts out what records add up to that are gone, in the same order. What is left of nothing is
    /// not kept. After an error, what is left is of no use.
    pub(crate) fn take_away<'a>(
        &mut self,
        totals: impl Iterator<Item = (i64, &'a Summary)>,
    ) -> Result<(), Missing> {
        self.change(totals, |sum, totals| {
            *sum = less(sum, totals)?;
            // Requests that are gone leave no tokens behind.
            (sum.requests > 0 || *sum == Summary::default()).then_some(())
        })
    }

    /// Goes over both once, however many they are: names from hostile requests are many.
    fn change<'a>(
        &mut self,
        totals: impl Iterator<Item = (i64, &'a Summary)>,
        with: impl Fn(&mut Summary, &Summary) -> Option<()>,
    ) -> Result<(), Missing> {
        let mut old = std::mem::take(&mut self.0).into_iter().peekable();
        let mut new = Vec::with_capacity(old.len() + totals.size_hint().0);
        for (label_set, totals) in totals {
            while let Some(before) = old.next_if(|(id, _)| *id < label_set) {
                new.push(before);
            }
            let found = old.next_if(|(id, _)| *id == label_set);
            let mut sum = found.map_or_else(Summary::default, |(_, sum)| sum);
            with(&mut sum, totals).ok_or(Missing)?;
            if sum != Summary::default() {
                new.push((label_set, sum));
            }
        }
        new.extend(old);
        self.0 = new;
        Ok(())
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
    let lowest = |number: u64| number.to_le_bytes()[0];
    while number >= 0x80 {
        bytes.push(lowest(number) | 0x80);
        number >>= 7;
    }
    bytes.push(lowest(number));
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
                cells.add(one(label_set, &totals));
            }
            prop_assert!(cells.0.is_sorted_by(|(one, _), (other, _)| one < other));
            let requests: u64 = cells.iter().map(|(_, totals)| totals.requests).sum();
            prop_assert_eq!(requests, parts.len() as u64);
            for (label_set, totals) in parts.iter().map(part) {
                prop_assert_eq!(cells.take_away(one(label_set, &totals)), Ok(()));
            }
            prop_assert!(cells.is_empty());
        }
    }

    fn one(label_set: i64, totals: &Summary) -> impl Iterator<Item = (i64, &Summary)> {
        std::iter::once((label_set, totals))
    }

    #[test]
    fn many_at_once_are_as_one_after_the_other() {
        let totals = |n: u64| summary(n, [0, n * 10, 0, 0, 0, 0, 0]);
        let of = |ids: &[i64]| -> Cells { ids.iter().map(|id| (*id, totals(2))).collect() };
        let mut cells = of(&[7, 3, 5]);
        cells.add(of(&[1, 3, 9]).iter());
        assert_eq!(cells.iter().map(|(id, _)| id).collect::<Vec<_>>(), [1, 3, 5, 7, 9]);
        assert_eq!(cells.iter().nth(1), Some((3, &totals(4))));
        assert_eq!(cells.take_away(of(&[1, 3, 7]).iter()), Ok(()));
        assert_eq!(cells, of(&[3, 5, 9]));
        for ids in [&[1][..], &[3, 4], &[10]] {
            assert_eq!(cells.clone().take_away(of(ids).iter()), Err(Missing));
        }
    }

    #[test]
    fn more_than_there_is_cannot_be_taken_away() {
        let two = summary(2, [0, 5, 0, 0, 0, 0, 0]);
        let cells: Cells = [(7, two)].into_iter().collect();
        for (label_set, totals) in [
            (8, summary(1, [0; 7])),
            (7, summary(3, [0; 7])),
            (7, summary(1, [0, 6, 0, 0, 0, 0, 0])),
            (7, summary(1, [1, 0, 0, 0, 0, 0, 0])),
            // Requests that are gone leave no tokens behind.
            (7, summary(2, [0, 4, 0, 0, 0, 0, 0])),
        ] {
            assert_eq!(cells.clone().take_away(one(label_set, &totals)), Err(Missing));
        }
        let mut cells = cells;
        assert_eq!(cells.take_away(one(7, &two)), Ok(()));
        assert!(cells.is_empty());
    }

    #[test]
    fn a_usual_cell_takes_a_dozen_bytes() {
        let usual = summary(2, [0, 2_400, 900, 60_000, 0, 0, 0]);
        let cells: Cells = (1..=130).map(|label_set| (label_set, usual)).collect();
        assert_eq!(encoded(&cells).len(), CHECKSUM + 130 * 10);
    }
}
