//! `docs/reference/report.schema.json` describes what the command prints, all of it.

use serde_json::Value;

use crate::fixture::Fixture;
use crate::schemas::{Schema, report_page as page};

fn wrong(page: &Value, report: &Value) -> Option<String> {
    Schema { page, here: page, reports: page }.check_whole(report, "$").err()
}

#[test]
fn every_report_is_as_the_page_says() {
    let page = page();
    let fixture = Fixture::with(&super::month()).set("USAGE_TIMEZONE", "Asia/Kathmandu");
    let empty = Fixture::with("");
    let mut seen = std::collections::BTreeSet::new();
    for arguments in [
        "",
        "--top 1",
        "today --instance router-1 --profile work --model gpt-5",
        "2026-05-03T00:00:00.5Z..2026-05-03T12:00:00Z",
        "--by instance,profile,provider,route,model",
        "--by hour",
        "--by quarter_hour",
        "--by day,model --top 1",
        "this-month --by week --week-start sunday",
        "--by model,month",
    ] {
        let arguments = format!("report {arguments} --format json");
        for fixture in [&fixture, &empty] {
            let report = fixture.report(&arguments);
            assert_eq!(wrong(&page, &report), None, "{arguments}");
            fields(&report, &mut seen);
        }
    }
    // A period that is moved as only sums are left says so.
    let sums =
        Fixture::with(&crate::lines::many(0, 9_000)).set("USAGE_NOW", "2026-05-01T02:07:00Z");
    sums.usage("prune --before 2026-05-01T02:00:00Z --keep-sums").stdout_of_success();
    let report = sums.report("report last-1-hours --format json");
    assert_eq!(wrong(&page, &report), None);
    fields(&report, &mut seen);
    let line = r#"{"instance_id":"i","route":"r","model":"m","session_id":"s","tokens":1}"#;
    for by in ["session", "block"] {
        let report = Fixture::with(line).report(&format!("report --by {by} --format json"));
        assert_eq!(wrong(&page, &report), None, "{by}");
        fields(&report, &mut seen);
    }
    // And nothing is described that is never printed.
    let mut described = std::collections::BTreeSet::new();
    properties(&page, &mut described);
    assert_eq!(described, seen);
}

/// The names of all fields of a value and of what is in it.
fn fields(value: &Value, names: &mut std::collections::BTreeSet<String>) {
    match value {
        Value::Object(object) => {
            for (name, value) in object {
                names.insert(name.clone());
                fields(value, names);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| fields(item, names)),
        _ => {}
    }
}

/// The names of all fields that a schema describes.
fn properties(schema: &Value, names: &mut std::collections::BTreeSet<String>) {
    match schema {
        Value::Object(object) => {
            for (keyword, value) in object {
                if keyword == "properties" {
                    names.extend(value.as_object().unwrap().keys().cloned());
                }
                properties(value, names);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| properties(item, names)),
        _ => {}
    }
}

#[test]
fn what_is_not_as_the_page_says_is_found() {
    let page = page();
    let fixture = Fixture::with(&super::month());
    let good = fixture.report("report --by day,model --top 1 --format json");
    assert_eq!(wrong(&page, &good), None);
    for (pointer, value) in [
        ("/schema", Value::from(2)),
        ("/period/start", Value::from("yesterday")),
        ("/by/0", Value::from("fortnight")),
        ("/by/1", Value::from("day")),
        ("/summary/tokens", Value::from(-1)),
        ("/summary/tokens", Value::from(1.5)),
        ("/groups/0/requests", Value::from("1")),
        ("/groups/0/model", Value::from("")),
        ("/groups/0/day", Value::from("2026-05-03")),
        ("/groups/0", Value::Array(Vec::new())),
        ("/left_out/groups", serde_json::json!({"count": 1})),
        ("/groups/0/token_kinds/input", Value::Null),
    ] {
        let mut bad = good.clone();
        *bad.pointer_mut(pointer).unwrap() = value;
        assert!(wrong(&page, &bad).is_some(), "{pointer}");
    }
    let mut more = good.clone();
    more["summary"]["cost"] = Value::from(1);
    assert_eq!(wrong(&page, &more).unwrap(), "$.summary.cost is not described");
    let mut both = good;
    both["routes"] = Value::Array(Vec::new());
    both["models"] = Value::Array(Vec::new());
    assert!(wrong(&page, &both).is_some());
}
