//! From the rows of a transcript to requests.

use std::path::Path;

use memchr::memmem::Finder;
use serde::Deserialize;
use serde_json::Deserializer;
use serde_json::value::RawValue;
use usage_core::{EventId, LabelNames, Money, Outcome, Quality, Tier, Timestamp};
use usage_providers::{
    Counts, Part, Remainder, Source, Speed, event_id, made_id, part_id, pico_dollars_of,
};

use super::memory::{Memory, TOTAL};
use super::quality::quality;
use super::row::{CacheCreation, Inner, Iteration, Message, Row, Usage};
use crate::agents::glued::behind_cut;
use crate::agents::lines::{Lines, fault_of};
use crate::agents::time::parse_time;
use crate::agents::told::Told;

/// The model of rows that no model has written.
const SYNTHETIC: &str = "<synthetic>";

/// Reads the rows of a transcript.
pub(super) struct Transcript {
    marker: Finder<'static>,
    /// The session by the name of the file; nothing for that of a subagent.
    session: Option<String>,
    memory: Memory,
    /// What the row before has told, and when: most rows of an answer say the same again.
    before: (Vec<u8>, Timestamp),
    /// Room for the same of this row.
    now: Vec<u8>,
}

/// A request as one row tells it.
struct Request<'a> {
    message: &'a Message<'a>,
    usage: &'a Usage<'a>,
    row: &'a Row<'a>,
    request_id: Option<&'a str>,
    uuid: Option<&'a str>,
    timestamp: Timestamp,
    quality: Quality,
    is_of_subagent: bool,
}

impl Transcript {
    pub(super) fn of(file: &Path, memory: &[u8]) -> Self {
        let stem = file.file_stem().map(|stem| stem.to_string_lossy()).unwrap_or_default();
        let is_subagent = stem.starts_with("agent-")
            || file.components().any(|part| part.as_os_str() == "subagents");
        let session = (!is_subagent).then(|| stem.into_owned());
        Self {
            marker: Finder::new("\"usage\""),
            session,
            memory: Memory::read(memory),
            before: (Vec::new(), Timestamp::MIN_RECORD),
            now: Vec::new(),
        }
    }

