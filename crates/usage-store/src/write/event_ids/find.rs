//! Finding an event id, and adding one.

use std::sync::LazyLock;

use rusqlite::types::ValueRef;
use rusqlite::{CachedStatement, Connection};
use usage_core::{EventId, Label, Record};

use super::across;
use super::hash::{EventHasher, all_instances};
use crate::error::Damaged;
use crate::ledger::more::More;
use crate::write::said::{INSTANCE_OF_SAID, MORE_OF_SAID, said_columns, says};
use crate::write::tellings;

/// The place where a record lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) ts: i64,
    pub(crate) id: i64,
}

/// The knowledge that the ledger has of an id.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Found {
    pub(crate) event: Event,
    /// A record of another instance has it.
    pub(crate) is_elsewhere: bool,
}

/// The knowledge that the ledger has of a record's event id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    New,
    /// Its record is there, told once, with the same content.
    Same,
    /// Its record is there and says something else, or the same in other words.
    Known(Place),
    /// Its record was deleted, and is counted still.
    Deleted,
}

/// The columns are read by their place in [`says`] and [`KnownIds::find`].
///
/// A hash may be that of several ids, so that the text decides. What is older than the ids that are
/// kept has yet to be swept away.
static FIND: LazyLock<String> = LazyLock::new(|| {
    format!(
        "SELECT e.hash, e.ts, e.record, r.event_id, {} \
         FROM event_ids AS e LEFT JOIN records AS r ON r.ts = e.ts AND r.id = e.record \
         LEFT JOIN label_sets AS l ON l.id = r.label_set \
         WHERE e.hash BETWEEN ?1 AND ?2 AND e.ts >= ?3",
        said_columns(),
    )
});

const EVENT_ID: usize = 3;
const SAID: usize = EVENT_ID + 1;
const TIME: usize = SAID;
const MORE: usize = SAID + MORE_OF_SAID;
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
    first_alone: bool,
}

impl<'a> KnownIds<'a> {
    pub(crate) fn begin(connection: &'a Connection) -> rusqlite::Result<Self> {
        let (hasher, ids_from) = connection
            .prepare_cached("SELECT event_id_key, (SELECT ids_from FROM retention) FROM ledger")?
            .query_row([], |row| Ok((hasher_of(row.get_ref(0)?), row.get::<_, Option<i64>>(1)?)))?;
        let first_alone = across::is_first_alone(connection)?;
        Ok(Self {
            connection,
            find: connection.prepare_cached(&FIND)?,
            insert: connection.prepare_cached(INSERT)?,
            hasher: hasher.ok_or_else(Damaged::event_key)?,
            ids_from: ids_from.unwrap_or(i64::MIN),
            first_alone,
        })
    }

    /// Returns the hash of one of a record's ids.
    pub(crate) fn hash(&self, record: &Record, id: &EventId) -> i64 {
        let instance_id = record.labels().name(Label::Instance);
        self.hasher.hash(instance_id.as_bytes(), id.as_str().as_bytes())
    }

    /// Looks for one of a record's ids, whose hash is known: on a record of the same instance, by any of the ids
    /// that this was told with, and on those of others.
    pub(crate) fn find(
        &mut self,
        hash: i64,
        id: &EventId,
        record: &Record,
    ) -> rusqlite::Result<Found> {
        let instance_id = record.labels().name(Label::Instance).as_bytes();
        let mut found = Found { event: Event::New, is_elsewhere: false };
        let [first, last] = all_instances(hash);
        for (at, number) in [first, last, self.ids_from].into_iter().enumerate() {
            self.find.raw_bind_parameter(at + 1, number)?;
        }
        let mut rows = self.find.raw_query();
        while let Some(row) = rows.next()? {
            let is_of_hash = row.get::<_, i64>(0)? == hash;
            if row.get_ref(TIME)? == ValueRef::Null {
                if is_of_hash && found.event == Event::New {
                    found.event = Event::Deleted;
                }
                continue;
            }
            let place = Place { ts: row.get(1)?, id: row.get(2)? };
            let text = id.as_str().as_bytes();
            let is_alias = || {
                let more = row.get_ref(MORE)?.as_blob_or_null()?;
                let alias =
                    more.map_or(Ok(None), |more| More::decode(more).map(|more| more.alias))?;
                Ok::<_, rusqlite::Error>(alias.is_some_and(|alias| alias.as_bytes() == text))
            };
            let has_id = is_text(row.get_ref(EVENT_ID)?, text)
                || is_alias()?
                || tellings::have_id(self.connection, place, id)?;
            match is_text(row.get_ref(INSTANCE_ID)?, instance_id) {
                true if has_id && is_of_hash => {
                    let of_row = row.get_ref(EVENT_ID)?;
                    let has_same_id = |of: &EventId| is_text(of_row, of.as_str().as_bytes());
                    // What several tellings come to is a telling of its own: it may say more than they do.
                    let is_same = record.event_id().is_some_and(has_same_id)
                        && says(self.connection, row, SAID, record)?
                        && !tellings::has_several(self.connection, place)?;
                    found.event = if is_same { Event::Same } else { Event::Known(place) };
                }
                is_here => found.is_elsewhere |= has_id && !is_here,
            }
        }
        Ok(found)
    }

    /// Forgets that a record has an id.
    pub(crate) fn forget(&self, hash: i64, id: i64) -> rusqlite::Result<()> {
        self.connection
            .prepare_cached("DELETE FROM event_ids WHERE hash = ?1 AND record = ?2")?
            .execute([hash, id])
            .map(drop)
    }

    /// Returns whether an id that another instance has recorded is not to be stored again.
    pub(crate) const fn is_first_alone(&self) -> bool {
        self.first_alone
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
