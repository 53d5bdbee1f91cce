//! `usage status`

use std::fmt::Write as _;

use chrono_tz::Tz;
use clap::ValueEnum;
use serde::Serialize;
use usage_core::Timestamp;
use usage_core::budget::{Budget, state};
use usage_core::format::{display_width, format_count, format_tokens, printable};
use usage_core::query::Limits;
use usage_store::status::{Attention, Status, StatusLimits};
use usage_store::{Age, Store};

use super::json::Json;
use super::prune::age_of;
use crate::context::Context;
use crate::error::CliError;
use crate::messages::wrapped_below;
use crate::{amounts, exit_codes, output};

/// Show the health and the size of the ledger in one look
///
/// Takes milliseconds, however large the ledger is, and reads no records: `usage doctor` does. The exit code is 6 when
/// something needs a look, such as records that wait in a journal of a stopped program.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// How to print it
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    #[arg(default_value_if("json", "true", "json"))]
    format: Format,

    #[command(flatten)]
    _json: Json,

    /// Say so when the last copy is older than that, such as 2d
    #[arg(long, value_name = "AGE")]
    backup_within: Option<String>,

    /// Say so when the newest record is older than that, such as 1h
    #[arg(long, value_name = "AGE")]
    record_within: Option<String>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    Text,
    Json,
    Openmetrics,
}

const EXAMPLES: &str = "\
Examples:
  usage status
  usage status --backup-within 2d --record-within 1h
  usage status --format openmetrics";

pub(crate) fn run(args: &Args, context: &Context) -> Result<u8, CliError> {
    let age = |option: &str, text: &Option<String>| -> Result<Option<Age>, CliError> {
        text.as_deref().map(|text| age_of(option, text)).transpose()
    };
    let mut limits = StatusLimits::at(context.now_timestamp());
    limits.backup_within = age("--backup-within", &args.backup_within)?;
    limits.record_within = age("--record-within", &args.record_within)?;
    let store = context.open_existing()?;
    let status = store.status(&limits)?;
    match args.format {
        Format::Text => {
            let budgets = budgets(&store, limits.now);
            output::print(&shown(&status, &budgets, limits.now, context))?;
        }
        Format::Json => {
            let budgets = &budgets(&store, limits.now);
            output::print_json(&JsonStatus { status: &status, budgets })?;
        }
        Format::Openmetrics => output::print(&status.open_metrics())?,
    }
    Ok(if status.attention.is_empty() { exit_codes::DONE } else { exit_codes::ATTENTION })
}

/// As it serialises itself, and how budgets stand.
#[derive(Serialize)]
struct JsonStatus<'a> {
    #[serde(flatten)]
    status: &'a Status,
    budgets: &'a [BudgetLine],
}

/// A budget, shortly.
#[derive(Serialize)]
struct BudgetLine {
    name: String,
    /// Nothing where it cannot be counted.
    standing: Option<&'static str>,
    share_permille: Option<u64>,
}

/// Asks how budgets stand. That they cannot be read `usage budget` tells: it is no reason to show nothing.
fn budgets(store: &Store, now: Timestamp) -> Vec<BudgetLine> {
    let line = |budget: Budget| {
        let state = state(store, &budget, now, &Limits::none()).ok();
        BudgetLine {
            name: budget.name().to_owned(),
            standing: state.as_ref().map(|state| state.standing().as_str()),
            share_permille: state.and_then(|state| state.share_permille()),
        }
    };
    store.budgets().list().unwrap_or_default().into_iter().map(line).collect()
}

/// Names the budgets that are not within their limits.
fn standings(budgets: &[BudgetLine]) -> String {
    let of = |standing: Option<&str>, words: &str| {
        let names: Vec<_> = budgets
            .iter()
            .filter(|of| of.standing == standing)
            .map(|of| printable(&of.name).into_owned())
            .collect();
        (!names.is_empty()).then(|| format!("{words}: {}", names.join(", ")))
    };
    let shown = [
        of(Some("past"), "PAST the limit"),
        of(Some("reached"), "at the limit"),
        of(Some("ahead"), "past it at this pace"),
        of(None, "not to be counted"),
    ];
    let shown: Vec<_> = shown.into_iter().flatten().collect();
    if shown.is_empty() { "all within their limits".to_owned() } else { shown.join("  |  ") }
}

