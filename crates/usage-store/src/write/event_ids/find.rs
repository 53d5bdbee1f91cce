//! Finding an event id, and adding one.

use std::sync::LazyLock;

use rusqlite::types::ValueRef;
use rusqlite::{CachedStatement, Connection};
use usage_core::{Label, Record};

use super::hash::EventHasher;
use crate::error::WrongEntry;
use crate::write::said::{INSTANCE_OF_SAID, said_columns, says};

/// What the ledger knows of a record's event id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    New,
    /// Its record is there, with the same content.
    Same,
    /// Its record is there, with other content.
    Different,
    /// Its record was deleted, and is counted still.
    Deleted,
}

/// The columns are read by their place in [`says`] and [`KnownIds::find`].
///
/// A hash may be that of several ids, so that the text decides. What is older than the ids that are
/// kept has yet to be swept away.
static FIND: LazyLock<String> = LazyLock::new(|| {
    format!(
        "SELECT r.event_id, {} \
         FROM event_ids AS e LEFT JOIN records AS r ON r.ts = e.ts AND r.id = e.record \
         LEFT JOIN label_sets AS l ON l.id = r.label_set WHERE e.hash = ?1 AND e.ts >= ?2",
        said_columns(),
    )
});

const SAID: usize = 1;
const TIME: usize = SAID;
const INSTANCE_ID: usize = SAID + INSTANCE_OF_SAID;

/// Adds an id.
pub(super) const INSERT: &str = "INSERT INTO event_ids (hash, record, ts) VALUES (?1, ?2, ?3)";

/// The known event ids, as one transaction sees them.
pub(crate) struct KnownIds<'a> {
    connection: &'a Connection,
    find: CachedStatement<'a>,
    insert: CachedStatement<'a>,
    hasher: EventHasher,
    /// Ids of older records are forgotten.
    ids_from: i64,
}

impl<'a> KnownIds<'a> {
    pub(crate) fn begin(connection: &'a Connection) -> rusqlite::Result<Self> {
        let (hasher, ids_from) = connection
            .prepare_cached("SELECT event_id_key, (SELECT ids_from FROM retention) FROM ledger")?
            .query_row([], |row| Ok((hasher_of(row.get_ref(0)?), row.get::<_, Option<i64>>(1)?)))?;
        Ok(Self {
            connection,
            find: connection.prepare_cached(&FIND)?,
            insert: connection.prepare_cached(INSERT)?,
            hasher: hasher.ok_or(WrongEntry::EventKey)?,
            ids_from: ids_from.unwrap_or(i64::MIN),
        })
    }

    /// Returns the hash of a record's event id, if it has one.
    pub(crate) fn hash_of(&self, record: &Record) -> Option<i64> {
        let instance_id = record.labels().names().get(Label::Instance).as_bytes();
        record.event_id().map(|id| self.hasher.hash(instance_id, id.as_str().as_bytes()))
    }

    /// Looks for a record's event id, whose hash is known.
    pub(crate) fn find(&mut self, hash: i64, record: &Record) -> rusqlite::Result<Event> {
        let instance_id = record.labels().names().get(Label::Instance).as_bytes();
        let Some(event_id) = record.event_id() else { return Ok(Event::New) };
        let mut event = Event::New;
        self.find.raw_bind_parameter(1, hash)?;
        self.find.raw_bind_parameter(2, self.ids_from)?;
        let mut rows = self.find.raw_query();
        while let Some(row) = rows.next()? {
            if row.get_ref(TIME)? == ValueRef::Null {
                event = Event::Deleted;
            } else if is_text(row.get_ref(0)?, event_id.as_str().as_bytes())
                && is_text(row.get_ref(INSTANCE_ID)?, instance_id)
            {
                let is_same = says(self.connection, row, SAID, record)?;
                return Ok(if is_same { Event::Same } else { Event::Different });
            }
        }
        Ok(event)
    }

    /// Adds the id of a record that was given this id of its own.
    pub(crate) fn insert(&mut self, hash: i64, id: i64, ts: i64) -> rusqlite::Result<()> {
        for (at, number) in [hash, id, ts].into_iter().enumerate() {
            self.insert.raw_bind_parameter(at + 1, number)?;
        }
        self.insert.raw_execute().map(drop)
    }
}

/// The hasher of the ledger, unless its key is missing or damaged.
pub(super) fn hasher_of(key: ValueRef<'_>) -> Option<EventHasher> {
    key.as_blob().ok()?.try_into().ok().map(EventHasher::new)
}

fn is_text(value: ValueRef<'_>, text: &[u8]) -> bool {
    value.as_bytes().is_ok_and(|found| found == text)
}
