//! The words of a page on requests besides the totals: how they went, how sure the numbers are, what they cost.

use insta::assert_snapshot;

use super::super::*;
use crate::stats::{Aggregates, Summary};
use crate::{Filter, Label, LabelNames, Labels, Measure, Period, Report, TagKey};

/// The page's lines before its first table.
fn head(summary: Summary, filter: Filter, width: Option<usize>) -> String {
    let mut usage = Aggregates::default();
    let names = LabelNames::new().with_instance("i").with_route("r").with_model("m");
    usage.add_totals(Labels::new(names).unwrap(), &summary);
    let report = Report::of(Period::all_time(chrono_tz::UTC), filter, usage, None);
    let options = TextOptions { width, ..TextOptions::default() };
    let text = report.to_text(&options);
    text.split_once("\n\n").unwrap().0.to_owned()
}

fn requests_of(requests: u64) -> Summary {
    let mut summary = Summary::default();
    (summary.requests, summary[Measure::Output]) = (requests, 7);
    summary
}

fn eventful() -> Summary {
    let mut summary = requests_of(12_000)
        .with(Measure::WebSearches, 1_500)
        .with(Measure::Errors, 240)
        .with(Measure::Cancelled, 1)
        .with(Measure::Partial, 11_999)
        .with(Measure::Estimated, 600)
        .with(Measure::Inconsistent, 12)
        .with(Measure::Elsewhere, 36)
        .with(Measure::Stated, 9_000);
    summary.stated_cost = "1487.325".parse().unwrap();
    summary
}

#[test]
fn nothing_is_said_where_there_is_nothing() {
    assert_eq!(head(requests_of(2), Filter::new(), None).lines().count(), 2);
}

