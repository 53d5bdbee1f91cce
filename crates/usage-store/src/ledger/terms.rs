//! The terms that rows were priced by: unit prices, or why there are none, with where they are from. An id once given
//! stands for the same terms for ever.

use std::collections::hash_map::Entry;

use rusqlite::{Connection, OptionalExtension, params};
use rustc_hash::FxHashMap;
use usage_core::Money;
use usage_core::pricing::{Billed, Quote, Terms, Unknown, cost};

use super::contexts::{checksum, next_id};
use super::more::More;
use crate::error::{DamageCode, ReadError};

const TERMS: &str = "terms";

/// Finds the id of the terms of an answer, or adds them; `None` where they are there and are damaged: nobody can be
/// priced by them then.
pub(crate) fn id_of(connection: &Connection, quote: &Quote) -> rusqlite::Result<Option<u64>> {
    let (prices, unknown) = match &quote.terms {
        Ok(terms) => (terms.to_string(), ""),
        Err(unknown) => (String::new(), unknown.as_str()),
    };
    let since = quote.since.map(|since| since.to_string()).unwrap_or_default();
    let texts =
        [prices.as_str(), unknown, quote.rule.as_str(), quote.book.as_str(), since.as_str()];
    let found: Option<(i64, i64)> = connection
        .prepare_cached(
            "SELECT id, checksum FROM terms \
             WHERE prices = ?1 AND unknown = ?2 AND rule = ?3 AND book = ?4 AND since = ?5",
        )?
        .query_row(texts, |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let id = match found {
        // They were found in an index: a damaged one may lead to others.
        Some((id, sum)) if sum != checksum(id, &texts) => return Ok(None),
        Some((id, _)) => id,
        None => {
            let id = next_id(connection, TERMS)?;
            let [prices, unknown, rule, book, since] = texts;
            connection
                .prepare_cached(
                    "INSERT INTO terms (id, prices, unknown, rule, book, since, checksum) \
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                )?
                .execute(params![id, prices, unknown, rule, book, since, checksum(id, &texts)])?;
            id
        }
    };
    Ok(Some(id.cast_unsigned()))
}

/// Terms as the ledger has them.
#[derive(Clone, Debug)]
pub(crate) struct KeptTerms {
    pub(crate) terms: Result<Terms, Unknown>,
    /// By which rule they were found, or which models could be meant.
    pub(crate) rule: String,
}

/// Reads terms. That they are missing, or are not what was stored, is damage: another price is never taken.
pub(crate) fn read(connection: &Connection, id: u64) -> Result<KeptTerms, ReadError> {
    let wrong = || {
        let what =
            format!("the terms {id} of records are missing or are not those that were stored");
        ReadError::Damaged(DamageCode::Prices, what)
    };
    let key = i64::try_from(id).map_err(|_| wrong())?;
    let mut statement = connection.prepare_cached(
        "SELECT prices, unknown, rule, book, since, checksum FROM terms WHERE id = ?1",
    )?;
    let mut rows = statement.query([key])?;
    let row = rows.next()?.ok_or_else(wrong)?;
    let mut texts = [""; 5];
    for (column, text) in texts.iter_mut().enumerate() {
        *text = row.get_ref(column)?.as_str().map_err(|_| wrong())?;
    }
    if row.get_ref(5)?.as_i64_or_null().ok().flatten() != Some(checksum(key, &texts)) {
        return Err(wrong());
    }
    let [prices, unknown, rule, ..] = texts;
    let terms = match unknown {
        // They are what was stored, so that a newer program has: with a kind that is not known here.
        "" => Ok(prices.parse().map_err(|_| {
            let what = format!(
                "the terms {id} of records say what only a newer version of this program can read"
            );
            ReadError::Damaged(DamageCode::PricesNewer, what)
        })?),
        // A newer program may know more reasons; none of them is a price.
        word => Err(Unknown::ALL
            .into_iter()
            .find(|unknown| unknown.as_str() == word)
            .unwrap_or(Unknown::Price)),
    };
    Ok(KeptTerms { terms, rule: rule.to_owned() })
}

/// Returns what counts cost by terms; `None` where these have no price for all that was used. Nothing costs nothing, by
/// whatever terms.
pub(crate) fn cost_by(terms: Option<&Terms>, billed: &Billed) -> Option<Money> {
    if billed.is_nothing() {
        return Some(Money::ZERO);
    }
    cost(terms?, billed).ok().map(Money::from_picos)
}

/// The costs of rows, by the terms that these name, which are read as they are needed.
pub(crate) struct Costs<'c> {
    connection: &'c Connection,
    known: FxHashMap<u64, KeptTerms>,
}

impl<'c> Costs<'c> {
    pub(crate) fn new(connection: &'c Connection) -> Self {
        Self { connection, known: FxHashMap::default() }
    }

    /// Returns what a row costs by list price; `None` where it has no price.
    pub(crate) fn of(&mut self, id: u64, billed: &Billed) -> Result<Option<Money>, ReadError> {
        let terms = self.terms(id)?.terms.as_ref().ok();
        Ok(cost_by(terms, billed))
    }

    /// Returns the terms with an id.
    pub(crate) fn terms(&mut self, id: u64) -> Result<&KeptTerms, ReadError> {
        match self.known.entry(id) {
            Entry::Occupied(known) => Ok(known.into_mut()),
            Entry::Vacant(new) => Ok(new.insert(read(self.connection, id)?)),
        }
    }
}

/// Makes rows whose terms are missing or damaged ones that are not priced yet, and removes damaged terms; returns how
/// many rows. Rollups have to be made again behind it. Fails where terms are of a newer program: those are right.
pub(crate) fn forget_wrong(connection: &Connection) -> Result<u64, ReadError> {
    let wrong = wrong_terms(connection)?;
    let mut is_wrong = FxHashMap::<u64, bool>::default();
    let mut changed = Vec::new();
    let mut statement =
        connection.prepare("SELECT ts, id, more FROM records WHERE more IS NOT NULL")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        // What cannot be read at all is the damage of that record, and named as such.
        let bytes = row.get_ref(2)?.as_blob().map_err(rusqlite::Error::from)?;
        let Ok(more @ More { terms: Some(terms), .. }) = More::decode(bytes) else { continue };
        let is_wrong = match is_wrong.entry(terms) {
            Entry::Occupied(known) => *known.get(),
            Entry::Vacant(new) => *new.insert(match read(connection, terms) {
                Err(ReadError::Damaged(DamageCode::Prices, _)) => true,
                result => result.map(|_| false)?,
            }),
        };
        if is_wrong {
            let mut bytes = Vec::new();
            More { terms: None, ..more }.encode(&mut bytes);
            changed.push((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?, bytes));
        }
    }
    let mut update =
        connection.prepare("UPDATE records SET more = ?3 WHERE ts = ?1 AND id = ?2")?;
    for (ts, id, bytes) in &changed {
        update.execute(params![ts, id, (!bytes.is_empty()).then_some(bytes)])?;
    }
    for (id, _) in wrong.iter().filter(|(_, code)| *code == DamageCode::Prices) {
        connection.execute("DELETE FROM terms WHERE id = ?1", [id])?;
    }
    // Writers forget which terms they have found.
    connection.execute("UPDATE ledger SET label_generation = label_generation + 1", [])?;
    Ok(changed.len() as u64)
}

