//! `usage prices`

mod books;
mod known;
mod missing;
mod own;
mod put;
mod quote;

use std::path::PathBuf;
use std::sync::Arc;

use clap::{ArgGroup, ValueEnum};
use usage_core::format::printable;
use usage_core::period::GRAMMAR;
use usage_core::pricing::{BookText, PriceList};
use usage_prices::Book;
use usage_store::{Store, StoreError};

use super::json::Json;
use crate::context::Context;
use crate::error::CliError;

/// Show list prices, change them, or list what has no price
///
/// The books of prices lie in the ledger, so that every program that records prices by the same ones, and what
/// is stored keeps its price. Alone, this lists them. With MODEL it shows that model's prices, and by which rule
/// they are its own; where there are none, which models could be meant, and what to write for it.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES, after_long_help = long_help())]
#[command(group = ArgGroup::new("what").args(["model", "set", "update", "missing", "own"]))]
pub(crate) struct Args {
    /// Show the prices of this model, named as in records, or PROVIDER/MODEL
    model: Option<String>,

    /// Who serves the model, as records say
    #[arg(long, value_name = "NAME", requires = "model")]
    provider: Option<String>,

    /// Its prices in this tier: standard, batch, flex, priority or fast
    #[arg(long, requires = "model")]
    tier: Option<String>,

    /// Its prices on this day, from its start in your time zone, or at this instant [default: now]
    #[arg(long, value_name = "DATE|INSTANT", requires = "model")]
    at: Option<String>,

    /// Put in a file of your own prices, in place of the one that is there; - is standard input
    ///
    /// What it says of a model goes before all other books. It prices records that are stored from then on. An empty
    /// file takes all of it back. `docs/reference/prices.md` says how to write one.
    #[arg(long, value_name = "FILE")]
    set: Option<PathBuf>,

    /// Put in a newer book than the one that came with this program; - is standard input
    #[arg(long, value_name = "FILE")]
    update: Option<PathBuf>,

    /// List the requests of a period that have no price, why, and what to write into your own file
    #[arg(long, value_name = "PERIOD", num_args = 0..=1, default_missing_value = "all-time")]
    missing: Option<String>,

    /// Print your own file as it was put in
    #[arg(long)]
    own: bool,

    /// How to print it
    #[arg(long, value_enum, default_value_t, conflicts_with_all = ["set", "update", "own"])]
    #[arg(default_value_if("json", "true", "json"))]
    format: Format,

    #[command(flatten)]
    _json: Json,
}

const EXAMPLES: &str = "\
Examples:
  usage prices
  usage prices claude-sonnet-4-5 --provider anthropic --tier batch
  usage prices openai/gpt-5 --at 2026-03-01
  usage prices --missing this-month
  usage prices --set prices.toml";

fn long_help() -> String {
    format!("{EXAMPLES}\n\nPeriods:\n{GRAMMAR}")
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    #[default]
    Text,
    Json,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<u8, CliError> {
    if let Some(path) = &args.set {
        return put::run(path, put::Kind::Own, context);
    }
    if let Some(path) = &args.update {
        return put::run(path, put::Kind::Shipped, context);
    }
    if args.own {
        return own::print(context);
    }
    if let Some(period) = &args.missing {
        return missing::run(period, args.format, context);
    }
    match &args.model {
        Some(model) => quote::run(model, args, context),
        None => books::run(args.format, context),
    }
}

/// Returns what the ledger prices by.
fn list_of(store: &Store) -> Result<Arc<dyn PriceList>, CliError> {
    let list = store.prices().list()?;
    list.ok_or_else(|| StoreError::UnreadableBooks { path: store.path().to_owned() }.into())
}

/// Reads a book of either form; nothing where this program cannot.
fn read(text: &str) -> Option<Book> {
    let read = if put::is_shipped(text) { Book::read(text) } else { Book::from_toml(text) };
    read.ok()
}

/// Returns a book's name with its version and date, as far as it says them.
pub(super) fn title(book: &BookText) -> String {
    let mut text = book.name.to_string();
    if book.version != book.name {
        text += &format!(": {}", short(&book.version));
    }
    if !book.date.is_empty() {
        text += &format!(", of {}", book.date);
    }
    printable(&text).into_owned()
}

/// Returns the version of a book without the checksum of its source.
pub(super) fn short(version: &str) -> &str {
    version.split(" sha256:").next().unwrap_or(version)
}
