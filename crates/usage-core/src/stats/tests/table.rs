//! Groups by names and by time, compared with a naive grouping of the records.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use chrono_tz::Tz;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use super::series::{ANCHORS, ZONES, any_instant, period};
use crate::period::{Unit, WeekStart};
use crate::stats::*;
use crate::{
    Context, Filter, LabelNames, Labels, Measure, Period, Record, Report, TagKey, TimeRange,
    Timestamp, TokenCounts, Usage,
};

fn record(names: [&str; 5], at: Timestamp, tokens: u64, fallbacks: u32) -> Record {
    let [instance_id, profile, provider, route, model] = names;
    let labels = Labels::new(
        LabelNames::new()
            .with_instance(instance_id)
            .with_profile(profile)
            .with_provider(provider)
            .with_route(route)
            .with_model(model),
    )
    .unwrap();
    Record::new(
        labels,
        Usage::new(TokenCounts::unclassified(tokens), at).with_fallbacks(fallbacks.into()),
    )
    .unwrap()
}

fn of_model(model: &str, day: &str, tokens: u64) -> Record {
    let at: chrono::DateTime<chrono::Utc> = format!("2026-05-{day}T12:00:00Z").parse().unwrap();
    record(["i", "", "v", "r", model], Timestamp::from(at), tokens, 1)
}

fn days(records: &[Record]) -> Series {
    let mut series =
        Series::over(period("2026-05-01..2026-05-04", Tz::UTC), Unit::Day, Tz::UTC).unwrap();
    for record in records {
        assert!(series.add(record));
    }
    series
}

/// Each group as its keys, days by their number, and its tokens.
fn shown(groups: &Table) -> Vec<String> {
    let key = |key: &Key| match key {
        Key::Name(name) => name.clone(),
        Key::Time(span) => span.unwrap().start.format("%-d").to_string(),
    };
    let group = |group: &Row| {
        let keys: Vec<String> = group.keys.iter().map(key).collect();
        format!("{} {}", keys.join(" "), group.totals.tokens())
    };
    groups.rows().iter().map(group).collect()
}

/// They are in no group, and counted all the same.
#[test]
fn the_summary_has_what_has_no_names() {
    let mut series = days(&[of_model("m", "01", 5), of_model("m", "02", 6)]);
    series.bucket_mut(1).unwrap().usage_mut().add_unnamed(&Summary::new(1, [7; Measure::COUNT]));
    for by in ["day", "model", "day,model"] {
        let table = Table::new(by.parse().unwrap(), &series, Some(1));
        assert_eq!(table.summary().requests, 3, "{by}");
    }
    let usage = series.buckets()[1].usage().clone();
    let period = Period::all_time(Tz::UTC);
    let report = Report::of(period, Filter::new(), usage.clone(), None);
    assert_eq!(report.summary, usage.summary());
    assert_eq!(report.tables[0].rows().len(), 1);
}

fn sample() -> Vec<Record> {
    vec![
        of_model("b", "01", 5),
        of_model("a", "01", 5),
        of_model("c", "01", 30),
        of_model("b", "03", 50),
        of_model("a", "03", 1),
        of_model("a", "03", 1),
        of_model("d", "03", 0),
    ]
}

#[test]
fn by_names_the_most_tokens_come_first() {
    let series = Series::whole(sample().iter().collect());
    let by: Grouping = "model".parse().unwrap();
    let groups = Table::new(by.clone(), &series, None);
    assert_eq!(shown(&groups), ["b 55", "c 30", "a 7", "d 0"]);
    assert_eq!((groups.summary().requests, groups.left_out()), (7, None));
    let by: Grouping = "profile,provider".parse().unwrap();
    let groups = Table::new(by.clone(), &series, None);
    assert_eq!(shown(&groups), ["default v 92"]);
}

