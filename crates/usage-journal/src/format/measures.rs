//! The numbers of a record, in the order in which a frame holds them: the one place that a new
//! number changes. A new one goes to the end, so that what is written keeps its meaning.

use usage_core::{Record, RecordError, Timestamp, TokenCounts, Usage};

/// How many there are.
pub(super) const COUNT: usize = 7;

/// A bit for each.
pub(super) const ALL: u64 = (1 << COUNT) - 1;

/// The numbers of a record.
#[inline]
pub(super) fn of(record: &Record) -> [u32; COUNT] {
    let tokens = record.tokens();
    [
        record.fallbacks(),
        tokens.input(),
        tokens.output(),
        tokens.cache_read(),
        tokens.cache_write(),
        tokens.unclassified_count(),
        tokens.reasoning(),
    ]
}

/// The record's part that these numbers are.
#[inline]
pub(super) fn usage(numbers: [u32; COUNT], when: Timestamp) -> Result<Usage, RecordError> {
    let [fallbacks, input, output, cache_read, cache_write, unclassified, reasoning] = numbers;
    let tokens = TokenCounts::unclassified(u64::from(unclassified))?
        .with_input(u64::from(input))?
        .with_output(u64::from(output))?
        .with_cache_read(u64::from(cache_read))?
        .with_cache_write(u64::from(cache_write))?
        .with_reasoning(u64::from(reasoning))?;
    Usage::new(tokens, fallbacks, when)
}

/// A bit for each number that is not zero in all of these records.
pub(super) fn used(records: &[Record]) -> u64 {
    let mut any = [0; COUNT];
    for record in records {
        for (any, number) in any.iter_mut().zip(of(record)) {
            *any |= number;
        }
    }
    let bits = any.iter().enumerate().map(|(index, any)| u64::from(*any != 0) << index);
    bits.fold(0, |mask, bit| mask | bit)
}
