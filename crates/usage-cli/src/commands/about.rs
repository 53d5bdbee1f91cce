//! `usage about`

use usage_core::pricing::Pricing as _;
use usage_prices::{Book, ShippedPrices};
use usage_store::SCHEMA_VERSION;

use super::prices::short;
use crate::error::CliError;
use crate::{amounts, exit_codes, output};

/// Show the version, its book of prices, and licences
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {}

const EXAMPLES: &str = "\
Example:
  usage about";

pub(crate) fn run(_: &Args) -> Result<u8, CliError> {
    let mut text = format!(
        "usage {}\nLicence: {}\nLedgers: schema version {SCHEMA_VERSION}\n",
        env!("CARGO_PKG_VERSION"),
        env!("CARGO_PKG_LICENSE"),
    );
    for shipped in ShippedPrices.shipped() {
        let book = Book::read(&shipped.text).unwrap_or_default();
        let models = amounts::models(book.models().count());
        let source = book.version().split(" sha256:").nth(1).unwrap_or_default();
        text += &format!(
            "\nPrices: {}, of {}, {models}, corrections: {}\n  sha256  {}\n  source  {source}\n",
            short(book.version()),
            book.date(),
            book.corrections(),
            book.checksum(),
        );
        text += &format!(
            "\nThese prices are made of genai-prices, under this licence:\n\n{}",
            notice(&shipped.text)
        );
    }
    output::print(&text)?;
    Ok(exit_codes::DONE)
}

/// Returns the licence that stands at the head of a book.
fn notice(book: &str) -> String {
    let comments = book.lines().skip_while(|line| !line.starts_with('#'));
    let comments = comments.take_while(|line| line.starts_with('#'));
    let mut text = String::new();
    // The first lines are about the book.
    for line in comments.skip_while(|line| *line != "#").skip(1) {
        text += &format!("  {}\n", line.trim_start_matches("# ").trim_start_matches('#'))
            .replace("  \n", "\n");
    }
    text
}
