//! Bedrock's Converse: input, cache reads and cache writes are disjoint already.

use crate::counts::{Counts, Remainder};
use crate::facts::Facts;
use crate::json::Number;

/// Some bodies hold each cache count under two names (`cacheReadInputTokens` and
/// `cacheReadInputTokenCount`); only the first is read.
pub(super) fn counts(facts: &Facts, rule: &mut Remainder) -> Counts {
    if !facts.any(&[Number::ConverseInput, Number::ConverseOutput]) {
        return Counts {
            input: facts.get(Number::InvokeInput),
            output: facts.get(Number::InvokeOutput),
            cache_read: facts.get(Number::InvokeRead),
            cache_write: facts.get(Number::InvokeWrite),
            ..Counts::default()
        };
    }
    let cache_write = facts.get(Number::ConverseWrite);
    let counts = Counts {
        input: facts.get(Number::ConverseInput),
        output: facts.get(Number::ConverseOutput),
        cache_read: facts.get(Number::ConverseRead),
        cache_write,
        cache_write_long: rule.part(facts.get(Number::ConverseWriteLong), cache_write),
        ..Counts::default()
    };
    rule.check(counts.total(), facts.stated(Number::ConverseTotal));
    counts
}
