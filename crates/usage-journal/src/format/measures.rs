//! The numbers of a record, in the order in which a frame holds them: first the fallbacks, as format 1 had it,
//! then the other numbers in the order of their list, to whose end new ones come.

use usage_core::{Measure, Record, Timestamp, Usage};

/// Their number.
pub(super) const COUNT: usize = Measure::NUMBERS;

/// A bit for each.
pub(super) const ALL: u64 = (1 << COUNT) - 1;

/// A bit for each of the numbers in format 1, which has no others.
pub(super) const ALL_OF_ONE: u64 = (1 << 7) - 1;

/// The order.
const ORDER: [Measure; COUNT] = {
    let mut order = [Measure::Fallbacks; COUNT];
    let (mut from, mut at) = (0, 1);
    while from < COUNT {
        if !matches!(Measure::ALL[from], Measure::Fallbacks) {
            order[at] = Measure::ALL[from];
            at += 1;
        }
        from += 1;
    }
    order
};

/// Returns the numbers of a record in that order.
#[inline]
pub(super) fn of(record: &Record) -> [u32; COUNT] {
    let numbers = record.counts().numbers();
    ORDER.map(|measure| numbers[measure as usize])
}

/// Makes the counts of a record from numbers in that order.
#[inline]
pub(super) fn usage(numbers: [u32; COUNT], when: Timestamp) -> Usage {
    let mut in_order = [0; COUNT];
    for (measure, number) in ORDER.into_iter().zip(numbers) {
        in_order[measure as usize] = number;
    }
    Usage::from_numbers(in_order, when)
}

/// Returns a bit for each number that is not zero in any of these records.
pub(super) fn used(records: &[Record]) -> u64 {
    let mut any = [0; COUNT];
    for record in records {
        for (any, number) in any.iter_mut().zip(record.counts().numbers()) {
            *any |= number;
        }
    }
    let bits = ORDER.into_iter().enumerate();
    bits.fold(0, |mask, (bit, measure)| mask | u64::from(any[measure as usize] != 0) << bit)
}