    /// Remembers when the session began.
    fn see_start(&mut self, line: &[u8]) {
        #[derive(Deserialize)]
        struct Stamped<'a> {
            timestamp: Option<&'a str>,
        }
        let mut rows = Deserializer::from_slice(line).into_iter::<Stamped<'_>>();
        if let Some(Ok(Stamped { timestamp: Some(timestamp) })) = rows.next()
            && let Some(timestamp) = parse_time(timestamp)
        {
            self.memory.start = u64::try_from(timestamp.as_micros()).ok();
        }
    }

    /// Goes through the rows of a line: there are two, where a writer has lost the end of one. Returns the rest of the
    /// line that cannot be read, and why.
    fn rows<'l>(
        &mut self,
        line: &'l [u8],
        number: u64,
        told: &mut Told<'_>,
    ) -> Option<(&'l [u8], serde_json::Error)> {
        let mut rows = Deserializer::from_slice(line).into_iter::<Row<'_>>();
        let mut from = 0;
        while let Some(row) = rows.next() {
            let until = rows.byte_offset().min(line.len());
            match row {
                Ok(row) => self.row(&row, &line[from..until], number, told),
                Err(error) => return Some((&line[from..], error)),
            }
            from = until;
        }
        None
    }

    fn row(&mut self, row: &Row<'_>, line: &[u8], number: u64, told: &mut Told<'_>) {
        let mut inner = None;
        match row.kind.as_deref() {
            Some("assistant") => {}
            Some("progress") => {
                let message = row.data.get().and_then(|data| data.message);
                let message = message.map(RawValue::get).filter(|text| text.starts_with('{'));
                match message.map(serde_json::from_str::<Inner<'_>>).transpose() {
                    Ok(Some(message)) => inner = Some(message),
                    Ok(None) => return,
                    Err(error) => return told.malformed(number, fault_of(&error)),
                }
            }
            Some("cost-state") => return self.memory.total(line),
            _ => return,
        }
        let inner = inner.as_ref();
        let (message, request_id, uuid, timestamp) = match inner {
            None => (&row.message, &row.request_id, &row.uuid, row.timestamp.as_deref()),
            Some(inner) => {
                let timestamp = inner.timestamp.as_ref().or(row.timestamp.as_ref());
                (&inner.message, &inner.request_id, &inner.uuid, timestamp.map(|it| &**it))
            }
        };
        let Some(message) = message else { return };
        let Some(usage) = &message.usage else { return };
        let is_synthetic = message.model.as_deref() == Some(SYNTHETIC);
        if is_synthetic && row.is_api_error_message != Some(true) {
            // What the program says by itself.
            return;
        }
        let Some(timestamp) = timestamp.and_then(parse_time) else {
            return told.malformed(number, "a request without a time");
        };
        let version = row.version.as_deref();
        let quality = match is_synthetic {
            true => Quality::Reported,
            false => quality(message, usage, version, || {
                self.memory.characters(message.id.as_deref().unwrap_or_default(), line)
            }),
        };
        let stated = |text: &'_ Option<std::borrow::Cow<'_, str>>| {
            text.as_ref().is_some_and(|text| !text.is_empty())
        };
        let request = Request {
            message,
            usage,
            row,
            request_id: request_id.as_deref().filter(|_| stated(request_id)),
            uuid: uuid.as_deref().filter(|_| stated(uuid)),
            timestamp,
            quality,
            is_of_subagent: self.session.is_none()
                || inner.is_some()
                || row.is_sidechain == Some(true),
        };
        self.tell(&request, number, told);
    }

    /// Returns whether the row before has said all that this one says.
    fn is_repeated(&mut self, request: &Request<'_>, revision: u32) -> bool {
        let Request { message, usage, row, request_id, timestamp, quality, .. } = request;
        if usage.iterations.as_ref().is_some_and(|entries| !entries.is_empty()) {
            return false;
        }
        let now = &mut self.now;
        now.clear();
        let texts = [
            message.id.as_deref(),
            *request_id,
            row.session_id.as_deref(),
            row.request_session_id.as_deref(),
            row.cwd.as_deref(),
            message.model.as_deref(),
            usage.service_tier.as_deref(),
            usage.speed.as_deref(),
        ];
        for text in texts {
            now.extend_from_slice(text.unwrap_or_default().as_bytes());
            now.push(0);
        }
        let CacheCreation { short, long } = usage.cache_creation.unwrap_or_default();
        let numbers = [
            usage.input_tokens,
            usage.output_tokens,
            usage.cache_read_input_tokens,
            usage.cache_creation_input_tokens,
            short,
            long,
            usage.output_tokens_details.and_then(|details| details.thinking_tokens),
            usage.server_tool_use.and_then(|tools| tools.web_search_requests),
            row.cost_usd.map(f64::to_bits),
        ];
        for number in numbers {
            now.extend(number.unwrap_or(u64::MAX).to_le_bytes());
        }
        now.extend(revision.to_le_bytes());
        now.extend([*quality as u8, u8::from(request.is_of_subagent)]);
        let (before, at) = &mut self.before;
        let is_repeated = message.id.is_some() && before == now && *timestamp >= *at;
        if !is_repeated {
            std::mem::swap(before, now);
            *at = *timestamp;
        }
        is_repeated
    }

    fn tell(&mut self, request: &Request<'_>, number: u64, told: &mut Told<'_>) {
        let revision = self.revision(request);
        if self.is_repeated(request, revision) {
            return;
        }
        let Some((id, alias)) = request.ids() else {
            return told.malformed(number, "a request without an id");
        };
        let row = request.row;
        if let (Some(of), Some(session)) = (&row.request_session_id, &row.session_id) {
            self.memory.within(session, of);
        }
        let session = row.request_session_id.as_deref().or(row.session_id.as_deref());
        let session = session.or(self.session.as_deref()).unwrap_or_default();
        let project = told.project().of(row.cwd.as_deref().unwrap_or_default());
        let route = if request.is_of_subagent { "subagent" } else { "main" };
        for (at, (part, of_part)) in request.parts(route).into_iter().enumerate() {
            let names = LabelNames::new()
                .with_instance("claude-code")
                .with_provider(provider(request.message.id.as_deref().unwrap_or_default()))
                .with_route(of_part)
                .with_model("unknown")
                .with_project(&project);
            let mut usage = part.usage(request.timestamp).with_revision(revision);
            if let (0, Some(cost)) = (at, row.cost_usd.and_then(pico_dollars_of)) {
                usage = usage.with_stated_cost(Money::from_picos(cost.into()));
            }
            let ids = match at {
                0 => (id.clone(), alias.clone()),
                at => match EventId::new(part_id(id.as_str(), at)) {
                    Ok(id) => (id, None),
                    Err(_) => continue,
                },
            };
            told.request(number, part.names(names), session, usage, ids);
        }
    }

    /// Returns the rank of a row among those of one request: the names of what is no copy, and of what was not
    /// replayed for a subagent, go before others'.
    fn revision(&self, request: &Request<'_>) -> u32 {
        let row = request.row;
        let session = row.session_id.as_deref();
        let is_other =
            self.session.as_deref().is_some_and(|own| session.is_some_and(|of| of != own));
        let is_forked = row.request_session_id.as_deref().is_some_and(|of| Some(of) != session);
        let micros = u64::try_from(request.timestamp.as_micros()).ok();
        let is_older = self.memory.start.is_some() && micros < self.memory.start;
        // Resuming lost it, in versions before 2.0.71.
        let is_copy = is_other || is_forked || is_older || request.request_id.is_none();
        let behind = 2 * u32::from(is_copy) + u32::from(request.is_of_subagent);
        Source::Transcript.revision() - behind
    }
}

