//! The wire logs of Kimi CLI and of Kimi Code, which came after it.

use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use usage_providers::{Counts, Remainder};

use super::agent::Agent;
use super::lenient::{Lax, Scalar, read};
use super::logged::{Logged, Route};
use super::places::Places;
use super::progress::Progress;
use super::rows::{Format, read_rows};
use super::tell::By;
use super::told::Told;
use super::whole::folder_name;

/// Reads the wire logs of Kimi.
pub(super) struct Kimi;

impl Agent for Kimi {
    fn name(&self) -> &'static str {
        "kimi"
    }

    fn title(&self) -> &'static str {
        "Kimi"
    }

    fn roots(&self, places: &Places<'_>) -> Vec<PathBuf> {
        let code = places.stated_or_below_home("KIMI_CODE_HOME", ".kimi-code");
        let homes = [places.below_home(".kimi"), code].into_iter().flatten();
        homes.map(|home| home.join("sessions")).collect()
    }

    fn takes(&self, path: &Path) -> bool {
        path.file_name().is_some_and(|name| name == "wire.jsonl")
    }

    fn read(&self, file: &Path, progress: &mut Progress, told: &mut Told<'_>) -> io::Result<()> {
        let by = By::transcript(self.name(), file);
        read_rows(file, by, Format { matters, row }, Wire::at(file), progress, told)
    }
}

/// What the lines of a log say of those that follow.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Wire {
    session: String,
    is_subagent: bool,
    /// The model of the last request; settings name some only by a word of their own.
    model: String,
}

impl Wire {
    /// Takes the session from the path: `sessions/<group>/<session>/wire.jsonl`, or
    /// `sessions/<workspace>/<session>/agents/<agent>/wire.jsonl`.
    fn at(path: &Path) -> Self {
        match folder_name(path, 2) == "agents" {
            true => {
                let is_subagent = folder_name(path, 1) != "main";
                Self { session: folder_name(path, 3), is_subagent, model: String::new() }
            }
            false => Self { session: folder_name(path, 1), ..Self::default() },
        }
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Row<'a> {
    #[serde(borrow, rename = "type")]
    sort: Scalar<'a>,
    #[serde(borrow)]
    timestamp: Scalar<'a>,
    #[serde(borrow)]
    message: Lax<Message<'a>>,
    #[serde(borrow)]
    time: Scalar<'a>,
    #[serde(borrow)]
    model: Scalar<'a>,
    #[serde(borrow)]
    usage: Lax<Usage<'a>>,
    #[serde(borrow, rename = "usageScope")]
    scope: Scalar<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Message<'a> {
    #[serde(borrow, rename = "type")]
    sort: Scalar<'a>,
    #[serde(borrow)]
    payload: Lax<Payload<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Payload<'a> {
    #[serde(borrow)]
    token_usage: Lax<Usage<'a>>,
    #[serde(borrow)]
    message_id: Scalar<'a>,
}

/// Disjoint counts, by their names in the one and in the other.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Usage<'a> {
    #[serde(borrow, alias = "inputOther")]
    input_other: Scalar<'a>,
    #[serde(borrow)]
    output: Scalar<'a>,
    #[serde(borrow, alias = "inputCacheRead")]
    input_cache_read: Scalar<'a>,
    #[serde(borrow, alias = "inputCacheCreation")]
    input_cache_creation: Scalar<'a>,
}

/// Returns whether a line can tell of a request, or of its model.
pub(super) fn matters(line: &[u8]) -> bool {
    let words = [&b"\"token_usage\""[..], b"\"usage.record\"", b"\"llm.request\""];
    words.iter().any(|word| memchr::memmem::find(line, word).is_some())
}

/// Reads a line.
pub(super) fn row(
    text: &[u8],
    wire: &mut Wire,
    emit: &mut dyn FnMut(Logged<'_>),
) -> Result<(), serde_json::Error> {
    let row: Row<'_> = read(text)?;
    let payload = row.message.get().filter(|message| message.sort.is("StatusUpdate"));
    let payload = payload.and_then(|message| message.payload.get());
    match (row.sort.as_str(), payload) {
        ("llm.request", _) => {
            if let Some(model) = model_of(row.model.as_str()) {
                model.clone_into(&mut wire.model);
            }
        }
        ("usage.record", _) => {
            if let Some(usage) = row.usage.get() {
                let model = model_of(row.model.as_str()).unwrap_or(&wire.model).to_owned();
                let mut logged = request(usage, wire);
                // Both scopes are a request each: of a turn, and of the session beside it, as compaction is.
                if row.scope.is("session") {
                    logged.route = Route::Compaction;
                }
                logged.time = row.time.instant();
                logged.model = model.into();
                logged.make_id("kimi");
                emit_told(logged, emit);
            }
        }
        (_, Some(payload)) => {
            if let Some(usage) = payload.token_usage.get() {
                let mut logged = request(usage, wire);
                logged.time = row.timestamp.instant_of_seconds();
                match payload.message_id.text() {
                    Some(id) => logged.id = id,
                    None => logged.make_id("kimi"),
                }
                emit_told(logged, emit);
            }
        }
        _ => {}
    }
    Ok(())
}

fn request<'a>(usage: &Usage<'_>, wire: &'a Wire) -> Logged<'a> {
    let mut rule = Remainder::default();
    let counts = Counts {
        input: usage.input_other.count(&mut rule),
        output: usage.output.count(&mut rule),
        cache_read: usage.input_cache_read.count(&mut rule),
        cache_write: usage.input_cache_creation.count(&mut rule),
        ..Counts::default()
    };
    Logged {
        session: wire.session.as_str().into(),
        route: if wire.is_subagent { Route::Subagent } else { Route::Main },
        provider: "moonshot".into(),
        counts,
        is_inconsistent: rule.is_inconsistent(),
        ..Logged::default()
    }
}

/// A request that was not counted leaves zeros.
fn emit_told(logged: Logged<'_>, emit: &mut dyn FnMut(Logged<'_>)) {
    if logged.has_tokens() || logged.is_inconsistent {
        emit(logged);
    }
}

/// Returns the model that a word names; some name an entry of the settings.
fn model_of(word: &str) -> Option<&str> {
    let word = word.trim();
    let model = word.strip_prefix("kimi-code/").unwrap_or(word);
    let is_entry = model.len() >= 4 && model.starts_with("__") && model.ends_with("__");
    (!model.is_empty() && !is_entry).then_some(model)
}
