//! Totals while a transaction adds them up.

use rustc_hash::FxHashMap;
use usage_core::stats::Summary;
use usage_core::{Money, Record};

use super::counts::{FIRST, OF_PRICED};

/// What records come to, as a [`Summary`] has it: a third as large, as what few records have is apart. A batch fills
/// hundreds of them, and they are read from memory several times.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Sum {
    requests: u64,
    /// The first measures in their order, which most records have.
    usual: [u64; FIRST],
    priced: u64,
    cost: Money,
    /// All else; nothing of what is above. None where it is nothing.
    rare: Option<Box<Summary>>,
}

impl Sum {
    /// Counts one more record in, and what it costs by list price.
    #[inline]
    pub(super) fn add(&mut self, record: &Record, cost: Option<Money>) {
        let counts = record.counts();
        if counts.is_usual() {
            self.requests = self.requests.saturating_add(1);
            for (sum, number) in self.usual.iter_mut().zip(counts.numbers()) {
                *sum = sum.saturating_add(u64::from(*number));
            }
        } else {
            self.merge(&Self::from(&Summary::of(record)));
        }
        if let Some(cost) = cost {
            self.priced = self.priced.saturating_add(1);
            self.cost = self.cost.plus(cost);
        }
    }

    /// Counts in all that the other one has.
    pub(super) fn merge(&mut self, other: &Self) {
        self.requests = self.requests.saturating_add(other.requests);
        for (sum, number) in self.usual.iter_mut().zip(other.usual) {
            *sum = sum.saturating_add(number);
        }
        self.priced = self.priced.saturating_add(other.priced);
        if other.cost != Money::ZERO {
            self.cost = self.cost.plus(other.cost);
        }
        if let Some(rare) = &other.rare {
            self.rare.get_or_insert_default().merge(rare);
        }
    }

    /// Counts all of it into totals.
    pub(super) fn add_to(&self, totals: &mut Summary) {
        totals.requests = totals.requests.saturating_add(self.requests);
        for (sum, number) in totals.numbers.iter_mut().zip(self.usual) {
            *sum = sum.saturating_add(number);
        }
        let priced = &mut totals.numbers[OF_PRICED];
        *priced = priced.saturating_add(self.priced);
        if self.cost != Money::ZERO {
            totals.cost = totals.cost.plus(self.cost);
        }
        if let Some(rare) = &self.rare {
            totals.merge(rare);
        }
    }

    /// Returns all of it as totals.
    pub(super) fn whole(&self) -> Summary {
        let mut totals = Summary::default();
        self.add_to(&mut totals);
        totals
    }
}

impl From<&Summary> for Sum {
    fn from(totals: &Summary) -> Self {
        let mut sum = Self { requests: totals.requests, cost: totals.cost, ..Self::default() };
        let mut rare = *totals;
        (rare.requests, rare.cost) = (0, Money::ZERO);
        for (sum, number) in sum.usual.iter_mut().zip(&mut rare.numbers) {
            *sum = std::mem::take(number);
        }
        sum.priced = std::mem::take(&mut rare.numbers[OF_PRICED]);
        sum.rare = (rare != Summary::default()).then(|| Box::new(rare));
        sum
    }
}

/// Sums by stretch of time and label set, in the order in which they were asked for first. They are large to be looked
/// for, so only their places are: records come in the order of time, and so do the sums that they are counted into.
#[derive(Debug, Default)]
pub(super) struct Sums {
    places: FxHashMap<(i64, i64), usize>,
    sums: Vec<((i64, i64), Sum)>,
}

impl Sums {
    /// Makes room for so many more.
    pub(super) fn reserve(&mut self, count: usize) {
        self.places.reserve(count);
        self.sums.reserve(count);
    }

    /// The sum of a stretch of time and a label set; of nothing, where there was none.
    #[inline]
    pub(super) fn of(&mut self, key: (i64, i64)) -> &mut Sum {
        let next = self.sums.len();
        let place = *self.places.entry(key).or_insert(next);
        if place == next {
            self.sums.push((key, Sum::default()));
        }
        &mut self.sums[place].1
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.sums.is_empty()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = ((i64, i64), &Sum)> {
        self.sums.iter().map(|(key, sum)| (*key, sum))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use usage_core::{LabelNames, Labels, Outcome, Timestamp, TokenCounts, Usage};

    use super::super::counts::MEASURES;
    use super::*;

    /// Totals in which anything may be nothing, a few requests or very much.
    fn totals() -> impl Strategy<Value = Summary> {
        let number = || prop_oneof![4 => Just(0), 3 => 1..1_000_u64, 1 => Just(u64::MAX)];
        let money = || prop_oneof![Just(0), 1..1_000_u128].prop_map(Money::from_picos);
        (number(), prop::collection::vec(number(), MEASURES), money(), money()).prop_map(
            |(requests, numbers, stated_cost, cost)| {
                let mut totals = Summary::new(requests, numbers.try_into().unwrap());
                (totals.stated_cost, totals.cost) = (stated_cost, cost);
                totals
            },
        )
    }

    proptest! {
        #[test]
        fn they_add_up_as_a_summary_does(parts in prop::collection::vec(totals(), 0..6)) {
            let (mut sum, mut totals) = (Sum::default(), Summary::default());
            for part in &parts {
                prop_assert_eq!(&Sum::from(part).whole(), part);
                totals.merge(part);
                sum.merge(&Sum::from(part));
            }
            prop_assert_eq!(sum.whole(), totals);
            sum.add_to(&mut totals);
            let mut twice = sum.clone();
            twice.merge(&sum);
            prop_assert_eq!(twice.whole(), totals);
        }
    }

    #[test]
    fn sums_are_found_again_and_keep_their_order() {
        let mut sums = Sums::default();
        assert!(sums.is_empty());
        for key in [(2, 1), (1, 7), (2, 1), (1, 1)] {
            sums.of(key).requests += 1;
        }
        let found: Vec<_> = sums.iter().map(|(key, sum)| (key, sum.requests)).collect();
        assert_eq!(found, [((2, 1), 2), ((1, 7), 1), ((1, 1), 1)]);
    }

    #[test]
    fn records_are_counted_in_as_in_a_summary() {
        let names = LabelNames::new().with_instance("i").with_route("r").with_model("m");
        let labels = Labels::new(names).unwrap();
        let counts = TokenCounts::new().with_input(7).with_output(5);
        let usual = Usage::new(counts, Timestamp::from_micros(0));
        let rare = usual.with_outcome(Outcome::Error).with_fallbacks(2);
        let (mut sum, mut totals) = (Sum::default(), Summary::default());
        for (usage, cost) in [(usual, None), (rare, Some(Money::from_picos(9)))] {
            let record = Record::new(labels.clone(), usage).unwrap();
            sum.add(&record, cost);
            totals.add(&record);
            cost.into_iter().for_each(|cost| totals.add_cost(cost));
            assert_eq!(sum.whole(), totals);
        }
        assert!(sum.rare.is_some());
    }
}
