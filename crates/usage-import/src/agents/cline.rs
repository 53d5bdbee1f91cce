//! Tasks of Cline, Roo Code and Kilo Code in an editor: a file a task that is written anew with each change.

use serde::Deserialize;
use serde_json::value::RawValue;
use usage_core::{Outcome, Quality, Timestamp};
use usage_providers::{Counts, Remainder, made_id};

use super::lenient::{Lax, List, Scalar, read, read_list};
use super::logged::Logged;

/// The program that a task is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Program {
    Cline,
    Roo,
    Kilo,
}

impl Program {
    /// From when on its input holds the caches, whoever the provider is: Roo Code 3.29.5, Kilo Code 4.119.0.
    const fn holds_caches_from(self) -> i64 {
        match self {
            Self::Cline => i64::MAX,
            Self::Roo => 1_761_955_200_000_000,
            Self::Kilo => 1_762_905_600_000_000,
        }
    }
}

/// Providers for which Cline keeps the prompt as they count it, caches and all.
const WITH_CACHES: [&str; 9] =
    ["openai", "litellm", "doubao", "fireworks", "hicap", "lmstudio", "qwen", "xai", "zai"];

/// What lies beside a task: who answered from when on, and where the agent worked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Beside {
    /// Instants, models and providers, in the order of time.
    models: Vec<(Timestamp, String, String)>,
    folder: String,
}

impl Beside {
    /// Reads Cline's `task_metadata.json`.
    pub(super) fn metadata(&mut self, text: &[u8]) {
        #[derive(Default, Deserialize)]
        #[serde(default)]
        struct Metadata<'a> {
            #[serde(borrow)]
            model_usage: List<Lax<Used<'a>>>,
        }
        #[derive(Default, Deserialize)]
        #[serde(default)]
        struct Used<'a> {
            #[serde(borrow)]
            ts: Scalar<'a>,
            #[serde(borrow)]
            model_id: Scalar<'a>,
            #[serde(borrow)]
            model_provider_id: Scalar<'a>,
        }
        let metadata: Metadata<'_> = read(text).unwrap_or_default();
        for used in metadata.model_usage.0.iter().filter_map(Lax::get) {
            if let (Some(time), Some(model)) = (used.ts.instant(), used.model_id.text()) {
                let provider = used.model_provider_id.text().unwrap_or_default();
                self.models.push((time, model.into_owned(), provider.into_owned()));
            }
        }
    }

    /// Reads `api_conversation_history.json`: what the prompts say of the model and the folder.
    pub(super) fn history(&mut self, text: &[u8]) {
        #[derive(Default, Deserialize)]
        #[serde(default)]
        struct Said<'a> {
            #[serde(borrow)]
            ts: Scalar<'a>,
        }
        let said: Vec<&RawValue> = read_list(text).unwrap_or_default();
        for said in said.into_iter().map(RawValue::get) {
            if let Some(model) = between(said, "<model>", "</model>") {
                let time = read::<Said<'_>>(said.as_bytes()).unwrap_or_default().ts.instant();
                let time = time.unwrap_or(Timestamp::MIN_RECORD);
                self.models.push((time, model.to_owned(), String::new()));
            }
            if self.folder.is_empty()
                && let Some(folder) = between(said, "# Current Workspace Directory (", ") Files")
                    .or_else(|| between(said, "# Current Working Directory (", ") Files"))
                && let Ok(folder) = serde_json::from_str::<String>(&format!("\"{folder}\""))
            {
                self.folder = folder;
            }
        }
    }

    /// Reads Roo Code's `history_item.json`.
    pub(super) fn item(&mut self, text: &[u8]) {
        #[derive(Default, Deserialize)]
        #[serde(default)]
        struct Item<'a> {
            #[serde(borrow)]
            workspace: Scalar<'a>,
        }
        let item: Item<'_> = read(text).unwrap_or_default();
        if let Some(folder) = item.workspace.text() {
            self.folder = folder.into_owned();
        }
    }

    /// Returns the model and provider that were in use before the next request.
    fn model_before(&self, next: Option<Timestamp>) -> (&str, &str) {
        let is_before =
            |(time, ..): &&(Timestamp, String, String)| next.is_none_or(|next| *time < next);
        let found = self.models.iter().filter(is_before).max_by_key(|(time, ..)| *time);
        found.map_or(("", ""), |(_, model, provider)| (model, provider))
    }
}