impl Lines for Transcript {
    fn line(&mut self, line: &[u8], number: u64, told: &mut Told<'_>) {
        if self.memory.start.is_none() {
            self.see_start(line);
        }
        if !line.starts_with(TOTAL) && self.marker.find(line).is_none() {
            return;
        }
        let mut rest = line;
        while let Some((cut, error)) = self.rows(rest, number, told) {
            let behind = behind_cut(cut);
            let lost = &cut[..cut.len() - behind.map_or(0, <[u8]>::len)];
            if self.marker.find(lost).is_some() && may_be_request(lost) {
                told.malformed(number, fault_of(&error));
            }
            let Some(behind) = behind else { return };
            rest = behind;
        }
    }

    fn memory(&self) -> Vec<u8> {
        self.memory.write()
    }
}

/// Returns whether what cannot be read may be the row of a request: rows of other kinds have what they like.
fn may_be_request(line: &[u8]) -> bool {
    #[derive(Deserialize)]
    struct Kind<'a> {
        #[serde(rename = "type")]
        kind: Option<&'a str>,
    }
    let kind = Deserializer::from_slice(line).into_iter::<Kind<'_>>().next();
    match kind {
        Some(Ok(Kind { kind })) => matches!(kind, Some("assistant" | "progress")),
        _ => true,
    }
}