/// The width of the names at the beginning of lines.
const NAMES: usize = 10;

/// Lines of a name and a text.
struct Page(Vec<(&'static str, String)>);

impl Page {
    fn line(&mut self, name: &'static str, text: impl Into<String>) {
        self.0.push((name, text.into()));
    }
}

/// Returns it for people.
fn shown(status: &Status, budgets: &[BudgetLine], now: Timestamp, context: &Context) -> String {
    let mut text = String::new();
    let mut lines = lines(status, now, context.zone());
    if !budgets.is_empty() {
        let at = lines.iter().position(|(name, _)| *name == "Attention").unwrap_or(lines.len());
        let count = format_count(budgets.len() as u64);
        lines.insert(at, ("Budgets", format!("{count}  |  {}", standings(budgets))));
    }
    for (name, line) in lines {
        let line = match context.width() {
            Some(width) => fitted(&line, width),
            None => line,
        };
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{name:NAMES$}  {line}");
    }
    text
}

/// Breaks a line where it has parts that stand side by side, or else between words.
fn fitted(line: &str, width: usize) -> String {
    const BESIDE: &str = "  |  ";
    let below = format!("\n{:1$}", "", NAMES + 2);
    let mut lines: Vec<String> = Vec::new();
    for part in line.split(BESIDE) {
        match lines.last_mut() {
            Some(last)
                if NAMES + 2 + display_width(last) + display_width(part) + BESIDE.len()
                    <= width =>
            {
                *last += BESIDE;
                *last += part;
            }
            _ => lines.push(part.to_owned()),
        }
    }
    let room = width.saturating_sub(NAMES + 2);
    let lines: Vec<_> = lines.iter().map(|line| wrapped_below(line, room, 0)).collect();
    lines.join("\n").replace('\n', &below)
}

/// Returns what there is to say to people, in lines of a name and a text.
pub(super) fn lines(status: &Status, now: Timestamp, zone: Tz) -> Vec<(&'static str, String)> {
    let mut page = Page(Vec::new());
    let at = |at: Timestamp| amounts::instant(at, zone);
    let ledger = status.ledger.display().to_string();
    page.line(
        "Ledger",
        format!("{} (schema version {})", printable(&ledger), status.schema_version),
    );
    let size = &status.size;
    let mut sizes = amounts::bytes(size.file_bytes);
    for (bytes, what) in [(size.log_bytes, "log"), (size.free_bytes, "of it free")] {
        if bytes > 0 {
            sizes += &format!("  |  {what}: {}", amounts::bytes(bytes));
        }
    }
    if let Some(free) = size.disk_free_bytes {
        sizes += &format!("  |  disk: {} free", amounts::bytes(free));
    }
    page.line("Size", sizes);
    let content = &status.content;
    page.line(
        "Requests",
        format!(
            "{}  |  Tokens: {}  |  last 24 hours: {}  |  last 7 days: {}",
            format_count(content.requests),
            format_tokens(content.tokens),
            format_count(content.requests_of_day),
            format_count(content.requests_of_week)
        ),
    );
    let newest = content.newest.map_or_else(
        || "none".to_owned(),
        |newest| match newest > now {
            true => format!("{}, {} from now", at(newest), amounts::span(now, newest)),
            false => format!("{}, {} ago", at(newest), amounts::span(newest, now)),
        },
    );
    page.line("Newest", newest);
    page.line("Quality", quality(status));
    for of in &status.reconciled {
        page.line("Twice", amounts::reconciled(of));
    }
    let waiting = status.backlog.of_stopped + status.backlog.of_running;
    page.line(
        "Journals",
        match waiting {
            0 => "nothing waits".to_owned(),
            _ => format!(
                "{} wait, {} of them of stopped programs",
                amounts::records(waiting),
                format_count(status.backlog.of_stopped)
            ),
        },
    );
    page.line("Kept", kept(status, zone));
    let backup = status.last_backup.as_ref().map_or_else(
        || "none is remembered".to_owned(),
        |last| {
            format!(
                "{}, {} ago, {}; {} since then",
                at(last.at),
                amounts::span(last.at, now),
                printable(&last.path),
                amounts::records(last.records_since)
            )
        },
    );
    page.line("Backup", backup);
    if content.folded_label_sets > 0 {
        let count = format_count(content.folded_label_sets);
        page.line("Names", format!("{count} combinations are counted under (other)"));
    }
    for attention in &status.attention {
        page.line("Attention", words(*attention, status, zone));
    }
    if status.attention.is_empty() {
        page.line("Attention", "nothing needs a look");
    }
    page.0
}

/// Returns the shares of requests whose numbers are less sure than others.
fn quality(status: &Status) -> String {
    let (all, of) = (status.content.requests, &status.quality);
    let shares: Vec<_> = [
        (of.partial, "partial"),
        (of.estimated, "estimated"),
        (of.inconsistent, "inconsistent"),
        (of.unpriced, "without a price"),
        (of.elsewhere, "also recorded elsewhere"),
    ]
    .into_iter()
    .filter(|(count, _)| *count > 0)
    .map(|(count, what)| {
        // In tenths of a percent, and at least one: it is not nothing.
        let share = (u128::from(count) * 1_000 / u128::from(all.max(1))).max(1);
        format!("{}.{}% {what}", share / 10, share % 10)
    })
    .collect();
    if shares.is_empty() {
        "all counts are reported in full".to_owned()
    } else {
        shares.join("  |  ")
    }
}

fn kept(status: &Status, zone: Tz) -> String {
    let of = &status.retention;
    let age = |age: &Option<String>| {
        age.as_ref().map_or("forever".to_owned(), |age| format!("for {age}"))
    };
    let mut text = format!("records {}, sums {}", age(&of.rows), age(&of.sums));
    if let Some(sessions) = &of.sessions {
        text += &format!(
            ", sessions {}",
            if sessions == "forever" { "forever".to_owned() } else { format!("for {sessions}") }
        );
    }
    for (at, what) in [(of.records_from, "none older than"), (of.rows_from, "records from")] {
        if let Some(at) = at {
            text += &format!("  |  {what} {}", amounts::instant(at, zone));
        }
    }
    text
}

/// Says what needs a look, and what may be done about it.
fn words(attention: Attention, status: &Status, zone: Tz) -> String {
    let at = |at: Option<Timestamp>| at.map_or_else(String::new, |at| amounts::instant(at, zone));
    match attention {
        Attention::Backlog => {
            "records wait in journals of stopped programs: `usage vacuum` stores them".to_owned()
        }
        Attention::Journals => {
            "files of journals cannot be read: `usage doctor` names them".to_owned()
        }
        Attention::Checkpoint => format!(
            "the write-ahead log cannot be brought into the file: {}",
            printable(status.failing_checkpoint.as_deref().unwrap_or_default())
        ),
        Attention::LargeLog => {
            "the write-ahead log is large: a program has been reading for long".to_owned()
        }
        Attention::DiskSpace => "the disk is nearly full".to_owned(),
        Attention::HorizonAhead => format!(
            "records before {} are refused: `usage retain --reset-horizon` takes it back",
            at(status.retention.records_from)
        ),
        Attention::FarAhead => format!(
            "there is a record of {}: `usage doctor` says how to remove it",
            at(status.content.far_ahead)
        ),
        Attention::Quarantine => format!(
            "{} were refused and kept, {} more found no room: see `usage doctor`",
            amounts::records(status.quarantine.records),
            format_count(status.quarantine.overflow)
        ),
        Attention::Backup => {
            "no copy is as new as it has to be: `usage backup` makes one".to_owned()
        }
        Attention::Silence => "no record is as new as it has to be".to_owned(),
        Attention::Forgetting => {
            "a name was not forgotten to the end: `usage forget --resume` goes on".to_owned()
        }
        other => other.as_str().to_owned(),
    }
}
