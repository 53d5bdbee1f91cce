//! `docs/reference/report.schema.json` describes what the command prints, all of it.
//!
//! As much of JSON Schema as that page uses, checked by hand; what it does not know it refuses.

use serde_json::Value;

use crate::fixture::Fixture;

/// A schema, and the page that its references point into.
#[derive(Clone, Copy)]
struct Schema<'a> {
    page: &'a Value,
    here: &'a Value,
}

impl<'a> Schema<'a> {
    fn at(self, here: &'a Value) -> Self {
        Self { here, ..self }
    }

    /// Returns the faults of a value; and which fields of it, if it is an object, are described.
    fn check(self, value: &Value, path: &str) -> Result<Vec<String>, String> {
        let mut described = Vec::new();
        for (keyword, rule) in self.here.as_object().unwrap() {
            let holds = match keyword.as_str() {
                "$schema" | "$defs" | "title" | "description" => true,
                "const" => value == rule,
                "enum" => rule.as_array().unwrap().contains(value),
                "type" => match rule.as_array() {
                    Some(types) => types.iter().any(|one| is_of_type(value, one)),
                    None => is_of_type(value, rule),
                },
                // Only where a text begins.
                "pattern" => {
                    value.as_str().is_some_and(|text| begins(text, rule.as_str().unwrap()))
                }
                "format" => {
                    assert_eq!(rule, "date-time");
                    value.as_str().is_none_or(is_instant)
                }
                "minimum" => value.as_u64() >= rule.as_u64(),
                "maximum" => value.as_u64() <= rule.as_u64(),
                "minLength" => value.as_str().unwrap().len() as u64 >= rule.as_u64().unwrap(),
                "minItems" => value.as_array().unwrap().len() as u64 >= rule.as_u64().unwrap(),
                "uniqueItems" => {
                    let items = value.as_array().unwrap();
                    items.iter().enumerate().all(|(at, item)| !items[..at].contains(item))
                }
                "required" => rule
                    .as_array()
                    .unwrap()
                    .iter()
                    .all(|field| value.get(field.as_str().unwrap()).is_some()),
                "properties" => {
                    for (field, rule) in rule.as_object().unwrap() {
                        if let Some(value) = value.get(field) {
                            self.at(rule).check_whole(value, &format!("{path}.{field}"))?;
                            described.push(field.clone());
                        }
                    }
                    true
                }
                "patternProperties" => {
                    for (pattern, rule) in rule.as_object().unwrap() {
                        for (field, value) in value.as_object().into_iter().flatten() {
                            if begins(field, pattern) {
                                self.at(rule).check_whole(value, &format!("{path}.{field}"))?;
                                described.push(field.clone());
                            }
                        }
                    }
                    true
                }
                // On this page only where no field is described by its name.
                "additionalProperties" => {
                    for (field, value) in value.as_object().into_iter().flatten() {
                        self.at(rule).check_whole(value, &format!("{path}.{field}"))?;
                        described.push(field.clone());
                    }
                    true
                }
                "items" => {
                    for (at, item) in value.as_array().unwrap().iter().enumerate() {
                        self.at(rule).check_whole(item, &format!("{path}[{at}]"))?;
                    }
                    true
                }
                "$ref" => {
                    let pointer = rule.as_str().unwrap().strip_prefix('#').unwrap();
                    let there = self.page.pointer(pointer).expect("a reference leads somewhere");
                    described.extend(self.at(there).check(value, path)?);
                    true
                }
                "oneOf" => {
                    let shapes = rule.as_array().unwrap().iter();
                    let mut fitting: Vec<_> =
                        shapes.filter_map(|shape| self.at(shape).check(value, path).ok()).collect();
                    let is_one = fitting.len() == 1;
                    described.extend(fitting.pop().unwrap_or_default());
                    is_one
                }
                other => panic!("the page uses {other:?}, which is not checked"),
            };
            if !holds {
                return Err(format!("{path}: {keyword} {rule} does not hold of {value}"));
            }
        }
        Ok(described)
    }

    /// As `check`, and every field must be described.
    fn check_whole(self, value: &Value, path: &str) -> Result<Vec<String>, String> {
        let described = self.check(value, path)?;
        let fields = value.as_object().into_iter().flat_map(serde_json::Map::keys);
        match fields.into_iter().find(|field| !described.contains(field)) {
            Some(field) => Err(format!("{path}.{field} is not described")),
            None => Ok(described),
        }
    }
}

fn begins(text: &str, pattern: &str) -> bool {
    text.starts_with(pattern.strip_prefix('^').expect("a pattern of a text's beginning"))
}

fn is_of_type(value: &Value, name: &Value) -> bool {
    match name.as_str().unwrap() {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_u64() || value.is_i64(),
        "null" => value.is_null(),
        other => panic!("the page uses the type {other:?}, which is not checked"),
    }
}

/// `2026-05-03T00:00:00+02:00`, perhaps with a fraction.
fn is_instant(text: &str) -> bool {
    let shape: String = text.chars().map(|c| if c.is_ascii_digit() { '9' } else { c }).collect();
    let (time, offset) = shape.split_at_checked(shape.len().saturating_sub(6)).unwrap();
    let fraction = time.strip_prefix("9999-99-99T99:99:99");
    let is_fraction = |text: &str| text.is_empty() || text.starts_with(".9");
    fraction.is_some_and(is_fraction) && matches!(offset, "+99:99" | "-99:99")
}

fn page() -> Value {
    serde_json::from_str(include_str!("../../../docs/reference/report.schema.json")).unwrap()
}

fn wrong(page: &Value, report: &Value) -> Option<String> {
    Schema { page, here: page }.check_whole(report, "$").err()
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
