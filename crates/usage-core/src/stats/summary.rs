//! Totals of requests and of all that they count.

use std::ops::{Index, IndexMut};

use crate::{Measure, Money, Record};

/// The sum of a group of records.
///
/// Sums saturate instead of wrapping. No ledger gets there: it takes more than three billion
/// records of the largest counts that are accepted.
///
/// ```
/// use usage_core::Measure;
/// use usage_core::stats::Summary;
///
/// let mut summary = Summary::default();
/// summary.requests = 2;
/// summary[Measure::Output] = 450;
/// summary[Measure::Reasoning] = 120; // a part of the output
/// assert_eq!(summary.tokens(), 450);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Summary {
    /// The number of requests.
    pub requests: u64,
    /// The numbers they count, in the order of [`Measure::ALL`]. Its length grows: for this project's crates, others
    /// take a number by its measure.
    #[doc(hidden)]
    pub numbers: [u64; Measure::COUNT],
    /// The cost of those requests whose source has [stated](Measure::Stated) it.
    pub stated_cost: Money,
    /// The cost by list price of those requests that [have one](Measure::Priced).
    pub cost: Money,
}

/// The place of the one measure behind the usual ones that most requests have. It is the last.
const PRICED: usize = Measure::Priced as usize;
const _: () = assert!(PRICED + 1 == Measure::COUNT);

/// For each measure whether it is among [all tokens](Summary::tokens), by which tables are sorted.
const IS_ADDED: [bool; Measure::COUNT] = {
    let mut is_added = [false; Measure::COUNT];
    let mut at = 0;
    while at < Measure::COUNT {
        is_added[at] = Measure::ALL[at].is_added();
        at += 1;
    }
    is_added
};

impl Summary {
    /// So many requests, and what they count, in the order of [`Measure::ALL`], whose number grows: for this
    /// project's crates.
    #[doc(hidden)]
    #[must_use]
    pub const fn new(requests: u64, numbers: [u64; Measure::COUNT]) -> Self {
        Self { requests, numbers, stated_cost: Money::ZERO, cost: Money::ZERO }
    }

    /// With so much of a measure.
    #[must_use]
    pub const fn with(mut self, measure: Measure, number: u64) -> Self {
        self.numbers[measure as usize] = number;
        self
    }

    /// All tokens: the sum of the disjoint kinds.
    #[must_use]
    pub fn tokens(&self) -> u64 {
        let numbers = self.numbers.iter().zip(IS_ADDED);
        numbers.fold(
            0,
            |sum, (number, is_added)| {
                if is_added { sum.saturating_add(*number) } else { sum }
            },
        )
    }

    /// Returns whether [`cost`](Self::cost) is that of all requests, by counts that are sure. Else it is a lower bound:
    /// some have no price, or their counts are partial or estimated.
    #[must_use]
    pub fn is_cost_whole(&self) -> bool {
        self[Measure::Priced] == self.requests
            && self[Measure::Partial] == 0
            && self[Measure::Estimated] == 0
    }

    /// Returns how many other routes were tried before the answering ones.
    #[must_use]
    pub fn fallbacks(&self) -> u64 {
        self[Measure::Fallbacks]
    }

    /// Returns what one record comes to.
    #[must_use]
    #[inline]
    pub fn of(record: &Record) -> Self {
        let counts = record.counts();
        let stated_cost = counts.stated_cost().unwrap_or_default();
        Self { stated_cost, ..Self::new(1, counts.all().map(u64::from)) }
    }

    /// Counts what one request of it costs by list price.
    #[inline]
    pub fn add_cost(&mut self, cost: Money) {
        let priced = &mut self[Measure::Priced];
        *priced = priced.saturating_add(1);
        self.cost = self.cost.plus(cost);
    }

    /// Counts one more record in.
    pub fn add(&mut self, record: &Record) {
        let counts = record.counts();
        if counts.is_usual() {
            self.requests = self.requests.saturating_add(1);
            let numbers = &counts.numbers()[..Measure::USUAL];
            for (sum, number) in self.numbers.iter_mut().zip(numbers) {
                *sum = sum.saturating_add(u64::from(*number));
            }
        } else {
            self.merge(&Self::of(record));
        }
    }

    /// Counts in all that the other one has.
    #[inline]
    pub fn merge(&mut self, other: &Self) {
        self.requests = self.requests.saturating_add(other.requests);
        let (usual, rare) = other.numbers[..PRICED].split_at(Measure::USUAL);
        for (sum, number) in self.numbers.iter_mut().zip(usual) {
            *sum = sum.saturating_add(*number);
        }
        // Mostly there is nothing of these, and whether there is costs less than adding it.
        if rare.iter().fold(0, |any, number| any | number) != 0 {
            for (sum, number) in self.numbers.iter_mut().skip(Measure::USUAL).zip(rare) {
                *sum = sum.saturating_add(*number);
            }
        }
        self.numbers[PRICED] = self.numbers[PRICED].saturating_add(other.numbers[PRICED]);
        if other.stated_cost != Money::ZERO {
            self.stated_cost = self.stated_cost.plus(other.stated_cost);
        }
        if other.cost != Money::ZERO {
            self.cost = self.cost.plus(other.cost);
        }
    }
}

impl Index<Measure> for Summary {
    type Output = u64;

    fn index(&self, measure: Measure) -> &u64 {
        &self.numbers[measure as usize]
    }
}

impl IndexMut<Measure> for Summary {
    fn index_mut(&mut self, measure: Measure) -> &mut u64 {
        &mut self.numbers[measure as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_saturate_each_by_itself() {
        for (one, other, sum) in [
            (1, 2, 3),
            (u64::MAX / 2, u64::MAX / 2, u64::MAX - 1),
            (u64::MAX / 2 + 1, u64::MAX / 2 + 1, u64::MAX),
            (u64::MAX, 1, u64::MAX),
            (1, u64::MAX, u64::MAX),
        ] {
            for measure in Measure::ALL {
                let mut summary = Summary::new(1, [5; Measure::COUNT]).with(measure, one);
                summary.merge(&Summary::new(u64::MAX, [7; Measure::COUNT]).with(measure, other));
                assert_eq!(
                    summary,
                    Summary::new(u64::MAX, [12; Measure::COUNT]).with(measure, sum)
                );
            }
        }
    }
}
