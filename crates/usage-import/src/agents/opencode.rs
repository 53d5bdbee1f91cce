//! opencode's messages: rows of its database, in older versions a file each; Kilo's command line keeps the same.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use usage_core::{Outcome, Quality};
use usage_providers::{Counts, Remainder, made_id};

use super::agent::Agent;
use super::lenient::{Lax, Scalar, read};
use super::logged::{Logged, Route};
use super::opencode_db;
use super::places::Places;
use super::progress::Progress;
use super::tell::By;
use super::told::Told;
use super::whole::{folder_name, read_whole, stem};

/// Reads the messages of opencode.
pub(super) struct Opencode;

impl Agent for Opencode {
    fn name(&self) -> &'static str {
        "opencode"
    }

    fn title(&self) -> &'static str {
        "opencode"
    }

    fn roots(&self, places: &Places<'_>) -> Vec<PathBuf> {
        places.stated_or_in_data("OPENCODE_DATA_DIR", "opencode").into_iter().collect()
    }

    fn folders(&self, root: &Path) -> Vec<PathBuf> {
        // What else lies there is much, and of no use: texts, and copies of whole projects.
        let entries = fs::read_dir(root).into_iter().flatten().flatten();
        let databases = entries.map(|entry| entry.path()).filter(|path| is_database(path));
        let mut folders: Vec<_> = databases.collect();
        folders.sort_unstable();
        let messages = root.join("storage/message");
        folders.extend(messages.is_dir().then_some(messages));
        if folders.is_empty() { vec![root.to_owned()] } else { folders }
    }

    fn takes(&self, path: &Path) -> bool {
        is_database(path) || stem(path, ".json").starts_with("msg_")
    }

    fn beside(&self, path: &Path) -> Option<PathBuf> {
        opencode_db::beside(path)
    }

    fn read(&self, file: &Path, progress: &mut Progress, told: &mut Told<'_>) -> io::Result<()> {
        let by = By::transcript(self.name(), file);
        if is_database(file) {
            return opencode_db::read(file, by, opencode_db::OPENCODE, progress, told);
        }
        let Some(text) = read_whole(file, progress, told)? else { return Ok(()) };
        let session = folder_name(file, 1);
        let beside = Beside { id: stem(file, ".json"), session: &session, ..Beside::default() };
        if let Err(why) = message(&text, &beside, &mut |logged| by.tell(1, &logged, told)) {
            told.malformed(1, why);
        }
        Ok(())
    }
}

/// Returns whether a file is the database, or that of a version for trying out.
fn is_database(path: &Path) -> bool {
    stem(path, ".db").starts_with("opencode")
}

/// What lies beside a message.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Beside<'a> {
    /// The message's id, where its text does not say.
    pub(super) id: &'a str,
    pub(super) session: &'a str,
    /// The folder of the session.
    pub(super) folder: &'a str,
    /// Says whether another session has begun the session.
    pub(super) has_parent: bool,
    /// Says whether it is known to be an answer, as its text need not say.
    pub(super) is_answer: bool,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Message<'a> {
    #[serde(borrow)]
    id: Scalar<'a>,
    #[serde(borrow, rename = "sessionID")]
    session: Scalar<'a>,
    #[serde(borrow)]
    role: Scalar<'a>,
    #[serde(borrow, rename = "modelID")]
    model_id: Scalar<'a>,
    #[serde(borrow, rename = "providerID")]
    provider_id: Scalar<'a>,
    #[serde(borrow)]
    model: Lax<Model<'a>>,
    #[serde(borrow)]
    cost: Scalar<'a>,
    #[serde(borrow)]
    tokens: Lax<Tokens<'a>>,
    #[serde(borrow)]
    time: Lax<Times<'a>>,
    #[serde(borrow)]
    path: Lax<Place<'a>>,
    #[serde(borrow)]
    mode: Scalar<'a>,
    #[serde(borrow)]
    agent: Scalar<'a>,
    #[serde(borrow)]
    summary: Scalar<'a>,
    #[serde(borrow)]
    error: Lax<Fault<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Model<'a> {
    #[serde(borrow, alias = "modelID")]
    id: Scalar<'a>,
    #[serde(borrow, rename = "providerID")]
    provider: Scalar<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Tokens<'a> {
    #[serde(borrow)]
    input: Scalar<'a>,
    #[serde(borrow)]
    output: Scalar<'a>,
    #[serde(borrow)]
    reasoning: Scalar<'a>,
    #[serde(borrow)]
    total: Scalar<'a>,
    #[serde(borrow)]
    cache: Lax<Cache<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Cache<'a> {
    #[serde(borrow)]
    read: Scalar<'a>,
    #[serde(borrow)]
    write: Scalar<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Times<'a> {
    #[serde(borrow)]
    created: Scalar<'a>,
    #[serde(borrow)]
    completed: Scalar<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Place<'a> {
    #[serde(borrow)]
    cwd: Scalar<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Fault<'a> {
    #[serde(borrow)]
    name: Scalar<'a>,
}

