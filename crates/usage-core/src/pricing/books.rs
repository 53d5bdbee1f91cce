//! Books of prices as texts, and who reads them.

use std::borrow::Cow;
use std::fmt::Debug;
use std::sync::Arc;

use super::PriceList;

/// A book of prices as a text, with what it says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BookText {
    /// Which book it is: a newer one of the same name takes its place. `own` is the user's.
    pub name: Cow<'static, str>,
    /// Its place among other books: what one of a lower rank says of a model holds. 0 is the user's own.
    pub rank: u8,
    /// Where its prices are from.
    pub version: String,
    /// The day on which it was made, `2026-11-28`. May be empty in a user's own.
    pub date: String,
    /// All of it.
    pub text: Cow<'static, str>,
}

impl BookText {
    /// The name of a user's own book.
    pub const OWN: &'static str = "own";

    /// Puts together a text and what it says of itself.
    #[must_use]
    pub fn new(
        (name, rank): (impl Into<Cow<'static, str>>, u8),
        (version, date): (impl Into<String>, impl Into<String>),
        text: impl Into<Cow<'static, str>>,
    ) -> Self {
        let (version, date) = (version.into(), date.into());
        Self { name: name.into(), rank, version, date, text: text.into() }
    }

    /// Returns whether it is a user's own: whatever its date, the last one that was given holds.
    #[must_use]
    pub fn is_own(&self) -> bool {
        self.name == Self::OWN
    }
}

/// Knows books of prices: which come with the program, and how they are read.
///
/// A keeper of records holds the books as texts, so that every program prices by the same ones, and asks this for the
/// list that they come to.
pub trait Pricing: Debug + Send + Sync {
    /// Returns the books that come with the program.
    fn shipped(&self) -> Vec<BookText>;

    /// Reads what a text says of itself: a book in the form of the shipped ones, or a user's own.
    ///
    /// # Errors
    /// The first line that says nothing known, and a checksum that is not that of what follows.
    fn book(&self, text: &str) -> Result<BookText, BookError>;

    /// Reads books, in any order, into one list.
    ///
    /// # Errors
    /// As [`book`](Self::book), of the first one that cannot be read; also one of a newer form than this program knows.
    fn list(&self, books: &[BookText]) -> Result<Arc<dyn PriceList>, BookError>;
}

/// Why a text is no book of prices.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}{what}", of_line(*line))]
#[non_exhaustive]
pub struct BookError {
    /// The line, from 1. 0 is the book as a whole.
    pub line: usize,
    /// The fault there.
    pub what: String,
}

impl BookError {
    /// Names a fault and its line.
    #[must_use]
    pub fn new(line: usize, what: impl Into<String>) -> Self {
        Self { line, what: what.into() }
    }
}

fn of_line(line: usize) -> String {
    if line == 0 { String::new() } else { format!("line {line}: ") }
}
