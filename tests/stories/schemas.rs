//! `docs/reference/json.schema.json` describes what commands other than reports print with `--json`, all of it.
//!
//! As much of JSON Schema as these pages use, checked by hand: unlike the crates that do, this names each field that is
//! printed and not described. What it does not know it refuses.

use serde_json::Value;

use crate::fixture::Fixture;

/// A schema, and the page that its references point into.
#[derive(Clone, Copy)]
pub(crate) struct Schema<'a> {
    /// The page that references without a name point into.
    pub(crate) page: &'a Value,
    pub(crate) here: &'a Value,
    /// The page that `report.schema.json#` points into.
    pub(crate) reports: &'a Value,
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
                "minimum" => value.is_null() || value.as_u64() >= rule.as_u64(),
                "maximum" => value.as_u64() <= rule.as_u64(),
                "minLength" => value.as_str().unwrap().len() as u64 >= rule.as_u64().unwrap(),
                "minItems" => value.as_array().unwrap().len() as u64 >= rule.as_u64().unwrap(),
                "uniqueItems" => {
                    let items = value.as_array().unwrap();
                    items.iter().enumerate().all(|(at, item)| !items[..at].contains(item))
                }
                "required" => {
                    let mut fields = rule.as_array().unwrap().iter();
                    !value.is_object() || fields.all(|it| value.get(it.as_str().unwrap()).is_some())
                }
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
                    for (at, item) in value.as_array().into_iter().flatten().enumerate() {
                        self.at(rule).check_whole(item, &format!("{path}[{at}]"))?;
                    }
                    true
                }
                "$ref" => {
                    let (page, pointer) = rule.as_str().unwrap().split_once('#').unwrap();
                    let page = if page.is_empty() { self.page } else { self.reports };
                    let here = page.pointer(pointer).expect("a reference leads somewhere");
                    described.extend(Self { page, here, ..self }.check(value, path)?);
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
    pub(crate) fn check_whole(self, value: &Value, path: &str) -> Result<Vec<String>, String> {
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
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        other => panic!("the page uses the type {other:?}, which is not checked"),
    }
}

/// `2026-05-03T00:00:00+02:00` or `...Z`, perhaps with a fraction.
fn is_instant(text: &str) -> bool {
    let text = text.replace('Z', "+00:00");
    let shape: String = text.chars().map(|c| if c.is_ascii_digit() { '9' } else { c }).collect();
    let (time, offset) = shape.split_at_checked(shape.len().saturating_sub(6)).unwrap();
    let fraction = time.strip_prefix("9999-99-99T99:99:99");
    let is_fraction = |text: &str| text.is_empty() || text.starts_with(".9");
    fraction.is_some_and(is_fraction) && matches!(offset, "+99:99" | "-99:99")
}

pub(crate) fn report_page() -> Value {
    serde_json::from_str(include_str!("../../docs/reference/report.schema.json")).unwrap()
}

const LINES: &str = r#"
{"instance_id":"claude-code","provider":"anthropic","route":"main","model":"claude-opus-4-6","project":"site","user":"ann","input_tokens":700,"session_id":"s1","tags":{"team":"search"},"timestamp":"2026-05-03T10:00:00Z","event_id":"a"}
{"instance_id":"claude-code","route":"main","model":"my-own-model","tokens":900,"session_id":"s1","timestamp":"2026-05-03T11:00:00Z"}
{"instance_id":"codex","route":"main","model":"gpt-5","input_tokens":50,"outcome":"error","quality":"estimated","timestamp":"2026-05-02T11:00:00Z"}
"#;

const OWN: &str = r#"
[[price]]
model = "my-own-model"
input = "1"
output = "2"
"#;

#[test]
fn every_object_is_as_the_page_says() {
    let page: Value =
        serde_json::from_str(include_str!("../../docs/reference/json.schema.json")).unwrap();
    let reports = report_page();
    let (full, empty) = (Fixture::with(LINES), Fixture::with(""));
    for budget in ["all --usd 0.001", "team --tokens 1M --per week --tag team=search --hard"] {
        full.usage(&format!("budget set {budget}")).stdout_of_success();
    }
    full.usage("budget set own --tokens 0 --per cycle --cycle-day 3 --user ann")
        .stdout_of_success();
    full.usage("backup copy.db").stdout_of_success();
    full.write("own.toml", OWN);
    empty.write("own.toml", "");
    let mut described: Vec<&String> =
        page["$defs"].as_object().unwrap().iter().map(|(name, _)| name).collect();
    for (command, name) in [
        ("period today", "period"),
        ("period all-time", "period"),
        ("budget", "budgets"),
        ("budget check", "budgets"),
        ("config", "config"),
        ("doctor --full", "doctor"),
        ("prices", "books"),
        ("prices claude-opus-4-6", "prices_of_model"),
        ("prices no-such-model", "prices_of_model"),
        ("prices --missing", "missing"),
        ("reprice --dry-run", "reprice"),
        ("reprice --log", "repricings"),
        ("status", "status"),
        ("sessions", "sessions"),
        ("blocks", "blocks"),
        ("tags", "tags"),
        ("tags --declare team", "tags"),
        ("prices --set own.toml --quiet", ""),
        ("reprice --yes", "reprice"),
        ("reprice --log", "repricings"),
        ("tags", "tags"),
    ] {
        for fixture in [&full, &empty] {
            if name.is_empty() {
                fixture.usage(command).stdout_of_success();
                continue;
            }
            let run = fixture.usage(&format!("{command} --json"));
            let object: Value =
                serde_json::from_str(&run.stdout).unwrap_or_else(|_| panic!("{run}"));
            let here = &page["$defs"][name];
            let schema = Schema { page: &page, here, reports: &reports };
            assert_eq!(schema.check_whole(&object, "$").err(), None, "{command}");
        }
        described.retain(|of| *of != name);
    }
    // The others are parts of these.
    assert_eq!(described, ["amount", "budget", "cost", "filter"]);
}