/// Returns what lies between two marks.
fn between<'t>(text: &'t str, from: &str, to: &str) -> Option<&'t str> {
    let (_, rest) = text.split_once(from)?;
    let (found, _) = rest.split_once(to)?;
    Some(found.trim()).filter(|found| !found.is_empty() && found.len() < 1_024)
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Message<'a> {
    #[serde(borrow)]
    ts: Scalar<'a>,
    #[serde(borrow)]
    say: Scalar<'a>,
    #[serde(borrow)]
    ask: Scalar<'a>,
    #[serde(borrow)]
    text: Scalar<'a>,
    partial: Scalar<'a>,
    #[serde(borrow, rename = "modelInfo")]
    model: Lax<Model<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Model<'a> {
    #[serde(borrow, rename = "modelId")]
    id: Scalar<'a>,
    #[serde(borrow, rename = "providerId")]
    provider: Scalar<'a>,
}

/// The text of a message that a request was begun.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Request<'a> {
    #[serde(borrow, rename = "tokensIn")]
    input: Scalar<'a>,
    #[serde(borrow, rename = "tokensOut")]
    output: Scalar<'a>,
    #[serde(borrow, rename = "cacheReads")]
    cache_read: Scalar<'a>,
    #[serde(borrow, rename = "cacheWrites")]
    cache_write: Scalar<'a>,
    #[serde(borrow)]
    cost: Scalar<'a>,
    #[serde(borrow, rename = "cancelReason")]
    cancel: Scalar<'a>,
    #[serde(borrow, rename = "apiProtocol")]
    protocol: Scalar<'a>,
}

/// Reads `ui_messages.json` of a task.
pub(super) fn task(
    text: &[u8],
    program: Program,
    id: &str,
    beside: &Beside,
    emit: &mut dyn FnMut(Result<Logged<'_>, serde_json::Error>),
) -> Result<(), serde_json::Error> {
    let messages: Vec<&RawValue> = read_list(text)?;
    // Of each begun request its text, and when the next one began: by then it is over for good.
    let mut begun: Option<Message<'_>> = None;
    for message in messages {
        let message = match read::<Message<'_>>(message.get().as_bytes()) {
            Ok(message) => message,
            Err(error) => {
                emit(Err(error));
                continue;
            }
        };
        let is_request = message.say.is("api_req_started");
        let is_end =
            message.say.is("completion_result") || message.ask.as_str().starts_with("resume_");
        if !is_request && !is_end && !message.ask.is("completion_result") {
            continue;
        }
        if let Some(before) = begun.take() {
            emit_request(&before, Some(&message), program, id, beside, emit);
        }
        if is_request && message.partial != Scalar::Bool(true) {
            begun = Some(message);
        }
    }
    if let Some(last) = begun {
        emit_request(&last, None, program, id, beside, emit);
    }
    Ok(())
}

fn emit_request(
    message: &Message<'_>,
    next: Option<&Message<'_>>,
    program: Program,
    id: &str,
    beside: &Beside,
    emit: &mut dyn FnMut(Result<Logged<'_>, serde_json::Error>),
) {
    let request = match read::<Request<'_>>(message.text.as_str().as_bytes()) {
        Ok(request) => request,
        Err(error) => return emit(Err(error)),
    };
    // What has just begun knows no counts yet.
    if request.input == Scalar::Nothing && request.output == Scalar::Nothing {
        return;
    }
    let time = message.ts.instant();
    let (model, provider) = beside.model_before(next.and_then(|next| next.ts.instant()));
    let named = message.model.get();
    let model = named.and_then(|it| it.id.text()).unwrap_or_else(|| model.into());
    let provider = named.and_then(|it| it.provider.text()).unwrap_or_else(|| provider.into());
    let mut rule = Remainder::default();
    let (read, written) =
        (request.cache_read.count(&mut rule), request.cache_write.count(&mut rule));
    let (input, caches) = (request.input.count(&mut rule), read.saturating_add(written));
    let holds_caches = caches <= input
        && match program {
            Program::Cline => WITH_CACHES.contains(&&*provider),
            _ if request.protocol.is("anthropic") => {
                time.is_some_and(|time| time.as_micros() >= program.holds_caches_from())
            }
            _ => true,
        };
    let outcome = match request.cancel.as_str() {
        "" => Outcome::Ok,
        "user_cancelled" => Outcome::Cancelled,
        _ => Outcome::Error,
    };
    let mut logged = Logged {
        session: id.into(),
        folder: beside.folder.as_str().into(),
        provider,
        model,
        counts: Counts {
            input: if holds_caches { rule.of(input, caches) } else { input },
            output: request.output.count(&mut rule),
            cache_read: read,
            cache_write: written,
            ..Counts::default()
        },
        // The last one of a task may yet be written anew.
        quality: if next.is_some() && outcome == Outcome::Ok {
            Quality::Reported
        } else {
            Quality::Partial
        },
        outcome,
        stated_cost: request.cost.dollars(),
        time,
        ..Logged::default()
    };
    logged.is_inconsistent = rule.is_inconsistent();
    match message.ts.text() {
        // A task has one message a millisecond, told apart by it.
        Some(ts) => logged.id = made_id([id, &ts]).into(),
        None => logged.make_id(id),
    }
    emit(Ok(logged));
}
