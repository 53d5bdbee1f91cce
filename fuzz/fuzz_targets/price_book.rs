//! Any text as a book with the right checksum, and as a user's own: it is read or refused with a line, and what is
//! read answers.
#![no_main]

use libfuzzer_sys::{arbitrary, fuzz_target};
use sha2::{Digest as _, Sha256};
use usage_prices::{Answer, Book, Prices, Query};

#[derive(Debug, arbitrary::Arbitrary)]
struct Input<'a> {
    own: bool,
    micros: i64,
    total_input: u64,
    text: &'a str,
}

fuzz_target!(|input: Input<'_>| {
    let read = if input.own {
        Book::from_toml(input.text)
    } else {
        let sum: String =
            Sha256::digest(input.text).iter().map(|byte| format!("{byte:02x}")).collect();
        Book::read(&format!("usage-prices 1\nversion x\nsha256 {sum}\n{}", input.text))
    };
    let lines = input.text.matches('\n').count() + 4;
    let book = match read {
        Ok(book) => book,
        Err(error) => {
            assert!(error.line <= lines && !error.what.is_empty(), "{error}");
            return;
        }
    };
    let names: Vec<_> = book.models().take(20).collect();
    let prices = Prices::shipped().with(book);
    for name in names {
        let Some((provider, model)) = name.split_once('/') else { continue };
        for tier in ["", "batch", "fast"] {
            let Input { micros, total_input, .. } = input;
            let query = Query { provider, model, tier, micros, total_input };
            if let Answer::Found(found) = prices.find(&query) {
                assert!(!found.terms.is_empty());
                assert_eq!(found.terms.to_string().parse(), Ok(found.terms));
                assert!(found.rule.above == 0 || total_input > found.rule.above);
                assert!(found.rule.since.is_none_or(|since| since <= micros));
            }
        }
    }
});