/// Returns the ids of terms that cannot be read, and why: they are not what was stored, or a newer program has stored
/// them.
pub(crate) fn wrong_terms(connection: &Connection) -> Result<Vec<(i64, DamageCode)>, ReadError> {
    let mut statement = connection.prepare("SELECT id FROM terms ORDER BY id")?;
    let ids: Vec<i64> =
        statement.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    let mut wrong = Vec::new();
    for id in ids {
        match read(connection, id.cast_unsigned()) {
            Err(ReadError::Damaged(code, _)) => wrong.push((id, code)),
            Err(error) => return Err(error),
            Ok(_) => {}
        }
    }
    Ok(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::schema::NEWEST;

    /// What was stored whole and cannot be read is of a newer program, which an update helps against; a changed text is
    /// damage.
    #[test]
    fn a_kind_that_is_not_known_is_newer() {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(NEWEST).unwrap();
        let texts = ["in=2 video=7", "", "a rule", "a book", ""];
        let [prices, unknown, rule, book, since] = texts;
        let insert = "INSERT INTO terms VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
        connection
            .execute(insert, params![1, prices, unknown, rule, book, since, checksum(1, &texts)])
            .unwrap();
        let code = |id| match read(&connection, id) {
            Err(ReadError::Damaged(code, _)) => code,
            other => panic!("{other:?}"),
        };
        assert_eq!(code(1), DamageCode::PricesNewer);
        assert_eq!(code(2), DamageCode::Prices);
        assert_eq!(wrong_terms(&connection).unwrap(), [(1, DamageCode::PricesNewer)]);
        connection.execute("UPDATE terms SET prices = 'in=3 video=7'", []).unwrap();
        assert_eq!(code(1), DamageCode::Prices);
    }
}
