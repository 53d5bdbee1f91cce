//! A rollup: what the records of one stretch of time come to, by label set. On disk it is one piece or
//! several, see [`piece`](super::piece).

use usage_core::stats::Summary;

use super::counts::less;
use super::piece::{Cell, Encoded, add_totals};
use super::sum::Sum;
use crate::error::RollupError;

/// Totals by the id of their label set, in the order of the ids.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Rollup(Vec<Cell>);

/// In any order, each label set once.
impl FromIterator<Cell> for Rollup {
    fn from_iter<I: IntoIterator<Item = Cell>>(totals: I) -> Self {
        let mut rollup: Vec<_> = totals.into_iter().collect();
        rollup.sort_unstable_by_key(|(label_set, _)| *label_set);
        Self(rollup)
    }
}

impl Rollup {
    /// The totals as they stand, however many there are.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (i64, &Summary)> {
        self.0.iter().map(|(label_set, totals)| (*label_set, totals))
    }

    pub(super) fn as_slice(&self) -> &[Cell] {
        &self.0
    }

    /// Returns the number of label sets.
    pub(super) fn len(&self) -> i64 {
        i64::try_from(self.0.len()).unwrap_or(i64::MAX)
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Reads cells, the totals of each, which are large, to where they will be.
    pub(super) fn of(cells: Encoded<'_>) -> Result<Self, RollupError> {
        let mut rollup = Self::default();
        cells.each(|label_set, rest| add_totals(rest, rollup.next(label_set)?))?;
        Ok(rollup)
    }

    /// Adds a label set behind all others.
    pub(super) fn push(&mut self, (label_set, totals): Cell) -> Result<(), RollupError> {
        *self.next(label_set)? = totals;
        Ok(())
    }

    /// Adds a label set behind all others, and returns its totals, of nothing yet.
    #[inline]
    fn next(&mut self, label_set: i64) -> Result<&mut Summary, RollupError> {
        if self.0.last().is_some_and(|last| last.0 >= label_set) {
            return Err(RollupError::Unreadable);
        }
        self.0.push((label_set, Summary::default()));
        self.0.last_mut().map(|(_, totals)| totals).ok_or(RollupError::Unreadable)
    }

    /// Counts in what other records add up to. Label sets come in the order of their ids, each once.
    pub(crate) fn add<'a>(&mut self, totals: impl Iterator<Item = (i64, &'a Summary)>) {
        // Nothing is ever missing to be added to.
        let _ = self.apply(totals, |sum, totals| {
            sum.merge(totals);
            Some(())
        });
    }

    /// As [`add`](Self::add), of what a transaction has added up.
    pub(super) fn add_sums<'a>(&mut self, sums: impl Iterator<Item = (i64, &'a Sum)>) {
        let _ = self.apply(sums, |totals, sum| {
            sum.add_to(totals);
            Some(())
        });
    }

    /// Counts out what records add up to that are gone, in the same order. What is left of nothing is
    /// not kept. After an error, what is left is of no use.
    pub(crate) fn take_away<'a>(
        &mut self,
        totals: impl Iterator<Item = (i64, &'a Summary)>,
    ) -> Result<(), RollupError> {
        self.apply(totals, |sum, totals| {
            *sum = less(sum, totals)?;
            // Requests that are gone leave no tokens behind.
            (sum.requests > 0 || *sum == Summary::default()).then_some(())
        })
    }

    /// Goes over both once, however many they are: names from hostile requests are many.
    fn apply<T>(
        &mut self,
        totals: impl Iterator<Item = (i64, T)>,
        with: impl Fn(&mut Summary, T) -> Option<()>,
    ) -> Result<(), RollupError> {
        let (mut at, there) = (0, self.0.len());
        let (mut is_any_new, mut is_any_empty) = (false, false);
        for (label_set, totals) in totals {
            let old = &mut self.0[at..there];
            at += old.iter().take_while(|(id, _)| *id < label_set).count();
            let found = self.0[..there].get_mut(at).filter(|(id, _)| *id == label_set);
            let sum = match found {
                Some((_, sum)) => sum,
                None => {
                    // Behind the others at first: they are large to be moved about.
                    is_any_new = true;
                    self.0.push((label_set, Summary::default()));
                    let added = self.0.len() - 1;
                    &mut self.0[added].1
                }
            };
            with(sum, totals).ok_or(RollupError::Missing)?;
            is_any_empty |= sum.requests == 0 && *sum == Summary::default();
        }
        if is_any_empty {
            self.0.retain(|(_, sum)| *sum != Summary::default());
        }
        if is_any_new {
            self.0.sort_by_key(|(label_set, _)| *label_set);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use usage_core::Measure;

    use super::super::counts::MEASURES;
    use super::*;

    proptest! {
        #[test]
        fn what_is_counted_in_can_be_counted_out_again(
            parts in prop::collection::vec((1..9_i64, 0..50_u32, 0..50_u32), 0..40),
        ) {
            let part = |(label_set, input, fallbacks): &(i64, u32, u32)| {
                let totals = Summary::new(1, [0; MEASURES]);
                let totals = totals.with(Measure::Input, u64::from(*input));
                (*label_set, totals.with(Measure::Fallbacks, u64::from(*fallbacks)))
            };
            let mut rollup = Rollup::default();
            for (label_set, totals) in parts.iter().map(part) {
                rollup.add(one(label_set, &totals));
            }
            prop_assert!(rollup.0.is_sorted_by(|(one, _), (other, _)| one < other));
            let requests: u64 = rollup.iter().map(|(_, totals)| totals.requests).sum();
            prop_assert_eq!(requests, parts.len() as u64);
            for (label_set, totals) in parts.iter().map(part) {
                prop_assert_eq!(rollup.take_away(one(label_set, &totals)), Ok(()));
            }
            prop_assert!(rollup.is_empty());
        }
    }

    fn one(label_set: i64, totals: &Summary) -> impl Iterator<Item = (i64, &Summary)> {
        std::iter::once((label_set, totals))
    }

    #[test]
    fn many_at_once_are_as_one_after_the_other() {
        let totals = |n: u64| Summary::new(n, [0; MEASURES]).with(Measure::Output, n * 10);
        let of = |ids: &[i64]| -> Rollup { ids.iter().map(|id| (*id, totals(2))).collect() };
        let mut rollup = of(&[7, 3, 5]);
        rollup.add(of(&[1, 3, 9]).iter());
        assert_eq!(rollup.iter().map(|(id, _)| id).collect::<Vec<_>>(), [1, 3, 5, 7, 9]);
        assert_eq!(rollup.iter().nth(1), Some((3, &totals(4))));
        assert_eq!(rollup.take_away(of(&[1, 3, 7]).iter()), Ok(()));
        assert_eq!(rollup, of(&[3, 5, 9]));
        for ids in [&[1][..], &[3, 4], &[10]] {
            assert_eq!(rollup.clone().take_away(of(ids).iter()), Err(RollupError::Missing));
        }
    }

    #[test]
    fn more_than_there_is_cannot_be_taken_away() {
        let two = Summary::new(2, [0; MEASURES]).with(Measure::Output, 5);
        let rollup: Rollup = [(7, two)].into_iter().collect();
        for (label_set, totals) in [
            (8, Summary::new(1, [0; MEASURES])),
            (7, Summary::new(3, [0; MEASURES])),
            (7, Summary::new(1, [0; MEASURES]).with(Measure::Output, 6)),
            (7, Summary::new(1, [0; MEASURES]).with(Measure::Input, 1)),
            // Requests that are gone leave no tokens behind.
            (7, Summary::new(2, [0; MEASURES]).with(Measure::Output, 4)),
        ] {
            assert_eq!(
                rollup.clone().take_away(one(label_set, &totals)),
                Err(RollupError::Missing)
            );
        }
        let mut rollup = rollup;
        assert_eq!(rollup.take_away(one(7, &two)), Ok(()));
        assert!(rollup.is_empty());
    }
}
