//! Budgets as JSON: in a ledger, and for programs.

use std::collections::BTreeMap;

use chrono::SecondsFormat;
use serde::ser::SerializeMap;
use serde::{Deserialize, Serialize, Serializer};

use super::{Amount, Budget, BudgetError, BudgetState, Forecast, Per};
use crate::period::{CycleDay, WeekStart};
use crate::{Filter, Label, Period, TagKey, Timestamp};

/// `{"usd":"12.5"}` or `{"tokens":1200}`: money is a text, as floating-point numbers are not exact.
impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(1))?;
        match self {
            Self::Cost(money) => map.serialize_entry("usd", &money.to_string())?,
            Self::Tokens(tokens) => map.serialize_entry("tokens", tokens)?,
        }
        map.end()
    }
}

impl Serialize for Budget {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        definition(&mut map, self)?;
        map.end()
    }
}

fn definition<M: SerializeMap>(map: &mut M, budget: &Budget) -> Result<(), M::Error> {
    map.serialize_entry("name", budget.name())?;
    map.serialize_entry("limit", &budget.limit())?;
    map.serialize_entry("per", budget.per().name())?;
    match budget.per() {
        Per::Week(WeekStart::Monday) => map.serialize_entry("week_start", "monday")?,
        Per::Week(WeekStart::Sunday) => map.serialize_entry("week_start", "sunday")?,
        Per::Cycle(day) => map.serialize_entry("cycle_day", &day.get())?,
        Per::Day | Per::Month => {}
    }
    map.serialize_entry("timezone", budget.zone().name())?;
    map.serialize_entry("hard", &budget.is_hard())?;
    map.serialize_entry("filter", budget.filter())
}

impl Serialize for BudgetState {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        definition(&mut map, &self.budget)?;
        map.serialize_entry("period", &JsonPeriod(&self.period))?;
        map.serialize_entry("standing", self.standing().as_str())?;
        map.serialize_entry("spent", &self.spent())?;
        map.serialize_entry("left", &self.left())?;
        map.serialize_entry("share_permille", &self.share_permille())?;
        map.serialize_entry("requests", &self.totals.requests)?;
        map.serialize_entry("unpriced_requests", &self.unpriced_requests())?;
        map.serialize_entry("lower_bound", &self.is_lower_bound())?;
        map.serialize_entry("forecast", &self.forecast().map(|of| JsonForecast(of, &self.budget)))?;
        map.end()
    }
}

struct JsonForecast<'a>(Forecast, &'a Budget);

impl Serialize for JsonForecast<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(of, budget) = self;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("amount", &of.amount)?;
        map.serialize_entry("method", "pace_since_start")?;
        map.serialize_entry("elapsed_seconds", &(of.elapsed_micros / 1_000_000))?;
        map.serialize_entry("period_seconds", &(of.period_micros / 1_000_000))?;
        let at = of.limit_reached_at.and_then(Timestamp::to_utc);
        let at = at
            .map(|at| at.with_timezone(&budget.zone()).to_rfc3339_opts(SecondsFormat::Secs, false));
        map.serialize_entry("limit_reached_at", &at)?;
        map.end()
    }
}

struct JsonPeriod<'a>(&'a Period);

impl Serialize for JsonPeriod<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(period) = self;
        let at = |at: Option<chrono::DateTime<chrono_tz::Tz>>| {
            at.map(|at| at.to_rfc3339_opts(SecondsFormat::AutoSi, false))
        };
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("name", period.name())?;
        map.serialize_entry("start", &at(period.start()))?;
        map.serialize_entry("end", &at(period.end()))?;
        map.serialize_entry("timezone", period.zone().name())?;
        map.end()
    }
}

/// A budget as it is written down. What a newer program adds is no budget that this one can keep: it would count what
/// was not meant.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    name: String,
    limit: WrittenLimit,
    per: String,
    week_start: Option<String>,
    cycle_day: Option<u32>,
    timezone: String,
    hard: bool,
    filter: BTreeMap<String, WrittenNames>,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
enum WrittenLimit {
    Usd(String),
    Tokens(u64),
}

/// The names to keep of a label, or the values of tags by their keys.
#[derive(Deserialize)]
#[serde(untagged)]
enum WrittenNames {
    Names(Vec<String>),
    Tags(BTreeMap<String, Vec<String>>),
}

