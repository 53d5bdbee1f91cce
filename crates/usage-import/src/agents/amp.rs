//! Amp's threads: a file each, which tells of a request in its ledger, in its messages, or in both.

use std::borrow::Cow;
use std::io;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::value::RawValue;
use usage_core::Timestamp;
use usage_providers::{Counts, Remainder, made_id};

use super::agent::Agent;
use super::lenient::{Lax, List, Scalar, read};
use super::logged::Logged;
use super::places::Places;
use super::progress::Progress;
use super::tell::{By, tell_all};
use super::told::Told;
use super::whole::{read_whole, stem};

/// Reads the threads of Amp.
pub(super) struct Amp;

impl Agent for Amp {
    fn name(&self) -> &'static str {
        "amp"
    }

    fn title(&self) -> &'static str {
        "Amp"
    }

    fn roots(&self, places: &Places<'_>) -> Vec<PathBuf> {
        let data = places.stated_or_in_data("AMP_DATA_DIR", "amp");
        data.map(|data| data.join("threads")).into_iter().collect()
    }

    fn takes(&self, path: &Path) -> bool {
        stem(path, ".json").starts_with("T-")
    }

    fn read(&self, file: &Path, progress: &mut Progress, told: &mut Told<'_>) -> io::Result<()> {
        let Some(text) = read_whole(file, progress, told)? else { return Ok(()) };
        let by = By::transcript(self.name(), file);
        tell_all(by, told, |emit| thread(&text, stem(file, ".json"), emit));
        Ok(())
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Thread<'a> {
    #[serde(borrow)]
    id: Scalar<'a>,
    #[serde(borrow)]
    created: Scalar<'a>,
    #[serde(borrow)]
    messages: List<&'a RawValue>,
    #[serde(borrow, rename = "usageLedger")]
    ledger: Lax<Ledger<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Ledger<'a> {
    #[serde(borrow)]
    events: List<Lax<Event<'a>>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Event<'a> {
    #[serde(borrow)]
    id: Scalar<'a>,
    #[serde(borrow)]
    timestamp: Scalar<'a>,
    #[serde(borrow)]
    model: Scalar<'a>,
    #[serde(borrow)]
    tokens: Lax<Tokens<'a>>,
    #[serde(borrow, rename = "toMessageId")]
    message: Scalar<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Tokens<'a> {
    #[serde(borrow)]
    input: Scalar<'a>,
    #[serde(borrow)]
    output: Scalar<'a>,
    #[serde(borrow, rename = "cacheReadInputTokens")]
    cache_read: Scalar<'a>,
    #[serde(borrow, rename = "cacheCreationInputTokens")]
    cache_write: Scalar<'a>,
    #[serde(borrow)]
    total: Scalar<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Message<'a> {
    #[serde(borrow)]
    role: Scalar<'a>,
    #[serde(borrow, rename = "messageId")]
    id: Scalar<'a>,
    #[serde(borrow)]
    usage: Lax<Usage<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Usage<'a> {
    #[serde(borrow)]
    timestamp: Scalar<'a>,
    #[serde(borrow)]
    model: Scalar<'a>,
    #[serde(borrow, rename = "inputTokens")]
    input: Scalar<'a>,
    #[serde(borrow, rename = "outputTokens")]
    output: Scalar<'a>,
    #[serde(borrow, rename = "cacheReadInputTokens")]
    cache_read: Scalar<'a>,
    #[serde(borrow, rename = "cacheCreationInputTokens")]
    cache_write: Scalar<'a>,
}

/// A request as one of the two tells it.
struct Telling<'a> {
    logged: Logged<'a>,
    /// The message that it made; a ledger need not say.
    message: Option<String>,
}

