//! `usage tags`

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use clap::ValueEnum;
use serde::Serialize;
use usage_core::format::{
    display_width, escape_hidden, format_count, format_period_json, printable,
};
use usage_core::record::MAX_TAGS;
use usage_core::{Period, TagKey, TimeRange, Timestamp};
use usage_store::{DeclaredTags, Store, TagUse};

use super::json::Json;
use super::period::{self, PeriodArgs};
use crate::context::Context;
use crate::error::CliError;
use crate::{amounts, exit_codes, output, progress};

/// List the keys of tags, or declare those that sums tell apart
///
/// Reports by any tag work without a declaration: they read the records, which takes a second or two
/// for each million, and cannot tell of a time whose records were deleted. A declared key is told apart in
/// the sums that every other report is made of. Each of its values multiplies the names in these sums, so
/// declare keys that have few values, such as a team, and none that has a value for each request.
///
/// --declare counts anew what is stored, some seconds for each million records; reports work
/// meanwhile, and what is recorded waits.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES, after_long_help = long_help())]
pub(crate) struct Args {
    #[command(flatten)]
    period: PeriodArgs,

    /// Declare these keys, up to 8, in place of those that are declared; '' declares none
    #[arg(long, value_name = "KEY[,KEY...]", value_parser = keys)]
    #[arg(conflicts_with_all = ["period", "week_start"])]
    declare: Option<Keys>,

    /// How to print it
    #[arg(long, value_enum, default_value_t, default_value_if("json", "true", "json"))]
    format: Format,

    #[command(flatten)]
    _json: Json,
}

const EXAMPLES: &str = "\
Examples:
  usage tags
  usage tags last-30-days
  usage tags --declare team,env
  usage report this-month --by tag:team";

