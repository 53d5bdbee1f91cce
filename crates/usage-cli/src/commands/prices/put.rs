//! Putting a book of prices into the ledger.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use serde::de::IgnoredAny;
use usage_core::format::{format_count, printable};
use usage_core::pricing::{BookError, Pricing as _, Question};
use usage_prices::{Book, BookDifference, ShippedPrices};
use usage_store::{BookPut, LedgerBook, Store, StoreError, this_program};

use super::{list_of, read, short, title};
use crate::context::Context;
use crate::error::CliError;
use crate::{amounts, exit_codes, output};

/// So many models of a kind are listed.
const LISTED: usize = 10;

/// The book that a command puts in.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// The user's own prices.
    Own,
    /// One in the form of those that come with the program.
    Shipped,
}

/// Returns whether a text begins as the books that come with the program.
pub(super) fn is_shipped(text: &str) -> bool {
    text.starts_with("usage-prices ")
}

pub(super) fn run(path: &Path, kind: Kind, context: &Context) -> Result<u8, CliError> {
    let name = path.display().to_string();
    let text =
        text_of(path).map_err(|error| CliError::failed(format!("cannot read {name}: {error}")))?;
    check_kind(&name, &text, kind)?;
    let not_a_book = |fault: &BookError| match fault.line {
        0 => CliError::failed(format!("{name}: {}", fault.what)),
        line => CliError::failed(format!("{name}:{line}: {}", fault.what)),
    };
    // Before a ledger is made, or brought up to date, for nothing.
    ShippedPrices.book(&text).map_err(|fault| not_a_book(&fault))?;
    let store = context.open_or_create()?;
    context.recover(&store)?;
    let earlier = store.prices().books()?;
    let put = store.prices().put(&text, context.now_timestamp(), &this_program());
    let put = put.map_err(|error| match error {
        StoreError::NotABook { source } => not_a_book(&source),
        error => error.into(),
    })?;
    match put {
        BookPut::Older(there) => {
            return Err(CliError::failed(format!(
                "the ledger has a newer book: {}, of {}",
                short(&there.book.version),
                there.book.date
            )));
        }
        BookPut::Same(_) if context.quiet => {}
        BookPut::Same(there) => {
            output::print(&format!("In force already: {}\n", title(&there.book)))?;
        }
        BookPut::Put(there) => {
            note_likes(&store, &text, context)?;
            if !context.quiet {
                let before = earlier.iter().find(|book| {
                    book.is_in_force && book.is_whole && book.book.name == there.book.name
                });
                output::print(&done(&there, before))?;
            }
        }
        // Another outcome of a later version.
        _ => {}
    }
    Ok(exit_codes::DONE)
}

fn text_of(path: &Path) -> io::Result<String> {
    /// Many times what the largest book has: a device has no end.
    const MOST: u64 = 64 << 20;
    let mut text = String::new();
    let read = match path.as_os_str() == "-" {
        true => io::stdin().lock().take(MOST).read_to_string(&mut text)?,
        false => File::open(path)?.take(MOST).read_to_string(&mut text)?,
    };
    if read as u64 == MOST {
        return Err(io::Error::other("it is too long for a book of prices"));
    }
    Ok(text)
}

/// Refuses a file of another kind than was said: one in the place of the other would price something else.
fn check_kind(name: &str, text: &str, kind: Kind) -> Result<(), CliError> {
    if is_shipped(text) == (kind == Kind::Shipped) {
        return Ok(());
    }
    if kind == Kind::Own {
        let message = format!("{name} is a book like those that come with this program");
        return Err(CliError::failed(message).hint("`usage prices --update FILE` puts one in"));
    }
    if serde_json::from_str::<IgnoredAny>(text).is_ok() {
        let message =
            format!("{name} is JSON, and books of prices are taken in their reduced form");
        return Err(CliError::failed(message).hint(
            "`cargo xtask prices`, in a clone of this program, makes them from genai-prices",
        ));
    }
    Err(CliError::failed(format!("{name} does not begin as a book of prices does"))
        .hint("`usage prices --set FILE` puts in a file of your own prices"))
}

/// Returns what was put in, and what it changes, for people.
fn done(there: &LedgerBook, before: Option<&LedgerBook>) -> String {
    let book = read(&there.book.text).unwrap_or_default();
    let before = before.and_then(|before| read(&before.book.text)).unwrap_or_default();
    let mut text =
        format!("Put in: {}  |  {}\n", title(&there.book), amounts::models(book.models().count()));
    text += &listed(&book.changes(&before));
    text + "Records that are stored from now on are priced by it.\n\
            Those that are there keep their price, until you run\n\
            `usage reprice`; --dry-run shows what it would change\n"
}

fn listed(changes: &BookDifference) -> String {
    let mut text = String::new();
    let all = [("new", &changes.new), ("changed", &changes.changed), ("gone", &changes.gone)];
    for (what, models) in all {
        for model in models.iter().take(LISTED) {
            text += &format!("  {what:7}  {}\n", printable(model));
        }
        let more = models.len().saturating_sub(LISTED);
        if more > 0 {
            text += &format!("  {what:7}  and {} more\n", format_count(more as u64));
        }
    }
    text
}

/// Says so where a model is to cost the same as one that has no price itself.
fn note_likes(store: &Store, text: &str, context: &Context) -> Result<(), CliError> {
    let Some(book) =
        Some(text).filter(|text| !is_shipped(text)).and_then(|text| Book::from_toml(text).ok())
    else {
        return Ok(());
    };
    let list = list_of(store)?;
    for (model, (provider, like)) in book.likes().filter(|_| !context.quiet) {
        let quote = list.quote(&Question::new(provider, like, context.now_timestamp()));
        if let Err(why) = quote.terms {
            let meant = if quote.rule.is_empty() {
                String::new()
            } else {
                format!("; like {}?", quote.rule)
            };
            output::note(&format!(
                "note: {model} has no price now, as {provider}/{like} has none: {why}{meant}"
            ));
        }
    }
    Ok(())
}
