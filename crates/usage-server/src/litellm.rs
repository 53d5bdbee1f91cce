//! `POST /v1/litellm`: what LiteLLM's callback `generic_api` sends, one payload a request.

use serde::de::MapAccess;
use usage_core::{
    Context, EventId, LabelInterner, LabelNames, Outcome, Record, RecordError, Timestamp,
};
use usage_providers::telemetry::{Emitter, Value};
use usage_providers::{Source, event_id, telemetry};

use crate::batch::Batch;
use crate::elements::split;
use crate::otlp::{Fields, Loose, loose, message, name, parse, skip, tag_value};

/// The source of payloads, unless they come by telemetry, which names its own.
const INSTANCE: &str = "litellm";

/// A payload, without the messages and the answer: those are passed over unread.
#[derive(Default)]
struct Payload {
    id: Text,
    trace: Text,
    call: Text,
    status: Text,
    model: Text,
    group: Text,
    provider: Text,
    end_user: Text,
    end: Option<f64>,
    is_cached: bool,
    numbers: Numbers,
    metadata: Metadata,
}

type Text = Option<String>;

/// Values by the names that the conventions have for them.
#[derive(Default)]
struct Numbers(Vec<(&'static str, Scalar)>);

enum Scalar {
    Int(i64),
    Float(f64),
    Text(String),
}

#[derive(Default)]
struct Metadata {
    key: Text,
    user: Text,
    team: Text,
    usage: Numbers,
}

/// Reads payloads: a list, one a line, or one.
pub(crate) fn read(
    body: &[u8],
    now: Timestamp,
    interner: &mut LabelInterner,
) -> Result<Batch, &'static str> {
    let mut batch = Batch::default();
    let whole = [(1, body)];
    // One payload over several lines.
    let is_one = body.trim_ascii().first() == Some(&b'{') && parse::<Payload>(body).is_ok();
    let payloads = if is_one { whole.to_vec() } else { split(body)? };
    for (number, payload) in payloads {
        let payload: Payload = match parse(payload) {
            Ok(Some(payload)) => payload,
            Ok(None) => {
                batch.reject(INSTANCE, format!("{number}: not an object"));
                continue;
            }
            Err(why) => {
                batch.reject(INSTANCE, format!("{number}: {why}"));
                continue;
            }
        };
        // What LiteLLM answered from its own cache cost nothing and asked nobody.
        if payload.is_cached {
            batch.source(INSTANCE).other += 1;
            batch.not_added.add("cache_hit");
            continue;
        }
        match payload.record(now, interner) {
            Ok(record) => batch.add(record),
            Err(why) => batch.reject(INSTANCE, format!("{number}: {why}")),
        }
    }
    Ok(batch)
}

impl Payload {
    fn record(&self, now: Timestamp, interner: &mut LabelInterner) -> Result<Record, RecordError> {
        let of = |text: &'_ Text| name(text.as_deref().unwrap_or_default()).to_owned();
        let numbers = self.metadata.usage.values().chain(self.numbers.values());
        let part = telemetry::read(Emitter::Conventions, numbers).part;
        let (model, group) = (of(&self.model), of(&self.group));
        let model = [model, group, "unknown".to_owned()].into_iter().find(|name| !name.is_empty());
        let (model, provider) = (model.unwrap_or_default(), of(&self.provider));
        let route = Some(of(&self.call)).filter(|call| !call.is_empty());
        let route = route.unwrap_or_else(|| "completion".to_owned());
        let user = [&self.metadata.user, &self.end_user, &self.metadata.key].map(of);
        let user = user.into_iter().find(|user| !user.is_empty()).unwrap_or_default();
        let names = LabelNames::new()
            .with_instance(INSTANCE)
            .with_provider(&provider)
            .with_route(&route)
            .with_model(&model)
            .with_user(&user);
        let stated = self.end.and_then(time_of);
        let mut usage = part.usage(stated.unwrap_or(now));
        usage.is_time_stated = stated.is_some();
        usage.revision = Source::TelemetryLog.revision();
        if self.status.as_deref().is_some_and(|status| status != "success") {
            usage.outcome = Outcome::Error;
        }
        let record = Record::new(interner.intern(names)?, usage)?;
        let team = self.metadata.team.as_deref().map(tag_value).filter(|team| !team.is_empty());
        let tags = team.map(|team| ("team", team));
        let record = record.with_context(Context::new(&of(&self.trace), tags)?);
        Ok(match self.id.as_deref().filter(|id| !id.is_empty()) {
            Some(id) => record.with_event_id(EventId::new(event_id(id))?),
            None => record,
        })
    }
}

impl Numbers {
    fn values(&self) -> impl Iterator<Item = (&str, Value<'_>)> {
        self.0.iter().map(|(name, value)| {
            let value = match value {
                Scalar::Int(number) => Value::Int(*number),
                Scalar::Float(number) => Value::Float(*number),
                Scalar::Text(text) => Value::Text(text),
            };
            (*name, value)
        })
    }

    fn add(&mut self, name: &'static str, value: Loose<'_>) {
        let value = match value {
            Loose::Int(number) => Scalar::Int(number),
            Loose::Float(number) => Scalar::Float(number),
            Loose::Text(text) => Scalar::Text(text.into_owned()),
            Loose::Nothing | Loose::Bool(_) => return,
        };
        self.0.push((name, value));
    }
}

/// Seconds since 1970, with a fraction.
fn time_of(seconds: f64) -> Option<Timestamp> {
    let micros = seconds * 1e6;
    // What a float holds of microseconds until 2100 is exact.
    let is_near = micros.is_finite() && micros.abs() < 9e15;
    #[expect(clippy::cast_possible_truncation, reason = "it was checked")]
    let time = is_near.then(|| Timestamp::from_micros(micros as i64));
    time.filter(|time| time.is_recordable())
}

impl Fields for Payload {
    fn field<'de, A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error> {
        let text = match name {
            "id" => &mut self.id,
            "trace_id" => &mut self.trace,
            "call_type" => &mut self.call,
            "status" => &mut self.status,
            "model" => &mut self.model,
            "model_group" => &mut self.group,
            "custom_llm_provider" => &mut self.provider,
            "end_user" => &mut self.end_user,
            "endTime" => {
                self.end = loose(map)?.float();
                return Ok(());
            }
            "cache_hit" => {
                self.is_cached = loose(map)?.truth() == Some(true);
                return Ok(());
            }
            "metadata" => {
                self.metadata = message(map)?;
                return Ok(());
            }
            _ => {
                let known = match name {
                    "prompt_tokens" => "gen_ai.usage.input_tokens",
                    "completion_tokens" => "gen_ai.usage.output_tokens",
                    "total_tokens" => "gen_ai.usage.total_tokens",
                    "response_cost" => "litellm.cost.total",
                    _ => return skip(map),
                };
                self.numbers.add(known, loose(map)?);
                return Ok(());
            }
        };
        *text = loose(map)?.into_text();
        Ok(())
    }
}

impl Fields for Metadata {
    fn field<'de, A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error> {
        match name {
            "user_api_key_alias" => self.key = loose(map)?.into_text(),
            "user_api_key_user_id" => self.user = loose(map)?.into_text(),
            "user_api_key_team_alias" => self.team = loose(map)?.into_text(),
            "user_api_key_team_id" if self.team.is_none() => self.team = loose(map)?.into_text(),
            "usage_object" => self.usage = message(map)?,
            _ => skip(map)?,
        }
        Ok(())
    }
}

/// The usage in OpenAI's words, with Anthropic's beside them.
impl Fields for Numbers {
    fn field<'de, A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error> {
        let known = match name {
            "prompt_tokens_details" | "completion_tokens_details" => {
                let details: Self = message(map)?;
                self.0.extend(details.0);
                return Ok(());
            }
            "cached_tokens" | "cache_read_input_tokens" => "gen_ai.usage.cache_read.input_tokens",
            "cache_creation_tokens" | "cache_creation_input_tokens" => {
                "gen_ai.usage.cache_write.input_tokens"
            }
            "reasoning_tokens" => "gen_ai.usage.reasoning.output_tokens",
            _ => return skip(map),
        };
        self.add(known, loose(map)?);
        Ok(())
    }
}
