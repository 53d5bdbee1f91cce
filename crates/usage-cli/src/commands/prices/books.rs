//! The ledger's books of prices.

use serde::Serialize;
use usage_core::format::{format_count, printable};
use usage_core::pricing::{BookText, Pricing as _};
use usage_prices::ShippedPrices;
use usage_store::LedgerBook;

use super::{Format, read, title};
use crate::context::Context;
use crate::error::CliError;
use crate::{amounts, exit_codes, output};

pub(super) fn run(format: Format, context: &Context) -> Result<u8, CliError> {
    let store = context.open_existing()?;
    let books = store.prices().books()?;
    let coming = coming(&books);
    match format {
        Format::Text => output::print(&shown(&books, &coming, context))?,
        Format::Json => {
            let now = books.iter().map(|book| json(&book.book, Some(book), context));
            let coming = coming.iter().map(|book| json(book, None, context));
            output::print_json(&JsonBooks { schema: 1, books: now.chain(coming).collect() })?;
        }
    }
    Ok(exit_codes::DONE)
}

/// Returns the books of this program that the ledger has not, or older.
fn coming(books: &[LedgerBook]) -> Vec<BookText> {
    let has = |book: &BookText| {
        books.iter().any(|there| {
            there.is_in_force && there.book.name == book.name && there.book.date >= book.date
        })
    };
    ShippedPrices.shipped().into_iter().filter(|book| !has(book)).collect()
}

fn shown(books: &[LedgerBook], coming: &[BookText], context: &Context) -> String {
    let mut text = "Books of prices, the highest first:\n".to_owned();
    let mut entry = |book: &BookText, told: &str| {
        text += &format!("\n  {}\n    {told}\n", title(book));
    };
    let in_force: Vec<_> = books.iter().filter(|book| book.is_in_force).collect();
    for book in &in_force {
        let at = amounts::instant(book.put_at, context.zone());
        let told = match (book.is_whole, read(&book.book.text)) {
            (false, _) => "damaged: nothing is priced until it is put in again".to_owned(),
            (true, Some(read)) => amounts::models(read.models().count()),
            (true, None) => "only a newer version of this program can read it".to_owned(),
        };
        entry(&book.book, &format!("{told}\n    put in {at}\n    by {}", printable(&book.put_by)));
    }
    for book in coming {
        entry(book, "comes with this program: the next command that stores records puts it in");
    }
    let replaced = books.len() - in_force.len();
    if replaced > 0 {
        let count = format_count(replaced as u64);
        text += &format!("\n  replaced: {count}, which --format json lists\n");
    }
    text
}

#[derive(Serialize)]
struct JsonBooks {
    schema: u32,
    books: Vec<JsonBook>,
}

#[derive(Serialize)]
struct JsonBook {
    name: String,
    version: String,
    date: String,
    in_force: bool,
    whole: bool,
    /// Unknown of one that was replaced, and of one that cannot be read.
    models: Option<usize>,
    put_at: Option<String>,
    put_by: Option<String>,
}

fn json(book: &BookText, there: Option<&LedgerBook>, context: &Context) -> JsonBook {
    let is_kept = there.is_none_or(|there| there.is_in_force && there.is_whole);
    JsonBook {
        name: book.name.to_string(),
        version: book.version.clone(),
        date: book.date.clone(),
        in_force: there.is_some_and(|there| there.is_in_force),
        whole: there.is_none_or(|there| there.is_whole),
        models: read(&book.text).filter(|_| is_kept).map(|book| book.models().count()),
        put_at: there.map(|there| amounts::instant(there.put_at, context.zone())),
        put_by: there.map(|there| there.put_by.clone()),
    }
}
