//! Cohere: what is billed differs from what the model saw, and is what counts here.

use crate::counts::Counts;
use crate::facts::Facts;
use crate::json::Number;

/// The billed units; the tokens only where nothing is said to be billed. Cached tokens are a part
/// of the latter and of no price, so they are split off only there.
pub(super) fn counts(facts: &Facts) -> Counts {
    if facts.any(&[Number::BilledInput, Number::BilledOutput]) {
        return Counts {
            input: facts.get(Number::BilledInput),
            output: facts.get(Number::BilledOutput),
            ..Counts::default()
        };
    }
    let whole = facts.get(Number::CohereInput);
    let cached = facts.get(Number::PlainCached).min(whole);
    Counts {
        input: whole - cached,
        output: facts.get(Number::CohereOutput),
        cache_read: cached,
        ..Counts::default()
    }
}
