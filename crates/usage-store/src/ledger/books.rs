//! The books of prices in the ledger: every program that writes prices by the same ones, whatever it has itself.

use std::sync::Arc;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension, Row, params};
use usage_core::Timestamp;
use usage_core::pricing::{BookText, PriceList, Pricing};

use super::contexts::checksum;

/// A book of prices in a ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LedgerBook {
    /// Its id in the table `books`: never used again.
    pub id: i64,
    /// The book. Its text is empty where another one has taken its place.
    pub book: BookText,
    /// Records are priced by it.
    pub is_in_force: bool,
    /// It is what was put in.
    pub is_whole: bool,
    /// When it was put in.
    pub put_at: Timestamp,
    /// Who has put it in.
    pub put_by: String,
}

impl LedgerBook {
    /// Returns whether records are priced by it.
    pub(crate) fn holds(&self) -> bool {
        self.is_in_force && self.is_whole
    }
}

const SELECT: &str = "SELECT id, name, rank, version, date, content, checksum, put_at, put_by, \
                      id = (SELECT max(id) FROM books AS other WHERE other.name = books.name) \
                      FROM books";

fn book_of(row: &Row<'_>) -> rusqlite::Result<LedgerBook> {
    // Bytes that are no text are damage, which the checksum tells: it must not keep others from being read.
    let text = |place: usize| -> rusqlite::Result<Option<String>> {
        let bytes = match row.get_ref(place)? {
            ValueRef::Text(bytes) | ValueRef::Blob(bytes) => bytes,
            _ => return Ok(None),
        };
        Ok(Some(String::from_utf8_lossy(bytes).into_owned()))
    };
    let known = |place| Ok::<_, rusqlite::Error>(text(place)?.unwrap_or_default());
    let (id, name, rank) = (row.get(0)?, known(1)?, row.get(2).unwrap_or(i64::MAX));
    let rank = u8::try_from(rank).unwrap_or(u8::MAX);
    let (version, date, put_by) = (known(3)?, known(4)?, known(8)?);
    let (content, is_in_force) = (text(5)?, row.get::<_, bool>(9)?);
    // What is left of one that was replaced has no checksum to be held against.
    let is_whole = content.as_ref().map_or(!is_in_force, |text| {
        row.get(6).ok() == Some(sum_of(id, &name, rank, &version, &date, text))
    });
    let put_at = Timestamp::from_micros(row.get(7)?);
    let book = BookText::new((name, rank), (version, date), content.unwrap_or_default());
    Ok(LedgerBook { id, book, is_in_force, is_whole, put_at, put_by })
}

fn sum_of(id: i64, name: &str, rank: u8, version: &str, date: &str, text: &str) -> i64 {
    checksum(id, &[name, &rank.to_string(), version, date, text])
}

/// Returns all books, those in force first, the highest of them at the top.
pub(crate) fn all(connection: &Connection) -> rusqlite::Result<Vec<LedgerBook>> {
    let mut statement = connection.prepare_cached(&format!("{SELECT} ORDER BY rank, id DESC"))?;
    let mut books: Vec<_> = statement.query_map([], book_of)?.collect::<rusqlite::Result<_>>()?;
    books.sort_by_key(|book| !book.is_in_force);
    Ok(books)
}

/// Returns the last book of a name, whether or not it is in force.
pub(crate) fn current(connection: &Connection, name: &str) -> rusqlite::Result<Option<LedgerBook>> {
    connection
        .prepare_cached(&format!("{SELECT} WHERE name = ?1 ORDER BY id DESC LIMIT 1"))?
        .query_row([name], book_of)
        .optional()
}

/// Puts a book in the place of the one of its name. Writers forget what they remember of prices.
pub(crate) fn put(
    connection: &Connection,
    book: &BookText,
    (at, by): (Timestamp, &str),
) -> rusqlite::Result<LedgerBook> {
    let BookText { name, rank, version, date, text, .. } = book;
    let id = super::contexts::next_id(connection, "books")?;
    connection.execute("UPDATE books SET content = NULL WHERE name = ?1", [name])?;
    // One whose name is damaged is in nobody's place, and would be in force for ever.
    for wrong in wrong_books(connection)? {
        if wrong.book.rank == *rank && wrong.book.name != *name {
            connection.execute("DELETE FROM books WHERE id = ?1", [wrong.id])?;
        }
    }
    connection.execute(
        "INSERT INTO books (id, name, rank, version, date, content, checksum, put_at, put_by) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        params![
            id,
            name,
            rank,
            version,
            date,
            text,
            sum_of(id, name, *rank, version, date, text),
            at.as_micros(),
            by
        ],
    )?;
    connection.execute("UPDATE ledger SET label_generation = label_generation + 1", [])?;
    let (book, put_by) = (book.clone(), by.to_owned());
    Ok(LedgerBook { id, book, is_in_force: true, is_whole: true, put_at: at, put_by })
}

