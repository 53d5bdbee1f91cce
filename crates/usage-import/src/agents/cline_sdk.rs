//! Sessions of Cline 4.1 and later, in an editor and on the command line.

use serde::Deserialize;
use serde_json::value::RawValue;
use usage_providers::{Counts, Remainder, made_id};

use super::lenient::{Lax, List, Scalar, read, read_list};
use super::logged::{Logged, Route};

/// What lies beside the messages of a session.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Manifest<'a> {
    #[serde(borrow)]
    provider: Scalar<'a>,
    #[serde(borrow)]
    model: Scalar<'a>,
    #[serde(borrow)]
    cwd: Scalar<'a>,
}

impl<'a> Manifest<'a> {
    /// Reads it; what is none says nothing.
    pub(super) fn of(text: &'a [u8]) -> Self {
        read(text).unwrap_or_default()
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct File<'a> {
    #[serde(borrow, rename = "sessionId")]
    session: Scalar<'a>,
    #[serde(borrow)]
    agent: Scalar<'a>,
    #[serde(borrow)]
    messages: List<&'a RawValue>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Message<'a> {
    #[serde(borrow)]
    id: Scalar<'a>,
    #[serde(borrow)]
    role: Scalar<'a>,
    #[serde(borrow)]
    ts: Scalar<'a>,
    #[serde(borrow, rename = "modelInfo")]
    model: Lax<Model<'a>>,
    #[serde(borrow)]
    metrics: Lax<Metrics<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Model<'a> {
    #[serde(borrow)]
    id: Scalar<'a>,
    #[serde(borrow)]
    provider: Scalar<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Metrics<'a> {
    #[serde(borrow, rename = "inputTokens")]
    input: Scalar<'a>,
    #[serde(borrow, rename = "outputTokens")]
    output: Scalar<'a>,
    #[serde(borrow, rename = "cacheReadTokens")]
    cache_read: Scalar<'a>,
    #[serde(borrow, rename = "cacheWriteTokens")]
    cache_write: Scalar<'a>,
    #[serde(borrow)]
    cost: Scalar<'a>,
}

/// Reads `<id>.messages.json`. `session` is the name of its folder, `id` its own.
pub(super) fn session(
    text: &[u8],
    session: &str,
    id: &str,
    manifest: &Manifest<'_>,
    emit: &mut dyn FnMut(Result<Logged<'_>, serde_json::Error>),
) -> Result<(), serde_json::Error> {
    let file = match text.trim_ascii_start().first() {
        Some(b'[') => File { messages: List(read_list(text)?), ..File::default() },
        _ => read(text)?,
    };
    let is_subagent = id != session || file.agent.is("subagent") || file.agent.is("teammate");
    let stated = file.session.text().unwrap_or_else(|| session.into());
    for message in &file.messages.0 {
        let message = match read::<Message<'_>>(message.get().as_bytes()) {
            Ok(message) => message,
            Err(error) => {
                emit(Err(error));
                continue;
            }
        };
        let Some(metrics) = message.metrics.get().filter(|_| message.role.is("assistant")) else {
            continue;
        };
        let mut rule = Remainder::default();
        let [input, read, written] = [&metrics.input, &metrics.cache_read, &metrics.cache_write]
            .map(|number| number.count(&mut rule));
        let counts = Counts {
            // The whole prompt, caches and all.
            input: rule.of(input, read.saturating_add(written)),
            output: metrics.output.count(&mut rule),
            cache_read: read,
            cache_write: written,
            ..Counts::default()
        };
        let named = message.model.get();
        let mut logged = Logged {
            session: stated.clone(),
            route: if is_subagent { Route::Subagent } else { Route::Main },
            folder: manifest.cwd.text().unwrap_or_default(),
            provider: named
                .and_then(|it| it.provider.text())
                .or_else(|| manifest.provider.text())
                .unwrap_or_default(),
            model: named
                .and_then(|it| it.id.text())
                .or_else(|| manifest.model.text())
                .unwrap_or_default(),
            counts,
            is_inconsistent: rule.is_inconsistent(),
            stated_cost: metrics.cost.dollars(),
            time: message.ts.instant(),
            ..Logged::default()
        };
        match message.id.text() {
            Some(own) => logged.id = made_id([&*stated, id, &own]).into(),
            None => logged.make_id(&stated),
        }
        if logged.has_tokens() || logged.is_inconsistent {
            emit(Ok(logged));
        }
    }
    Ok(())
}
