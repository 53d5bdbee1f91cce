//! The books that are shipped, and others above them.

use std::cell::RefCell;
use std::sync::{Arc, LazyLock};

use usage_core::pricing::Validity;

use crate::answer::{Answer, Query, Why};
use crate::book::{Book, TIERS};
use crate::find::{Asked, find};

/// The shipped books as they are, the highest first.
pub(crate) const TEXTS: &[&str] = &[
    include_str!("../books/direct.txt"),
    #[cfg(feature = "openrouter")]
    include_str!("../books/openrouter.txt"),
];

static SHIPPED: LazyLock<Vec<Arc<Book>>> =
    LazyLock::new(|| TEXTS.iter().map(|text| Arc::new(shipped(text))).collect());

/// Books of prices, one above the other: what a higher one says holds.
///
/// ```
/// use usage_prices::{Billed, Prices, Query, cost};
///
/// let billed = Billed { input: 1_200, cache_read: 30_000, output: 450, ..Billed::default() };
/// let query = Query {
///     provider: "bedrock",
///     model: "us.anthropic.claude-haiku-4-5-20251001-v1:0",
///     micros: 1_795_000_000_000_000, // in November 2026
///     total_input: billed.total_input(),
///     ..Query::default()
/// };
/// let found = Prices::shipped().find(&query).found().expect("the book has it");
/// assert_eq!(found.terms.to_string(), "in=1.1 out=5.5 read=.11 write=1.375 long=2.2");
/// // 1,200 x 1,100,000 + 30,000 x 110,000 + 450 x 5,500,000 pico-dollars
/// assert_eq!(cost(&found.terms, &billed), Ok(7_095_000_000));
/// ```
#[derive(Clone, Debug, Default)]
pub struct Prices {
    /// The highest first.
    books: Vec<Arc<Book>>,
}

impl Prices {
    /// Returns the books that come with this crate. They are read the first time only.
    #[must_use]
    pub fn shipped() -> Self {
        Self { books: SHIPPED.clone() }
    }

    /// Puts the shipped book with this text above the others, if there is one; it is not read again.
    pub(crate) fn with_shipped(&mut self, text: &str) -> bool {
        let found = TEXTS.iter().zip(SHIPPED.iter()).find(|(shipped, _)| **shipped == text);
        found.is_some_and(|(_, book)| {
            self.books.insert(0, Arc::clone(book));
            true
        })
    }

    /// Puts a book above the others.
    #[must_use]
    pub fn with(mut self, mut book: Book) -> Self {
        book.name_providers(|name| self.books.iter().find_map(|lower| lower.provider(name)));
        self.books.insert(0, Arc::new(book));
        self
    }

    /// The books, the highest first.
    pub fn books(&self) -> impl Iterator<Item = &Book> {
        self.books.iter().map(AsRef::as_ref)
    }

    /// Finds the terms of a request. Where it is in doubt, there are none.
    #[must_use]
    pub fn find(&self, query: &Query<'_>) -> Answer {
        self.find_with_validity(query).0
    }

    /// As [`find`](Self::find), with the questions about the same model that have the same answer.
    #[must_use]
    pub fn find_with_validity(&self, query: &Query<'_>) -> (Answer, Validity) {
        let named = if query.tier.is_empty() { TIERS[0] } else { query.tier };
        let Some(tier) = TIERS.iter().position(|tier| *tier == named) else {
            let answer = Answer::Unknown { why: Why::Tier, candidates: Vec::new() };
            return (answer, Validity::ALWAYS);
        };
        let validity = RefCell::new(Validity::ALWAYS);
        let answer = find(&self.books, &Asked::new(query, tier, &validity));
        (answer, validity.into_inner())
    }
}

/// A test reads each of them. One that is damaged all the same prices nothing, and ends no program.
fn shipped(text: &str) -> Book {
    Book::read(text).unwrap_or_default()
}
