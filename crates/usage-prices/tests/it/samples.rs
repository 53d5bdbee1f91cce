//! Models from elsewhere: a list that lies outside this project is named by a variable of the environment.

use std::collections::BTreeMap;

use usage_prices::{Answer, Prices, Query};

use crate::time::micros;

/// Prints by which rule each is found, and which are not and why: `USAGE_PRICES_BODIES=bodies.json cargo test -p
/// usage-prices samples -- --nocapture`. The file is a list of objects with a `model`.
#[test]
#[expect(clippy::print_stdout, reason = "the table is what it is run for")]
fn models_of_bodies_from_elsewhere() {
    let Ok(path) = std::env::var("USAGE_PRICES_BODIES") else { return };
    let bodies: Vec<serde_json::Value> =
        serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let mut models = BTreeMap::<_, usize>::new();
    for body in &bodies {
        *models.entry(body["model"].as_str().unwrap_or_default()).or_default() += 1;
    }
    let (mut priced, mut unpriced) = (0, 0);
    for (model, count) in models {
        let query = Query {
            model,
            micros: micros("2026-11-28T12:00"),
            total_input: 1_000,
            ..Query::default()
        };
        let told = match Prices::shipped().find(&query) {
            Answer::Found(found) => {
                priced += count;
                format!("{}", found.rule)
            }
            Answer::Unknown { why, candidates } => {
                unpriced += count;
                format!("-- {why}; {candidates:?}")
            }
            Answer::Doubtful { candidates } => {
                unpriced += count;
                format!("-- doubtful: {candidates:?}")
            }
        };
        println!("{count:4} {model:?}: {told}");
    }
    println!("{priced} priced, {unpriced} not");
    assert!(priced > 0);
}
