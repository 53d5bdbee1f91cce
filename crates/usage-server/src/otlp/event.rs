//! From a log event or a span to a record.

use std::borrow::Cow;

use bytes::Bytes;
use chrono::DateTime;
use usage_core::record::{MAX_NAME_BYTES, MAX_TAG_VALUE_BYTES, MAX_TAGS};
use usage_core::{
    Context, EventId, LabelInterner, LabelNames, Measure, Outcome, Record, RecordError, Timestamp,
};
use usage_providers::telemetry::{Emitter, Event, Observation, Value, read};
use usage_providers::{Source, event_id, instance_of, made_id};

use super::message::{KeyValue, Log, Scalar, Span};
use crate::batch::Batch;

/// Attributes that name a project, of a resource or of an event; the first one holds.
const PROJECT: &[&str] = &["project", "project.name", "vcs.repository.name"];
/// Attributes that name a folder, whose last part is the project.
const FOLDER: &[&str] = &["project.path", "process.working_directory", "cwd"];
/// Attributes that name a user; the first one holds.
const USER: &[&str] = &[
    "user",
    "enduser.id",
    "user.name",
    "user.email",
    "user.account_uuid",
    "user.account_id",
    "user.id",
    "litellm.end_user.id",
    "gen_ai.virtual_key_id",
];
/// Attributes that become tags, and the keys of those.
const TAGS: &[(&str, &str)] = &[
    ("team", "team"),
    ("team.name", "team"),
    ("team.id", "team"),
    ("litellm.team.id", "team"),
    ("gen_ai.team_id", "team"),
    ("cost_center", "cost_center"),
    ("department", "department"),
    ("deployment.environment.name", "env"),
    ("deployment.environment", "env"),
    ("agent.name", "agent"),
    ("skill.name", "skill"),
];
/// Other attributes that are read here.
const OTHERS: &[&str] = &[
    "service.name",
    "event.name",
    "event.kind",
    "event.timestamp",
    "gen_ai.operation.name",
    "query_source",
    "fallback_index",
    "openinference.span.kind",
];

/// Providers of those who do not name theirs.
const PROVIDERS: &[(&str, &str)] = &[("claude-code", "anthropic"), ("codex", "openai")];

/// Those who ask for themselves, and not for others.
const AGENTS: &[&str] =
    &["claude-code", "codex", "gemini-cli", "qwen-code", "copilot", "opencode", "cursor"];

/// Returns whether anything is made here of an attribute of this name.
pub(super) fn matters(name: &str) -> bool {
    [PROJECT, FOLDER, USER, OTHERS].iter().any(|names| names.contains(&name))
        || TAGS.iter().any(|(known, _)| *known == name)
}

/// Who sends: a resource, and a scope within it.
pub(super) struct Origin<'a> {
    attributes: &'a [KeyValue],
    service: Cow<'a, str>,
}

/// A log event or a span.
struct Item<'a> {
    source: Source,
    name: Cow<'a, str>,
    attributes: &'a [KeyValue],
    /// In nanoseconds since 1970; 0 where it says none.
    time: u64,
    ids: [&'a Bytes; 2],
    is_client: bool,
    has_failed: bool,
}

impl<'a> Origin<'a> {
    pub(super) fn new(attributes: &'a [KeyValue], scope: &'a Bytes) -> Self {
        // The default of SDKs whose program says nothing.
        let is_named = |name: &Cow<'_, str>| !name.starts_with("unknown_service");
        let service = text(attributes, "service.name").filter(is_named);
        let scope = || Some(lossy(scope)).filter(|scope| !scope.is_empty());
        let service = service.or_else(scope).unwrap_or(Cow::Borrowed("unknown"));
        Self { attributes, service }
    }

    pub(super) fn instance(&self) -> &str {
        instance_of(&self.service)
    }

    pub(super) fn log(
        &self,
        log: &Log,
        now: Timestamp,
        interner: &mut LabelInterner,
        batch: &mut Batch,
    ) {
        // The attribute goes first: libraries for Rust have the place in the source as the name.
        let named = || Some(lossy(&log.event_name)).filter(|name| !name.is_empty());
        let item = Item {
            source: Source::TelemetryLog,
            name: text(&log.attributes, "event.name").or_else(named).unwrap_or_default(),
            attributes: &log.attributes,
            time: if log.time > 0 { log.time } else { log.observed_time },
            ids: [&log.trace_id, &log.span_id],
            is_client: false,
            has_failed: false,
        };
        self.tell(&item, now, interner, batch);
    }