/// Reads a thread. `name` is the name of its file.
pub(super) fn thread(
    text: &[u8],
    name: &str,
    emit: &mut dyn FnMut(Result<Logged<'_>, serde_json::Error>),
) -> Result<(), serde_json::Error> {
    let thread: Thread<'_> = read(text)?;
    let id = thread.id.text().unwrap_or_else(|| name.into());
    let created = thread.created.instant();
    let mut in_messages: Vec<Telling<'_>> = Vec::new();
    for message in &thread.messages.0 {
        match read::<Message<'_>>(message.get().as_bytes()) {
            Ok(message) => in_messages.extend(told_by_message(&message, created)),
            Err(error) => emit(Err(error)),
        }
    }
    let events = thread.ledger.get().map(|ledger| &ledger.events.0);
    for (number, event) in events.into_iter().flatten().enumerate() {
        let Some(event) = event.get() else { continue };
        let Some(mut told) = told_by_ledger(event) else { continue };
        let twin = in_messages.iter().position(|other| is_twin(&told, other));
        if let Some(twin) = twin.map(|at| in_messages.remove(at)) {
            // Messages know the caches, which older ledgers do not.
            if twin.logged.counts.total() > told.logged.counts.total() {
                told.logged.counts = twin.logged.counts;
                told.logged.is_inconsistent = twin.logged.is_inconsistent;
            }
            // The earlier time is that of both, whichever was read first.
            told.logged.time = [told.logged.time, twin.logged.time].into_iter().flatten().min();
            told.message = told.message.or(twin.message);
        }
        // Both ids, since the one or the other may have been told alone.
        let own = event.id.text().unwrap_or_else(|| number.to_string().into());
        let own = format!("event {own}");
        match told.message {
            Some(message) => {
                emit_with_id(told.logged, &id, [&format!("message {message}"), &own], emit);
            }
            None => emit_with_id(told.logged, &id, [&own, ""], emit),
        }
    }
    for (number, told) in in_messages.into_iter().enumerate() {
        let key = told
            .message
            .map_or_else(|| format!("usage {number}"), |message| format!("message {message}"));
        emit_with_id(told.logged, &id, [&key, ""], emit);
    }
    Ok(())
}

fn emit_with_id(
    logged: Logged<'_>,
    thread: &str,
    [key, other]: [&str; 2],
    emit: &mut dyn FnMut(Result<Logged<'_>, serde_json::Error>),
) {
    let id = made_id([thread, key]).into();
    let alias = (!other.is_empty()).then(|| made_id([thread, other]).into());
    emit(Ok(Logged { id, alias, session: thread.into(), ..logged }));
}

/// Returns whether both are one request: by the message, or, where the ledger does not say, by what was counted.
fn is_twin(event: &Telling<'_>, message: &Telling<'_>) -> bool {
    if event.message.is_some() {
        return event.message == message.message;
    }
    let (one, other) = (event.logged.counts, message.logged.counts);
    event.logged.model == message.logged.model
        && (one.input, one.output) == (other.input, other.output)
}

fn told_by_ledger<'a>(event: &Event<'a>) -> Option<Telling<'a>> {
    let tokens = event.tokens.get()?;
    let mut rule = Remainder::default();
    let mut counts = Counts {
        input: tokens.input.count(&mut rule),
        output: tokens.output.count(&mut rule),
        cache_read: tokens.cache_read.count(&mut rule),
        cache_write: tokens.cache_write.count(&mut rule),
        ..Counts::default()
    };
    if counts.total() == 0 {
        counts.unclassified = tokens.total.count(&mut rule);
    }
    told(counts, rule, event.model.text(), event.timestamp.instant(), event.message.text())
}

fn told_by_message<'a>(message: &Message<'a>, created: Option<Timestamp>) -> Option<Telling<'a>> {
    let usage = message.usage.get().filter(|_| message.role.is("assistant"))?;
    let mut rule = Remainder::default();
    let counts = Counts {
        input: usage.input.count(&mut rule),
        output: usage.output.count(&mut rule),
        cache_read: usage.cache_read.count(&mut rule),
        cache_write: usage.cache_write.count(&mut rule),
        ..Counts::default()
    };
    let time = usage.timestamp.instant().or(created);
    told(counts, rule, usage.model.text(), time, message.id.text())
}

fn told<'a>(
    counts: Counts,
    rule: Remainder,
    model: Option<Cow<'a, str>>,
    time: Option<Timestamp>,
    message: Option<Cow<'a, str>>,
) -> Option<Telling<'a>> {
    let is_inconsistent = rule.is_inconsistent();
    let logged = Logged {
        model: model.unwrap_or_default(),
        counts,
        is_inconsistent,
        time,
        ..Logged::default()
    };
    let message = message.map(Cow::into_owned);
    (logged.has_tokens() || is_inconsistent).then_some(Telling { logged, message })
}
