//! What to say where nothing was found: which names there are instead, and where the data is.

use std::collections::BTreeSet;

use chrono::Datelike as _;
use usage_core::format::{Format, format_count};
use usage_core::query::Limits;
use usage_core::text::look_alikes;
use usage_core::{Engine, Filter, Label, Timestamp};

use crate::context::Context;
use crate::error::CliError;
use crate::output;

/// So many names of a ledger are looked through.
const MOST: usize = 100_000;
/// So many of them are named.
const NAMED: usize = 5;

/// What stands below a page of a ledger without a record.
const NOTHING: &str = "\
The ledger has no records yet:
  usage import agents   reads what coding agents have logged
  usage record FILE     reads what a gateway has logged
";

/// Says which names of a filter no record has, and which there are that look like them.
pub(super) fn note_unknown_names(
    filter: &Filter,
    engine: &dyn Engine,
    context: &Context,
) -> Result<(), CliError> {
    for label in Label::ALL.into_iter().filter(|_| !context.quiet) {
        let kept = filter.kept(label);
        if kept.is_empty() {
            continue;
        }
        let names = engine.names(label, MOST, &Limits::none())?;
        let known: BTreeSet<_> = names.iter().map(String::as_str).collect();
        // Of more names than are looked through any may be there, and without a name is no name.
        let is_missing = |name: &&String| {
            !label.reported(name).is_empty()
                && !known.contains(label.reported(name))
                && names.len() < MOST
        };
        for name in kept.iter().filter(is_missing) {
            output::note(&unknown(label, name, &names));
        }
    }
    Ok(())
}

fn unknown(label: Label, name: &str, names: &[String]) -> String {
    let text = format!("note: no record has the {label} {name:?}");
    let like = look_alikes(name, names.iter().map(String::as_str), NAMED);
    if !like.is_empty() {
        return format!("{text}; did you mean {}?", like.join(", "));
    }
    match names {
        [] => format!("{text}, nor any other"),
        names if names.len() <= NAMED => format!("{text}; there are {}", names.join(", ")),
        names => {
            let more = format_count((names.len() - NAMED) as u64);
            format!("{text}; there are {} and {more} more", names[..NAMED].join(", "))
        }
    }
}

/// Returns what stands below a page without anything on it: where the data is.
pub(super) fn where_data_is(
    format: Format,
    engine: &dyn Engine,
    context: &Context,
) -> Result<String, CliError> {
    if !format.is_for_people() {
        return Ok(String::new());
    }
    let bounds = engine.bounds(&Limits::none())?;
    let at = |at: Option<Timestamp>| {
        at.and_then(Timestamp::to_utc).map(|at| at.with_timezone(&context.zone()))
    };
    let Some((oldest, newest)) = at(bounds.oldest).zip(at(bounds.newest)) else {
        return Ok(NOTHING.to_owned());
    };
    let month = format!("{:04}-{:02}", newest.year(), newest.month());
    let day = |at: chrono::DateTime<chrono_tz::Tz>| at.format("%-d %B %Y").to_string();
    let (first, last) = (day(oldest), day(newest));
    let days = if first == last { last } else { format!("{first} to {last}") };
    Ok(format!("The ledger's records are of {days}:\n  usage report {month}\n"))
}
