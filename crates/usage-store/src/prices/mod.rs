//! The ledger's books of prices, what they leave without a price, and pricing anew what is stored.

mod missing;
mod plan;
mod reprice;
mod rows;

use std::sync::Arc;

use usage_core::Timestamp;
use usage_core::pricing::{BookText, PriceList, Pricing};

pub use missing::{Missing, WhyMissing};
pub use plan::{ModelCost, PricedSum, RepricePlan, RepriceScope, Skipped};
pub use reprice::{Repriced, Repricing};

use crate::ledger::books::{self, LedgerBook};
use crate::{Result, Store, StoreError};

const READ: &str = "read the prices of";

impl Store {
    /// Returns the ledger's prices: its books, and what has no price.
    #[must_use]
    pub const fn prices(&self) -> LedgerPrices<'_> {
        LedgerPrices { store: self }
    }
}

/// The prices of a ledger: books that every program which writes it prices records by.
///
/// ```
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("usage.db");
/// use std::sync::Arc;
/// use usage_core::Timestamp;
/// use usage_prices::ShippedPrices;
/// use usage_store::{BookPut, StoreOptions};
///
/// let store = StoreOptions::default().with_pricing(Arc::new(ShippedPrices)).open(&path)?;
/// let own = "[[price]]\nmodel = \"llama-on-our-gpus\"\ninput = \"0.05\"\noutput = \"0.05\"\n";
/// let put = store.prices().put(own, Timestamp::now(), "anna")?;
/// assert!(matches!(put, BookPut::Put(book) if book.book.name == "own"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct LedgerPrices<'s> {
    store: &'s Store,
}

/// The outcome of putting a book in.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BookPut {
    /// Records are priced by it from now on.
    Put(LedgerBook),
    /// The ledger has this very book.
    Same(LedgerBook),
    /// The ledger has a newer one of that name, which stays.
    Older(LedgerBook),
}

impl LedgerPrices<'_> {
    /// Returns all books that the ledger has or had, those in force first, the highest of them at the top.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn books(&self) -> Result<Vec<LedgerBook>> {
        self.store.read(READ, |connection| Ok(books::all(connection)?))
    }

    /// Returns what records are priced by, with the books of this program that are newer than the ledger's. `None`
    /// where the store has no [pricing](crate::StoreOptions::pricing), and where a book of the ledger cannot be read.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn list(&self) -> Result<Option<Arc<dyn PriceList>>> {
        let Some(pricing) = self.store.pricing() else { return Ok(None) };
        self.store.read(READ, |connection| Ok(books::list(connection, &**pricing)?))
    }

    /// Puts a book in the place of the one of its name, if it is not older: records that are stored from now on are
    /// priced by it, and none that are there. Which one it is, a shipped book or the user's own, its text tells. Of
    /// the user's own the last one holds, whatever its date.
    ///
    /// `by` is told to people who ask who has done it.
    ///
    /// # Errors
    /// [`StoreError::NotABook`], [`StoreError::WithoutPricing`], and when the ledger cannot be written.
    pub fn put(&self, text: &str, now: Timestamp, by: &str) -> Result<BookPut> {
        let pricing = self.store.needs_pricing()?;
        let not_a_book = |source| StoreError::NotABook { source };
        let book = pricing.book(text).map_err(not_a_book)?;
        // One that reads by itself may not fit to those below it.
        let mut all: Vec<BookText> =
            self.books()?.into_iter().filter(LedgerBook::holds).map(|it| it.book).collect();
        all.retain(|other| other.name != book.name);
        all.push(book.clone());
        pricing.list(&all).map_err(not_a_book)?;
        self.store.write("put prices into", |writer| {
            writer.ledger.write(|transaction, _| -> rusqlite::Result<BookPut> {
                let there = books::current(transaction, &book.name)?.filter(LedgerBook::holds);
                Ok(match there {
                    Some(there) if there.book == book => BookPut::Same(there),
                    Some(there) if !book.is_own() && book.date < there.book.date => {
                        BookPut::Older(there)
                    }
                    _ => BookPut::Put(books::put(transaction, &book, (now, by))?),
                })
            })
        })
    }
}

impl Store {
    pub(crate) fn needs_pricing(&self) -> Result<&Arc<dyn Pricing>> {
        self.pricing().ok_or_else(|| StoreError::WithoutPricing { path: self.path().to_owned() })
    }
}