impl Budget {
    /// Reads what [serialising](Serialize) a budget has written.
    ///
    /// # Errors
    /// When it is something else, or says more than this program knows.
    pub fn from_json(text: &str) -> Result<Self, BudgetError> {
        let unreadable = |what: &str| BudgetError::Unreadable(what.to_owned());
        let of: Written =
            serde_json::from_str(text).map_err(|error| unreadable(&error.to_string()))?;
        let limit = match of.limit {
            WrittenLimit::Usd(text) => {
                Amount::Cost(text.parse().map_err(|_| unreadable("its limit"))?)
            }
            WrittenLimit::Tokens(tokens) => Amount::Tokens(tokens),
        };
        let per = match (of.per.as_str(), of.week_start.as_deref(), of.cycle_day) {
            ("day", None, None) => Per::Day,
            ("week", Some("monday"), None) => Per::Week(WeekStart::Monday),
            ("week", Some("sunday"), None) => Per::Week(WeekStart::Sunday),
            ("month", None, None) => Per::Month,
            ("cycle", None, Some(day)) => {
                Per::Cycle(CycleDay::new(day).ok_or_else(|| unreadable("its cycle day"))?)
            }
            _ => return Err(unreadable("its period")),
        };
        let zone = of.timezone.parse().map_err(|_| unreadable("its time zone"))?;
        let filter = filter(of.filter).ok_or_else(|| unreadable("its filter"))?;
        let budget = Self::new(of.name, limit, per)?.of(filter).in_zone(zone);
        Ok(if of.hard { budget.hard() } else { budget })
    }
}

fn filter(of: BTreeMap<String, WrittenNames>) -> Option<Filter> {
    let mut filter = Filter::new();
    for (name, kept) in of {
        match kept {
            WrittenNames::Names(names) => {
                let label = Label::ALL.into_iter().find(|label| label.name() == name)?;
                for name in names {
                    filter = filter.keeping(label, name);
                }
            }
            WrittenNames::Tags(tags) if name == "tags" => {
                for (key, values) in tags {
                    let key = TagKey::new(&key).ok()?;
                    for value in values {
                        filter = filter.keeping_tag(key, value);
                    }
                }
            }
            WrittenNames::Tags(_) => return None,
        }
    }
    Some(filter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_goes_there_and_back() {
        let key = TagKey::new("team").unwrap();
        let filter = Filter::new().keeping(Label::Model, "a\"b").keeping_tag(key, "search");
        for (limit, per) in [
            (Amount::Tokens(0), Per::Day),
            (Amount::Tokens(u64::MAX), Per::Week(WeekStart::Sunday)),
            (Amount::Cost("12.000000000001".parse().unwrap()), Per::Week(WeekStart::Monday)),
            (Amount::Cost("0".parse().unwrap()), Per::Month),
            (Amount::Tokens(1), Per::Cycle(CycleDay::new(31).unwrap())),
        ] {
            let budget = Budget::new("a b", limit, per).unwrap().of(filter.clone());
            for budget in [budget.clone(), budget.in_zone(chrono_tz::Asia::Kathmandu).hard()] {
                let json = serde_json::to_string(&budget).unwrap();
                assert_eq!(Budget::from_json(&json), Ok(budget), "{json}");
            }
        }
    }

    /// A filter that this program cannot read would count what was not meant.
    #[test]
    fn what_a_newer_program_says_is_not_left_out() {
        let budget = Budget::new("n", Amount::Tokens(1), Per::Day).unwrap();
        let json = serde_json::to_string(&budget).unwrap();
        for (known, newer) in [
            ("\"hard\":false", "\"hard\":false,\"weight\":2"),
            ("\"per\":\"day\"", "\"per\":\"hour\""),
            ("\"model\":[]", "\"model\":[],\"region\":[\"eu\"]"),
            ("\"tokens\":1", "\"requests\":1"),
        ] {
            assert!(json.contains(known), "{json}");
            let newer = json.replace(known, newer);
            assert!(
                matches!(Budget::from_json(&newer), Err(BudgetError::Unreadable(_))),
                "{newer}"
            );
        }
    }
}
