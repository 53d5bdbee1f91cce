//! Qwen Code's chats: lines of JSON, in which most requests stand twice.

use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use usage_providers::Remainder;

use super::agent::Agent;
use super::gemini::{is_chat, read_chat};
use super::lenient::{Lax, Scalar, read};
use super::logged::{Logged, gemini_counts};
use super::places::Places;
use super::progress::Progress;
use super::rows::{Format, read_rows};
use super::tell::By;
use super::told::Told;

/// Reads the chats of Qwen Code.
pub(super) struct Qwen;

impl Agent for Qwen {
    fn name(&self) -> &'static str {
        "qwen-code"
    }

    fn title(&self) -> &'static str {
        "Qwen Code"
    }

    fn roots(&self, places: &Places<'_>) -> Vec<PathBuf> {
        let home = places.below_home(".qwen");
        // Before it had a form of its own, it kept that of Gemini CLI.
        home.into_iter().flat_map(|home| [home.join("projects"), home.join("tmp")]).collect()
    }

    fn takes(&self, path: &Path) -> bool {
        is_chat(path)
    }

    fn read(&self, file: &Path, progress: &mut Progress, told: &mut Told<'_>) -> io::Result<()> {
        let by = By::transcript(self.name(), file);
        let name = file.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
        if name.starts_with("session-") || name.ends_with(".json") {
            return read_chat(file, by, progress, told);
        }
        read_rows(file, by, Format { matters, row }, Twins::default(), progress, told)
    }
}

/// Requests that were told once of late, whose second telling is to come.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Twins(Vec<Half>);

/// As many as can be under way at once.
const MOST_TWINS: usize = 16;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Half {
    is_event: bool,
    id: String,
    numbers: [u64; 5],
}

impl Twins {
    /// Returns the other telling of a request, if there was one; else keeps this one for it.
    fn take(&mut self, told: Half) -> Option<String> {
        let is_twin =
            |other: &Half| other.is_event != told.is_event && other.numbers == told.numbers;
        if let Some(at) = self.0.iter().position(is_twin) {
            return Some(self.0.remove(at).id);
        }
        if self.0.len() == MOST_TWINS {
            self.0.remove(0);
        }
        self.0.push(told);
        None
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Row<'a> {
    #[serde(borrow, rename = "type")]
    sort: Scalar<'a>,
    #[serde(borrow)]
    uuid: Scalar<'a>,
    #[serde(borrow, rename = "sessionId")]
    session: Scalar<'a>,
    #[serde(borrow)]
    timestamp: Scalar<'a>,
    #[serde(borrow)]
    cwd: Scalar<'a>,
    #[serde(borrow)]
    model: Scalar<'a>,
    #[serde(borrow, rename = "usageMetadata")]
    usage: Lax<Usage<'a>>,
    #[serde(borrow, rename = "systemPayload")]
    payload: Lax<Payload<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Payload<'a> {
    #[serde(borrow, rename = "uiEvent")]
    event: Lax<Event<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Event<'a> {
    #[serde(borrow, rename = "event.name")]
    name: Scalar<'a>,
    #[serde(borrow, rename = "event.timestamp")]
    timestamp: Scalar<'a>,
    #[serde(borrow)]
    response_id: Scalar<'a>,
    #[serde(borrow)]
    model: Scalar<'a>,
    #[serde(borrow, rename = "input_token_count")]
    prompt: Scalar<'a>,
    #[serde(borrow, rename = "output_token_count")]
    answer: Scalar<'a>,
    #[serde(borrow, rename = "cached_content_token_count")]
    cached: Scalar<'a>,
    #[serde(borrow, rename = "thoughts_token_count")]
    thoughts: Scalar<'a>,
    #[serde(borrow, rename = "tool_token_count")]
    tools: Scalar<'a>,
    #[serde(borrow, rename = "total_token_count")]
    total: Scalar<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Usage<'a> {
    #[serde(borrow, rename = "promptTokenCount")]
    prompt: Scalar<'a>,
    #[serde(borrow, rename = "candidatesTokenCount")]
    answer: Scalar<'a>,
    #[serde(borrow, rename = "cachedContentTokenCount")]
    cached: Scalar<'a>,
    #[serde(borrow, rename = "thoughtsTokenCount")]
    thoughts: Scalar<'a>,
    #[serde(borrow, rename = "toolUsePromptTokenCount")]
    tools: Scalar<'a>,
    #[serde(borrow, rename = "totalTokenCount")]
    total: Scalar<'a>,
}

/// Returns whether a line can tell of a request.
pub(super) fn matters(line: &[u8]) -> bool {
    [&b"\"usageMetadata\""[..], b"qwen-code.api_response"]
        .iter()
        .any(|word| memchr::memmem::find(line, word).is_some())
}

/// Reads a line. A request is an event of its response, which has the provider's id, and a row of its answer; of
/// some there is only one of them.
pub(super) fn row(
    text: &[u8],
    twins: &mut Twins,
    emit: &mut dyn FnMut(Logged<'_>),
) -> Result<(), serde_json::Error> {
    let row: Row<'_> = read(text)?;
    let mut rule = Remainder::default();
    let event = row.payload.get().and_then(|payload| payload.event.get());
    let event = event.filter(|event| event.name.is("qwen-code.api_response"));
    let (numbers, total) = match (event, row.usage.get()) {
        (Some(it), _) => ([&it.prompt, &it.answer, &it.cached, &it.thoughts, &it.tools], &it.total),
        (None, Some(it)) if row.sort.is("assistant") => {
            ([&it.prompt, &it.answer, &it.cached, &it.thoughts, &it.tools], &it.total)
        }
        _ => return Ok(()),
    };
    let numbers = numbers.map(|number| number.count(&mut rule));
    let total = total.stated(&mut rule);
    let session = row.session.text().unwrap_or_default();
    let (id, time, model) = match event {
        Some(event) => (&event.response_id, event.timestamp.instant(), &event.model),
        None => (&row.uuid, None, &row.model),
    };
    let mut logged = Logged {
        id: id.text().unwrap_or_default(),
        folder: row.cwd.text().unwrap_or_default(),
        model: model.text().unwrap_or_default(),
        counts: gemini_counts(numbers, total, true, &mut rule),
        is_inconsistent: rule.is_inconsistent(),
        time: time.or_else(|| row.timestamp.instant()),
        ..Logged::default()
    };
    if logged.id.is_empty() {
        logged.make_id(&session);
    }
    logged.session = session;
    let is_event = event.is_some();
    match twins.take(Half { is_event, id: logged.id.clone().into_owned(), numbers }) {
        // All that the row has beside its event is an id that nobody else knows.
        Some(_) if !is_event => {}
        other => {
            logged.alias = other.map(Into::into);
            emit(logged);
        }
    }
    Ok(())
}
