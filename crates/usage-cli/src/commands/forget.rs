//! `usage forget`

use std::fmt::Write as _;
use std::io::{self, IsTerminal as _};
use std::path::Path;
use std::time::Duration;

use usage_core::format::{format_count, printable};
use usage_core::{Label, TagKey};
use usage_store::Store;
use usage_store::forget::{Copies, FORGOTTEN, NameKind, NameUse};

use super::delete::ask;
use crate::context::Context;
use crate::error::CliError;
use crate::{exit_codes, output, progress};

/// Take a name out of the ledger for good
///
/// (forgotten) takes its place in records, sums, sessions, tags, settings and what was refused and kept;
/// no sum changes. Then the file is written anew, so that none of its bytes holds the name. That takes
/// a few seconds for each million records, while programs that write wait, and as much free space as
/// the ledger has bytes, twice.
///
/// Asks first on a terminal; elsewhere --yes has to say that it is meant. It cannot be undone. What is
/// recorded under the name afterwards brings it back: see `usage pseudonyms`. Copies, exports and files
/// that were imported are not reached, and named where the ledger knows of them.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES, override_usage = USAGE)]
#[command(group = clap::ArgGroup::new("name").required(true))]
pub(crate) struct Args {
    /// The name of a user
    #[arg(long, value_name = "NAME", group = "name")]
    user: Option<String>,

    /// The name of a project
    #[arg(long, value_name = "NAME", group = "name")]
    project: Option<String>,

    /// The id of a session
    #[arg(long, value_name = "ID", group = "name")]
    session: Option<String>,

    /// The value of a tag
    #[arg(long, value_name = "KEY=VALUE", group = "name", value_parser = tag)]
    tag: Option<(TagKey, String)>,

    /// An instance; with it go the ids of its events: what it records again is stored again
    #[arg(long, value_name = "ID", group = "name")]
    instance: Option<String>,

    /// A profile
    #[arg(long, value_name = "NAME", group = "name")]
    profile: Option<String>,

    /// A provider
    #[arg(long, value_name = "NAME", group = "name")]
    provider: Option<String>,

    /// A route
    #[arg(long, value_name = "NAME", group = "name")]
    route: Option<String>,

    /// A model
    #[arg(long, value_name = "NAME", group = "name")]
    model: Option<String>,

    /// A service tier
    #[arg(long, value_name = "NAME", group = "name")]
    tier: Option<String>,

    /// Go on with forgetting that was stopped
    #[arg(long, group = "name", conflicts_with = "dry_run")]
    resume: bool,

    /// Only show where the name is
    #[arg(long)]
    dry_run: bool,

    /// Do not ask
    #[arg(short, long)]
    yes: bool,
}

/// All names would not fit on a line.
const USAGE: &str = "usage forget [OPTIONS] <--user NAME|--project NAME|--session ID|...>";

const EXAMPLES: &str = "\
Examples:
  usage forget --user anna --dry-run
  usage forget --user anna --yes
  usage forget --tag customer=acme
  usage forget --resume";

fn tag(text: &str) -> Result<(TagKey, String), String> {
    let (key, value) = text.split_once('=').ok_or("a tag is KEY=VALUE")?;
    Ok((TagKey::new(key).map_err(|error| error.to_string())?, value.to_owned()))
}

