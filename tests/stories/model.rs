//! Any records, through the command and back: the report is what the library makes of them.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use serde_json::{Map, Value, json};
use usage_core::stats::{Summary, aggregate_by_model, aggregate_by_route, aggregate_summary};
use usage_core::{LabelNames, Labels, Measure, Record, Timestamp, TokenCounts, Usage};

use crate::fixture::Fixture;

/// A request as a router knows it.
#[derive(Clone, Debug)]
struct Request {
    names: [String; 5],
    kinds: Option<[u32; 5]>,
    unclassified: u32,
    fallbacks: u32,
    micros: i64,
}

impl Request {
    fn line(&self) -> String {
        let [instance_id, profile, provider, route, model] = &self.names;
        let timestamp = Timestamp::from_micros(self.micros).to_string();
        let mut line = json!({
            "instance_id": instance_id, "profile": profile, "provider": provider, "route": route,
            "model": model, "fallbacks": self.fallbacks, "timestamp": timestamp,
        });
        let fields = line.as_object_mut().unwrap();
        match self.kinds {
            None => drop(fields.insert("tokens".into(), self.unclassified.into())),
            Some([input, output, cache_read, cache_write, reasoning]) => {
                let counts = json!({
                    "input_tokens": input, "output_tokens": output, "cache_read_tokens": cache_read,
                    "cache_write_tokens": cache_write, "reasoning_tokens": reasoning.min(output),
                });
                fields.extend(counts.as_object().unwrap().clone());
            }
        }
        line.to_string()
    }

    fn record(&self) -> Record {
        let [instance_id, profile, provider, route, model] = &self.names;
        let names = LabelNames::new()
            .with_instance(instance_id)
            .with_profile(profile)
            .with_provider(provider)
            .with_route(route)
            .with_model(model);
        let tokens = match self.kinds {
            None => TokenCounts::unclassified(self.unclassified.into()),
            Some([input, output, cache_read, cache_write, reasoning]) => TokenCounts::new()
                .with_input(input.into())
                .with_output(output.into())
                .with_cache_read(cache_read.into())
                .with_cache_write(cache_write.into())
                .with_reasoning(reasoning.min(output).into()),
        };
        let timestamp = Timestamp::from_micros(self.micros);
        Record::new(
            Labels::new(names).unwrap(),
            Usage::new(tokens, timestamp).with_fallbacks(self.fallbacks.into()),
        )
        .unwrap()
    }
}

/// Few enough that they meet, odd enough to be mixed up, and some of any kind.
fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => prop::sample::select(vec!["a", "b", "a/b", "b.c", "A", "default", "模型", "\u{1b}[1m"])
            .prop_map(str::to_owned),
        1 => "[^\u{0}]{1,12}",
    ]
}

fn maybe_empty() -> impl Strategy<Value = String> {
    prop_oneof![1 => Just(String::new()), 3 => name()]
}

fn request() -> impl Strategy<Value = Request> {
    let count = || prop_oneof![0..=3_u32, 0..=1_000_000_000_u32];
    let names = (name(), maybe_empty(), maybe_empty(), name(), name());
    let kinds = option::of([count(), count(), count(), count(), count()]);
    (names, kinds, count(), count(), 0..4_102_444_800_000_000_i64).prop_map(
        |((instance, profile, provider, route, model), kinds, unclassified, fallbacks, micros)| {
            let names = [instance, profile, provider, route, model];
            Request { names, kinds, unclassified, fallbacks, micros }
        },
    )
}

fn with_kinds(totals: &Summary, mut fields: Map<String, Value>) -> Value {
    // By hand, as the library makes them from its list.
    let kinds = json!({
        "input": totals[Measure::Input], "output": totals[Measure::Output],
        "cache_read": totals[Measure::CacheRead], "cache_write": totals[Measure::CacheWrite],
        "unclassified": totals[Measure::Unclassified], "reasoning": totals[Measure::Reasoning],
        "cache_write_long": 0, "input_audio": 0, "output_audio": 0, "cache_read_audio": 0,
    });
    // Of which these records say nothing.
    for name in [
        "web_searches",
        "errors",
        "cancelled",
        "partial",
        "estimated",
        "inconsistent",
        "elsewhere",
        "stated_requests",
    ] {
        fields.insert(name.into(), 0.into());
    }
    fields.insert("stated_cost_usd".into(), Value::Null);
    fields.insert("requests".into(), totals.requests.into());
    fields.insert("tokens".into(), totals.tokens().into());
    fields.insert("token_kinds".into(), kinds);
    Value::Object(fields)
}

fn fields<const N: usize>(names: [(&str, Value); N]) -> Map<String, Value> {
    names.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// A report without what the ledger alone knows.
fn without_costs(mut report: Value) -> Value {
    let clear = |of: &mut Value| {
        for name in ["priced_requests", "cost_usd"] {
            assert!(of.as_object_mut().unwrap().remove(name).is_some(), "{name}");
        }
    };
    clear(&mut report["summary"]);
    for list in ["routes", "models"] {
        report[list].as_array_mut().unwrap().iter_mut().for_each(clear);
    }
    report
}

/// Summary, routes and models as the library counts them.
fn expected(records: &[Record]) -> (Value, Value, Value) {
    let summary = aggregate_summary(records);
    let fallbacks = |totals: &Summary| ("fallbacks", totals.fallbacks().into());
    let routes = aggregate_by_route(records).into_iter().map(|row| {
        let names = [
            ("profile", row.profile.into()),
            ("provider", row.provider.into()),
            ("route", row.route.into()),
            fallbacks(&row.totals),
        ];
        with_kinds(&row.totals, fields(names))
    });
    let models = aggregate_by_model(records).into_iter().map(|row| {
        let names = [
            ("profile", row.profile.into()),
            ("provider", row.provider.into()),
            ("model", row.model.into()),
        ];
        with_kinds(&row.totals, fields(names))
    });
    (with_kinds(&summary, fields([fallbacks(&summary)])), routes.collect(), models.collect())
}

proptest! {
    // Each case starts the command four times. A failing case is printed in full, so no file
    // of them is kept.
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_report_is_what_the_library_makes_of_the_same_records(
        requests in vec(request(), 0..120),
        now in 0..4_102_444_800_000_000_i64,
    ) {
        let fixture = Fixture::new();
        let lines: Vec<_> = requests.iter().map(Request::line).collect();
        fixture.write("a", lines.join("\n"));
        let run = fixture.usage("record a");
        prop_assert_eq!(run.code, 0, "{}", run);

        let records: Vec<_> = requests.iter().map(Request::record).collect();
        let report = without_costs(fixture.report("report --format json"));
        let (summary, routes, models) = expected(&records);
        prop_assert_eq!(&report["summary"], &summary);
        prop_assert_eq!(&report["routes"], &routes);
        prop_assert_eq!(&report["models"], &models);

        // The same of what is older than some instant.
        let end = Timestamp::from_micros(now);
        let older: Vec<_> =
            records.into_iter().filter(|record| record.timestamp() < end).collect();
        let period = format!("report 1969-12-31T00:00:00Z..{end} --format json");
        let (summary, routes, models) = expected(&older);
        let report = without_costs(fixture.report(&period));
        prop_assert_eq!(&report["summary"], &summary);
        prop_assert_eq!(&report["routes"], &routes);
        prop_assert_eq!(&report["models"], &models);
    }
}