impl Request<'_> {
    /// Returns the id of its event, and another one.
    ///
    /// Of gateways that give several requests one message id, the request ids tell them apart, unless the same
    /// counts say that it is a copy: whatever shares one of the two is one.
    fn ids(&self) -> Option<(EventId, Option<EventId>)> {
        let made = |id: &str| EventId::new(event_id(id).into_owned()).ok();
        let id = self.message.id.as_deref().filter(|id| !id.is_empty());
        let Some(id) = id else {
            return Some((made(self.request_id.or(self.uuid)?)?, None));
        };
        if id.starts_with("msg_") || self.message.model.as_deref() == Some(SYNTHETIC) {
            return Some((made(id)?, self.request_id.and_then(made)));
        }
        let usage = self.usage;
        let counts =
            [usage.input_tokens, usage.cache_read_input_tokens, usage.cache_creation_input_tokens];
        let counts = counts.map(|count| count.unwrap_or(0).to_string());
        let pieces = [id].into_iter().chain(counts.iter().map(String::as_str));
        let alike = EventId::new(made_id(pieces)).ok();
        Some((made(self.request_id.unwrap_or(id))?, alike))
    }

    /// Returns what it used, and what it did beside the answer, each with its route.
    fn parts<'r>(&self, route: &'r str) -> Vec<(Part, &'r str)> {
        let Self { message, usage, .. } = *self;
        let mut rule = Remainder::default();
        let output = usage.output_tokens.unwrap_or(0);
        let whole = usage.cache_creation_input_tokens;
        let (cache_write, cache_write_long) = writes(whole, usage.cache_creation, &mut rule);
        let thinking = usage.output_tokens_details.and_then(|details| details.thinking_tokens);
        let searches = usage.server_tool_use.and_then(|tools| tools.web_search_requests);
        let mut main = Part::default();
        main.counts = Counts {
            input: usage.input_tokens.unwrap_or(0),
            output,
            cache_read: usage.cache_read_input_tokens.unwrap_or(0),
            cache_write,
            cache_write_long,
            reasoning: rule.part(thinking.unwrap_or(0), output),
            web_searches: searches.unwrap_or(0),
            ..Counts::default()
        };
        main.inconsistent = rule.is_inconsistent();
        main.model = message.model.as_deref().filter(|model| !model.is_empty()).map(str::to_owned);
        main.tier = usage.service_tier.as_deref().and_then(Tier::from_word);
        let is_fast = usage.speed.as_deref() == Some("fast");
        main.speed = if is_fast { Speed::Fast } else { Speed::Standard };
        main.quality = self.quality;
        if self.row.is_api_error_message == Some(true) {
            main.outcome = Outcome::Error;
        }
        let entries = usage.iterations.as_deref().unwrap_or_default();
        let is_fallback =
            |entry: &&Iteration<'_>| entry.kind.as_deref() == Some("fallback_message");
        let fallback = entries.iter().rfind(is_fallback).and_then(|entry| entry.model.as_deref());
        if let Some(model) = fallback {
            main.model = Some(model.to_owned());
        }
        let mut parts = vec![(main, route)];
        for entry in entries {
            let main = &mut parts[0].0;
            let is_other = entry.model.is_some() && entry.model.as_deref() != main.model.as_deref();
            let of_entry = match entry.kind.as_deref() {
                Some("compaction") => "compaction",
                Some(kind) if kind.starts_with("advisor") => "advisor",
                // A model that declined, which the answer's usage leaves out.
                Some("message") if is_other => {
                    main.fallbacks += 1;
                    route
                }
                // The hops of the answer are within its usage.
                _ => continue,
            };
            let part = beside(entry, main);
            parts.push((part, of_entry));
        }
        parts
    }
}

/// Returns what a model did beside the answer.
fn beside(entry: &Iteration<'_>, main: &Part) -> Part {
    let mut rule = Remainder::default();
    let output = entry.output_tokens.unwrap_or(0);
    let whole = entry.cache_creation_input_tokens;
    let (cache_write, cache_write_long) = writes(whole, entry.cache_creation, &mut rule);
    let thinking = entry.output_tokens_details.and_then(|details| details.thinking_tokens);
    let mut part = main.clone();
    part.counts = Counts {
        input: entry.input_tokens.unwrap_or(0),
        output,
        cache_read: entry.cache_read_input_tokens.unwrap_or(0),
        cache_write,
        cache_write_long,
        reasoning: rule.part(thinking.unwrap_or(0), output),
        ..Counts::default()
    };
    part.inconsistent = rule.is_inconsistent();
    part.model = entry.model.as_deref().map(str::to_owned).or_else(|| main.model.clone());
    part
}

/// Returns the cache writes, and those for the longer lifetime. The total holds where its parts say something else.
fn writes(whole: Option<u64>, parts: Option<CacheCreation>, rule: &mut Remainder) -> (u64, u64) {
    let Some(CacheCreation { short, long }) = parts else { return (whole.unwrap_or(0), 0) };
    let (short, long) = (short.unwrap_or(0), long.unwrap_or(0));
    let sum = short.saturating_add(long);
    let whole = whole.unwrap_or(sum);
    rule.check(sum, Some(whole));
    (whole, long.min(whole))
}

/// Returns who answered, as the id of a message says.
fn provider(id: &str) -> &'static str {
    match id {
        _ if id.starts_with("msg_bdrk_") => "bedrock",
        _ if id.starts_with("msg_vrtx_") => "vertex",
        _ if id.starts_with("msg_") => "anthropic",
        _ => "",
    }
}