#[test]
fn what_there_is_fits_the_page() {
    let of = |width| head(eventful(), Filter::new(), width);
    assert_snapshot!(of(None), @"
    Usage Summary (all-time, all instances)
    Requests: 12,000  |  Tokens: 7  |  Fallbacks: 0
    Web searches: 1,500  |  Errors: 240 (2.0%)  |  Cancelled: 1 (<0.1%)
    Partial counts: 11,999 (>99.9%)  |  Estimated counts: 600 (5.0%)
    Inconsistent counts: 12 (0.1%)  |  Also recorded elsewhere: 36 (0.3%)
    Stated cost: $1,487.33 (of 9,000 requests)
    ");
    assert_snapshot!(of(Some(120)), @"
    Usage Summary (all-time, all instances)
    Requests: 12,000  |  Tokens: 7  |  Fallbacks: 0
    Web searches: 1,500  |  Errors: 240 (2.0%)  |  Cancelled: 1 (<0.1%)  |  Partial counts: 11,999 (>99.9%)
    Estimated counts: 600 (5.0%)  |  Inconsistent counts: 12 (0.1%)  |  Also recorded elsewhere: 36 (0.3%)
    Stated cost: $1,487.33 (of 9,000 requests)
    ");
    assert_snapshot!(of(Some(40)), @"
    Usage Summary (all-time, all instances)
    Requests: 12,000  |  Tokens: 7
    Fallbacks: 0
    Web searches: 1,500
    Errors: 240 (2.0%)
    Cancelled: 1 (<0.1%)
    Partial counts: 11,999 (>99.9%)
    Estimated counts: 600 (5.0%)
    Inconsistent counts: 12 (0.1%)
    Also recorded elsewhere: 36 (0.3%)
    Stated cost: $1,487.…(of 9,000 requests)
    ");
    assert_eq!(of(Some(80)), of(None));
}

#[test]
fn a_cost_says_of_how_many_it_is() {
    let all = |stated: u64, cost: &str| {
        let mut summary = requests_of(2).with(Measure::Stated, stated);
        summary.stated_cost = cost.parse().unwrap();
        head(summary, Filter::new(), None).lines().nth(2).map(str::to_owned)
    };
    assert_eq!(all(2, "3").as_deref(), Some("Stated cost: $3.00"));
    assert_eq!(all(1, "0.00042").as_deref(), Some("Stated cost: $0.00042 (of 1 request)"));
    assert_eq!(all(1, "0").as_deref(), Some("Stated cost: $0 (of 1 request)"));
    assert_eq!(all(0, "0"), None);
}

fn priced(requests: u64, priced: u64, cost: &str) -> Summary {
    let mut summary = requests_of(requests).with(Measure::Priced, priced);
    summary.cost = cost.parse().unwrap();
    summary
}

fn costs(summary: Summary) -> Report {
    let mut usage = Aggregates::default();
    let names = |model| LabelNames::new().with_instance("i").with_route("r").with_model(model);
    usage.add_totals(Labels::new(names("m")).unwrap(), &summary);
    usage.add_totals(Labels::new(names("free")).unwrap(), &priced(1, 1, "0"));
    usage.add_totals(Labels::new(names("other")).unwrap(), &requests_of(1));
    Report::of(Period::all_time(chrono_tz::UTC), Filter::new(), usage, None)
}

/// A sum that is not that of all, by sure counts, says so, line by line.
#[test]
fn costs_stand_beside_what_they_are_of() {
    let report = costs(priced(12, 12, "1487.3249999"));
    assert_snapshot!(report.to_text(&TextOptions::default()));
    let text = report.to_text(&TextOptions::default().in_ascii(true));
    assert!(text.contains("Cost: >= $1,487.32  |  Without") && !text.contains('≥'), "{text}");
    let whole = |summary| {
        let line = head(summary, Filter::new(), None).lines().nth(2).map(str::to_owned);
        let cost = line.as_deref().and_then(|line| line.strip_prefix("Cost: "));
        cost.and_then(|rest| rest.split("  |  ").next()).map(str::to_owned)
    };
    assert_eq!(whole(priced(2, 2, "0.00042")).as_deref(), Some("$0.00042"));
    assert_eq!(whole(priced(2, 2, "0")).as_deref(), Some("$0"));
    assert_eq!(whole(priced(2, 1, "3")).as_deref(), Some("≥ $3.00"));
    assert_eq!(whole(priced(2, 0, "0")), None);
    for unsure in [Measure::Partial, Measure::Estimated] {
        assert_eq!(whole(priced(2, 2, "3").with(unsure, 1)).as_deref(), Some("≥ $3.00"));
    }
}

/// Programs get exact decimals as texts, and nothing where nothing has a price.
#[test]
fn costs_for_programs() {
    let report = costs(priced(12, 11, "1487.320000000001"));
    let json: serde_json::Value = serde_json::from_str(&report.to_json()).unwrap();
    assert_eq!(json["price_basis"], "list");
    let of =
        |value: &serde_json::Value| (value["priced_requests"].clone(), value["cost_usd"].clone());
    assert_eq!(of(&json["summary"]), (12.into(), "1487.320000000001".into()));
    let models: Vec<_> = json["models"].as_array().unwrap().iter().map(of).collect();
    let expected = [(1, Some("0")), (11, Some("1487.320000000001")), (0, None)];
    assert_eq!(models, expected.map(|(priced, cost)| (priced.into(), cost.into())));
    let csv = report.to_csv();
    assert!(
        csv.lines().next().unwrap().ends_with("stated_cost_usd,priced_requests,cost_usd"),
        "{csv}"
    );
    assert!(
        csv.contains(",,11,1487.320000000001\n")
            && csv.contains(",,1,0\n")
            && csv.contains(",,0,\n"),
        "{csv}"
    );
}

#[test]
fn tags_that_narrow_are_named() {
    let key = |key| TagKey::new(key).unwrap();
    let filter = Filter::new()
        .keeping_tag(key("team"), "search")
        .keeping_tag(key("env"), "")
        .keeping_tag(key("team"), "a\u{1b}b")
        .keeping(Label::Tier, "batch");
    assert_snapshot!(head(requests_of(2), filter, None), @r#"
    Usage Summary (all-time, all instances)
    Requests: 2  |  Tokens: 7  |  Fallbacks: 0
    Only: tier batch  |  tag:env (none)  |  tag:team search, a\u{1b}b
    "#);
}

#[test]
fn programs_get_every_number() {
    let mut usage = Aggregates::default();
    let names = LabelNames::new().with_instance("i").with_route("r").with_model("m");
    usage.add_totals(Labels::new(names).unwrap(), &eventful());
    let filter = Filter::new().keeping_tag(TagKey::new("team").unwrap(), "search");
    let report = Report::of(Period::all_time(chrono_tz::UTC), filter, usage, None);
    let json: serde_json::Value = serde_json::from_str(&report.to_json()).unwrap();
    assert_eq!(json["filter"]["tags"], serde_json::json!({"team": ["search"]}));
    for of in [&json["summary"], &json["routes"][0], &json["models"][0]] {
        assert_eq!(of["stated_cost_usd"], "1487.325");
        for (name, number) in [
            ("web_searches", 1_500),
            ("errors", 240),
            ("cancelled", 1),
            ("partial", 11_999),
            ("estimated", 600),
            ("inconsistent", 12),
            ("elsewhere", 36),
            ("stated_requests", 9_000),
        ] {
            assert_eq!(of[name], number, "{name}");
        }
        let kinds = Measure::ALL.into_iter().filter(|measure| measure.is_tokens());
        assert_eq!(of["token_kinds"].as_object().unwrap().len(), kinds.count());
    }
    #[cfg(feature = "csv")]
    assert!(report.to_csv().ends_with(",1500,240,1,11999,600,12,36,9000,1487.325,0,\n"));
}

/// A tag is named as it was asked for, and what has none is in a group of its own.
#[test]
fn groups_of_a_tag() {
    let mut usage = Aggregates::default();
    for (model, team) in [("m", "search"), ("n", ""), ("n", "ads")] {
        let names = LabelNames::new().with_instance("i").with_route("r").with_model(model);
        let tags = crate::TagSet::new([("team", team)]).unwrap();
        usage.add_totals(Labels::new(names.with_tags(tags.tags())).unwrap(), &requests_of(1));
    }
    let table = crate::stats::Table::new(
        "tag:team,model".parse().unwrap(),
        &crate::stats::Series::whole(usage),
        None,
    );
    let report = Report::by(Period::all_time(chrono_tz::UTC), Filter::new(), table);
    assert_snapshot!(report.to_text(&TextOptions::default()), @"
    Usage Summary (all-time, all instances)
    Requests: 3  |  Tokens: 21  |  Fallbacks: 0

    By tag:team, Model:
      tag:team  Model  Requests  Tokens  Fallbacks
      ────────────────────────────────────────────
      (none)    n             1       7          0
      ads       n             1       7          0
      search    m             1       7          0
      ────────────────────────────────────────────
      Total                   3      21          0
    ");
    let json: serde_json::Value = serde_json::from_str(&report.to_json()).unwrap();
    assert_eq!(json["by"], serde_json::json!(["tag:team", "model"]));
    assert_eq!(json["groups"][2]["tag:team"], "search");
    #[cfg(feature = "csv")]
    assert!(report.to_csv().starts_with("tag:team,model,requests,"));
}
