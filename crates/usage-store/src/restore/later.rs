//! Bringing over what a ledger has stored after its copy was taken, each record once, whether it has an event id or not:
//! by the numbers that the ledger has given to records, which the copy has not given yet.

use std::path::Path;

use rusqlite::{Connection, params};
use usage_core::Record;

use crate::StoreOptions;
use crate::error::{ReadError, Result, StoreError};
use crate::ledger::contexts::Contexts;
use crate::ledger::labels::LabelSets;
use crate::ledger::records::SELECT_RECORDS;
use crate::ledger::terms::Costs;
use crate::query::rows::stored_record;
use crate::write::event_ids::Place;
use crate::write::tellings;

/// The number of records that are stored in one transaction.
const AT_ONCE: usize = 5_000;

/// Brings the records from a number on into the file that is to come, and how far each source is stored: a journal has
/// nothing then that was stored here or there. Returns how many records that were.
pub(super) fn bring(
    old: &Connection,
    path: &Path,
    new: &Path,
    from: i64,
    options: &StoreOptions,
) -> Result<u64> {
    let failed = |error| StoreError::read("read the ledger", path, error);
    let store = options.open(new)?;
    let mut brought = 0;
    let mut batch = Vec::new();
    let mut put = |batch: &mut Vec<Record>| -> Result<()> {
        let outcome = store.insert_batch(batch)?;
        brought += outcome.stored + outcome.amended;
        batch.clear();
        Ok(())
    };
    let sets = LabelSets::read(old).map_err(|error| failed(error.into()))?;
    let (mut contexts, mut costs) = (Contexts::default(), Costs::new(old));
    // In the order in which they were stored: tellings of one event are joined again.
    let sql = format!("{} WHERE id >= ?1 ORDER BY id", *SELECT_RECORDS);
    let mut statement = old.prepare(&sql).map_err(|error| failed(error.into()))?;
    let mut rows = statement.query([from]).map_err(|error| failed(error.into()))?;
    while let Some(row) = rows.next().map_err(|error| failed(error.into()))? {
        let stored = stored_record(old, row, &sets, &mut contexts, &mut costs).map_err(failed)?;
        let place = Place { ts: stored.record.timestamp().as_micros(), id: stored.id };
        let told = tellings::read(old, place).map_err(|error| failed(error.into()))?;
        match told.told.is_empty() || told.unreadable > 0 {
            true => batch.push(stored.record),
            false => batch.extend(told.told),
        }
        if batch.len() >= AT_ONCE {
            put(&mut batch)?;
        }
    }
    put(&mut batch)?;
    let sources = sources(old).map_err(|error| failed(error.into()))?;
    store.write("write to the ledger", |writer| {
        writer.ledger.write(|transaction, _| -> Result<_, ReadError> {
            transaction.execute("DELETE FROM sources", [])?;
            for (name, cursor, counts) in &sources {
                transaction.execute(
                    "INSERT INTO sources (name, cursor, counts) VALUES (?1, ?2, ?3)",
                    params![name, cursor, counts],
                )?;
            }
            Ok(())
        })
    })?;
    Ok(brought)
}

type Source = (String, Vec<u8>, Vec<u8>);

fn sources(connection: &Connection) -> rusqlite::Result<Vec<Source>> {
    let mut statement = connection.prepare("SELECT name, cursor, counts FROM sources")?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    rows.collect()
}
