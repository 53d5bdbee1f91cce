//! What is summed up beside requests. Its order is that of the bits and numbers in a rollup's bytes.

use usage_core::Measure;
use usage_core::stats::Summary;

/// How many measures there are. New ones come at the end of their list: the bytes that are on disk stay as they
/// are, and a program that does not know a bit says that it is newer. The first six share a byte with the mark
/// of a single request.
pub(super) const MEASURES: usize = Measure::COUNT;

/// Subtracts; `None` where more would be taken away than there is.
pub(super) fn less(from: &Summary, totals: &Summary) -> Option<Summary> {
    let mut left = *from;
    left.requests = left.requests.checked_sub(totals.requests)?;
    for (left, number) in left.numbers.iter_mut().zip(totals.numbers) {
        *left = left.checked_sub(number)?;
    }
    Some(left)
}