#[test]
fn time_ascends_and_is_complete_by_itself() {
    let series = days(&sample());
    let by: Grouping = "day".parse().unwrap();
    assert_eq!(shown(&Table::new(by.clone(), &series, None)), ["1 40", "2 0", "3 52", "4 0"]);
    let by: Grouping = "day,model".parse().unwrap();
    let expected = ["1 c 30", "1 a 5", "1 b 5", "3 b 50", "3 a 2", "3 d 0"];
    assert_eq!(shown(&Table::new(by.clone(), &series, None)), expected);
}

#[test]
fn what_stands_before_the_time_is_sorted_as_a_whole() {
    let series = days(&sample());
    let by: Grouping = "model,day".parse().unwrap();
    let expected = ["b 1 5", "b 3 50", "c 1 30", "a 1 5", "a 3 2", "d 3 0"];
    assert_eq!(shown(&Table::new(by.clone(), &series, None)), expected);
    let by: Grouping = "provider,day,model".parse().unwrap();
    let expected = ["v 1 c 30", "v 1 a 5", "v 1 b 5", "v 3 b 50", "v 3 a 2", "v 3 d 0"];
    assert_eq!(shown(&Table::new(by.clone(), &series, None)), expected);
}

#[test]
fn the_top_is_that_of_the_whole_and_the_rest_is_counted() {
    let (whole, series) = (Series::whole(sample().iter().collect()), days(&sample()));
    let top = |by: &str, series: &Series, top| {
        let by = by.parse().unwrap();
        let groups = Table::new(by, series, Some(top));
        let LeftOut { count, totals } = *groups.left_out().unwrap();
        assert_eq!(groups.summary().requests, 7);
        (shown(&groups), count, totals.requests, totals.tokens())
    };
    let two = vec!["b 55".to_owned(), "c 30".to_owned()];
    assert_eq!(top("model", &whole, 2), (two, 2, 4, 7));
    // "c" has more than "b" on the first day, and fewer over all days.
    let one = vec!["1 b 5".to_owned(), "3 b 50".to_owned()];
    assert_eq!(top("day,model", &series, 1), (one, 3, 5, 37));
    // Days, by time alone; in the order of time.
    let both = vec!["1 40".to_owned(), "3 52".to_owned()];
    assert_eq!(top("day", &series, 2), (both, 2, 0, 0));
    assert_eq!(top("day", &series, 9).1, 0);
}

#[test]
fn of_equals_the_first_stay() {
    let equals = ["z", "y", "x"].map(|model| of_model(model, "02", 7));
    let series = Series::whole(equals.iter().collect());
    let by: Grouping = "model".parse().unwrap();
    assert_eq!(shown(&Table::new(by.clone(), &series, Some(2))), ["x 7", "y 7"]);
    for by in [Grouping::models(), Grouping::models().in_order_of_names(9)] {
        let list = Table::new(by.clone(), &series, Some(1));
        assert_eq!(shown(&list), ["default v x 7"]);
        let left_out = list.left_out().unwrap();
        assert_eq!((left_out.count, left_out.totals.tokens()), (2, 14));
        assert_eq!(Table::new(by, &series, None).left_out(), None);
    }
}