/// Reads a message. One that is still being written is left for later.
pub(super) fn message(
    text: &[u8],
    beside: &Beside<'_>,
    emit: &mut dyn FnMut(Logged<'_>),
) -> Result<(), serde_json::Error> {
    let message: Message<'_> = read(text)?;
    let is_answer =
        message.role.is("assistant") || beside.is_answer && message.role == Scalar::Nothing;
    let Some(tokens) = message.tokens.get().filter(|_| is_answer) else { return Ok(()) };
    let mut rule = Remainder::default();
    let counts = counts(tokens, &mut rule);
    let outcome = match message.error.get().map(|error| error.name.as_str()) {
        None => Outcome::Ok,
        Some(name) if name.contains("Abort") => Outcome::Cancelled,
        Some(_) => Outcome::Error,
    };
    let times = message.time.get();
    let completed = times.and_then(|times| times.completed.instant());
    let has_tokens = counts.total() > 0;
    if !has_tokens && completed.is_none() && outcome == Outcome::Ok && !rule.is_inconsistent() {
        return Ok(());
    }
    let model = message.model.get();
    let named = |own: &Scalar<'_>, nested: Option<&Scalar<'_>>| {
        own.text().or_else(|| nested?.text()).unwrap_or_default().into_owned()
    };
    let time = times.and_then(|times| times.created.instant());
    let mut logged = Logged {
        id: message.id.text().unwrap_or_else(|| beside.id.into()),
        session: message.session.text().unwrap_or_else(|| beside.session.into()),
        folder: message
            .path
            .get()
            .and_then(|path| path.cwd.text())
            .unwrap_or_else(|| beside.folder.into()),
        provider: named(&message.provider_id, model.map(|model| &model.provider)).into(),
        model: named(&message.model_id, model.map(|model| &model.id)).into(),
        route: match beside.has_parent {
            _ if [&message.mode, &message.agent].iter().any(|word| word.is("compaction")) => {
                Route::Compaction
            }
            _ if message.summary == Scalar::Bool(true) => Route::Compaction,
            true => Route::Subagent,
            false => Route::Main,
        },
        counts,
        is_inconsistent: rule.is_inconsistent(),
        // Whoever gives no counts, or is stopped before, has used more than this.
        quality: match outcome {
            Outcome::Error => Quality::Reported,
            Outcome::Ok if completed.is_some() && has_tokens => Quality::Reported,
            _ => Quality::Partial,
        },
        outcome,
        stated_cost: message.cost.dollars(),
        time: time.or(completed),
        ..Logged::default()
    };
    if let (Some(time), Some(completed)) = (time, completed)
        && has_tokens
    {
        // A session that is forked off repeats messages under other ids, with times and counts as they were.
        let numbers = [counts.input, counts.output, counts.cache_read, counts.cache_write];
        let times = [time.as_micros(), completed.as_micros()];
        let text = format!("{times:?} {numbers:?}");
        logged.alias = Some(made_id(["opencode", &logged.provider, &logged.model, &text]).into());
    }
    if logged.id.is_empty() {
        let session = logged.session.clone();
        logged.make_id(&session);
    }
    emit(logged);
    Ok(())
}

/// Makes the counts one whole: caches lie beside the input, and reasoning beside the output unless the total says
/// otherwise.
fn counts(tokens: &Tokens<'_>, rule: &mut Remainder) -> Counts {
    let cache = tokens.cache.get();
    let (output, reasoning) = (tokens.output.count(rule), tokens.reasoning.count(rule));
    let total = tokens.total.stated(rule);
    let mut counts = Counts {
        input: tokens.input.count(rule),
        output,
        cache_read: cache.map_or(0, |cache| cache.read.count(rule)),
        cache_write: cache.map_or(0, |cache| cache.write.count(rule)),
        ..Counts::default()
    };
    if reasoning == 0 || total != Some(counts.total()) {
        counts.output = output.saturating_add(reasoning);
    }
    counts.reasoning = rule.part(reasoning, counts.output);
    rule.check(counts.total(), total);
    counts
}