    pub(super) fn span(
        &self,
        span: &Span,
        now: Timestamp,
        interner: &mut LabelInterner,
        batch: &mut Batch,
    ) {
        const CLIENT: i32 = 3;
        const ERROR: i32 = 2;
        let item = Item {
            source: Source::TelemetrySpan,
            name: lossy(&span.name),
            attributes: &span.attributes,
            time: if span.end > 0 { span.end } else { span.start },
            ids: [&span.trace_id, &span.span_id],
            is_client: span.kind == CLIENT,
            has_failed: span.status.is_some_and(|status| status.code == ERROR),
        };
        self.tell(&item, now, interner, batch);
    }

    fn tell(
        &self,
        item: &Item<'_>,
        now: Timestamp,
        interner: &mut LabelInterner,
        batch: &mut Batch,
    ) {
        let instance = self.instance();
        let emitter = Emitter::of_event(&self.service, &item.name);
        let observed = read(emitter, values(item.attributes));
        let operation = text(item.attributes, "gen_ai.operation.name");
        let kind = text(item.attributes, "event.kind")
            .or_else(|| text(item.attributes, "openinference.span.kind"));
        let event = Event {
            service: &self.service,
            name: &item.name,
            operation: operation.as_deref(),
            kind: kind.as_deref(),
            is_span: item.source == Source::TelemetrySpan,
            is_client: item.is_client,
            has_id: observed.part.response_id.is_some(),
        };
        let has_failed = item.has_failed || observed.part.outcome == Outcome::Error;
        // Codex sends the same event twice, once without counts.
        let tells = observed.has_counts || (has_failed && instance != "codex");
        if !event.is_request() || !tells {
            let seen = batch.source(instance);
            let place = if observed.has_counts { &mut seen.totals } else { &mut seen.other };
            *place += 1;
            batch.not_added.add(&item.name);
            return;
        }
        for name in &observed.unknown {
            batch.unknown.add(name);
        }
        match self.record(item, &observed, operation.as_deref(), has_failed, now, interner) {
            Ok(record) => batch.add(record),
            Err(why) => batch.reject(instance, format!("{}: {why}", item.name)),
        }
    }

    fn record(
        &self,
        item: &Item<'_>,
        observed: &Observation,
        operation: Option<&str>,
        has_failed: bool,
        now: Timestamp,
        interner: &mut LabelInterner,
    ) -> Result<Record, RecordError> {
        let instance = self.instance();
        let known = PROVIDERS.iter().find(|(of, _)| *of == instance).map(|(_, provider)| *provider);
        let provider = observed.provider.as_deref().or(known).map(name).unwrap_or_default();
        // The AI SDK names the interface behind the provider: `anthropic.messages`.
        let is_sdk = item.name.starts_with("ai.");
        let interface = is_sdk.then(|| provider.split_once('.')).flatten();
        let provider = interface.map_or(provider, |(provider, _)| provider);
        let project = self.project(item);
        let user = self.first(item, USER).unwrap_or_default();
        let names = LabelNames::new()
            .with_instance(name(instance))
            .with_provider(provider)
            .with_route(route(item, operation.filter(|_| !AGENTS.contains(&instance))))
            .with_model("unknown")
            .with_project(name(&project))
            .with_user(name(&user));
        let labels = interner.intern(observed.part.names(names))?;
        let stated = time_of(item);
        let mut usage = observed.part.usage(stated.unwrap_or(now));
        usage.is_time_stated = stated.is_some();
        usage.revision = item.source.revision();
        if has_failed {
            usage.outcome = Outcome::Error;
        }
        if let Some(count) = number(item.attributes, "fallback_index") {
            usage.fallbacks = count.min(u64::from(u16::MAX));
        }
        let session = observed.session_id.as_deref().map(name).unwrap_or_default();
        let record = Record::new(labels, usage)?;
        let tags = self.tags(item);
        let tags = tags.iter().map(|(key, value)| (*key, value.as_str()));
        let record = record.with_context(Context::new(session, tags)?);
        let id = match &observed.part.response_id {
            Some(id) => {
                EventId::new(event_id(id)).or_else(|_| EventId::new(made_id([id.as_str()])))?
            }
            None => EventId::new(own_id(item, session, &record))?,
        };
        let alias = observed.alias_id.as_deref().filter(|alias| !alias.is_empty());
        let alias = alias.and_then(|alias| EventId::new(event_id(alias)).ok());
        Ok(match alias.filter(|alias| *alias != id) {
            Some(alias) => record.with_event_id(id).with_alias_id(alias),
            None => record.with_event_id(id),
        })
    }

