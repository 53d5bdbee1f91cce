//! Gemini CLI's chats: lines of JSON, in older versions one object a file.

use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use usage_core::Quality;
use usage_providers::Remainder;

use super::agent::Agent;
use super::lenient::{Lax, List, Scalar, read};
use super::logged::{Logged, Route, gemini_counts};
use super::places::Places;
use super::progress::Progress;
use super::rows::{Format, read_rows};
use super::tell::By;
use super::told::Told;
use super::whole::{read_beside, read_whole};

/// Reads the chats of Gemini CLI.
pub(super) struct Gemini;

impl Agent for Gemini {
    fn name(&self) -> &'static str {
        "gemini-cli"
    }

    fn title(&self) -> &'static str {
        "Gemini CLI"
    }

    fn roots(&self, places: &Places<'_>) -> Vec<PathBuf> {
        let home = places.stated_or_below_home("GEMINI_CLI_HOME", "");
        home.map(|home| home.join(".gemini/tmp")).into_iter().collect()
    }

    fn takes(&self, path: &Path) -> bool {
        is_chat(path)
    }

    fn read(&self, file: &Path, progress: &mut Progress, told: &mut Told<'_>) -> io::Result<()> {
        read_chat(file, By::transcript(self.name(), file), progress, told)
    }
}

/// Returns whether a file is a chat, or that of a subagent, by its path.
pub(super) fn is_chat(path: &Path) -> bool {
    let is_json = path.extension().is_some_and(|ending| ending == "jsonl" || ending == "json");
    is_json && chats_of(path).is_some()
}

/// Returns the folder of chats that a file lies in.
fn chats_of(path: &Path) -> Option<&Path> {
    path.ancestors().skip(1).find(|folder| folder.file_name().is_some_and(|name| name == "chats"))
}

/// Reads a chat in either form.
pub(super) fn read_chat(
    file: &Path,
    by: By,
    progress: &mut Progress,
    told: &mut Told<'_>,
) -> io::Result<()> {
    let mut chat = Chat { folder: project_of(file), ..Chat::default() };
    if file.extension().is_some_and(|ending| ending == "jsonl") {
        return read_rows(file, by, Format { matters, row }, chat, progress, told);
    }
    let Some(text) = read_whole(file, progress, told)? else { return Ok(()) };
    let read = row(&text, &mut chat, &mut |logged| by.tell(1, &logged, told));
    if let Err(why) = read {
        told.malformed(1, why);
    }
    Ok(())
}

/// Returns the folder that the chats of a project are about: older versions keep only its hash.
fn project_of(file: &Path) -> String {
    let Some(project) = chats_of(file).and_then(Path::parent) else { return String::new() };
    let folder = read_beside(&project.join(".project_root"));
    let folder = String::from_utf8_lossy(&folder).trim().to_owned();
    if !folder.is_empty() {
        return folder;
    }
    let name =
        project.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let is_hash = name.len() == 64 && name.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_hash { String::new() } else { name }
}

/// What the lines of a chat say of all that follow.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Chat {
    session: String,
    is_subagent: bool,
    folder: String,
}

/// A header, a message, or a change of both.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Row<'a> {
    #[serde(borrow, rename = "sessionId")]
    session: Scalar<'a>,
    #[serde(borrow)]
    kind: Scalar<'a>,
    #[serde(borrow)]
    id: Scalar<'a>,
    #[serde(borrow, rename = "type")]
    sort: Scalar<'a>,
    #[serde(borrow)]
    timestamp: Scalar<'a>,
    #[serde(borrow)]
    model: Scalar<'a>,
    #[serde(borrow)]
    tokens: Lax<Tokens<'a>>,
    #[serde(borrow)]
    messages: List<&'a RawValue>,
    #[serde(borrow, rename = "$set")]
    set: Option<&'a RawValue>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Tokens<'a> {
    #[serde(borrow)]
    input: Scalar<'a>,
    #[serde(borrow)]
    output: Scalar<'a>,
    #[serde(borrow)]
    cached: Scalar<'a>,
    #[serde(borrow)]
    thoughts: Scalar<'a>,
    #[serde(borrow)]
    tool: Scalar<'a>,
    #[serde(borrow)]
    total: Scalar<'a>,
}

/// Returns whether a line can say anything of use: most are texts.
pub(super) fn matters(line: &[u8]) -> bool {
    [&b"\"tokens\""[..], b"\"sessionId\""]
        .iter()
        .any(|word| memchr::memmem::find(line, word).is_some())
}

/// Reads a line, or the whole of an older file: what it changes, and the requests in it.
pub(super) fn row(
    text: &[u8],
    chat: &mut Chat,
    emit: &mut dyn FnMut(Logged<'_>),
) -> Result<(), serde_json::Error> {
    let row: Row<'_> = read(text)?;
    take(&row, chat, emit);
    if let Some(set) = row.set {
        // What a resumed session repeats of its history has the ids that it had.
        take(&read(set.get().as_bytes())?, chat, emit);
    }
    Ok(())
}

fn take(row: &Row<'_>, chat: &mut Chat, emit: &mut dyn FnMut(Logged<'_>)) {
    if let Some(session) = row.session.text() {
        chat.session = session.into_owned();
        chat.is_subagent = row.kind.is("subagent");
    }
    if row.sort.is("gemini")
        && let Some(tokens) = row.tokens.get()
    {
        emit(request(row, tokens, chat));
    }
    for message in &row.messages.0 {
        let message = read::<Row<'_>>(message.get().as_bytes()).unwrap_or_default();
        if message.sort.is("gemini")
            && let Some(tokens) = message.tokens.get()
        {
            emit(request(&message, tokens, chat));
        }
    }
}

fn request<'a>(row: &Row<'a>, tokens: &Tokens<'_>, chat: &'a Chat) -> Logged<'a> {
    let mut rule = Remainder::default();
    let numbers = [&tokens.input, &tokens.output, &tokens.cached, &tokens.thoughts, &tokens.tool];
    let numbers = numbers.map(|number| number.count(&mut rule));
    let total = tokens.total.stated(&mut rule);
    let counts = gemini_counts(numbers, total, false, &mut rule);
    let mut logged = Logged {
        id: row.id.text().unwrap_or_default(),
        session: chat.session.as_str().into(),
        route: if chat.is_subagent { Route::Subagent } else { Route::Main },
        folder: chat.folder.as_str().into(),
        model: row.model.text().unwrap_or_default(),
        counts,
        is_inconsistent: rule.is_inconsistent(),
        quality: Quality::Reported,
        time: row.timestamp.instant(),
        ..Logged::default()
    };
    if logged.id.is_empty() {
        logged.make_id(&chat.session);
    }
    logged
}
