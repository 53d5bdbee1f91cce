//! What is summed up beside requests, as one list: its order is that of the bits and numbers in a
//! rollup's bytes.

use usage_core::stats::{Summary, TokenTotals};

/// How many measures there are. New ones come at the end of [`numbers`]: the bytes that are on disk
/// stay as they are, and a program that does not know a bit says that it is newer.
pub(super) const MEASURES: usize = 7;

/// Returns the measures in the order of their bits. The first six share a byte with the mark of a
/// single request, so what is rare comes last.
pub(super) const fn numbers(totals: &Summary) -> [u64; MEASURES] {
    let TokenTotals { input, output, cache_read, cache_write, unclassified, reasoning } =
        totals.token_kinds;
    [input, output, cache_read, cache_write, unclassified, reasoning, totals.fallbacks]
}

/// Puts together again what [`numbers`] has taken apart.
pub(super) const fn summary(requests: u64, numbers: [u64; MEASURES]) -> Summary {
    let [input, output, cache_read, cache_write, unclassified, reasoning, fallbacks] = numbers;
    let token_kinds =
        TokenTotals { input, output, cache_read, cache_write, unclassified, reasoning };
    Summary { requests, fallbacks, token_kinds }
}

/// Subtracts; `None` where more would be taken away than there is.
pub(super) fn less(from: &Summary, totals: &Summary) -> Option<Summary> {
    let mut left = numbers(from);
    for (left, number) in left.iter_mut().zip(numbers(totals)) {
        *left = left.checked_sub(number)?;
    }
    Some(summary(from.requests.checked_sub(totals.requests)?, left))
}
