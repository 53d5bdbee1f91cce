//! The report as JSON, schema version 1. The only place that knows its names.

use chrono::{DateTime, SecondsFormat};
use chrono_tz::Tz;
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use super::{GroupedReport, Report};
use crate::stats::{Dimension, Group, Key, LeftOut, ModelStats, RouteStats, Summary, keep_top_of};
use crate::text::escape_hidden;
use crate::{Filter, Label, Measure, Period};

#[derive(Serialize)]
struct JsonReport<'a> {
    schema: u32,
    period: JsonPeriod<'a>,
    filter: JsonFilter<'a>,
    summary: JsonSummary,
    routes: Vec<JsonRoute<'a>>,
    models: Vec<JsonModel<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    left_out: Option<JsonRest>,
}

#[derive(Serialize)]
struct JsonGrouped<'a> {
    schema: u32,
    period: JsonPeriod<'a>,
    filter: JsonFilter<'a>,
    by: Vec<&'static str>,
    summary: JsonSummary,
    groups: Vec<JsonGroup<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    left_out: Option<JsonGroupedRest>,
}

/// What `--top` left out of each list.
#[derive(Serialize)]
struct JsonRest {
    routes: JsonLeftOut,
    models: JsonLeftOut,
}

#[derive(Serialize)]
struct JsonGroupedRest {
    groups: JsonLeftOut,
}

#[derive(Serialize)]
struct JsonLeftOut {
    count: usize,
    #[serde(flatten)]
    totals: JsonSummary,
}

/// A field for each dimension, in the order given, and then the numbers.
struct JsonGroup<'a> {
    by: &'a [Dimension],
    group: &'a Group<'a>,
}

impl Serialize for JsonGroup<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (dimension, key) in self.by.iter().zip(&self.group.keys) {
            match key {
                Key::Name(name) => map.serialize_entry(dimension.name(), name)?,
                Key::Time(bucket) => {
                    map.serialize_entry(dimension.name(), &bucket.start().map(rfc3339))?;
                }
            }
        }
        let totals = &self.group.totals;
        map.serialize_entry("requests", &totals.requests)?;
        map.serialize_entry("tokens", &totals.tokens())?;
        map.serialize_entry("fallbacks", &totals.fallbacks())?;
        map.serialize_entry("token_kinds", &JsonKinds(*totals))?;
        map.end()
    }
}

#[derive(Serialize)]
struct JsonPeriod<'a> {
    name: &'a str,
    start: Option<String>,
    end: Option<String>,
    timezone: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<&'a str>,
}

/// The names to keep, by label.
struct JsonFilter<'a>(&'a Filter);

impl Serialize for JsonFilter<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer
            .collect_map(Label::ALL.into_iter().map(|label| (label.name(), self.0.kept(label))))
    }
}

#[derive(Serialize)]
struct JsonSummary {
    requests: u64,
    tokens: u64,
    fallbacks: u64,
    token_kinds: JsonKinds,
}

#[derive(Serialize)]
struct JsonRoute<'a> {
    profile: &'a str,
    provider: &'a str,
    route: &'a str,
    requests: u64,
    tokens: u64,
    fallbacks: u64,
    token_kinds: JsonKinds,
}

#[derive(Serialize)]
struct JsonModel<'a> {
    profile: &'a str,
    provider: &'a str,
    model: &'a str,
    requests: u64,
    tokens: u64,
    token_kinds: JsonKinds,
}

/// The tokens by kind.
struct JsonKinds(Summary);

impl Serialize for JsonKinds {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let kinds = Measure::ALL.into_iter().filter(|measure| measure.is_tokens());
        serializer.collect_map(kinds.map(|kind| (kind.name(), self.0[kind])))
    }
}

impl From<&Summary> for JsonSummary {
    fn from(summary: &Summary) -> Self {
        Self {
            requests: summary.requests,
            tokens: summary.tokens(),
            fallbacks: summary.fallbacks(),
            token_kinds: JsonKinds(*summary),
        }
    }
}

impl From<LeftOut> for JsonLeftOut {
    fn from(left_out: LeftOut) -> Self {
        Self { count: left_out.count, totals: (&left_out.totals).into() }
    }
}

impl<'a> From<&'a RouteStats> for JsonRoute<'a> {
    fn from(stats: &'a RouteStats) -> Self {
        Self {
            profile: &stats.profile,
            provider: &stats.provider,
            route: &stats.route,
            requests: stats.totals.requests,
            tokens: stats.totals.tokens(),
            fallbacks: stats.totals.fallbacks(),
            token_kinds: JsonKinds(stats.totals),
        }
    }
}

impl<'a> From<&'a ModelStats> for JsonModel<'a> {
    fn from(stats: &'a ModelStats) -> Self {
        Self {
            profile: &stats.profile,
            provider: &stats.provider,
            model: &stats.model,
            requests: stats.totals.requests,
            tokens: stats.totals.tokens(),
            token_kinds: JsonKinds(stats.totals),
        }
    }
}

impl<'a> From<&'a Period> for JsonPeriod<'a> {
    fn from(period: &'a Period) -> Self {
        Self {
            name: period.name(),
            start: period.start().map(rfc3339),
            end: period.end().map(rfc3339),
            timezone: period.zone().name(),
            note: period.note(),
        }
    }
}

/// As every format for programs writes an instant.
pub(super) fn rfc3339(at: DateTime<Tz>) -> String {
    at.to_rfc3339_opts(SecondsFormat::AutoSi, false)
}

/// A period as one line of JSON, as it stands in a report, with a line break at the end.
///
/// ```
/// use usage_core::{Period, format::format_period_json};
///
/// let json = format_period_json(&Period::all_time(chrono_tz::UTC));
/// assert_eq!(json, "{\"name\":\"all-time\",\"start\":null,\"end\":null,\"timezone\":\"UTC\"}\n");
/// ```
#[must_use]
pub fn format_period_json(period: &Period) -> String {
    written(&JsonPeriod::from(period))
}

pub(super) fn report(report: &Report<'_>) -> String {
    let (mut routes, mut models) = (report.usage.by_route(), report.usage.by_model());
    let of_routes = keep_top_of(&mut routes, report.top, |route| &route.totals);
    let of_models = keep_top_of(&mut models, report.top, |model| &model.totals);
    let left_out = of_routes.zip(of_models);
    written(&JsonReport {
        schema: 1,
        period: report.period.into(),
        filter: JsonFilter(report.filter),
        summary: (&report.usage.summary()).into(),
        routes: routes.iter().map(JsonRoute::from).collect(),
        models: models.iter().map(JsonModel::from).collect(),
        left_out: left_out
            .map(|(routes, models)| JsonRest { routes: routes.into(), models: models.into() }),
    })
}

pub(super) fn grouped(report: &GroupedReport<'_>) -> String {
    let groups = report.groups;
    let by = groups.by().dimensions();
    written(&JsonGrouped {
        schema: 1,
        period: report.period.into(),
        filter: JsonFilter(report.filter),
        by: by.iter().map(|dimension| dimension.name()).collect(),
        summary: groups.summary().into(),
        groups: groups.groups().iter().map(|group| JsonGroup { by, group }).collect(),
        left_out: groups.left_out().map(|left_out| JsonGroupedRest { groups: left_out.into() }),
    })
}

/// One line of JSON. Strings and integers always serialise.
fn written(value: &impl Serialize) -> String {
    let mut json = escape_hidden(&serde_json::to_string(value).unwrap_or_default());
    json.push('\n');
    json
}
