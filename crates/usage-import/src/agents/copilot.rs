//! Copilot CLI's sessions: lines of JSON. Newer versions write a line a request; older ones only, when they end,
//! what each model came to since the session began.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use usage_core::Quality;
use usage_providers::{Counts, Remainder, Source, made_id};

use super::agent::Agent;
use super::copilot_otel;
use super::counted::Counted;
use super::lenient::{Lax, Scalar, read};
use super::logged::{Logged, Route};
use super::places::Places;
use super::progress::Progress;
use super::rows::{Format, read_rows};
use super::tell::By;
use super::told::Told;
use super::whole::{folder_name, stem};

/// Reads the sessions of Copilot CLI, and its file of spans.
pub(super) struct Copilot;

impl Agent for Copilot {
    fn name(&self) -> &'static str {
        "copilot"
    }

    fn title(&self) -> &'static str {
        "Copilot CLI"
    }

    fn roots(&self, places: &Places<'_>) -> Vec<PathBuf> {
        let home = places.stated_or_below_home("COPILOT_HOME", ".copilot");
        let spans = places.variable("COPILOT_OTEL_FILE_EXPORTER_PATH");
        home.into_iter().chain(spans).collect()
    }

    fn folders(&self, root: &Path) -> Vec<PathBuf> {
        let sessions = root.join("session-state");
        match sessions.is_dir() {
            true => vec![sessions, root.join("otel")],
            false => vec![root.to_owned()],
        }
    }

    fn takes(&self, path: &Path) -> bool {
        path.extension().is_some_and(|ending| ending == "jsonl")
    }

    fn counted(&self, memory: &[u8]) -> Option<Counted> {
        serde_json::from_slice::<Session>(memory).ok()?.counted()
    }

    fn read(&self, file: &Path, progress: &mut Progress, told: &mut Told<'_>) -> io::Result<()> {
        let is_plain = folder_name(file, 1) == "session-state";
        if is_plain || file.file_name().is_some_and(|name| name == "events.jsonl") {
            let by = By::transcript(self.name(), file);
            let id = if is_plain { stem(file, ".jsonl").to_owned() } else { folder_name(file, 1) };
            return read_rows(
                file,
                by,
                Format { matters, row },
                Session::named(&id),
                progress,
                told,
            );
        }
        let by = By::of(self.name(), Source::TelemetrySpan, file);
        let (matters, row) = (copilot_otel::matters, copilot_otel::row);
        read_rows(file, by, Format { matters, row }, (), progress, told)
    }
}

/// What the lines of a session say of those that follow.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Session {
    id: String,
    folder: String,
    /// When its first line was written, in microseconds.
    start: Option<i64>,
    /// Says whether a request was told since the last sums.
    has_requests: bool,
    /// The last sums by model.
    sums: BTreeMap<String, [u64; 5]>,
}

/// Models of a session whose sums are remembered.
const MOST_MODELS: usize = 256;

impl Session {
    /// Takes the session's id from the name of its folder, until a line states it.
    pub(super) fn named(id: &str) -> Self {
        Self { id: id.to_owned(), ..Self::default() }
    }

