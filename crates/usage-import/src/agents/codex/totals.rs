//! Usage as a rollout states it, and what a running total says was used since the one before.

use serde::{Deserialize, Deserializer};
use usage_providers::{Counts, Remainder};

use crate::agents::progress::{put_number, take_number};

/// Usage in the provider's words: the input holds what was cached and what was written to the cache, the output holds
/// the reasoning.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(super) struct Totals {
    #[serde(rename = "input_tokens", deserialize_with = "or_none")]
    pub(super) input: u64,
    #[serde(rename = "cached_input_tokens", deserialize_with = "or_none")]
    pub(super) cached: u64,
    #[serde(rename = "cache_write_input_tokens", deserialize_with = "or_none")]
    pub(super) written: u64,
    #[serde(rename = "output_tokens", deserialize_with = "or_none")]
    pub(super) output: u64,
    #[serde(rename = "reasoning_output_tokens", deserialize_with = "or_none")]
    pub(super) reasoning: u64,
}

/// Takes a number that is `null` for none.
fn or_none<'de, D: Deserializer<'de>>(from: D) -> Result<u64, D::Error> {
    Option::deserialize(from).map(Option::unwrap_or_default)
}

impl Totals {
    const fn numbers(self) -> [u64; 5] {
        [self.input, self.cached, self.written, self.output, self.reasoning]
    }

    const fn of([input, cached, written, output, reasoning]: [u64; 5]) -> Self {
        Self { input, cached, written, output, reasoning }
    }

    pub(super) fn write(self, to: &mut Vec<u8>) {
        self.numbers().into_iter().for_each(|number| put_number(to, number));
    }

    pub(super) fn read(from: &mut &[u8]) -> Option<Self> {
        let mut numbers = [0; 5];
        for number in &mut numbers {
            *number = take_number(from)?;
        }
        Some(Self::of(numbers))
    }

    /// Returns these as a text that tells them from others.
    pub(super) fn to_text(self) -> String {
        self.numbers().map(|number| number.to_string()).join(",")
    }

    /// Returns these without others; `None` where a part would be negative.
    fn minus(self, other: Self) -> Option<Self> {
        let mut rest = self.numbers();
        for (number, other) in rest.iter_mut().zip(other.numbers()) {
            *number = number.checked_sub(other)?;
        }
        Some(Self::of(rest))
    }

    /// Returns the greater of two totals of one rollout: this one, where they are neither.
    pub(super) fn or_greater(self, other: Option<Self>) -> Self {
        other.filter(|other| other.minus(self).is_some()).unwrap_or(self)
    }

    /// Returns the disjoint counts, and whether they do not add up.
    pub(super) fn counts(self) -> (Counts, bool) {
        let mut rule = Remainder::default();
        let counts = Counts {
            input: rule.of(self.input, self.cached.saturating_add(self.written)),
            output: self.output,
            cache_read: self.cached,
            cache_write: self.written,
            reasoning: rule.part(self.reasoning, self.output),
            ..Counts::default()
        };
        (counts, rule.is_inconsistent())
    }
}

/// What was used, as far as a running total says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Used {
    pub(super) usage: Totals,
    /// Says whether the total and the last usage do not agree.
    pub(super) is_inconsistent: bool,
}

/// Returns what was used between two running totals, the second of which comes with the usage of the last request;
/// `None` for nothing. What an earlier reader has told up to a total, of lines that are lost since, is left out.
pub(super) fn used(
    running: Option<Totals>,
    told: Option<Totals>,
    total: Totals,
    last: Option<Totals>,
) -> Option<Used> {
    let is_nothing = |usage: &Totals| *usage == Totals::default();
    // Compaction counts what is in the context, which nobody used.
    if running == Some(total) || last.as_ref().is_some_and(is_nothing) {
        return None;
    }
    let certain = |usage| Some(Used { usage, is_inconsistent: false });
    let Some(running) = running else { return certain(last.unwrap_or(total)) };
    match total.minus(running) {
        // What a lost line has said is in the difference.
        Some(usage) if last == Some(usage) => certain(usage),
        Some(usage) => {
            let usage = total.minus(running.or_greater(told)).unwrap_or(usage);
            let is_inconsistent = last.is_some_and(|last| last != usage);
            (!is_nothing(&usage)).then_some(Used { usage, is_inconsistent })
        }
        // The totals began anew.
        None => certain(last.unwrap_or(total)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn totals(input: u64, output: u64) -> Totals {
        Totals { input, output, ..Totals::default() }
    }

    #[test]
    fn what_was_used_is_the_difference_of_totals() {
        let (zero, one, two, three) = (totals(0, 0), totals(10, 1), totals(20, 2), totals(30, 3));
        let used = |running, total, last| {
            used(running, None, total, last).map(|used| (used.usage, used.is_inconsistent))
        };
        // The first one; again; the next one.
        assert_eq!(used(None, one, Some(one)), Some((one, false)));
        assert_eq!(used(Some(one), one, Some(one)), None);
        assert_eq!(used(Some(one), two, Some(one)), Some((one, false)));
        // A fork that goes on from its parent's totals; one without the last usage.
        assert_eq!(used(None, three, Some(one)), Some((one, false)));
        assert_eq!(used(None, three, None), Some((three, false)));
        // A lost line.
        assert_eq!(used(Some(one), three, Some(one)), Some((two, true)));
        // After a compaction; totals that fall.
        assert_eq!(used(Some(one), two, Some(zero)), None);
        assert_eq!(used(Some(three), one, Some(one)), Some((one, false)));
        assert_eq!(used(Some(three), totals(40, 1), None), Some((totals(40, 1), false)));
        // Lost lines of which an earlier reader has told, up to the second total.
        let after = |told, last| super::used(Some(one), Some(told), three, last);
        let certain = Some(Used { usage: one, is_inconsistent: false });
        assert_eq!(after(two, Some(one)), certain);
        assert_eq!(after(two, None), certain);
        assert_eq!(after(two, Some(two)), Some(Used { usage: two, is_inconsistent: false }));
        assert_eq!(after(three, Some(one)), None);
        assert_eq!(after(zero, Some(one)), Some(Used { usage: two, is_inconsistent: true }));
    }

    #[test]
    fn counts_are_disjoint() {
        let stated = Totals { input: 100, cached: 60, written: 10, output: 9, reasoning: 4 };
        let (counts, is_inconsistent) = stated.counts();
        assert_eq!((counts.input, counts.total(), is_inconsistent), (30, 109, false));
        let (counts, is_inconsistent) = Totals { cached: 200, ..stated }.counts();
        assert_eq!((counts.input, is_inconsistent), (0, true));
    }
}
