//! The JSON in which an agent tells of itself.

use std::io::{self, IsTerminal as _, Read};

use serde_json::{Deserializer, Value};
use usage_core::{Money, Timestamp};

/// The most that is read.
const MOST_BYTES: u64 = 64 * 1024;

/// What the agent has told, as far as it could be read.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Told {
    pub(super) session: Option<String>,
    pub(super) model: Option<String>,
    /// The last folder of the project.
    pub(super) project: Option<String>,
    pub(super) version: Option<String>,
    /// Its own reckoning of what the session cost.
    pub(super) cost: Option<Money>,
    /// The share of the context that is used, in percent.
    pub(super) context: Option<u64>,
    pub(super) five_hours: Option<Limit>,
    pub(super) seven_days: Option<Limit>,
}

/// A limit of a plan.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Limit {
    /// The share that is used, in percent.
    pub(super) used: u64,
    pub(super) ends: Option<Timestamp>,
}

/// Reads the first value of standard input; its end need not come.
pub(super) fn read() -> Result<Told, String> {
    let stdin = io::stdin();
    if stdin.is_terminal() {
        return Err("it is a terminal".to_owned());
    }
    told(stdin.lock())
}

fn told(input: impl Read) -> Result<Told, String> {
    let mut values = Deserializer::from_reader(input.take(MOST_BYTES)).into_iter::<Value>();
    match values.next() {
        Some(Ok(value)) if value.is_object() => Ok(Told::of(&value)),
        Some(Ok(_)) => Err("it is no JSON object".to_owned()),
        Some(Err(error)) => Err(error.to_string()),
        None => Err("it is empty".to_owned()),
    }
}

impl Told {
    /// Takes what is there and of the form that it should have; the rest is not known.
    fn of(value: &Value) -> Self {
        let text = |path: &str| {
            let text = value.pointer(path)?.as_str()?;
            (!text.is_empty()).then(|| text.to_owned())
        };
        let percent = |path: &str| value.pointer(path)?.as_f64().and_then(rounded);
        let limit = |name: &str| {
            let used = percent(&format!("/rate_limits/{name}/used_percentage"))?;
            let ends = value.pointer(&format!("/rate_limits/{name}/resets_at"));
            let ends = ends.and_then(Value::as_f64).and_then(rounded).and_then(of_seconds);
            Some(Limit { used, ends })
        };
        let folder = text("/workspace/project_dir").or_else(|| text("/workspace/current_dir"));
        Self {
            session: text("/session_id"),
            model: text("/model/display_name").or_else(|| text("/model/id")),
            project: folder.or_else(|| text("/cwd")).and_then(|path| last_folder(&path)),
            version: text("/version"),
            cost: value
                .pointer("/cost/total_cost_usd")
                .and_then(Value::as_f64)
                .and_then(Money::from_dollars),
            context: percent("/context_window/used_percentage"),
            five_hours: limit("five_hour"),
            seven_days: limit("seven_day"),
        }
    }
}

/// Either kind of slash, whichever system the agent runs on.
fn last_folder(path: &str) -> Option<String> {
    let name = path.trim_end_matches(['/', '\\']).rsplit(['/', '\\']).next()?;
    (!name.is_empty()).then(|| name.to_owned())
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "within what the numbers before it allow"
)]
fn rounded(number: f64) -> Option<u64> {
    (0.0..1e15).contains(&number).then(|| number.round() as u64)
}

fn of_seconds(seconds: u64) -> Option<Timestamp> {
    i64::try_from(seconds).ok()?.checked_mul(1_000_000).map(Timestamp::from_micros)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_agent_tells_is_taken() {
        let told = told(
            br#"{"session_id":"s1","version":"2.1.328","model":{"id":"claude-opus-4-6","display_name":"Opus 4.6"},
                 "workspace":{"current_dir":"/home/dev/site/src","project_dir":"/home/dev/site/"},
                 "cost":{"total_cost_usd":0.0217},"context_window":{"used_percentage":41.6},
                 "rate_limits":{"five_hour":{"used_percentage":105,"resets_at":1738425600},"seven_day":{"used_percentage":41.2}}}
                 and what follows it"#
                .as_slice(),
        )
        .unwrap();
        assert_eq!(told.session.as_deref(), Some("s1"));
        assert_eq!(told.model.as_deref(), Some("Opus 4.6"));
        assert_eq!(told.project.as_deref(), Some("site"));
        assert_eq!(told.cost.map(|cost| cost.to_string()).as_deref(), Some("0.0217"));
        assert_eq!(told.context, Some(42));
        let ends = Some(Timestamp::from_micros(1_738_425_600_000_000));
        assert_eq!(told.five_hours, Some(Limit { used: 105, ends }));
        assert_eq!(told.seven_days, Some(Limit { used: 41, ends: None }));
    }

    #[test]
    fn what_has_another_form_is_not_known() {
        let odd = br#"{"session_id":7,"model":"opus","workspace":null,"cost":{"total_cost_usd":-1},
                       "rate_limits":{"five_hour":{"used_percentage":"a lot"}},"cwd":"C:\\Users\\dev\\site"}"#;
        let expected = Told { project: Some("site".to_owned()), ..Told::default() };
        assert_eq!(told(odd.as_slice()).unwrap(), expected);
    }

    #[test]
    fn what_is_no_object_or_too_long_is_an_error() {
        for bad in ["", "[]", "{", "\u{0}\u{1}", "null"] {
            assert!(told(bad.as_bytes()).is_err(), "{bad:?}");
        }
        let long = format!("{{\"session_id\":\"{}\"}}", "x".repeat(70_000));
        assert!(told(long.as_bytes()).is_err());
    }
}
