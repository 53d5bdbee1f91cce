mod series;
mod table;

use proptest::prelude::*;

use super::*;
use crate::{LabelNames, Labels, Measure, Timestamp, TokenCounts, Usage};

fn record(names: [&str; 4], tokens: u64, fallbacks: u32) -> Record {
    let [profile, provider, route, model] = names;
    let labels = Labels::new(
        LabelNames::new()
            .with_instance("i")
            .with_profile(profile)
            .with_provider(provider)
            .with_route(route)
            .with_model(model),
    )
    .unwrap();
    let tokens = TokenCounts::unclassified(tokens);
    Record::new(
        labels,
        Usage::new(tokens, Timestamp::from_micros(0)).with_fallbacks(fallbacks.into()),
    )
    .unwrap()
}

#[test]
fn a_summary_adds_everything_up() {
    let kinds = TokenCounts::new()
        .with_input(1)
        .with_output(20)
        .with_cache_read(300)
        .with_cache_write(4_000)
        .with_reasoning(7);
    let bare = record(["p", "v", "r", "m"], 50_000, 3);
    let by_kind =
        Record::new(bare.labels().clone(), Usage::new(kinds, bare.timestamp()).with_fallbacks(2))
            .unwrap();
    let summary = aggregate_summary([&by_kind, &by_kind, &bare]);
    assert_eq!(summary.requests, 3);
    assert_eq!(summary.fallbacks(), 7);
    assert_eq!(summary.tokens(), 2 * 4_321 + 50_000);
    let expected = [
        (Measure::Input, 2),
        (Measure::Output, 40),
        (Measure::CacheRead, 600),
        (Measure::CacheWrite, 8_000),
        (Measure::Unclassified, 50_000),
        (Measure::Reasoning, 14),
    ];
    for (measure, sum) in expected {
        assert_eq!(summary[measure], sum, "{measure}");
    }
    assert_eq!(aggregate_summary::<Record>([]), Summary::default());
}

#[test]
fn sums_saturate() {
    let mut summary = Summary::new(u64::MAX, [u64::MAX; Measure::COUNT]);
    summary.add(&record(["p", "v", "r", "m"], 1, 1));
    assert_eq!(summary, Summary::new(u64::MAX, [u64::MAX; Measure::COUNT]));
    assert_eq!(summary.tokens(), u64::MAX);
}

#[test]
fn routes_come_in_the_order_of_their_names() {
    let routes = aggregate_by_route([
        record(["work", "b", "r", "m1"], 5, 1),
        record(["", "z", "r", "m1"], 1, 0),
        record(["default", "z", "r", "m2"], 2, 4),
        record(["work", "a", "s", "m1"], 3, 0),
        record(["work", "a", "r", "m1"], 4, 0),
    ]);
    let shown: Vec<_> = routes
        .iter()
        .map(|r| (r.key(), r.totals.requests, r.totals.tokens(), r.totals.fallbacks()))
        .collect();
    assert_eq!(
        shown,
        [
            ("default/z.r".to_owned(), 2, 3, 4),
            ("work/a.r".to_owned(), 1, 4, 0),
            ("work/a.s".to_owned(), 1, 3, 0),
            ("work/b.r".to_owned(), 1, 5, 1),
        ]
    );
    assert_eq!((routes[0].profile.as_str(), routes[0].provider.as_str()), ("default", "z"));
    assert_eq!(routes[0].route, "r");
}

#[test]
fn models_come_by_tokens_then_by_name_within_their_profile() {
    let models = aggregate_by_model([
        record(["b", "v", "small", "small"], 1, 0),
        record(["b", "v", "r", "big"], 9, 0),
        record(["b", "v", "r", "alike"], 1, 0),
        record(["b", "u", "r", "zz"], 1, 0),
        record(["a", "", "r", "m"], 1, 0),
    ]);
    let keys: Vec<_> = models.iter().map(ModelStats::key).collect();
    assert_eq!(keys, ["a/m", "b/v.big", "b/u.zz", "b/v.alike", "b/v.small"]);
    assert_eq!(models[0].display_name(), "m");
    assert_eq!(models[1].display_name(), "v.big");
    assert_eq!((models[1].provider.as_str(), models[1].model.as_str()), ("v", "big"));
    assert_eq!(models[1].totals.tokens(), 9);
}

#[test]
fn fields_are_never_joined_to_group() {
    let routes = aggregate_by_route([
        record(["a/b", "c", "r", "m"], 1, 0),
        record(["a", "b/c", "r", "m"], 2, 0),
        record(["a", "b", "c.r", "m"], 3, 0),
        record(["a", "b.c", "r", "m"], 4, 0),
    ]);
    assert_eq!(routes.len(), 4);
    assert_eq!(routes.iter().filter(|r| r.key() == "a/b.c.r").count(), 2);
    assert_eq!(routes[0].display_name(), "b.c.r");
}

#[test]
fn totals_are_kept_by_label_set() {
    let mut aggregates = Aggregates::default();
    let one = record(["p", "v", "r", "m"], 5, 1);
    aggregates.add(&one);
    aggregates.add(&one);
    let mut group = Summary::default();
    (group.requests, group[Measure::Fallbacks]) = (10, 1);
    aggregates.add_totals(one.labels().clone(), &group);
    let groups: Vec<_> = aggregates.groups().collect();
    assert_eq!(groups.len(), 1);
    assert_eq!(groups[0].0, one.labels());
    assert_eq!((groups[0].1.requests, groups[0].1.fallbacks()), (12, 3));
    assert_eq!(aggregates.summary(), *groups[0].1);
}

proptest! {
    /// Aggregating any partition, merged in any order, is aggregating all at once.
    #[test]
    fn partitions_merge_to_the_whole(
        records in proptest::collection::vec((crate::record::tests::any_record(), 0_usize..5), 0..40),
        order in Just([0_usize, 1, 2, 3, 4]).prop_shuffle(),
    ) {
        let whole: Aggregates = records.iter().map(|(record, _)| record).collect();
        let mut merged = Aggregates::default();
        for part in order {
            let of_part = records.iter().filter(|(_, p)| *p == part).map(|(record, _)| record);
            merged.merge(of_part.collect());
        }
        prop_assert_eq!(&merged, &whole);
        prop_assert_eq!(whole.summary(), aggregate_summary(records.iter().map(|(r, _)| r)));
        for by in [Grouping::routes(), Grouping::models(), Grouping::routes_and_models()] {
            let mut sum = Summary::default();
            for row in Table::new(by, &Series::whole(whole.clone()), None).rows() {
                sum.merge(&row.totals);
            }
            prop_assert_eq!(sum, whole.summary());
        }
    }
}
