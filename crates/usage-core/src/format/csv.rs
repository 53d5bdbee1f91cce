//! The report as CSV. The only place that knows its columns.

use std::collections::BTreeMap;

use super::json::rfc3339;
use crate::stats::{Aggregates, Dimension, Groups, Key, Summary, TokenTotals, keep_top_of};
use crate::text::printable;

/// The names of a report that is not grouped otherwise.
const NAMES: [Dimension; 4] =
    [Dimension::Profile, Dimension::Provider, Dimension::Route, Dimension::Model];

const NUMBERS: [&str; 9] = [
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

pub(super) fn report(usage: &Aggregates, top: Option<usize>) -> String {
    let mut groups = BTreeMap::<_, Summary>::new();
    for (labels, totals) in usage.groups() {
        let names = labels.names();
        let key = [names.reported_profile(), names.provider, names.route, names.model];
        groups.entry(key).or_default().merge(totals);
    }
    let mut groups: Vec<_> = groups.into_iter().collect();
    keep_top_of(&mut groups, top, |(_, totals)| totals);
    let rows = groups.iter().map(|(names, totals)| (names.map(Key::Name), totals));
    written(&NAMES, rows)
}

pub(super) fn grouped(groups: &Groups<'_>) -> String {
    let rows = groups.groups().iter().map(|group| (&group.keys, &group.totals));
    written(groups.by().dimensions(), rows)
}

fn written<'a, K: AsRef<[Key<'a>]>>(
    dimensions: &[Dimension],
    rows: impl Iterator<Item = (K, &'a Summary)>,
) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    // Writing to memory cannot fail.
    let header = dimensions.iter().map(|dimension| dimension.name()).chain(NUMBERS);
    let _ = writer.write_record(header);
    for (keys, totals) in rows {
        let keys = keys.as_ref().iter().map(cell);
        let numbers = numbers(totals).into_iter().map(|number| number.to_string());
        let _ = writer.write_record(keys.chain(numbers));
    }
    let bytes = writer.into_inner().unwrap_or_default();
    String::from_utf8(bytes).unwrap_or_default()
}

fn cell(key: &Key<'_>) -> String {
    match key {
        Key::Name(name) => printable(name).into_owned(),
        Key::Time(bucket) => bucket.start().map(rfc3339).unwrap_or_default(),
    }
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
