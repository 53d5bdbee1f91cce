//! Sessions and blocks of a list of records, without any idea of how to be fast.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use usage_core::query::{Block, Listing, Selection, Session};
use usage_core::stats::Summary;
use usage_core::{Label, Record};

/// Lists the sessions whose last record is in the range.
pub(crate) fn list(
    records: &[Record],
    summary: impl Fn(&Record) -> Summary,
    of: &Selection<'_>,
    listing: Listing,
) -> Vec<Session> {
    let mut by_session = BTreeMap::<(String, String), Vec<&Record>>::new();
    for record in records.iter().filter(|record| !record.context().session_id().is_empty()) {
        let key = (instance_of(record), record.context().session_id().to_owned());
        by_session.entry(key).or_default().push(record);
    }
    let mut sessions = Vec::new();
    for ((instance, id), all) in by_session {
        let times = || all.iter().map(|record| record.timestamp());
        let Some(time) = times().min().zip(times().max()) else { continue };
        let passing: Vec<_> =
            all.iter().copied().filter(|record| of.filter.matches(&record.names())).collect();
        if !of.range.contains(time.1) || passing.is_empty() {
            continue;
        }
        let in_range = passing.iter().filter(|record| of.range.contains(record.timestamp()));
        let totals =
            (sum(passing.iter().copied(), &summary), Some(sum(in_range.copied(), &summary)));
        let names = |label| by_tokens(&passing, label);
        sessions.push(
            Session::new(instance, id, time)
                .with_totals(totals.0, totals.1)
                .with_names(names(Label::Model), names(Label::Project)),
        );
    }
    listing.apply(&mut sessions);
    sessions
}

/// Lists the blocks that have a record in the range.
pub(crate) fn blocks(
    records: &[Record],
    summary: impl Fn(&Record) -> Summary,
    of: &Selection<'_>,
) -> Vec<Block> {
    const HOUR: i64 = 60 * 60 * 1_000_000;
    let mut by_instance = BTreeMap::<String, Vec<&Record>>::new();
    for record in records {
        by_instance.entry(instance_of(record)).or_default().push(record);
    }
    let mut blocks = Vec::new();
    for (instance, mut all) in by_instance {
        all.sort_by_key(|record| record.timestamp());
        let mut left = all.as_slice();
        while let Some(first) = left.first() {
            let start = first.timestamp().as_micros().div_euclid(HOUR) * HOUR;
            let block = Block::new(&instance, usage_core::Timestamp::from_micros(start));
            let end = left.partition_point(|record| record.timestamp() < block.end());
            let (own, others) = left.split_at(end);
            let passing = || own.iter().filter(|record| of.filter.matches(&record.names()));
            if passing().any(|record| of.range.contains(record.timestamp())) {
                blocks.push(block.with_totals(sum(passing().copied(), &summary)));
            }
            left = others;
        }
    }
    blocks.sort_by(|one, other| (one.start, &one.instance).cmp(&(other.start, &other.instance)));
    blocks
}

fn instance_of(record: &Record) -> String {
    record.labels().names().get(Label::Instance).to_owned()
}

fn sum<'r>(
    records: impl Iterator<Item = &'r Record>,
    summary: &impl Fn(&Record) -> Summary,
) -> Summary {
    let mut sum = Summary::default();
    records.for_each(|record| sum.merge(&summary(record)));
    sum
}

/// The names of a label that there are, those with the most tokens first.
fn by_tokens(records: &[&Record], label: Label) -> Vec<String> {
    let mut tokens = BTreeMap::<&str, u64>::new();
    for record in records {
        let name = record.labels().names().get(label);
        if !name.is_empty() {
            *tokens.entry(name).or_default() += Summary::of(record).tokens();
        }
    }
    let mut names: Vec<_> = tokens.into_iter().collect();
    names.sort_by_key(|(name, tokens)| (Reverse(*tokens), *name));
    names.into_iter().map(|(name, _)| name.to_owned()).collect()
}
