//! The report as JSON, schema version 1. The only place that knows its names.

use chrono::{DateTime, SecondsFormat};
use chrono_tz::Tz;
use serde::ser::{SerializeMap, SerializeSeq};
use serde::{Serialize, Serializer};

use crate::query::{Block, BlockList, Pace, Session, SessionList};
use crate::stats::{Dimension, Grouping, Key, LeftOut, Row, Summary, Table};
use crate::text::escape_hidden;
use crate::{Measure, Period, Report, Timestamp};

pub(super) fn sessions(list: &SessionList) -> String {
    written(&JsonSessions(list))
}

pub(super) fn blocks(list: &BlockList) -> String {
    written(&JsonBlocks(list))
}

pub(super) fn report(report: &Report) -> String {
    /// The bytes that most groups take.
    const GROUP: usize = 512;
    let groups: usize = report.tables.iter().map(|table| table.rows().len()).sum();
    written_within(GROUP * (groups + 2), &JsonReport(report))
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
    written(&JsonPeriod(period))
}

/// Totals as one line of JSON, as the summary of a report stands in it, with a line break at the end.
///
/// ```
/// use usage_core::{format::format_summary_json, stats::Summary};
///
/// assert!(format_summary_json(&Summary::default()).starts_with("{\"requests\":0,\"tokens\":0,"));
/// ```
#[must_use]
pub fn format_summary_json(summary: &Summary) -> String {
    written(&JsonTotals(summary))
}

/// As every format for programs writes an instant.
pub(super) fn rfc3339(at: DateTime<Tz>) -> String {
    at.to_rfc3339_opts(SecondsFormat::AutoSi, false)
}

/// One line of JSON.
fn written(value: &impl Serialize) -> String {
    written_within(0, value)
}

/// One line of JSON, with room for so many bytes from the beginning. Strings and integers always serialise.
fn written_within(bytes: usize, value: &impl Serialize) -> String {
    let mut json = Vec::with_capacity(bytes);
    let written = serde_json::to_writer(&mut json, value).is_ok();
    let json = String::from_utf8(json).ok().filter(|_| written);
    let mut json = escape_hidden(json.unwrap_or_default());
    json.push('\n');
    json
}

/// The prices that costs are by: those of lists, not what a contract or a subscription comes to.
const PRICE_BASIS: &str = "list";

struct JsonReport<'a>(&'a Report);

impl Serialize for JsonReport<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(report) = self;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("schema", &1)?;
        map.serialize_entry("period", &JsonPeriod(&report.period))?;
        map.serialize_entry("filter", &report.filter)?;
        map.serialize_entry("price_basis", PRICE_BASIS)?;
        for table in report.tables.iter().filter(|table| !table.by().is_list()) {
            let names = table.by().dimensions().iter().map(Dimension::name);
            map.serialize_entry("by", &names.collect::<Vec<_>>())?;
        }
        map.serialize_entry("summary", &JsonTotals(&report.summary))?;
        for table in &report.tables {
            map.serialize_entry(&name_of(table.by()), &JsonRows(table))?;
        }
        // All tables have the same limit.
        if report.tables.iter().any(|table| table.left_out().is_some()) {
            map.serialize_entry("left_out", &JsonRest(&report.tables))?;
        }
        map.end()
    }
}

/// A list is called after what it lists.
fn name_of(by: &Grouping) -> String {
    if by.is_list() { format!("{}s", by.last()) } else { "groups".to_owned() }
}

struct JsonSessions<'a>(&'a SessionList);

impl Serialize for JsonSessions<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(list) = self;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("schema", &1)?;
        map.serialize_entry("period", &JsonPeriod(&list.period))?;
        map.serialize_entry("filter", &list.filter)?;
        map.serialize_entry("price_basis", PRICE_BASIS)?;
        map.serialize_entry("sort", list.listing.order.name())?;
        map.serialize_entry("summary", &JsonTotals(&list.summary()))?;
        let zone = list.period.zone();
        let sessions: Vec<_> =
            list.sessions.iter().map(|session| JsonSession { session, zone }).collect();
        map.serialize_entry("sessions", &sessions)?;
        map.end()
    }
}

struct JsonSession<'a> {
    session: &'a Session,
    zone: Tz,
}

impl Serialize for JsonSession<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { session, zone } = self;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("instance", &session.instance)?;
        map.serialize_entry("session_id", &session.id)?;
        map.serialize_entry("start", &at(session.time.0, *zone))?;
        map.serialize_entry("end", &at(session.time.1, *zone))?;
        map.serialize_entry("projects", &session.projects)?;
        map.serialize_entry("models", &session.models)?;
        map.serialize_entry("frozen", &session.is_frozen)?;
        numbers(&mut map, &session.totals, |_| true)?;
        map.serialize_entry("in_period", &session.in_range.as_ref().map(JsonTotals))?;
        map.end()
    }
}

struct JsonBlocks<'a>(&'a BlockList);

