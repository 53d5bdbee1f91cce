//! The numbers that are summed up beside requests, and by which bits a rollup's bytes say what follows.

use usage_core::stats::Summary;
use usage_core::{Measure, Money};

/// The number of measures.
#[cfg(test)]
pub(super) const MEASURES: usize = Measure::COUNT;

/// The number of measures that have the bits behind that of a single request; the first six share a byte with it.
pub(super) const FIRST: usize = Measure::Fallbacks as usize + 1;

/// The bits of money: what requests cost by list price, how many of them have one, and what sources say that they
/// have cost.
pub(super) const COST: usize = 8;
pub(super) const PRICED: usize = 9;
pub(super) const STATED: usize = 10;

/// The number of bits, all of which have a meaning. A new measure has the next bit: the bytes that are on disk stay as
/// they are, and a program that does not know a bit says that it is newer.
pub(super) const BITS: usize = STATED + Measure::COUNT - FIRST;

/// The bits that this program writes.
pub(super) const KNOWN: u64 = (1 << BITS) - 1;

/// The place of the measure whose bit was kept for it: the last one, which unlike those before it most requests have.
pub(super) const OF_PRICED: usize = Measure::Priced as usize;
const _: () = assert!(OF_PRICED + 1 == Measure::COUNT);

/// The bit of the measure with that place in the list.
pub(super) const fn bit_of(place: usize) -> usize {
    match place {
        OF_PRICED => PRICED,
        _ if place < FIRST => place + 1,
        _ => place - FIRST + STATED + 1,
    }
}

/// The place in the list of the measure of a bit, which is one of a measure.
pub(super) const fn place_of(bit: usize) -> usize {
    match bit {
        PRICED => OF_PRICED,
        _ if bit <= FIRST => bit - 1,
        _ => bit - STATED - 1 + FIRST,
    }
}

/// Subtracts; `None` where more would be taken away than there is.
pub(super) fn less(from: &Summary, totals: &Summary) -> Option<Summary> {
    let mut left = *from;
    left.requests = left.requests.checked_sub(totals.requests)?;
    for (left, number) in left.numbers.iter_mut().zip(totals.numbers) {
        *left = left.checked_sub(number)?;
    }
    let cost = left.stated_cost.picos().checked_sub(totals.stated_cost.picos())?;
    left.stated_cost = Money::from_picos(cost);
    left.cost = Money::from_picos(left.cost.picos().checked_sub(totals.cost.picos())?);
    Some(left)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Checks what the bytes on disk depend on.
    #[test]
    fn each_measure_has_a_bit_of_its_own() {
        let mut bits = 1 | 1 << STATED | 1 << COST;
        for (place, measure) in Measure::ALL.into_iter().enumerate() {
            let bit = bit_of(place);
            assert_eq!((place_of(bit), bits >> bit & 1), (place, 0), "{measure}");
            bits |= 1 << bit;
        }
        assert_eq!(bits, KNOWN);
        assert_eq!(bit_of(Measure::Input as usize), 1);
        assert_eq!(bit_of(Measure::Fallbacks as usize), 7);
        assert_eq!(bit_of(Measure::CacheWriteLong as usize), 11);
        assert_eq!(bit_of(Measure::Stated as usize), 22);
        assert_eq!(bit_of(Measure::Priced as usize), 9);
    }
}
