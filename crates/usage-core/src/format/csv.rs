//! The report as CSV. The only place that knows its columns.

use std::collections::BTreeMap;

use super::json::rfc3339;
use crate::stats::{Aggregates, Dimension, Groups, Key, Summary, keep_top_of};
use crate::text::printable;
use crate::{Label, Measure};

/// The names of a report that is not grouped otherwise.
const NAMES: [Label; 4] = [Label::Profile, Label::Provider, Label::Route, Label::Model];

pub(super) fn report(usage: &Aggregates, top: Option<usize>) -> String {
    let mut groups = BTreeMap::<_, Summary>::new();
    for (labels, totals) in usage.groups() {
        let names = labels.names();
        let key = NAMES.map(|label| names.reported(label));
        groups.entry(key).or_default().merge(totals);
    }
    let mut groups: Vec<_> = groups.into_iter().collect();
    keep_top_of(&mut groups, top, |(_, totals)| totals);
    let rows = groups.iter().map(|(names, totals)| (names.map(Key::Name), totals));
    written(&NAMES.map(Dimension::Label), rows)
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
    let header = dimensions.iter().map(|dimension| dimension.name());
    let _ = writer.write_record(header.chain(numbers(&Summary::default()).map(|(name, _)| name)));
    for (keys, totals) in rows {
        let keys = keys.as_ref().iter().map(cell);
        let numbers = numbers(totals).map(|(_, number)| number.to_string());
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

/// What stands in the columns of numbers, with their names: what is no tokens comes before the kinds of tokens.
fn numbers(totals: &Summary) -> impl Iterator<Item = (&'static str, u64)> {
    let of = |tokens: bool| {
        Measure::ALL.into_iter().filter(move |measure| measure.is_tokens() == tokens)
    };
    let of = of(false).chain(of(true)).map(|measure| (measure.field(), totals[measure]));
    [("requests", totals.requests), ("tokens", totals.tokens())].into_iter().chain(of)
}