fn long_help() -> String {
    format!("{EXAMPLES}\n\n{}", period::long_help())
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum Format {
    #[default]
    Text,
    Json,
}

/// The keys of one option, whose value may be empty.
#[derive(Clone, Debug)]
struct Keys(Vec<TagKey>);

fn keys(text: &str) -> Result<Keys, String> {
    if text.trim().is_empty() {
        return Ok(Keys(Vec::new()));
    }
    let keys = text.split(',').map(|key| TagKey::new(key.trim()));
    keys.collect::<Result<_, _>>().map(Keys).map_err(|error| error.to_string())
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<u8, CliError> {
    let period = args.period.parse(context)?;
    let Some(Keys(keys)) = &args.declare else {
        let store = context.open_existing()?;
        context.note_waiting(&store, "list");
        let tags = store.tag_use(TimeRange::from(&period))?;
        output::print(&match args.format {
            Format::Text => listed(&tags, &period, context),
            Format::Json => as_json(&tags, &period, None, context),
        })?;
        return Ok(exit_codes::DONE);
    };
    if keys.len() > MAX_TAGS {
        let message = format!("--declare takes up to {MAX_TAGS} keys, not {}", keys.len());
        return Err(CliError::usage(message));
    }
    let store = context.open_existing()?;
    context.recover(&store)?;
    let declared = declare(&store, keys, context)?;
    let tags = store.tag_use(TimeRange::ALL)?;
    match args.format {
        Format::Json => output::print(&as_json(&tags, &period, Some(&declared), context))?,
        Format::Text if context.quiet => {}
        Format::Text => output::print(&done(&declared, &tags, context))?,
    }
    Ok(exit_codes::DONE)
}

/// Declares keys, and shows on a terminal that it goes on and for how long.
fn declare(store: &Store, keys: &[TagKey], context: &Context) -> Result<DeclaredTags, CliError> {
    let bar = progress::bar("{spinner} {msg}, {elapsed}", context.quiet);
    bar.set_message("counting anew what is stored");
    bar.enable_steady_tick(Duration::from_millis(100));
    let declared = store.declare_tags(keys);
    bar.finish_and_clear();
    Ok(declared?)
}

/// Returns the declaration, for people: what it came to, and where it came too late.
fn done(declared: &DeclaredTags, tags: &[TagUse], context: &Context) -> String {
    let names = match declared.keys.as_slice() {
        [] => "none".to_owned(),
        keys => joined(keys.iter().copied()),
    };
    let anew = amounts::records(declared.changed);
    let mut text = format!("Declared: {names}  |  Counted anew: {anew}\n");
    let mut late = BTreeMap::<Timestamp, Vec<TagKey>>::new();
    for tag in tags.iter().filter(|tag| tag.is_declared) {
        if let Some(from) = tag.told_apart_from {
            late.entry(from).or_default().push(tag.key);
        }
    }
    for (from, keys) in late {
        let (at, keys) = (amounts::instant(from, context.zone()), joined(keys.into_iter()));
        // Writing to a string cannot fail.
        let _ = writeln!(text, "Of what is older than {at} only sums are left, without {keys}");
    }
    text
}

fn joined(keys: impl Iterator<Item = TagKey>) -> String {
    keys.map(|key| printable(key.as_str()).into_owned()).collect::<Vec<_>>().join(", ")
}

/// The list, for people.
fn listed(tags: &[TagUse], period: &Period, context: &Context) -> String {
    let name = printable(period.name());
    if tags.is_empty() {
        return format!("Tags ({name}): no record has any, and no key is declared\n");
    }
    let mut columns =
        [vec!["Key".to_owned()], vec!["Values".to_owned()], vec!["Declared".to_owned()]];
    let mut from = vec!["Told apart from".to_owned()];
    for tag in tags {
        columns[0].push(printable(tag.key.as_str()).into_owned());
        columns[1].push(format_count(tag.values));
        columns[2].push(if tag.is_declared { "yes" } else { "no" }.to_owned());
        from.push(
            tag.told_apart_from
                .map_or_else(String::new, |from| amounts::instant(from, context.zone())),
        );
    }
    let has_from = from.iter().skip(1).any(|from| !from.is_empty());
    let width = |column: &[String]| column.iter().map(|it| display_width(it)).max().unwrap_or(0);
    let widths = [0, 1, 2].map(|at| width(&columns[at]));
    let mut text = format!("Tags ({name})\n\n");
    for line in 0..=tags.len() {
        let [key, values, declared] = [0, 1, 2].map(|at| {
            let cell = &columns[at][line];
            (cell, " ".repeat(widths[at].saturating_sub(display_width(cell))))
        });
        let mut row = format!("  {}{}  {}{}  {}", key.0, key.1, values.1, values.0, declared.0);
        if has_from {
            row += &format!("{}  {}", declared.1, from[line]);
        }
        text += row.trim_end();
        text.push('\n');
    }
    text
}

/// A key, as JSON has it.
#[derive(Serialize)]
struct JsonTag<'a> {
    key: &'a str,
    declared: bool,
    values: u64,
    told_apart_from: Option<String>,
}

/// The list, for programs.
fn as_json(
    tags: &[TagUse],
    period: &Period,
    declared: Option<&DeclaredTags>,
    context: &Context,
) -> String {
    let tag = |tag: &TagUse| -> String {
        let json = JsonTag {
            key: tag.key.as_str(),
            declared: tag.is_declared,
            values: tag.values,
            told_apart_from: tag.told_apart_from.map(|from| amounts::instant(from, context.zone())),
        };
        // Texts and numbers always serialise.
        escape_hidden(serde_json::to_string(&json).unwrap_or_default())
    };
    let tags = tags.iter().map(tag).collect::<Vec<_>>().join(",");
    let period = format_period_json(period);
    let anew = declared
        .map_or_else(String::new, |declared| format!("\"counted_anew\":{},", declared.changed));
    format!("{{\"schema\":1,\"period\":{},{anew}\"tags\":[{tags}]}}\n", period.trim_end())
}