impl Args {
    /// Returns the name that is to go; none where an earlier one is.
    fn name(&self) -> Option<(NameKind, &str)> {
        let labels = [
            (Label::User, &self.user),
            (Label::Project, &self.project),
            (Label::Instance, &self.instance),
            (Label::Profile, &self.profile),
            (Label::Provider, &self.provider),
            (Label::Route, &self.route),
            (Label::Model, &self.model),
            (Label::Tier, &self.tier),
        ];
        let label = labels
            .into_iter()
            .find_map(|(label, name)| Some((NameKind::Label(label), name.as_deref()?)));
        let session = || Some((NameKind::Session, self.session.as_deref()?));
        let tag = || self.tag.as_ref().map(|(key, value)| (NameKind::Tag(*key), value.as_str()));
        label.or_else(session).or_else(tag)
    }
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<u8, CliError> {
    let Some((kind, name)) = args.name() else {
        let store = context.open_existing()?;
        let was_unfinished = store.is_forgetting()?;
        let is_wiped = wiping(context, || store.finish_forgetting())?;
        unless_held_back(is_wiped)?;
        if !context.quiet {
            output::print(if was_unfinished { "Wiped\n" } else { "Nothing was left to do\n" })?;
        }
        return Ok(exit_codes::DONE);
    };
    if name.is_empty() || name.starts_with(FORGOTTEN.trim_end_matches(')')) || name == "(other)" {
        return Err(CliError::usage(format!(
            "{:?} is no name that can be forgotten",
            printable(name)
        ))
        .hint("give the name as reports show it"));
    }
    let can_ask = io::stdin().is_terminal() && io::stderr().is_terminal();
    if !args.yes && !args.dry_run && !can_ask {
        return Err(CliError::usage(
            "there is no terminal to ask whether the name shall be forgotten",
        )
        .hint("--yes says that it is meant"));
    }
    let store = context.open_existing()?;
    if !args.dry_run {
        context.recover(&store)?;
    }
    let places = places(&store.plan_forgetting(kind, name)?);
    let question = format!("{} {}: {places}", called(kind), printable(name));
    if args.dry_run {
        context.note_waiting(&store, "plan");
        output::print(&format!("{question}\nNothing was changed\n"))?;
        return Ok(exit_codes::DONE);
    }
    if !args.yes && !ask(&question, "forget it")? {
        return Err(CliError::failed("nothing was changed"));
    }
    forget(context, &store, (kind, name), &question)
}

fn forget(
    context: &Context,
    store: &Store,
    (kind, name): (NameKind, &str),
    question: &str,
) -> Result<u8, CliError> {
    let outcome = wiping(context, || store.forget_name(kind, name))?;
    if !context.quiet {
        let mut text = question.to_owned();
        if outcome.names.is_none() {
            text += "\nNothing was changed; the file was wiped of what may have been left of it\n";
        } else {
            let _ = writeln!(text, "\nForgotten: {} stands in its place", outcome.placeholder);
        }
        if !outcome.remains.is_empty() {
            let _ = writeln!(
                text,
                "Still there, as another kind of name, a part of one, or where it has to stay: {}",
                outcome.remains.join(", ")
            );
        }
        text += &not_reached(&outcome.copies);
        output::print(&text)?;
    }
    unless_held_back(outcome.is_wiped)?;
    Ok(exit_codes::DONE)
}

/// Shows on a terminal that it goes on and for how long.
fn wiping<T>(
    context: &Context,
    work: impl FnOnce() -> usage_store::Result<T>,
) -> Result<T, CliError> {
    let bar = progress::bar("{spinner} {msg}, {elapsed}", context.quiet);
    bar.set_message("forgetting");
    bar.enable_steady_tick(Duration::from_millis(100));
    let done = work();
    bar.finish_and_clear();
    Ok(done?)
}

fn unless_held_back(is_wiped: bool) -> Result<(), CliError> {
    if is_wiped {
        return Ok(());
    }
    Err(CliError::failed(
        "the name is in no report any more, but the file could not be wiped of it: another program is reading",
    )
    .hint("`usage forget --resume` goes on when it has finished"))
}

fn called(kind: NameKind) -> String {
    match kind {
        NameKind::Label(label) => label.name().to_owned(),
        NameKind::Tag(key) => printable(key.name()).into_owned(),
        _ => "session".to_owned(),
    }
}

/// Returns where a name is, for people.
fn places(names: &NameUse) -> String {
    let of = |count: u64, one: &str, many: &str| {
        (count > 0)
            .then(|| format!("{} {}", format_count(count), if count == 1 { one } else { many }))
    };
    let places: Vec<String> = [
        of(names.label_sets, "combination of names", "combinations of names"),
        of(names.sessions, "session", "sessions"),
        of(names.tag_sets, "combination of tags", "combinations of tags"),
        of(names.texts, "record kept as text", "records kept as text"),
        of(names.event_ids, "event id that holds it", "event ids that hold it"),
        of(
            names.sources,
            "log or database that was imported",
            "logs and databases that were imported",
        ),
        of(names.notes, "setting or note", "settings and notes"),
    ]
    .into_iter()
    .flatten()
    .collect();
    if places.is_empty() { "nowhere in the ledger".to_owned() } else { places.join(", ") }
}

/// Returns the copies that were not reached, for people.
fn not_reached(copies: &Copies) -> String {
    let mut text = String::new();
    let mut line = |path: &Path, what: &str| {
        let path = path.display().to_string();
        let _ = writeln!(text, "Not reached: {} ({what})", printable(&path));
    };
    for path in &copies.journals {
        line(path, "a journal that holds it: of a program that runs, or unreadable");
    }
    for path in &copies.beside {
        line(path, "a copy beside the ledger");
    }
    if let Some(path) = &copies.last_backup {
        line(path, "the last backup");
    }
    text + "Not reached either: other copies, exports, logs that were imported, and other databases\n"
}