#[test]
fn groupings_are_read_and_checked() {
    let read = |text: &str| text.parse::<Grouping>().map_err(|error| error.to_string());
    let team = Dimension::Tag(TagKey::new("team").unwrap());
    assert_eq!(read("tag:team").unwrap().tags().map(Dimension::Tag).collect::<Vec<_>>(), [team]);
    for dimension in Dimension::ALL.into_iter().chain([team]) {
        assert_eq!(read(dimension.name()).unwrap().dimensions(), [dimension]);
    }
    let by = read("week, model").unwrap();
    assert_eq!(by.unit(WeekStart::Sunday), Some(Unit::Week(WeekStart::Sunday)));
    assert!(!by.is_time_alone() && read("hour").unwrap().is_time_alone());
    assert_eq!(read("model").unwrap().unit(WeekStart::Sunday), None);
    let listed = "instance, profile, provider, route, model, tier, project, user, quarter_hour, hour, day, week, month, session, block, tag:KEY";
    for (text, why) in [
        ("", format!("nothing to group by was given, there are {listed}")),
        ("Day", format!("a report cannot be grouped by \"Day\", only by {listed}")),
        ("a\nb", format!("a report cannot be grouped by \"a\\nb\", only by {listed}")),
        ("model,day,model", "a report cannot be grouped by model twice".to_owned()),
        ("tag:", "a report cannot be grouped by such a tag: tags has an empty key".to_owned()),
        ("tag:a,tag:a", "a report cannot be grouped by tag:a twice".to_owned()),
        ("a,tag:a", format!("a report cannot be grouped by \"a\", only by {listed}")),
        (
            "instance,profile,provider,route,model,tier,project,user,day,tag:a",
            "a report cannot be grouped by more than 9 at once".to_owned(),
        ),
        (
            "day,model,month",
            "a report cannot be grouped by both day and month: one unit of time at most".to_owned(),
        ),
        ("day,day", "a report cannot be grouped by day twice".to_owned()),
    ] {
        assert_eq!(read(text).unwrap_err(), why);
    }
}

/// Names may sort groups before their tokens do.
#[test]
fn names_sort_as_far_as_they_are_asked_to() {
    let records = [
        record(["i", "q", "v", "r", "few"], Timestamp::from_micros(0), 1, 0),
        record(["i", "q", "v", "r", "many"], Timestamp::from_micros(0), 9, 0),
        record(["i", "p", "v", "r", "some"], Timestamp::from_micros(0), 5, 0),
    ];
    let series = Series::whole(records.iter().collect());
    let by: Grouping = "profile,model".parse().unwrap();
    let sorted = |count| {
        let by = by.clone().in_order_of_names(count);
        shown(&Table::new(by, &series, None))
    };
    assert_eq!(sorted(0), ["q many 9", "p some 5", "q few 1"]);
    assert_eq!(sorted(1), ["p some 5", "q many 9", "q few 1"]);
    assert_eq!(sorted(2), ["p some 5", "q few 1", "q many 9"]);
    assert_eq!(sorted(3), sorted(2));
}

fn any_grouping() -> impl Strategy<Value = Grouping> {
    let tag = |key| Dimension::Tag(TagKey::new(key).unwrap());
    let is_time = |dimension: &Dimension| dimension.is_time();
    let (times, mut names): (Vec<_>, Vec<_>) = Dimension::ALL.into_iter().partition(is_time);
    names.extend([tag("team"), tag("x")]);
    let names = subsequence(names, 0..Grouping::MAX).prop_shuffle();
    let time = proptest::option::of((select(times), 0..Grouping::MAX));
    (names, time).prop_filter_map("nothing to group by", |(mut dimensions, time)| {
        if let Some((unit, at)) = time {
            dimensions.insert(at.min(dimensions.len()), unit);
        }
        Grouping::new(dimensions).ok()
    })
}

fn any_record(anchor: &'static str) -> impl Strategy<Value = Record> {
    let name = |names: &'static [&'static str]| select(names);
    let names = (
        name(&["i", "j"]),
        name(&["", "default", "p"]),
        name(&["", "v.r"]),
        name(&["r", "s"]),
        name(&["m", "n", "o"]),
    );
    let tags = proptest::collection::btree_map(
        select(&["team", "x", "y"][..]),
        name(&["", "a", "b"]),
        0..3,
    );
    (names, any_instant(anchor), 0..4_u64, 0..3_u32, tags).prop_map(
        |((instance, profile, provider, route, model), at, tokens, fallbacks, tags)| {
            let context = Context::new("", tags).unwrap();
            let names = [instance, profile, provider, route, model];
            record(names, at, tokens, fallbacks).with_context(context)
        },
    )
}

