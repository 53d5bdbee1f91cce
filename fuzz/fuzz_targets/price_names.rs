//! Any names: an answer, the same in capitals, of terms in force or of few candidates.
#![no_main]

use libfuzzer_sys::{arbitrary, fuzz_target};
use usage_prices::{Answer, Prices, Query};

#[derive(Debug, arbitrary::Arbitrary)]
struct Input<'a> {
    tier: u8,
    micros: i64,
    total_input: u64,
    provider: &'a str,
    model: &'a str,
}

const TIERS: [&str; 7] = ["", "standard", "batch", "flex", "priority", "fast", "other"];

fuzz_target!(|input: Input<'_>| {
    let Input { micros, total_input, provider, model, .. } = input;
    let tier = TIERS[usize::from(input.tier) % TIERS.len()];
    let prices = Prices::shipped();
    let query = Query { provider, model, tier, micros, total_input };
    let answer = prices.find(&query);
    match &answer {
        Answer::Found(found) => {
            assert!(!found.terms.is_empty() && !found.rule.to_string().is_empty());
            assert!(found.rule.above == 0 || total_input > found.rule.above);
            assert!(found.rule.since.is_none_or(|since| since <= micros));
        }
        Answer::Unknown { candidates, .. } | Answer::Doubtful { candidates } => {
            assert!(candidates.len() <= 5, "{candidates:?}");
            assert!(candidates.iter().all(|name| name.contains('/')), "{candidates:?}");
        }
    }
    // Letters beyond ASCII are not always the same again.
    if provider.is_ascii() && model.is_ascii() {
        let (provider, model) = (provider.to_uppercase(), format!(" {} ", model.to_uppercase()));
        let query = Query { provider: &provider, model: &model, ..query };
        assert_eq!(prices.find(&query), answer);
    }
});
