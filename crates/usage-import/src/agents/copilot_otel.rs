//! The file of spans that Copilot CLI writes where it is told to.

use std::collections::BTreeMap;

use serde::Deserialize;
use usage_core::{Money, Timestamp};
use usage_providers::instance_of;
use usage_providers::telemetry::{Emitter, Value, is_request, read as observe};

use super::lenient::{Lax, List, Scalar, read};
use super::logged::Logged;

#[derive(Default, Deserialize)]
#[serde(default)]
struct Row<'a> {
    #[serde(borrow, rename = "type")]
    sort: Scalar<'a>,
    #[serde(borrow)]
    name: Scalar<'a>,
    #[serde(rename = "endTime")]
    end: List<i64>,
    #[serde(borrow)]
    attributes: Lax<Attributes<'a>>,
    #[serde(borrow)]
    resource: Lax<Resource<'a>>,
}

type Attributes<'a> = BTreeMap<String, Scalar<'a>>;

#[derive(Default, Deserialize)]
#[serde(default)]
struct Resource<'a> {
    #[serde(borrow)]
    attributes: Lax<Attributes<'a>>,
}

/// Returns whether a line can tell of a request.
pub(super) fn matters(line: &[u8]) -> bool {
    memchr::memmem::find(line, b"\"gen_ai.usage.").is_some()
}

/// Reads a line. Spans of a request have the id of its response, which the session's file names too.
pub(super) fn row(
    text: &[u8],
    (): &mut (),
    emit: &mut dyn FnMut(Logged<'_>),
) -> Result<(), serde_json::Error> {
    let row: Row<'_> = read(text)?;
    let Some(attributes) = row.attributes.get() else { return Ok(()) };
    let of = |attributes: Option<&Attributes<'_>>, name| {
        attributes
            .and_then(|all| all.get(name))
            .map(|value| value.as_str().to_owned())
            .unwrap_or_default()
    };
    let service = of(row.resource.get().and_then(|it| it.attributes.get()), "service.name");
    let operation = of(Some(attributes), "gen_ai.operation.name");
    let operation = Some(operation.as_str()).filter(|name| !name.is_empty());
    let is_span = row.sort.is("span") && is_request(row.name.as_str(), operation, None);
    if !is_span || instance_of(&service) != "copilot" {
        return Ok(());
    }
    let observed = observe(
        Emitter::Conventions,
        attributes.iter().filter_map(|(name, value)| {
            Some((
                name.as_str(),
                match value {
                    Scalar::Count(count) => Value::Int(i64::try_from(*count).unwrap_or(i64::MAX)),
                    Scalar::Float(number) => Value::Float(*number),
                    Scalar::Text(text) => Value::Text(text),
                    Scalar::Bool(truth) => Value::Bool(*truth),
                    Scalar::Nothing | Scalar::Other => return None,
                },
            ))
        }),
    );
    let part = &observed.part;
    let time = match row.end.0[..] {
        [seconds, nanos] => {
            seconds.checked_mul(1_000_000).and_then(|it| it.checked_add(nanos / 1_000))
        }
        _ => None,
    };
    let session = observed.session_id.as_deref().unwrap_or_default();
    let mut logged = Logged {
        id: part.response_id.as_deref().unwrap_or_default().into(),
        alias: observed.alias_id.as_deref().map(Into::into),
        session: session.into(),
        provider: observed.provider.as_deref().unwrap_or_default().into(),
        model: part.model.as_deref().unwrap_or_default().into(),
        tier: part.tier,
        counts: part.counts,
        is_inconsistent: part.inconsistent,
        quality: part.quality,
        outcome: part.outcome,
        stated_cost: part.stated_cost.map(|picos| Money::from_picos(picos.into())),
        time: time.map(Timestamp::from_micros).filter(|time| time.is_recordable()),
        ..Logged::default()
    };
    if logged.id.is_empty() {
        logged.make_id(session);
    }
    emit(logged);
    Ok(())
}