/// The naive way: what each record has in each dimension, as text; time as the start of the one
/// unit that holds it.
fn naive(by: &Grouping, week_start: WeekStart, zone: Tz, record: &Record) -> Vec<String> {
    let labels = record.labels().with_tags(record.context().tag_list());
    let instant = record.timestamp().to_utc().unwrap().with_timezone(&zone);
    let key = |dimension: &Dimension| match dimension.unit(week_start) {
        Some(unit) => unit.around(instant).unwrap().start.to_rfc3339(),
        None => dimension.of(&labels).unwrap_or_default().to_owned(),
    };
    by.dimensions().iter().map(key).collect()
}

proptest! {
    #[test]
    fn groups_are_those_of_a_naive_grouping(
        records in select(&ANCHORS[..])
            .prop_flat_map(|anchor| proptest::collection::vec(any_record(anchor), 1..40)),
        by in any_grouping(),
        week_start in select(&[WeekStart::Monday, WeekStart::Sunday][..]),
        zone in select(&ZONES[..]),
        top in proptest::option::of(1..6_usize),
    ) {
        let instants = || records.iter().map(Record::timestamp);
        let end = Timestamp::from_micros(instants().max().unwrap().as_micros() + 1);
        let range = TimeRange { start: instants().min(), end: Some(end) };
        let mut series = match by.unit(week_start) {
            None => Series::whole(Aggregates::default()),
            Some(unit) => Series::over(range, unit, zone).unwrap(),
        };
        // As an engine that is asked to tell totals apart by the tags.
        let tags: Vec<_> = by.tags().collect();
        for record in &records {
            let at = if by.time().is_some() { series.position(record.timestamp()) } else { Some(0) };
            let labels = record.labels().with_tags(record.context().tag_list().only(&tags).tags());
            let bucket = at.and_then(|at| series.bucket_mut(at)).unwrap();
            bucket.usage_mut().add_totals(labels, &Summary::of(record));
        }
        let mut expected = BTreeMap::<Vec<String>, Summary>::new();
        for record in &records {
            expected.entry(naive(&by, week_start, zone, record)).or_default().add(record);
        }
        let text = |group: &Row| -> Vec<String> {
            let key = |key: &Key| match key {
                Key::Name(name) => name.clone(),
                Key::Time(span) => span.unwrap().start.to_rfc3339(),
            };
            group.keys.iter().map(key).collect()
        };

        let groups = Table::new(by.clone(), &series, None);
        prop_assert_eq!(groups.summary(), &aggregate_summary(&records));
        let found: BTreeMap<_, _> = groups
            .rows()
            .iter()
            .filter(|group| group.totals.requests > 0)
            .map(|group| (text(group), group.totals))
            .collect();
        prop_assert_eq!(&found, &expected);
        let empty = groups.rows().len() - found.len();
        prop_assert!(empty == 0 || by.is_time_alone());

        // What a limit keeps is a part of it in the same order, and the rest adds up.
        let limited = Table::new(by.clone(), &series, top);
        let kept: BTreeSet<_> = limited.rows().iter().map(&text).collect();
        let same: Vec<_> =
            groups.rows().iter().filter(|group| kept.contains(&text(group))).collect();
        prop_assert!(limited.rows().iter().eq(same));
        let mut sum = limited.left_out().copied().unwrap_or_default().totals;
        for group in limited.rows() {
            sum.merge(&group.totals);
        }
        prop_assert_eq!(&sum, groups.summary());
        if by.time().is_none() && let Some(top) = top {
            let mut most: Vec<_> = groups.rows().iter().map(|g| g.totals.tokens()).collect();
            most.sort_by_key(|tokens| Reverse(*tokens));
            most.truncate(top);
            let tokens: Vec<_> = limited.rows().iter().map(|g| g.totals.tokens()).collect();
            prop_assert_eq!(tokens, most);
        }
    }
}
