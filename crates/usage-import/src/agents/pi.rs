//! pi's sessions: lines of JSON, the branches of a session in one file.

use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use usage_core::{Outcome, Quality};
use usage_providers::{Counts, Remainder, made_id};

use super::agent::Agent;
use super::lenient::{Lax, Scalar, read};
use super::logged::Logged;
use super::places::Places;
use super::progress::Progress;
use super::rows::{Format, read_rows};
use super::tell::By;
use super::told::Told;

/// Reads the sessions of pi.
pub(super) struct Pi;

impl Agent for Pi {
    fn name(&self) -> &'static str {
        "pi"
    }

    fn title(&self) -> &'static str {
        "pi"
    }

    fn roots(&self, places: &Places<'_>) -> Vec<PathBuf> {
        let home = places.stated_or_below_home("PI_CODING_AGENT_DIR", ".pi/agent");
        home.map(|home| home.join("sessions")).into_iter().collect()
    }

    fn takes(&self, path: &Path) -> bool {
        path.extension().is_some_and(|ending| ending == "jsonl")
    }

    fn read(&self, file: &Path, progress: &mut Progress, told: &mut Told<'_>) -> io::Result<()> {
        let by = By::transcript(self.name(), file);
        read_rows(file, by, Format { matters, row }, Session::default(), progress, told)
    }
}

/// The session that a file is of: its first line.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Session {
    id: String,
    folder: String,
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
    cwd: Scalar<'a>,
    #[serde(borrow)]
    message: Lax<Message<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Message<'a> {
    #[serde(borrow)]
    role: Scalar<'a>,
    #[serde(borrow)]
    provider: Scalar<'a>,
    #[serde(borrow)]
    model: Scalar<'a>,
    #[serde(borrow, rename = "responseId")]
    response_id: Scalar<'a>,
    #[serde(borrow, rename = "stopReason")]
    stop: Scalar<'a>,
    #[serde(borrow)]
    usage: Lax<Usage<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Usage<'a> {
    #[serde(borrow)]
    input: Scalar<'a>,
    #[serde(borrow)]
    output: Scalar<'a>,
    #[serde(borrow, rename = "cacheRead")]
    cache_read: Scalar<'a>,
    #[serde(borrow, rename = "cacheWrite")]
    cache_write: Scalar<'a>,
    #[serde(borrow)]
    reasoning: Scalar<'a>,
    #[serde(borrow, rename = "totalTokens")]
    total: Scalar<'a>,
    #[serde(borrow)]
    cost: Lax<Cost<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Cost<'a> {
    #[serde(borrow)]
    total: Scalar<'a>,
}

/// Returns whether a line can be the head of a session, or tell of a request.
pub(super) fn matters(line: &[u8]) -> bool {
    [&b"\"usage\""[..], b"\"session\""]
        .iter()
        .any(|word| memchr::memmem::find(line, word).is_some())
}

/// Reads a line.
pub(super) fn row(
    text: &[u8],
    session: &mut Session,
    emit: &mut dyn FnMut(Logged<'_>),
) -> Result<(), serde_json::Error> {
    let row: Row<'_> = read(text)?;
    if row.sort.is("session") {
        session.id = row.id.text().unwrap_or_default().into_owned();
        session.folder = row.cwd.text().unwrap_or_default().into_owned();
    }
    let Some(message) = row.message.get().filter(|message| message.role.is("assistant")) else {
        return Ok(());
    };
    let Some(usage) = message.usage.get() else { return Ok(()) };
    let mut rule = Remainder::default();
    let mut counts = Counts {
        input: usage.input.count(&mut rule),
        output: usage.output.count(&mut rule),
        cache_read: usage.cache_read.count(&mut rule),
        cache_write: usage.cache_write.count(&mut rule),
        ..Counts::default()
    };
    let (reasoning, total) = (usage.reasoning.count(&mut rule), usage.total.stated(&mut rule));
    counts.reasoning = rule.part(reasoning, counts.output);
    rule.check(counts.total(), total);
    let outcome = match message.stop.as_str() {
        "aborted" => Outcome::Cancelled,
        "error" => Outcome::Error,
        _ => Outcome::Ok,
    };
    // A session that is branched off holds the rows that it had in common, with their ids.
    let own_id = || {
        let (id, time) = (row.id.text()?, row.timestamp.as_str());
        Some(made_id([&*id, time]).into())
    };
    let mut logged = Logged {
        id: message.response_id.text().or_else(own_id).unwrap_or_default(),
        folder: session.folder.as_str().into(),
        provider: message.provider.text().unwrap_or_default(),
        model: message.model.text().unwrap_or_default(),
        counts,
        is_inconsistent: rule.is_inconsistent(),
        quality: if outcome == Outcome::Ok { Quality::Reported } else { Quality::Partial },
        outcome,
        stated_cost: usage.cost.get().and_then(|cost| cost.total.dollars()),
        time: row.timestamp.instant(),
        ..Logged::default()
    };
    if logged.id.is_empty() {
        logged.make_id(&session.id);
    }
    logged.session = session.id.as_str().into();
    emit(logged);
    Ok(())
}
