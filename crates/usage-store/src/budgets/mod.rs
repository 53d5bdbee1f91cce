//! The budgets of a ledger: they lie in it, so that all who use it have the same.

use rusqlite::{Connection, OptionalExtension};
use usage_core::budget::{Budget, BudgetState};
use usage_core::{TimeRange, Timestamp};

use crate::Store;
use crate::error::{Result, StoreError};

/// The beginnings of names of settings: a budget's own, and the mark that somebody was told of its crossing.
const BUDGET: &str = "budget:";
const CROSSED: &str = "budget_crossed:";

impl Store {
    /// Returns the budgets of the ledger: to be listed, set and removed.
    #[must_use]
    pub const fn budgets(&self) -> Budgets<'_> {
        Budgets { store: self }
    }
}

/// The budgets of a ledger.
///
/// ```
/// # let folder = tempfile::tempdir()?;
/// # let store = usage_store::Store::open(folder.path().join("usage.db"))?;
/// # let now = usage_core::Timestamp::from_micros(1_777_787_761_000_000);
/// use usage_core::budget::{Amount, Budget, Per, state};
/// use usage_core::query::Limits;
///
/// store.budgets().set(&Budget::new("all", Amount::Cost("100".parse()?), Per::Month)?)?;
/// for budget in store.budgets().list()? {
///     let state = state(&store, &budget, now, &Limits::none())?;
///     println!("{}: {} of {}", budget.name(), state.spent(), budget.limit());
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Budgets<'s> {
    store: &'s Store,
}

impl Budgets<'_> {
    /// Returns all budgets, by name.
    ///
    /// # Errors
    /// When the ledger cannot be read, or a budget says what only a newer program knows.
    pub fn list(&self) -> Result<Vec<Budget>> {
        let texts = self.store.read("read the budgets of", |connection| Ok(all(connection)?))?;
        let read = |(name, text): (String, String)| self.parsed(name, &text);
        texts.into_iter().map(read).collect()
    }

    /// Sets a budget, in place of one of the same name, which is returned. Who was told that the limit of that one was
    /// crossed is told again of this one.
    ///
    /// # Errors
    /// When the ledger cannot be written.
    pub fn set(&self, budget: &Budget) -> Result<Option<Budget>> {
        // Texts and numbers always serialise.
        let text = serde_json::to_string(budget).unwrap_or_default();
        let before = self.change(|connection| {
            let before = taken(connection, budget.name())?;
            put(connection, BUDGET, budget.name(), &text)?;
            Ok(before)
        })?;
        // What cannot be read is replaced all the same.
        Ok(before.and_then(|text| Budget::from_json(&text).ok()))
    }

    /// Removes a budget; returns whether there was one of that name. Records stay as they are.
    ///
    /// # Errors
    /// When the ledger cannot be written.
    pub fn remove(&self, name: &str) -> Result<bool> {
        Ok(self.change(|connection| taken(connection, name))?.is_some())
    }

    /// Notes in the ledger whether a budget is past its limit; returns true the first time in a period that it is, to
    /// one caller only, whoever else asks. Below the limit the note is taken back, so that the next crossing counts
    /// again.
    ///
    /// # Errors
    /// When the ledger cannot be written.
    pub fn note_crossing(&self, state: &BudgetState) -> Result<bool> {
        let name = state.budget.name();
        let start = TimeRange::from(&state.period).start.map_or(0, Timestamp::as_micros);
        self.change(|connection| {
            if !state.is_past() {
                remove(connection, CROSSED, name)?;
                return Ok(false);
            }
            let noted = get(connection, CROSSED, name)?;
            if noted.is_some_and(|noted| noted == start.to_string()) {
                return Ok(false);
            }
            put(connection, CROSSED, name, &start.to_string())?;
            Ok(true)
        })
    }

    /// Takes the note of a crossing back, so that the next one who asks is told: for who could not pass it on.
    ///
    /// # Errors
    /// When the ledger cannot be written.
    pub fn forget_crossing(&self, name: &str) -> Result<()> {
        self.change(|connection| remove(connection, CROSSED, name).map(drop))
    }

    fn change<T>(&self, work: impl Fn(&Connection) -> rusqlite::Result<T>) -> Result<T> {
        self.store.write("change the budgets of", |writer| {
            writer.ledger.write(|transaction, _| work(transaction))
        })
    }

    fn parsed(&self, name: String, text: &str) -> Result<Budget> {
        Budget::from_json(text).map_err(|source| StoreError::UnreadableBudget {
            path: self.store.path().to_owned(),
            name,
            source,
        })
    }
}

/// Every budget as it is written down, by name.
fn all(connection: &Connection) -> rusqlite::Result<Vec<(String, String)>> {
    let mut statement = connection.prepare_cached(
        "SELECT substr(name, length(?1) + 1), value FROM settings \
         WHERE substr(name, 1, length(?1)) = ?1 ORDER BY name",
    )?;
    statement.query_map([BUDGET], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
}

fn get(connection: &Connection, of: &str, name: &str) -> rusqlite::Result<Option<String>> {
    connection
        .prepare_cached("SELECT value FROM settings WHERE name = ?1 || ?2")?
        .query_row([of, name], |row| row.get(0))
        .optional()
}

fn put(connection: &Connection, of: &str, name: &str, value: &str) -> rusqlite::Result<()> {
    connection
        .prepare_cached("INSERT OR REPLACE INTO settings (name, value) VALUES (?1 || ?2, ?3)")?
        .execute([of, name, value])
        .map(drop)
}

fn remove(connection: &Connection, of: &str, name: &str) -> rusqlite::Result<usize> {
    connection.prepare_cached("DELETE FROM settings WHERE name = ?1 || ?2")?.execute([of, name])
}

/// Takes a budget out with its mark; returns it as it was written down.
fn taken(connection: &Connection, name: &str) -> rusqlite::Result<Option<String>> {
    let text = get(connection, BUDGET, name)?;
    remove(connection, BUDGET, name)?;
    remove(connection, CROSSED, name)?;
    Ok(text)
}