    /// Returns an attribute of the event or of its resource; what the user has set for the resource goes first.
    fn first<'b>(&'b self, item: &'b Item<'_>, names: &[&str]) -> Option<Cow<'b, str>> {
        let of = |attributes: &'b [KeyValue]| names.iter().find_map(|name| text(attributes, name));
        of(self.attributes).or_else(|| of(item.attributes))
    }

    fn project<'b>(&'b self, item: &'b Item<'_>) -> Cow<'b, str> {
        if let Some(project) = self.first(item, PROJECT) {
            return project;
        }
        let folder = self.first(item, FOLDER).unwrap_or_default();
        let last = folder.trim_end_matches(['/', '\\']).rsplit(['/', '\\']).next();
        last.unwrap_or_default().to_owned().into()
    }

    fn tags<'b>(&'b self, item: &'b Item<'_>) -> Vec<(&'static str, String)> {
        let mut tags: Vec<(&str, String)> = Vec::new();
        for (name, key) in TAGS {
            let is_new = tags.len() < MAX_TAGS && tags.iter().all(|(known, _)| known != key);
            let value = self.first(item, &[name]).map(|value| tag_value(&value).to_owned());
            if let Some(value) = value.filter(|value| is_new && !value.is_empty()) {
                tags.push((key, value));
            }
        }
        tags
    }
}

/// Returns who of an agent asked, or which kind of request it is.
fn route<'a>(item: &'a Item<'_>, operation: Option<&'a str>) -> &'a str {
    let asked = text(item.attributes, "query_source").unwrap_or_default();
    match operation {
        // An agent's main thread is called one of an agent too.
        _ if asked.contains("main") => "main",
        _ if asked.contains("compact") => "compaction",
        _ if asked.contains("agent") => "subagent",
        Some(operation) if !name(operation).is_empty() => name(operation),
        _ => "main",
    }
}

/// Makes an id where the provider's is not told: of the span, or of what the event says.
fn own_id(item: &Item<'_>, session: &str, record: &Record) -> String {
    let [trace, span] = item.ids.map(|id| hex(id));
    // Many events lie in one span, but one of the conventions is that of its request.
    let is_of_span = item.source == Source::TelemetrySpan || item.name.starts_with("gen_ai.");
    if is_of_span && !trace.is_empty() && !span.is_empty() {
        return made_id([trace.as_str(), span.as_str()]);
    }
    let counts = record.counts();
    let numbers: Vec<_> = Measure::ALL.into_iter().map(|measure| counts.get(measure)).collect();
    let time = record.timestamp().as_micros().to_string();
    let model = record.names().get(usage_core::Label::Model).to_owned();
    made_id([session, time.as_str(), model.as_str(), format!("{numbers:?}").as_str()])
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Returns the time that the event states: in its own words, or as it was sent.
fn time_of(item: &Item<'_>) -> Option<Timestamp> {
    let stated = text(item.attributes, "event.timestamp");
    let stated = stated.and_then(|time| DateTime::parse_from_rfc3339(&time).ok());
    let sent = i64::try_from(item.time / 1_000).ok().filter(|micros| *micros > 0);
    let times = [stated.map(Timestamp::from), sent.map(Timestamp::from_micros)];
    times.into_iter().flatten().find(|time| time.is_recordable())
}

/// Returns a name as a record may have it: nothing of one with a NUL, and of a long one the beginning.
pub(crate) fn name(text: &str) -> &str {
    if text.contains('\0') { "" } else { shortened(text, MAX_NAME_BYTES) }
}

/// Returns the value of a tag as a record may have it, likewise.
pub(crate) fn tag_value(text: &str) -> &str {
    if text.contains('\0') { "" } else { shortened(text, MAX_TAG_VALUE_BYTES) }
}

fn shortened(text: &str, bytes: usize) -> &str {
    &text[..text.floor_char_boundary(bytes)]
}

fn lossy(bytes: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(bytes)
}

/// Returns the text of an attribute, if it has one that is not empty.
fn text<'a>(attributes: &'a [KeyValue], name: &str) -> Option<Cow<'a, str>> {
    let attribute = attributes.iter().rfind(|attribute| attribute.key == name.as_bytes())?;
    match attribute.value.as_ref()?.scalar.as_ref()? {
        Scalar::Text(text) => Some(lossy(text)).filter(|text| !text.is_empty()),
        Scalar::Int(number) => Some(number.to_string().into()),
        Scalar::Bool(_) | Scalar::Float(_) => None,
    }
}

fn number(attributes: &[KeyValue], name: &str) -> Option<u64> {
    text(attributes, name)?.parse().ok()
}

/// Returns the attributes as they are read everywhere.
fn values(attributes: &[KeyValue]) -> impl Iterator<Item = (&str, Value<'_>)> {
    attributes.iter().filter_map(|attribute| {
        let name = std::str::from_utf8(&attribute.key).ok()?;
        let value = match attribute.value.as_ref()?.scalar.as_ref()? {
            Scalar::Text(text) => Value::Text(std::str::from_utf8(text).ok()?),
            Scalar::Bool(truth) => Value::Bool(*truth),
            Scalar::Int(number) => Value::Int(*number),
            Scalar::Float(number) => Value::Float(*number),
        };
        Some((name, value))
    })
}