    /// Returns what the session came to by its last sums.
    fn counted(self) -> Option<Counted> {
        let Self { id, start, sums, .. } = self;
        let mut total = Counts::default();
        sums.values().for_each(|sum| total.add(&counts(*sum, &mut Remainder::default())));
        let tokens = [total.input, total.output, total.cache_read, total.cache_write];
        let has_any = tokens.iter().any(|tokens| *tokens > 0);
        has_any.then_some(Counted { session: id, start: start?, within: Vec::new(), tokens })
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Row<'a> {
    #[serde(borrow, rename = "type")]
    sort: Scalar<'a>,
    #[serde(borrow)]
    id: Scalar<'a>,
    #[serde(borrow)]
    timestamp: Scalar<'a>,
    #[serde(borrow)]
    data: Lax<Data<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Data<'a> {
    #[serde(borrow, rename = "sessionId")]
    session: Scalar<'a>,
    #[serde(borrow)]
    context: Lax<Context<'a>>,
    #[serde(borrow)]
    usage: Lax<Usage<'a>>,
    #[serde(borrow, rename = "modelMetrics")]
    metrics: Lax<BTreeMap<String, Lax<Metrics<'a>>>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Context<'a> {
    #[serde(borrow)]
    cwd: Scalar<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Metrics<'a> {
    #[serde(borrow)]
    usage: Lax<Usage<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Usage<'a> {
    #[serde(borrow)]
    model: Scalar<'a>,
    #[serde(borrow, rename = "inputTokens")]
    input: Scalar<'a>,
    #[serde(borrow, rename = "outputTokens")]
    output: Scalar<'a>,
    #[serde(borrow, rename = "cacheReadTokens")]
    cache_read: Scalar<'a>,
    #[serde(borrow, rename = "cacheWriteTokens")]
    cache_write: Scalar<'a>,
    #[serde(borrow, rename = "reasoningTokens")]
    reasoning: Scalar<'a>,
    #[serde(borrow, rename = "apiCallId")]
    call: Scalar<'a>,
    #[serde(borrow, rename = "interactionType")]
    interaction: Scalar<'a>,
    #[serde(borrow)]
    accounting: Lax<Accounting<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Accounting<'a> {
    #[serde(borrow, rename = "sourceSessionId")]
    session: Scalar<'a>,
    #[serde(borrow, rename = "usageId")]
    usage: Scalar<'a>,
}

impl Usage<'_> {
    /// Returns input, output, read, written and reasoning, as stated.
    fn numbers(&self, rule: &mut Remainder) -> [u64; 5] {
        [&self.input, &self.output, &self.cache_read, &self.cache_write, &self.reasoning]
            .map(|number| number.count(rule))
    }
}

/// Makes the counts disjoint: caches lie within the input, reasoning within the output.
fn counts([input, output, read, written, reasoning]: [u64; 5], rule: &mut Remainder) -> Counts {
    Counts {
        input: rule.of(input, read.saturating_add(written)),
        output,
        cache_read: read,
        cache_write: written,
        reasoning: rule.part(reasoning, output),
        ..Counts::default()
    }
}

/// Returns whether a line can tell of requests, or where the agent works.
pub(super) fn matters(line: &[u8]) -> bool {
    let words = [
        &b"\"session.usage_record\""[..],
        b"\"session.shutdown\"",
        b"\"session.start\"",
        b"\"session.resume\"",
    ];
    words.iter().any(|word| memchr::memmem::find(line, word).is_some())
}

/// Reads a line.
pub(super) fn row(
    text: &[u8],
    session: &mut Session,
    emit: &mut dyn FnMut(Logged<'_>),
) -> Result<(), serde_json::Error> {
    let row: Row<'_> = read(text)?;
    let Some(data) = row.data.get() else { return Ok(()) };
    session.start = session.start.or_else(|| Some(row.timestamp.instant()?.as_micros()));
    match row.sort.as_str() {
        "session.start" | "session.resume" => {
            if let Some(id) = data.session.text() {
                session.id = id.into_owned();
            }
            if let Some(folder) = data.context.get().and_then(|context| context.cwd.text()) {
                session.folder = folder.into_owned();
            }
        }
        "session.usage_record" => {
            if let Some(usage) = data.usage.get() {
                session.has_requests = true;
                emit(request(&row, usage, session));
            }
        }
        "session.shutdown" => {
            if let Some(metrics) = data.metrics.get() {
                sums(&row, metrics, session, emit);
            }
        }
        _ => {}
    }
    Ok(())
}

fn request<'a>(row: &Row<'a>, usage: &Usage<'a>, session: &'a Session) -> Logged<'a> {
    let mut rule = Remainder::default();
    let numbers = usage.numbers(&mut rule);
    let accounting = usage.accounting.get();
    let usage_id = || accounting.and_then(|it| it.usage.text());
    let mut logged = Logged {
        id: usage.call.text().or_else(usage_id).or_else(|| row.id.text()).unwrap_or_default(),
        route: match usage.interaction.as_str() {
            kind if kind.contains("subagent") => Route::Subagent,
            kind if kind.contains("compact") => Route::Compaction,
            _ => Route::Main,
        },
        folder: session.folder.as_str().into(),
        model: usage.model.text().unwrap_or_default(),
        counts: counts(numbers, &mut rule),
        is_inconsistent: rule.is_inconsistent(),
        time: row.timestamp.instant(),
        ..Logged::default()
    };
    if logged.id.is_empty() {
        logged.make_id(&session.id);
    }
    // A session that is forked off repeats rows of the one that it came from.
    let source = accounting.and_then(|it| it.session.text());
    logged.session = source.unwrap_or_else(|| session.id.as_str().into());
    logged
}

/// Books by how much the sums have grown, where nothing else tells of what they hold.
fn sums(
    row: &Row<'_>,
    metrics: &BTreeMap<String, Lax<Metrics<'_>>>,
    session: &mut Session,
    emit: &mut dyn FnMut(Logged<'_>),
) {
    let is_booked = std::mem::take(&mut session.has_requests);
    for (model, metrics) in metrics {
        let Some(usage) = metrics.get().and_then(|metrics| metrics.usage.get()) else { continue };
        let mut rule = Remainder::default();
        let now = usage.numbers(&mut rule);
        let before = session.sums.get(model).copied().unwrap_or_default();
        // Sums that have fallen began anew.
        let total = |[input, output, ..]: [u64; 5]| input.saturating_add(output);
        let before = if total(now) < total(before) { [0; 5] } else { before };
        if session.sums.len() < MOST_MODELS || session.sums.contains_key(model) {
            session.sums.insert(model.clone(), now);
        }
        let mut grown = [0; 5];
        for ((grown, now), before) in grown.iter_mut().zip(now).zip(before) {
            *grown = rule.of(now, before);
        }
        let counts = counts(grown, &mut rule);
        if is_booked || counts.total() == 0 {
            continue;
        }
        let id = row.id.text().unwrap_or_default();
        emit(Logged {
            id: made_id([&*session.id, &*id, model, &format!("{now:?}")]).into(),
            session: session.id.as_str().into(),
            folder: session.folder.as_str().into(),
            model: model.as_str().into(),
            counts,
            is_inconsistent: rule.is_inconsistent(),
            quality: Quality::Estimated,
            time: row.timestamp.instant(),
            ..Logged::default()
        });
    }
}