impl Serialize for JsonBlocks<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(list) = self;
        let mut map = serializer.serialize_map(None)?;
        let zone = list.period.zone();
        map.serialize_entry("schema", &1)?;
        map.serialize_entry("period", &JsonPeriod(&list.period))?;
        map.serialize_entry("filter", &list.filter)?;
        map.serialize_entry("price_basis", PRICE_BASIS)?;
        map.serialize_entry("now", &at(list.now, zone))?;
        map.serialize_entry("summary", &JsonTotals(&list.summary()))?;
        let blocks = list.blocks.iter().map(|block| JsonBlock { block, zone, now: list.now });
        map.serialize_entry("blocks", &blocks.collect::<Vec<_>>())?;
        map.end()
    }
}

struct JsonBlock<'a> {
    block: &'a Block,
    zone: Tz,
    now: Timestamp,
}

impl Serialize for JsonBlock<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { block, zone, now } = self;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("instance", &block.instance)?;
        map.serialize_entry("start", &at(block.start, *zone))?;
        map.serialize_entry("end", &at(block.end(), *zone))?;
        numbers(&mut map, &block.totals, |_| true)?;
        map.serialize_entry("current", &block.pace(*now).map(JsonPace))?;
        map.end()
    }
}

struct JsonPace(Pace);

impl Serialize for JsonPace {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(pace) = self;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("seconds_left", &pace.left.as_secs())?;
        map.serialize_entry("tokens_per_minute", &pace.tokens_per_minute)?;
        map.serialize_entry("projected_tokens", &pace.projected_tokens)?;
        map.end()
    }
}

/// An instant in a zone; nothing where no calendar has it.
pub(super) fn at(at: Timestamp, zone: Tz) -> Option<String> {
    at.to_utc().map(|at| rfc3339(at.with_timezone(&zone)))
}

struct JsonPeriod<'a>(&'a Period);

impl Serialize for JsonPeriod<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(period) = self;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("name", period.name())?;
        map.serialize_entry("start", &period.start().map(rfc3339))?;
        map.serialize_entry("end", &period.end().map(rfc3339))?;
        map.serialize_entry("timezone", period.zone().name())?;
        if let Some(note) = period.note() {
            map.serialize_entry("note", note)?;
        }
        map.end()
    }
}

struct JsonRows<'a>(&'a Table);

impl Serialize for JsonRows<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let rows = self.0.rows();
        let mut seq = serializer.serialize_seq(Some(rows.len()))?;
        for row in rows {
            seq.serialize_element(&JsonRow { by: self.0.by(), row })?;
        }
        seq.end()
    }
}

/// A field for each dimension, in the order given, and then the numbers.
struct JsonRow<'a> {
    by: &'a Grouping,
    row: &'a Row,
}

impl Serialize for JsonRow<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (dimension, key) in self.by.dimensions().iter().zip(&self.row.keys) {
            match key {
                Key::Name(name) => map.serialize_entry(dimension.name(), name)?,
                Key::Time(span) => {
                    map.serialize_entry(dimension.name(), &span.map(|span| rfc3339(span.start)))?;
                }
            }
        }
        numbers(&mut map, &self.row.totals, |measure| self.by.shows(measure))?;
        map.end()
    }
}

/// The rest that a limit left out of each table.
struct JsonRest<'a>(&'a [Table]);

impl Serialize for JsonRest<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let of =
            |table: &Table| Some((name_of(table.by()), JsonLeftOut(table.left_out().copied()?)));
        serializer.collect_map(self.0.iter().filter_map(of))
    }
}

struct JsonLeftOut(LeftOut);

impl Serialize for JsonLeftOut {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("count", &self.0.count)?;
        numbers(&mut map, &self.0.totals, |_| true)?;
        map.end()
    }
}

struct JsonTotals<'a>(&'a Summary);

impl Serialize for JsonTotals<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        numbers(&mut map, self.0, |_| true)?;
        map.end()
    }
}

/// Requests, tokens, what is no tokens, and the tokens by kind.
fn numbers<M: SerializeMap>(
    map: &mut M,
    totals: &Summary,
    shows: impl Fn(Measure) -> bool,
) -> Result<(), M::Error> {
    map.serialize_entry("requests", &totals.requests)?;
    map.serialize_entry("tokens", &totals.tokens())?;
    for measure in Measure::ALL.into_iter().filter(|measure| !measure.is_tokens()) {
        if shows(measure) {
            map.serialize_entry(measure.field(), &totals[measure])?;
        }
    }
    map.serialize_entry("stated_cost_usd", &stated_cost(totals))?;
    map.serialize_entry("cost_usd", &cost(totals))?;
    map.serialize_entry("token_kinds", &JsonKinds(totals))
}

/// Returns the cost of the requests whose source has said so, in US dollars: a text, as floating-point numbers are not
/// exact; nothing where none has, which is not the same as 0.
pub(super) fn stated_cost(totals: &Summary) -> Option<String> {
    (totals[Measure::Stated] > 0).then(|| totals.stated_cost.to_string())
}

/// Returns the cost by list price of the requests that have one, likewise.
pub(super) fn cost(totals: &Summary) -> Option<String> {
    (totals[Measure::Priced] > 0).then(|| totals.cost.to_string())
}

/// The tokens by kind.
struct JsonKinds<'a>(&'a Summary);

impl Serialize for JsonKinds<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let kinds = Measure::ALL.into_iter().filter(|measure| measure.is_tokens());
        serializer.collect_map(kinds.map(|kind| (kind.name(), self.0[kind])))
    }
}
