//! The report as CSV. The only place that knows its columns.

use std::collections::BTreeMap;

use super::printable;
use crate::stats::{Aggregates, Summary, TokenTotals};

const HEADER: [&str; 13] = [
    "profile",
    "provider",
    "route",
    "model",
    "requests",
    "tokens",
    "fallbacks",
    "input_tokens",
    "output_tokens",
    "cache_read_tokens",
    "cache_write_tokens",
    "unclassified_tokens",
    "reasoning_tokens",
];

pub(super) fn report(usage: &Aggregates) -> String {
    let mut groups = BTreeMap::<_, Summary>::new();
    for (labels, totals) in usage.groups() {
        let names = labels.names();
        let key = [names.reported_profile(), names.provider, names.route, names.model];
        groups.entry(key).or_default().merge(totals);
    }
    let mut writer = csv::Writer::from_writer(Vec::new());
    // Writing to memory cannot fail.
    let _ = writer.write_record(HEADER);
    for (names, totals) in groups {
        let names = names.into_iter().map(|name| printable(name).into_owned());
        let numbers = numbers(&totals).into_iter().map(|number| number.to_string());
        let _ = writer.write_record(names.chain(numbers));
    }
    let bytes = writer.into_inner().unwrap_or_default();
    String::from_utf8(bytes).unwrap_or_default()
}

fn numbers(totals: &Summary) -> [u64; 9] {
    let TokenTotals { input, output, cache_read, cache_write, unclassified, reasoning } =
        totals.token_kinds;
    [
        totals.requests,
        totals.tokens(),
        totals.fallbacks,
        input,
        output,
        cache_read,
        cache_write,
        unclassified,
        reasoning,
    ]
}