/// Returns the books of this program that are newer than those of the ledger, or take the place of damaged ones.
fn newer(connection: &Connection, pricing: &dyn Pricing) -> rusqlite::Result<Vec<BookText>> {
    let mut newer = Vec::new();
    for book in pricing.shipped() {
        let is_newer = match current(connection, &book.name)? {
            None => true,
            Some(there) => {
                book.date > there.book.date || !there.is_whole && book.date == there.book.date
            }
        };
        newer.extend(is_newer.then_some(book));
    }
    Ok(newer)
}

/// Puts in the books of this program that are newer than those of the ledger.
pub(crate) fn put_shipped(connection: &Connection, pricing: &dyn Pricing) -> rusqlite::Result<()> {
    for book in newer(connection, pricing)? {
        // The database's clock: when a book was put in decides nothing.
        let sql = "SELECT CAST(unixepoch('subsec') * 1000000 AS INTEGER)";
        let now = connection.query_row(sql, [], |row| row.get(0))?;
        put(connection, &book, (Timestamp::from_micros(now), &this_program()))?;
    }
    Ok(())
}

/// Names this program and the user that runs it, for those who ask later who has changed prices.
#[must_use]
pub fn this_program() -> String {
    let version = env!("CARGO_PKG_VERSION");
    #[cfg(unix)]
    return format!("usage {version}, user {}", rustix::process::geteuid().as_raw());
    #[cfg(not(unix))]
    format!("usage {version}")
}

/// Returns the list that the ledger's books come to, with those of this program that are to be put in; `None` where one
/// of them is damaged, or of a form that this program does not know: no other prices are taken then.
pub(crate) fn list(
    connection: &Connection,
    pricing: &dyn Pricing,
) -> rusqlite::Result<Option<Arc<dyn PriceList>>> {
    Ok(ReadBooks::read(connection, pricing)?.and_then(|books| books.list))
}

/// The books of a ledger, with those of this program that are to be put in, and the list that they come to. To make
/// that takes milliseconds: writers do it before they take the write lock.
#[derive(Clone, Debug)]
pub(crate) struct ReadBooks {
    texts: Vec<BookText>,
    list: Option<Arc<dyn PriceList>>,
}

impl ReadBooks {
    /// Reads the books; `None` where one of them is damaged.
    pub(crate) fn read(
        connection: &Connection,
        pricing: &dyn Pricing,
    ) -> rusqlite::Result<Option<Self>> {
        let Some(texts) = texts(connection, pricing)? else { return Ok(None) };
        let list = pricing.list(&texts).ok();
        Ok(Some(Self { texts, list }))
    }

    /// Reads the books again, and makes another list only where they are not these any more.
    pub(crate) fn list_now(
        this: Option<&Self>,
        connection: &Connection,
        pricing: &dyn Pricing,
    ) -> rusqlite::Result<Option<Arc<dyn PriceList>>> {
        let Some(texts) = texts(connection, pricing)? else { return Ok(None) };
        Ok(match this {
            Some(this) if this.texts == texts => this.list.clone(),
            _ => pricing.list(&texts).ok(),
        })
    }
}

/// Returns the texts of the books that count, the highest first; `None` where one of them is damaged.
fn texts(
    connection: &Connection,
    pricing: &dyn Pricing,
) -> rusqlite::Result<Option<Vec<BookText>>> {
    let mut texts = newer(connection, pricing)?;
    for book in all(connection)?.into_iter().filter(|book| book.is_in_force) {
        if texts.iter().any(|newer| newer.name == book.book.name) {
            continue;
        }
        if !book.is_whole {
            return Ok(None);
        }
        texts.push(book.book);
    }
    texts.sort_by(|one, other| (one.rank, &one.name).cmp(&(other.rank, &other.name)));
    Ok(Some(texts))
}

/// Returns the ids of books that are not what was put in.
pub(crate) fn wrong_books(connection: &Connection) -> rusqlite::Result<Vec<LedgerBook>> {
    Ok(all(connection)?.into_iter().filter(|book| !book.is_whole).collect())
}
